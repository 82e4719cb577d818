#include <catch2/catch.hpp>
#include <vector>

#include "plugins/abi/hob_plugin.h"

extern "C" size_t hob_c_sizes(size_t* out);

TEST_CASE("C and C++ see the same plugin header") {
  size_t c[8];
  std::vector<size_t> cpp{sizeof(hob_text),
                          sizeof(hob_host),
                          sizeof(hob_call),
                          sizeof(hob_plugin),
                          offsetof(hob_host, get_extension),
                          offsetof(hob_call, error),
                          offsetof(hob_plugin, get_extension)};
  size_t count = hob_c_sizes(c);
  CHECK(std::vector<size_t>(c, c + count) == cpp);
}

TEST_CASE("size and version stay the first two words of every struct") {
  CHECK(offsetof(hob_plugin, size) == 0);
  CHECK(offsetof(hob_plugin, version) == 4);
  CHECK(offsetof(hob_host, size) == 0);
  CHECK(offsetof(hob_host, version) == 4);
  CHECK(offsetof(hob_call, size) == 0);
  CHECK(offsetof(hob_call, version) == 4);
}
