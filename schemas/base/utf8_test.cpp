#include "schemas/base/utf8.h"

#include <catch2/catch.hpp>

namespace hob::utf8 {
namespace {

TEST_CASE("every code point survives and every bad form is found") {
  for (char32_t c = 0; c <= 0x10FFFF; c += (c < 0x3000 ? 1 : 97)) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    std::string text;
    append(text, c);
    size_t at = 0;
    REQUIRE(next(text, at) == c);
    REQUIRE(at == text.size());
  }
  for (const char* bad : {"\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80", "\x80", "\xC3", "a\xE2\x82"}) {
    CHECK_FALSE(valid(bad));
    CHECK(valid(repair(bad)));
  }
  CHECK(length("aé😀") == 3);
  CHECK(prefix("aé😀", 3) == "aé");
  CHECK(prefix("aé😀", 5) == "aé");
}

}  // namespace
}  // namespace hob::utf8
