# find_package(hob): what a plugin is built with, from an installed tree.
#   hob::sdk      the C++ convenience (static) with its headers
#   hob_plugin()  see HobPlugin.cmake
get_filename_component(HOB_PREFIX "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
include(CMakeFindDependencyMacro)
find_dependency(nlohmann_json 3.11)

if(NOT TARGET hob_options)
  add_library(hob_options INTERFACE)
  target_compile_features(hob_options INTERFACE cxx_std_20)
  target_include_directories(hob_options INTERFACE "${HOB_PREFIX}/include/hob")
endif()
if(NOT TARGET hob::sdk)
  add_library(hob::base STATIC IMPORTED)
  set_target_properties(hob::base PROPERTIES IMPORTED_LOCATION "${HOB_PREFIX}/lib/hob/libhob_base.a"
    INTERFACE_LINK_LIBRARIES "hob_options;nlohmann_json::nlohmann_json")
  add_library(hob::sdk STATIC IMPORTED)
  set_target_properties(hob::sdk PROPERTIES IMPORTED_LOCATION "${HOB_PREFIX}/lib/hob/libhob_sdk.a"
    INTERFACE_LINK_LIBRARIES "hob::base")
endif()
include("${CMAKE_CURRENT_LIST_DIR}/HobPlugin.cmake")
