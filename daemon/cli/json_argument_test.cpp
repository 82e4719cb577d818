#include "daemon/cli/json_argument.h"

#include <catch2/catch.hpp>

namespace hob::cli {
namespace {

TEST_CASE("an argument is JSON when it looks like it, and a file's name else") {
  CHECK(json_argument("{\"a\": 1}", json::kSchema).value() == Json({{"a", 1}}));
  CHECK(json_argument("true", json::kSchema).value() == true);
  const auto broken = json_argument("{\"a\": }", json::kSchema);
  REQUIRE_FALSE(broken.ok());
  CHECK(broken.error().message().find("the argument is not JSON") == 0);
  CHECK_FALSE(text_argument("no/such/file.gbnf", kMostGrammar).ok());
  const auto missing = json_argument("no/such/file.json", json::kSchema);
  REQUIRE_FALSE(missing.ok());
  CHECK(missing.error().message().find("no/such/file.json") != std::string::npos);
}

}  // namespace
}  // namespace hob::cli
