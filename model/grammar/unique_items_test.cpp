// uniqueItems: equal items are told however they are written, and no item is begun that could only end as one that is
// there already.
#include <catch2/catch.hpp>

#include "model/grammar/schema_check.h"

namespace hob::grammar {
namespace {

using testing::accepts;
using testing::check;
using testing::compile;
using testing::reads;

TEST_CASE("items are equal by value, not by spelling") {
  check(R"({"type":"array","uniqueItems":true})",
        {"[]", "[1]", "[1,2]", R"([1,"1"])", "[0,false,null,\"\",[],{}]", R"([[1],[2],[1,2],[[1]]])", R"([{"a":1},{"a":2},{"b":1},{"a":1,"b":1}])",
         R"([{"a":1,"b":2},{"a":2,"b":1}])", "[1,10,0.1,1e2]", R"([{"a":[1,2]},{"a":[2,1]}])", "[1,true]", R"([[1],true])"},
        {"[1,1]", "[1,2,1]", "[1,1.0]", "[100,1e2]", "[0,-0]", "[0,0e5]", "[0.5,5e-1]", "[true,true]", "[null,1,null]", R"(["a","\u0061"])",
         "[[],[]]", "[{},{ }]", "[[1],[1.0]]", R"([{"a":1,"b":2},{"b":2,"a":1}])", R"([{"a":{"b":[1]}},{"\u0061":{"b":[1e0]}}])",
         "[\"\xC3\xA9\",\"\\u00e9\"]", R"(["\ud83d\ude00",1,"😀"])", R"([[[1],2],[[1], 2]])"});
  check(R"({"type":"array","uniqueItems":true,"items":{"type":"integer"}})", {"[1,2,3]", "[0,1,10]", "[12345678901234567890,12345678901234567891]"},
        {"[1,1]", "[3,1,3]", "[5,5.0]", "[12345678901234567890,12345678901234567890]"});
  check(R"({"type":"array","uniqueItems":true,"items":{"enum":["a","ab","b",1,null]}})", {R"(["ab","a",1,null,"b"])"},
        {R"(["a","a"])", R"(["ab",1,"\u0061b"])", "[1,1.0]", R"(["a","b","ab",1,null,"a"])"});
  check(R"({"type":"array","uniqueItems":true,"items":{"type":"string","pattern":"^[ab]{1,2}$"}})", {R"(["a","b","aa","ab","ba","bb"])"},
        {R"(["a","a"])", R"(["ab","b","ab"])"});
  check(R"({"type":"array","uniqueItems":true,"items":{"type":"string","maxLength":1}})", {R"(["","a","b"])"}, {R"(["a","a"])", R"(["",""])"});
  check(R"({"type":"array","uniqueItems":true,"prefixItems":[{"type":"boolean"},{"type":"boolean"}],"items":false})", {"[true,false]", "[true]"},
        {"[true,true]", "[false,false]"});
  check(R"({"type":"array","uniqueItems":true,"items":{"type":"array","uniqueItems":true}})", {"[[],[1],[1,2]]", "[[[1],[2]],[[2],[1]]]"},
        {"[[1,1]]", "[[1],[1]]", "[[],[]]"});
  check(R"({"enum":[[1,1],[1,2],[{"a":1,"b":2},{"b":2,"a":1}]],"uniqueItems":true})", {"[1,2]"}, {"[1,1]", R"([{"a":1,"b":2},{"b":2,"a":1}])"});
  check(R"({"type":"array","uniqueItems":true,"items":{"type":"object"}})",
        {R"([{},{"a":"a"},{"b":"b"},{"a":"a","b":"b"},{"a":"b","b":"a"},{"a":["a"]}])"}, {R"([{"a":"a"},{"a":"a"}])", R"([{"b":"b","a":"a"},{"a":"a","b":"b"}])"});
  check(R"({"type":"array","uniqueItems":false})", {"[1,1]"}, {"1"});
}

TEST_CASE("no item is begun that is there already") {
  const auto some = compile(R"({"type":"array","uniqueItems":true,"items":{"enum":["red","reddish","blue",7,null]}})").value();
  CHECK(reads(some, R"(["red","re)"));
  CHECK(reads(some, R"(["reddish","red)"));
  CHECK_FALSE(reads(some, R"(["red","red")"));
  CHECK_FALSE(reads(some, R"(["blue","b)"));
  CHECK_FALSE(reads(some, R"(["blue","\u006)"));
  CHECK(reads(some, R"(["blue","\u007)"));
  CHECK_FALSE(reads(some, "[7,7"));
  CHECK_FALSE(reads(some, "[null,n"));
  CHECK_FALSE(reads(some, R"(["red","reddish","blue",7,null,)"));
  CHECK(reads(some, R"(["red","reddish","blue",7,)"));
  const auto digits = compile(R"({"type":"array","uniqueItems":true,"items":{"type":"integer","minimum":0,"maximum":12}})").value();
  CHECK(reads(digits, "[1,1"));  // 10, 11, 12
  CHECK_FALSE(reads(digits, "[1,10,11,12,1"));
  CHECK_FALSE(reads(digits, "[0,-"));
  const auto any = compile(R"({"type":"array","uniqueItems":true})").value();
  CHECK_FALSE(reads(any, "[true,t"));
  CHECK(reads(any, "[[],["));
  CHECK_FALSE(reads(any, "[[],[]"));
  CHECK(reads(any, "[0,0."));
  CHECK(reads(any, "[0,0"));
  const auto whole = compile(R"({"type":"array","uniqueItems":true,"items":{"type":"integer"}})").value();
  CHECK(reads(whole, "[10,1"));
  const auto short_texts = compile(R"({"type":"array","uniqueItems":true,"items":{"type":"string","maxLength":2}})").value();
  CHECK(reads(short_texts, R"(["ab","a)"));
  CHECK_FALSE(reads(short_texts, R"(["ab","ab)"));
}

TEST_CASE("uniqueItems and minItems count what is there") {
  CHECK(compile(R"({"type":"array","uniqueItems":true,"items":{"enum":[1,2,3]},"minItems":3})").ok());
  for (const char* schema : {R"({"type":"array","uniqueItems":true,"items":{"enum":[1,2,3]},"minItems":4})",
                             R"({"type":"array","uniqueItems":true,"items":{"enum":[1,1.0,"a"]},"minItems":3})",
                             R"({"type":"array","uniqueItems":true,"items":{"type":"integer","minimum":1,"maximum":5},"minItems":6})",
                             R"({"type":"array","uniqueItems":true,"items":{"type":["boolean","null"]},"minItems":4})"}) {
    INFO(schema);
    const auto refused = compile(schema);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().code() == Code::schema_unsatisfiable);
    CHECK(refused.error().message().find("uniqueItems") != std::string::npos);
  }
}

TEST_CASE("uniqueItems that cannot be enforced is refused by name") {
  for (const char* schema : {R"({"type":"array","uniqueItems":true,"items":{"type":"object","properties":{"a":{}},"additionalProperties":false}})",
                             R"({"type":"array","uniqueItems":true,"items":{"type":"array","maxItems":2}})",
                             R"({"type":"array","uniqueItems":true,"contains":{"type":"null"}})",
                             R"({"type":"array","not":{"uniqueItems":true}})",
                             R"({"type":"array","uniqueItems":true,"items":{"type":"string","pattern":"^a*$","maxLength":90000}})",
                             R"({"type":"array","uniqueItems":true,"prefixItems":[{"type":"string"},{"const":"a"}],"minItems":2})"}) {
    INFO(schema);
    const auto refused = compile(schema);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().code() == Code::schema_unsupported);
    CHECK(refused.error().data()["keyword"] == "uniqueItems");
  }
}

}  // namespace
}  // namespace hob::grammar
