#include "schemas/describe/describe.h"

#include <catch2/catch.hpp>

namespace hob::describe {
namespace {

enum class Mode { fast, careful };
constexpr auto names(Mode*) {
  return std::array{EnumName<Mode>{Mode::fast, "fast"}, EnumName<Mode>{Mode::careful, "careful"}};
}

struct Inner {
  std::string name;
  template <typename D>
  static void describe(D& d) {
    d.about("Inner", "A part.");
    d.field("name", &Inner::name, "Its name.", {.min_length = 1, .max_length = 5});
  }
};

struct Outer {
  int32_t count = 0;
  std::optional<double> share;
  Mode mode = Mode::careful;
  std::vector<Inner> parts;
  Json extra;
  uint32_t size = 7;
  template <typename D>
  static void describe(D& d) {
    d.about("Outer", "A whole.");
    d.field("count", &Outer::count, "How many.", {.min = -1, .max = 10});
    d.field("share", &Outer::share, "", {.min = 0, .max = 1});
    d.defaulted("mode", &Outer::mode, "How.");
    d.defaulted("parts", &Outer::parts, "", {.max_length = 2});
    d.defaulted("extra", &Outer::extra, "");
    d.defaulted("size", &Outer::size, "");
  }
};

Result<Outer> outer(std::string_view text, Strictness strictness = Strictness::tolerant) {
  return read<Outer>(*json::parse(text, json::kWire), strictness);
}

TEST_CASE("a struct reads, defaults and writes back") {
  const auto value = outer(R"({"count":3,"parts":[{"name":"ab"}],"new":1,"mode":"fast","share":null})");
  REQUIRE(value.ok());
  CHECK(value->parts.at(0).name == "ab");
  CHECK(json::dump(write(*value)) == R"({"count":3,"mode":"fast","parts":[{"name":"ab"}],"extra":null,"size":7})");
}

TEST_CASE("each wrong field is told with pointer, expected and got") {
  struct Case {
    const char* text;
    const char* pointer;
  };
  const Case cases[] = {
      {"[]", ""},
      {"{}", "/count"},
      {R"({"count":"3"})", "/count"},
      {R"({"count":1.5})", "/count"},
      {R"({"count":11})", "/count"},
      {R"({"count":-2})", "/count"},
      {R"({"count":9223372036854775807})", "/count"},
      {R"({"count":18446744073709551615})", "/count"},
      {R"({"count":1e308})", "/count"},
      {R"({"count":1,"share":1.01})", "/share"},
      {R"({"count":1,"mode":"slow"})", "/mode"},
      {R"({"count":1,"mode":1})", "/mode"},
      {R"({"count":1,"parts":{}})", "/parts"},
      {R"({"count":1,"parts":[{"name":"a"},{"name":""}]})", "/parts/1/name"},
      {R"({"count":1,"parts":[{"name":"a"},{"name":"b"},{"name":"c"}]})", "/parts"},
      {R"({"count":1,"size":-1})", "/size"},
      {R"({"count":1,"size":4294967296})", "/size"},
  };
  for (const Case& c : cases) {
    INFO(c.text);
    const auto value = outer(c.text);
    REQUIRE(!value.ok());
    CHECK(value.error().code() == Code::invalid_params);
    CHECK(value.error().data().at("pointer") == c.pointer);
    CHECK(value.error().data().contains("expected"));
    CHECK(value.error().data().contains("got"));
  }
}

TEST_CASE("a strict reader refuses an unknown key and names the known ones") {
  const auto value = outer(R"({"count":1,"cuont":2})", Strictness::strict);
  REQUIRE(!value.ok());
  CHECK(value.error().data().at("pointer") == "/cuont");
  CHECK(value.error().message().find("count, share") != std::string::npos);
}

TEST_CASE("the schema says what the reader checks") {
  CHECK(json::dump(schema<Outer>()) ==
        R"({"title":"Outer","description":"A whole.","type":"object","properties":{)"
        R"("count":{"type":"integer","minimum":-1,"maximum":10,"description":"How many."},)"
        R"("share":{"type":"number","minimum":0,"maximum":1},)"
        R"("mode":{"type":"string","enum":["fast","careful"],"description":"How.","default":"careful"},)"
        R"("parts":{"type":"array","items":{"title":"Inner","description":"A part.","type":"object","properties":)"
        R"({"name":{"type":"string","minLength":1,"maxLength":5,"description":"Its name."}},"required":["name"]},"maxItems":2,"default":[]},)"
        R"("extra":{"default":null},"size":{"type":"integer","minimum":0,"default":7}},"required":["count"]})");
}

}  // namespace
}  // namespace hob::describe
