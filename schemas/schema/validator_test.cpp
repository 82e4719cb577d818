#include "schemas/schema/validator.h"

#include <catch2/catch.hpp>

using namespace hob::schema;

TEST_CASE("the first violation names the place, the keyword and what arrived") {
  const auto schema = hob::json::parse_document(R"({"properties":{"age":{"type":"integer"}}})", hob::json::kSchema);
  const auto validator = Validator::compile(*schema);
  REQUIRE(validator.ok());
  const auto violation = validator->validate(*hob::json::parse_document(R"({"age":"old"})", hob::json::kGenerated));
  REQUIRE(violation);
  CHECK(violation->instance == "/age");
  CHECK(violation->schema == "/properties/age/type");
  CHECK(violation->keyword == "type");
  CHECK(violation->sentence == "Wanted a whole number, got the string \"old\".");
}
