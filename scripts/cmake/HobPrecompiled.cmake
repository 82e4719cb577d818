# Headers that most units read, compiled once: reading them again is half of a build. A unit still includes what it uses:
# HOB_PRECOMPILE=OFF builds without, and finds the include that somebody forgot.

option(HOB_PRECOMPILE "Precompile the headers that most units read" ON)
# Programs and libraries alike, so that they can read the same precompiled header.
set(CMAKE_CXX_COMPILE_OPTIONS_PIE "${CMAKE_CXX_COMPILE_OPTIONS_PIC}")
# Optimised, g++ 12 sees std::string write where it does not, and finds it in a precompiled header where it would pass over it
# in a system header (GCC bug 105651 and its kind).
if(HOB_PRECOMPILE)
  target_compile_options(hob_options INTERFACE
    "$<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict;-Wno-array-bounds;-Wno-stringop-overflow>")
endif()

# hob_precompiled(NAME HEADERS ... [LINKS ...] [OPTIONS ...])
function(hob_precompiled NAME)
  cmake_parse_arguments(A "" "" "HEADERS;LINKS;OPTIONS" ${ARGN})
  set(source "${CMAKE_BINARY_DIR}/generated/${NAME}.cpp")
  if(NOT EXISTS "${source}")
    file(WRITE "${source}" "")
  endif()
  add_library(${NAME} OBJECT EXCLUDE_FROM_ALL "${source}")
  target_link_libraries(${NAME} PRIVATE hob_options ${A_LINKS})
  target_compile_options(${NAME} PRIVATE ${A_OPTIONS})
  target_precompile_headers(${NAME} PRIVATE ${A_HEADERS})
endfunction()

if(HOB_PRECOMPILE)
  set(everywhere <algorithm> <atomic> <chrono> <deque> <filesystem> <fstream> <functional> <map> <memory> <mutex> <optional>
    <set> <span> <string> <string_view> <thread> <unordered_map> <vector> <nlohmann/json.hpp>)
  set(asio <asio/awaitable.hpp> <asio/co_spawn.hpp> <asio/io_context.hpp> <asio/local/stream_protocol.hpp>
    <asio/redirect_error.hpp> <asio/steady_timer.hpp> <asio/thread_pool.hpp> <asio/use_awaitable.hpp> <asio/write.hpp>)
  hob_precompiled(hob_pch HEADERS ${everywhere})
  hob_precompiled(hob_pch_test HEADERS ${everywhere} <catch2/catch.hpp> LINKS Catch2::Catch2
    OPTIONS ${HOB_TEST_OPTIONS})
  hob_precompiled(hob_pch_asio HEADERS ${everywhere} ${asio} LINKS hob_asio)
  hob_precompiled(hob_pch_asio_test HEADERS ${everywhere} ${asio} <catch2/catch.hpp>
    LINKS hob_asio Catch2::Catch2 OPTIONS ${HOB_TEST_OPTIONS})
  if(HOB_TORCH)
    hob_precompiled(hob_pch_torch HEADERS ${everywhere} <ATen/Parallel.h> <ATen/core/Tensor.h> LINKS hob_torch)
  endif()
endif()

# Gives TARGET the header of its house: with Asio in the daemon, with torch where that is linked, with Catch2 for a TEST.
function(hob_use_precompiled TARGET)
  if(NOT HOB_PRECOMPILE)
    return()
  endif()
  set(header hob_pch)
  if("hob_torch" IN_LIST ARGN)
    set(header hob_pch_torch)
  elseif(CMAKE_CURRENT_SOURCE_DIR MATCHES "^${CMAKE_SOURCE_DIR}/daemon")
    set(header hob_pch_asio)
    target_link_libraries(${TARGET} PRIVATE hob_asio)  # its definitions are part of what was precompiled
  endif()
  if("TEST" IN_LIST ARGN AND NOT header STREQUAL hob_pch_torch)
    string(APPEND header _test)
  endif()
  target_precompile_headers(${TARGET} REUSE_FROM ${header})
  get_target_property(sources ${TARGET} SOURCES)
  list(FILTER sources INCLUDE REGEX "\\.c$")
  set_source_files_properties(${sources} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
endfunction()
