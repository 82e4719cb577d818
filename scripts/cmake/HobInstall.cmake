# What `cmake --install` adds beside the programs: configuration examples, tools, the built-in model.
install(DIRECTORY config/ DESTINATION share/hob/config PATTERN "README.md" EXCLUDE)
