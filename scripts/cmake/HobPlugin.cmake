# hob_plugin(NAME SOURCES ... [LINKS ...]): the tool plugin NAME, with plugin.json of the calling folder, in
# build/PRESET/lib/hob/plugins/NAME and, installed, lib/hob/plugins/NAME. Only hob_plugin_entry is exported.
function(hob_plugin NAME)
  cmake_parse_arguments(A "NO_INSTALL" "FOLDER;MANIFEST" "SOURCES;LINKS" ${ARGN})
  if(NOT A_MANIFEST)
    set(A_MANIFEST "${CMAKE_CURRENT_SOURCE_DIR}/plugin.json")
  endif()
  if(NOT A_FOLDER)
    set(A_FOLDER "${CMAKE_BINARY_DIR}/lib/hob/plugins/${NAME}")
  endif()
  add_library(${NAME}_plugin MODULE ${A_SOURCES})
  target_link_libraries(${NAME}_plugin PRIVATE hob_options hob::sdk ${A_LINKS})
  target_link_options(${NAME}_plugin PRIVATE -Wl,--exclude-libs,ALL)
  set_target_properties(${NAME}_plugin PROPERTIES
    PREFIX "" OUTPUT_NAME "${NAME}" CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    LIBRARY_OUTPUT_DIRECTORY "${A_FOLDER}")
  # hobd and the host refuse what a group could write, which is what a umask of 002 makes.
  add_custom_command(TARGET ${NAME}_plugin POST_BUILD
    COMMAND chmod go-w "${A_FOLDER}/.." "${A_FOLDER}" "$<TARGET_FILE:${NAME}_plugin>"
    COMMAND ${CMAKE_COMMAND} -E copy_if_different "${A_MANIFEST}" "${A_FOLDER}/plugin.json"
    COMMAND chmod go-w "${A_FOLDER}/plugin.json" VERBATIM)
  set_property(TARGET ${NAME}_plugin APPEND PROPERTY LINK_DEPENDS "${A_MANIFEST}")
  if(NOT A_NO_INSTALL)
    add_dependencies(programs ${NAME}_plugin)
    install(TARGETS ${NAME}_plugin LIBRARY DESTINATION lib/hob/plugins/${NAME}
      PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
    install(FILES "${A_MANIFEST}" DESTINATION lib/hob/plugins/${NAME}
      PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
  endif()
endfunction()
