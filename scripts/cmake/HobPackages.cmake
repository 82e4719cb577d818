# What hob stands on. Everything here is brought by scripts/setup, by name, version and hash.

find_package(Threads REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(spdlog REQUIRED)
find_package(Catch2 2.13 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp)

find_path(HOB_ASIO_INCLUDE asio.hpp REQUIRED)
add_library(hob_asio INTERFACE)
target_include_directories(hob_asio SYSTEM INTERFACE "${HOB_ASIO_INCLUDE}")
# Asio 1.22 asks a macro of the standard library how it allocates, before it is sure to have included any of that library:
# one unit took std::aligned_alloc, another operator new, and each freed the other's coroutine frames. Decided here for all.
target_compile_definitions(hob_asio INTERFACE ASIO_NO_DEPRECATED ASIO_HAS_STD_ALIGNED_ALLOC=1)
# g++ 12 misjudges the allocation of coroutine frames that it has inlined.
target_compile_options(hob_asio INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-mismatched-new-delete>)
target_link_libraries(hob_asio INTERFACE Threads::Threads)

find_path(HOB_CLI11_INCLUDE CLI/CLI.hpp REQUIRED)
add_library(hob_cli11 INTERFACE)
target_include_directories(hob_cli11 SYSTEM INTERFACE "${HOB_CLI11_INCLUDE}")

# One Catch2 main, compiled once.
add_library(hob_catch_main STATIC "${CMAKE_SOURCE_DIR}/tests/harness/catch_main.cpp")
target_link_libraries(hob_catch_main PUBLIC Catch2::Catch2)

# SQLite: the system's from 3.51.3 on (older ones can corrupt a WAL), else the amalgamation in the cache.
set(HOB_SQLITE_ROOT "$ENV{HOB_SQLITE_ROOT}" CACHE PATH "Directory with sqlite3.c and sqlite3.h")
if(NOT HOB_SQLITE_ROOT AND EXISTS "${HOB_CACHE_DIR}/sqlite/sqlite3.c")
  set(HOB_SQLITE_ROOT "${HOB_CACHE_DIR}/sqlite")
endif()
if(HOB_SQLITE_ROOT)
  add_library(hob_sqlite STATIC "${HOB_SQLITE_ROOT}/sqlite3.c")
  target_include_directories(hob_sqlite SYSTEM PUBLIC "${HOB_SQLITE_ROOT}")
  target_compile_definitions(hob_sqlite PRIVATE SQLITE_ENABLE_FTS5 SQLITE_DQS=0 SQLITE_THREADSAFE=1
    SQLITE_DEFAULT_MEMSTATUS=0 SQLITE_OMIT_LOAD_EXTENSION SQLITE_OMIT_DEPRECATED SQLITE_OMIT_SHARED_CACHE)
  # Not instrumented by the sanitizers: it is not ours, and it would be half of their build. Optimised in every preset: otherwise
  # its copies are calls, which TSan sees, and it reads the head of the WAL index while others write it, by design.
  target_compile_options(hob_sqlite PRIVATE -w -O2 -fno-sanitize=all)
  target_link_libraries(hob_sqlite PUBLIC Threads::Threads ${CMAKE_DL_LIBS} m)
else()
  pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET "sqlite3>=3.51.3")
  add_library(hob_sqlite INTERFACE)
  target_link_libraries(hob_sqlite INTERFACE PkgConfig::SQLITE)
endif()

# libtorch: libtorch_cpu.so and libc10.so as imported targets. Never libtorch.so (it needs CUDA), never find_package(Torch).
if(HOB_TORCH)
  set(HOB_TORCH_ROOT "$ENV{HOB_TORCH_ROOT}" CACHE PATH "A libtorch: the directory that has include/ and lib/")
  if(NOT HOB_TORCH_ROOT)
    set(HOB_TORCH_ROOT "${HOB_CACHE_DIR}/torch/torch")
  endif()
  if(NOT EXISTS "${HOB_TORCH_ROOT}/lib/libtorch_cpu.so")
    message(FATAL_ERROR "No libtorch at ${HOB_TORCH_ROOT} (wanted lib/libtorch_cpu.so). "
      "Run scripts/setup, or point HOB_TORCH_ROOT at one, or configure with -DHOB_TORCH=OFF.")
  endif()
  add_library(hob_torch_c10 SHARED IMPORTED)
  set_target_properties(hob_torch_c10 PROPERTIES IMPORTED_LOCATION "${HOB_TORCH_ROOT}/lib/libc10.so")
  add_library(hob_torch_cpu SHARED IMPORTED)
  set_target_properties(hob_torch_cpu PROPERTIES IMPORTED_LOCATION "${HOB_TORCH_ROOT}/lib/libtorch_cpu.so")
  add_library(hob_torch INTERFACE)
  target_include_directories(hob_torch SYSTEM INTERFACE
    "${HOB_TORCH_ROOT}/include" "${HOB_TORCH_ROOT}/include/torch/csrc/api/include")
  target_compile_options(hob_torch INTERFACE -Wno-conversion)
  target_link_libraries(hob_torch INTERFACE hob_torch_cpu hob_torch_c10)
  # The OpenMP runtime that torch brings: our own parallel loops must share it, never load a second one.
  file(GLOB HOB_TORCH_GOMP "${HOB_TORCH_ROOT}/lib/libgomp*.so*")
  if(HOB_TORCH_GOMP)
    list(GET HOB_TORCH_GOMP 0 HOB_TORCH_GOMP)
    target_link_libraries(hob_torch INTERFACE "${HOB_TORCH_GOMP}")
  else()
    target_link_libraries(hob_torch INTERFACE gomp)
  endif()
endif()
