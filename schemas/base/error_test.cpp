#include <catch2/catch.hpp>

#include "schemas/base/json.h"
#include "schemas/base/result.h"

namespace hob {
namespace {

Result<int> half(int n) {
  if (n % 2 != 0) return Error(Code::invalid_params, "odd").with("n", n);
  return n / 2;
}

Result<int> quarter(int n) {
  HOB_TRY(h, half(n));
  HOB_TRY(q, half(h));
  return q;
}

TEST_CASE("an error travels through HOB_TRY unchanged") {
  CHECK(*quarter(8) == 2);
  const auto bad = quarter(6);
  REQUIRE(!bad.ok());
  CHECK(bad.error().code() == Code::invalid_params);
  CHECK(bad.error().data().at("n") == 3);
}

TEST_CASE("every code has one wire number and one kind") {
  for (int i = 0; i <= static_cast<int>(Code::version_skew); ++i) {
    const Code code = static_cast<Code>(i);
    CHECK(info(code).code == code);
    CHECK(code_of_number(info(code).number) == code);
    CHECK(code_of_kind(info(code).kind) == code);
  }
}

TEST_CASE("an error reads back from its wire form") {
  const Error error = Error(Code::context_exceeded, "Too long.").with("needed", 9000).with("available", 4096);
  const Json wire = error.to_json();
  CHECK(wire.at("code") == 3);
  CHECK(wire.at("data").at("kind") == "context_exceeded");
  CHECK(wire.at("data").at("needed") == 9000);
  const Error back = Error::from_json(wire);
  CHECK(back.code() == Code::context_exceeded);
  CHECK(back.message() == "Too long.");
  CHECK(json::dump(back.to_json()) == json::dump(wire));
  CHECK(Error::from_json(Json(3)).code() == Code::internal);
}

}  // namespace
}  // namespace hob
