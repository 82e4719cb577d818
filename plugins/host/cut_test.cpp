#include "plugins/host/cut.h"

#include <catch2/catch.hpp>

#include "schemas/base/utf8.h"

using namespace hob;
using hob::plugins::host::cut_to;

TEST_CASE("a result that fits is left alone") {
  Json value{{"a", "b"}};
  CHECK_FALSE(cut_to(value, 100));
  CHECK(value == Json{{"a", "b"}});
}

TEST_CASE("a long text is cut at a character and flagged, the rest stays") {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "ä\n\"";
  Json value{{"content", text}, {"lines", 7}, {"truncated", false}};
  REQUIRE(cut_to(value, 1000));
  CHECK(json::dump(value).size() <= 1000);
  CHECK(json::dump(value).size() > 500);
  CHECK(value["truncated"] == true);
  CHECK(value["lines"] == 7);
  std::string cut = value["content"];
  CHECK(utf8::valid(cut));
  CHECK(text.starts_with(cut));
}

TEST_CASE("a long list keeps its first entries") {
  Json list = Json::array();
  for (int i = 0; i < 1000; ++i) list.push_back(std::to_string(i));
  Json value{{"paths", list}};
  REQUIRE(cut_to(value, 500));
  CHECK(json::dump(value).size() <= 500);
  CHECK(value["paths"].size() > 20);
  CHECK(value["paths"][0] == "0");
  CHECK(value["truncated"] == true);
}

TEST_CASE("two long texts, a text in a list and a text alone are cut, too") {
  Json two{{"a", std::string(5000, 'x')}, {"b", std::string(5000, 'y')}};
  REQUIRE(cut_to(two, 1000));
  CHECK(json::dump(two).size() <= 1000);
  Json nested{{"list", {std::string(5000, 'x'), "short"}}};
  REQUIRE(cut_to(nested, 1000));
  CHECK(json::dump(nested).size() <= 1000);
  CHECK(nested["list"].size() == 2);
  Json alone = std::string(5000, 'x');
  REQUIRE(cut_to(alone, 1000));
  CHECK(json::dump(alone).size() <= 1000);
}

TEST_CASE("what cannot be cut is replaced by the flag") {
  Json many = Json::object();
  for (int i = 0; i < 1000; ++i) many["member" + std::to_string(i)] = i;
  REQUIRE(cut_to(many, 1000));
  CHECK(many == Json{{"truncated", true}});
}
