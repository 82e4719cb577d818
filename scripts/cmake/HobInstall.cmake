# What `cmake --install` adds beside the programs and the plugins: the built-in model, configuration examples, and the
# libraries of torch that hob-model needs, so that the tree stands on its own.
install(DIRECTORY config/ DESTINATION share/hob/config PATTERN "README.md" EXCLUDE)
install(DIRECTORY model/tiny/checkpoint/ DESTINATION share/hob/models/tiny)
install(FILES model/tiny/README.md DESTINATION share/hob/models RENAME tiny.md OPTIONAL)
install(FILES plugins/abi/hob_plugin.h DESTINATION include/hob)
if(HOB_TORCH)
  file(GLOB HOB_TORCH_LIBRARIES "${HOB_TORCH_ROOT}/lib/libc10.so" "${HOB_TORCH_ROOT}/lib/libtorch_cpu.so"
    "${HOB_TORCH_ROOT}/lib/libgomp.so.1" "${HOB_TORCH_ROOT}/../nvidia/*/lib/libcudart.so.*"
    "${HOB_TORCH_ROOT}/../nvidia/*/lib/libcupti.so.*")
  install(FILES ${HOB_TORCH_LIBRARIES} DESTINATION lib/hob/torch)
  if(TARGET hob-model)
    set_target_properties(hob-model PROPERTIES INSTALL_RPATH "$ORIGIN/../lib/hob/torch")
  endif()
endif()
