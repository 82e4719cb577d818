#include "model/text/tokenizer.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

using namespace hob::text;

// Prints figures on a real vocabulary: HOB_TOKENIZER=tokenizer.json HOB_TEXT=big.txt text_test [measure]
TEST_CASE("measures a tokenizer of one's own", "[.measure]") {
  const char* path = std::getenv("HOB_TOKENIZER");
  const char* text_path = std::getenv("HOB_TEXT");
  REQUIRE(path != nullptr);
  REQUIRE(text_path != nullptr);
  auto seconds = [start = std::chrono::steady_clock::now()]() mutable {
    const auto now = std::chrono::steady_clock::now();
    const double passed = std::chrono::duration<double>(now - start).count();
    start = now;
    return passed;
  };
  auto tokenizer = Tokenizer::load(path);
  if (!tokenizer) FAIL(tokenizer.error().message());
  std::cout << "load " << seconds() << " s, " << tokenizer->size() << " pieces\n";
  std::ifstream file(text_path);
  std::stringstream all;
  all << file.rdbuf();
  const std::string text = all.str();
  seconds();
  const auto ids = tokenizer->encode(text, Control::match);
  const double encode = seconds();
  const std::string back = tokenizer->decode(ids, Specials::keep);
  const double decode = seconds();
  std::cout << text.size() << " bytes, " << ids.size() << " tokens, encode " << encode << " s ("
            << static_cast<double>(text.size()) / encode / 1e6 << " MB/s), decode " << decode << " s\n";
  uint64_t sum = 0;
  for (const Token id : ids) sum = sum * 31 + id;
  std::cout << "sum " << sum << "\n";
}
