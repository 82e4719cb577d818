# How every target of hob is built: one warnings target, one function for a room, one for a program.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(CMAKE_SKIP_BUILD_RPATH OFF)

find_program(HOB_CCACHE ccache)
if(HOB_CCACHE)
  # Alike in every clone; and with precompiled headers, which ccache keeps only when told that their dates say nothing.
  set(launcher "${CMAKE_COMMAND}" -E env "CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}" CCACHE_NOHASHDIR=1
    "CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime" "${HOB_CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${launcher}")
  set(CMAKE_C_COMPILER_LAUNCHER "${launcher}")
endif()

add_library(hob_options INTERFACE)
target_include_directories(hob_options INTERFACE "${CMAKE_SOURCE_DIR}" "${CMAKE_BINARY_DIR}/generated")
target_compile_options(hob_options INTERFACE
  -Wall -Wextra -Wconversion -Wno-sign-conversion -Wno-missing-field-initializers -Werror
  $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor> -fno-strict-aliasing -pthread)

# Only what is tested is optimised, never the tests: to optimise them is a fifth of a build.
set(HOB_TEST_OPTIONS -O0)

add_custom_target(tsan_tests)
add_custom_target(shipped_tests)
add_custom_target(programs)  # what an installation has, without the tests

# hob_library(NAME SOURCES ... [PUBLIC ...] [PRIVATE ...] [TESTS ...] [TEST_LINKS ...] [TEST_LABELS ...])
# makes the static library hob_NAME with the alias hob::NAME and, from TESTS, the test program NAME_test.
function(hob_library NAME)
  cmake_parse_arguments(A "" "" "SOURCES;PUBLIC;PRIVATE;TESTS;TEST_LINKS;TEST_LABELS" ${ARGN})
  if(A_SOURCES)
    add_library(hob_${NAME} STATIC ${A_SOURCES})
    target_link_libraries(hob_${NAME} PUBLIC hob_options ${A_PUBLIC} PRIVATE ${A_PRIVATE})
    hob_use_precompiled(hob_${NAME} ${A_PUBLIC} ${A_PRIVATE})
  else()
    add_library(hob_${NAME} INTERFACE)
    target_link_libraries(hob_${NAME} INTERFACE hob_options ${A_PUBLIC})
  endif()
  add_library(hob::${NAME} ALIAS hob_${NAME})
  if(A_TESTS)
    hob_test(${NAME}_test SOURCES ${A_TESTS} LINKS hob::${NAME} ${A_PRIVATE} ${A_TEST_LINKS} LABELS ${A_TEST_LABELS})
  endif()
endfunction()

# Tells HOB_SOURCE_DIR and HOB_BINARY_DIR to those sources that ask for them, themselves or in a header beside them. The
# others are compiled alike in every clone, so that ccache has them.
function(hob_say_places)
  set(asking "HOB_SOURCE_DIR|HOB_BINARY_DIR")
  file(GLOB headers "${CMAKE_CURRENT_SOURCE_DIR}/*.h")
  foreach(header IN LISTS headers)
    file(STRINGS "${header}" lines REGEX "${asking}")
    get_filename_component(name "${header}" NAME)
    if(lines)
      string(APPEND asking "|/${name}\"")
    endif()
  endforeach()
  foreach(source IN LISTS ARGN)
    get_filename_component(path "${source}" ABSOLUTE)
    file(STRINGS "${path}" lines REGEX "${asking}")
    if(lines)
      set_source_files_properties("${source}" PROPERTIES COMPILE_DEFINITIONS
        "HOB_SOURCE_DIR=\"${CMAKE_SOURCE_DIR}\";HOB_BINARY_DIR=\"${CMAKE_BINARY_DIR}\"")
    endif()
  endforeach()
endfunction()

# hob_test(NAME SOURCES ... LINKS ... [LABELS ...]): a Catch2 program; each test case is a ctest.
function(hob_test NAME)
  cmake_parse_arguments(A "" "" "SOURCES;LINKS;LABELS" ${ARGN})
  add_executable(${NAME} ${A_SOURCES})
  target_link_libraries(${NAME} PRIVATE hob_options hob_catch_main ${A_LINKS})
  set_target_properties(${NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  if(NOT "hob_torch" IN_LIST A_LINKS)  # torch's units share one precompiled header, and so its flags
    target_compile_options(${NAME} PRIVATE ${HOB_TEST_OPTIONS})
  endif()
  hob_use_precompiled(${NAME} TEST ${A_LINKS})
  hob_say_places(${A_SOURCES})
  add_test(NAME ${NAME} COMMAND ${NAME})
  # What runs on several threads is also run under TSan: `scripts/build tsan tsan_tests`.
  if(CMAKE_CURRENT_SOURCE_DIR MATCHES "^${CMAKE_SOURCE_DIR}/(daemon|schemas/wire|schemas/base)")
    list(APPEND A_LABELS tsan)
    add_dependencies(tsan_tests ${NAME})
  endif()
  # What a sanitizer's build leaves out is run as it is shipped: torch, whole programs, what takes long.
  if("hob_torch" IN_LIST A_LINKS OR "slow" IN_LIST A_LABELS OR CMAKE_CURRENT_SOURCE_DIR MATCHES "^${CMAKE_SOURCE_DIR}/(tests/end_to_end|examples)")
    list(APPEND A_LABELS shipped)
  endif()
  if("shipped" IN_LIST A_LABELS)
    add_dependencies(shipped_tests ${NAME})
  endif()
  set_tests_properties(${NAME} PROPERTIES TIMEOUT 600 LABELS "${A_LABELS}")
endfunction()

# hob_program(NAME SOURCES ... LINKS ...): lands in build/PRESET/bin and is installed.
function(hob_program NAME)
  cmake_parse_arguments(A "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${NAME} ${A_SOURCES})
  target_link_libraries(${NAME} PRIVATE hob_options ${A_LINKS})
  hob_use_precompiled(${NAME} ${A_LINKS})
  install(TARGETS ${NAME} RUNTIME DESTINATION bin)
  add_dependencies(programs ${NAME})
endfunction()

# The build id that hobd, its children and clients compare: version and commit (or a hash of nothing in a tarball).
execute_process(COMMAND git -C "${CMAKE_SOURCE_DIR}" rev-parse --short=12 HEAD
  OUTPUT_VARIABLE HOB_COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT HOB_COMMIT)
  set(HOB_COMMIT "release")
endif()
set(HOB_BUILD_ID "${PROJECT_VERSION}+${HOB_COMMIT}")
