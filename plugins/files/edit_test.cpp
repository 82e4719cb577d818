#include "plugins/files/edit.h"

#include <catch2/catch.hpp>

#include "schemas/base/json.h"

using namespace hob;
using namespace hob::plugins::files;

namespace {

std::string edited(
    std::string_view text,
    std::string_view from,
    std::string_view to,
    Occurrences wanted = Occurrences::one
) {
  auto out = edit(text, from, to, wanted);
  return out.ok() ? out->text : "error: " + out.error().message();
}
std::string nearest(std::string_view text, std::string_view from) {
  auto out = edit(text, from, "x", Occurrences::one);
  REQUIRE_FALSE(out.ok());
  REQUIRE(out.error().code() == Code::not_found);
  return out.error().data().value("nearest", std::string("none"));
}

}  // namespace

TEST_CASE("an exact piece of text is replaced, once or everywhere") {
  CHECK(edited("milk\nbread\n", "bread", "butter") == "milk\nbutter\n");
  CHECK(edited("a b a", "a", "x", Occurrences::all) == "x b x");
  CHECK(edit("aaaa", "aa", "b", Occurrences::all)->replaced == 2);
  CHECK(edited("one\ntwo\n", "one\n", "") == "two\n");
  CHECK(edited("x", "x", "") == "");
}

TEST_CASE("several matches need more context or all") {
  auto out = edit("a\na\n", "a", "b", Occurrences::one);
  REQUIRE_FALSE(out.ok());
  CHECK(out.error().code() == Code::invalid_params);
  CHECK(out.error().message().find("2 times") != std::string::npos);
}

TEST_CASE("trailing space and line ends are forgiven") {
  CHECK(edited("if x:  \n  y\t\nz\n", "if x:\n  y\nz", "q") == "q\n");
  CHECK(edited("a\r\nb\r\nc\r\n", "a\nb", "x\ny") == "x\r\ny\r\nc\r\n");
  CHECK(edited("a\r\nb\r\n", "a\nb\n", "x\ny\n") == "x\r\ny\r\n");
}

TEST_CASE("indentation is forgiven and given to the new text") {
  CHECK(
      edited(
          "def f():\n    if x:\n        return 1\n", "if x:\n    return 1", "if y:\n    return 2\n"
      ) == "def f():\n    if y:\n        return 2\n"
  );
  CHECK(edited("\tcall();\n", "  call();", "  call(1);\n  more();") == "\tcall(1);\n\tmore();\n");
  // A forgiven match must be the only one, too.
  auto out = edit("  a();\n    a();\n", "a();\n", "b();\n", Occurrences::one);
  CHECK_FALSE(out.ok());
}

TEST_CASE("lines put in the place of nothing go with their ends") {
  CHECK(edited("a\n  b \nc\n", "b\n", "") == "a\nc\n");
}

TEST_CASE("text that does not occur is answered with the nearest lines and their numbers") {
  const std::string text =
      "int main() {\n  int total = 0;\n  for (int i = 0; i < 10; ++i) total += i;\n  return "
      "total;\n}\n";
  CHECK(
      nearest(text, "  for (int i = 0; i < 20; ++i) total += i;") ==
      "3:   for (int i = 0; i < 10; ++i) total += i;"
  );
  CHECK(
      nearest(text, "  int total = 1;\n  for (int j = 0; j < 10; ++j) total += j;") ==
      "2:   int total = 0;\n3:   for (int i = 0; i < 10; ++i) total += i;"
  );
  CHECK(nearest(text, "zzzzqqqq") == "");
  CHECK(nearest("", "anything") == "");
}

TEST_CASE("edits that do nothing or too much are refused") {
  CHECK(edit("a", "", "b", Occurrences::one).error().code() == Code::invalid_params);
  CHECK(edit("a", "a", "a", Occurrences::one).error().code() == Code::invalid_params);
  CHECK(
      edit(std::string(1 << 20, 'a'), "a", std::string(1 << 10, 'b'), Occurrences::all)
          .error()
          .code() == Code::invalid_params
  );
  CHECK(edit("a\n\n\nb\n", "\n \n", "x", Occurrences::one).error().code() == Code::not_found);
}
