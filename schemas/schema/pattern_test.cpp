#include "schemas/schema/pattern.h"

#include <catch2/catch.hpp>

using hob::schema::Pattern;

namespace {

struct Case {
  const char* pattern;
  const char* text;
  bool found;
};

}  // namespace

TEST_CASE("patterns mean what ECMA-262 says") {
  const Case kCases[] = {
      {"^abc$", "abc", true},
      {"^abc$", "abc\n", false},
      {"b", "abc", true},
      {"^a.c$", "a\nc", false},
      {"^a.c$",
       "a\xe2\x80\xa8"
       "c",
       false},
      {"^a.c$",
       "a\xf0\x9f\x90\xb2"
       "c",
       true},
      {"^\\s$", "\xc2\xa0", true},
      {"^\\S$", "\xef\xbb\xbf", false},
      {"^[\\s]$", "\xe3\x80\x80", true},
      {"^[^\\s]$", "\xe3\x80\x80", false},
      {"^\\d$", "\xdf\x80", false},
      {"^[\\D]$", "\xdf\x80", true},
      {"^\\w+$", "caf\xc3\xa9", false},
      {"^\\p{Letter}+$", "caf\xc3\xa9", true},
      {"^\\p{L}+$", "4", false},
      {"^\\P{Lu}$", "A", false},
      {"^\\p{Script=Greek}$", "\xce\xb1", true},
      {"^[\\p{L}\\p{N}]+$", "a1", true},
      {"^\\cA$", "\x01", true},
      {"^\\x41\\u0042\\u{43}$", "ABC", true},
      {"^\\ud83d\\udc32$", "\xf0\x9f\x90\xb2", true},
      {"^\\0$", "x", false},
      {"^[\\b]$", "\b", true},
      {"\\bfoo\\b", "a foo b", true},
      {"^[]$", "", false},
      {"[]", "a", false},
      {"^[^]$", "\n", true},
      {"^[[:alpha:]]$", ":]", true},
      {"^[a-c-]$", "-", true},
      {"^[\\d-x]$", "-", true},
      {"^a{2}$", "aa", true},
      {"^a{2,}$", "a", false},
      {"^a{1,2}$", "aaa", false},
      {"^a{,2}$", "a{,2}", true},
      {"^{$", "{", true},
      {"^\\{\\}$", "{}", true},
      {"^(?:a|b)+$", "abab", true},
      {"^(?<year>\\d{4})$", "2024", true},
      {"^(a)(b)$", "ab", true},
      {"^\\-\\@\\/\\#$", "-@/#", true},
      {"^a+?$", "aaa", true},
      {"", "anything", true},
      {"a||b", "", true},
      {"^\xc3\xa1", "\xc3\xa1lamo", true},
      {"^[\xc3\xa0-\xc3\xbf]$", "\xc3\xa9", true},
  };
  for (const Case& one : kCases) {
    INFO(one.pattern << " in " << one.text);
    const auto pattern = Pattern::compile(one.pattern);
    REQUIRE(pattern.ok());
    CHECK(pattern->found_in(one.text) == one.found);
  }
}

TEST_CASE("what RE2 lacks is refused by name and still counts as a regular expression") {
  for (const auto& [text, word] :
       {std::pair("(?=a)b", "look-ahead"), std::pair("(?!a)", "look-ahead"),
        std::pair("(?<=a)b", "look-behind"), std::pair("(?<!a)b", "look-behind"),
        std::pair("(a)\\1", "back-reference"), std::pair("(?<n>a)\\k<n>", "back-reference"),
        std::pair("\\p{Emoji}", "Unicode property")}) {
    INFO(text);
    const auto pattern = Pattern::compile(text);
    REQUIRE_FALSE(pattern.ok());
    CHECK(pattern.error().code() == hob::Code::schema_unsupported);
    CHECK_THAT(pattern.error().message(), Catch::Contains(word));
    CHECK(hob::schema::translate(text).ok());
  }
}

TEST_CASE("malformed expressions are refused") {
  for (const char* text :
       {"(",       ")",      "(a",    "[a",    "a**",      "*",     "^*",
        "a{2}{3}", "\\",     "\\a",   "\\y",   "\\x4",     "\\u12", "\\u{110000}",
        "\\ud800", "\\c1",   "\\07",  "[b-a]", "(?P<n>a)", "(?#c)", "(?i)a",
        "(?<1>a)", "(?<>a)", "\\k<a", "\\pL",  "\xff"}) {
    INFO(text);
    CHECK_FALSE(hob::schema::translate(text).ok());
    CHECK_FALSE(Pattern::compile(text).ok());
  }
}

TEST_CASE("expressions that would take too much room are refused") {
  CHECK_FALSE(Pattern::compile(std::string(hob::schema::kMaxPatternBytes + 1, 'a')).ok());
  CHECK_FALSE(Pattern::compile("a{2000}").ok());
  CHECK_FALSE(Pattern::compile("((a{100}){100}){100}").ok());
  CHECK_FALSE(Pattern::compile(std::string(300, '(') + std::string(300, ')')).ok());
}
