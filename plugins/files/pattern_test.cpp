#include "plugins/files/pattern.h"

#include <catch2/catch.hpp>

using namespace hob;
using hob::plugins::files::Pattern;

namespace {
bool matches(const char* pattern, const char* path) {
  auto parsed = Pattern::parse(pattern);
  REQUIRE(parsed.ok());
  return parsed->matches(path);
}
}  // namespace

TEST_CASE("patterns match the paths that shells match") {
  struct Row {
    const char* pattern;
    const char* path;
    bool wanted;
  };
  const Row rows[] = {
    {"*.py", "main.py", true},
    {"*.py", "src/deep/main.py", true},
    {"*.py", "main.pyc", false},
    {"main.py", "src/main.py", true},
    {"./*.py", "main.py", true},
    {"./*.py", "src/main.py", false},
    {"src/*.py", "src/main.py", true},
    {"src/*.py", "src/a/main.py", false},
    {"src/*.py", "lib/src/main.py", false},
    {"src/**/*.py", "src/main.py", true},
    {"src/**/*.py", "src/a/b/main.py", true},
    {"**/*.py", "main.py", true},
    {"**/test/**", "a/test/b/c", true},
    {"**/a/**/b", "x/a/y/a/z/b", true},
    {"**/a/b", "a/a/b", true},
    {"**", "any/thing", true},
    {"src/**", "src/a/b", true},
    {"src/**", "lib/a", false},
    {"?.c", "a.c", true},
    {"?.c", "ä.c", true},
    {"?.c", "ab.c", false},
    {"[a-c].c", "b.c", true},
    {"[!a-c].c", "b.c", false},
    {"[!a-c].c", "d.c", true},
    {"[]x].c", "].c", true},
    {"[ab", "[ab", true},
    {"*.{cc,h}", "a.h", true},
    {"*.{cc,h}", "a.cpp", false},
    {"{src,lib}/**/*.{c,h}", "lib/x/y.c", true},
    {"{a,b{c,d}}.txt", "bd.txt", true},
    {"{x}.txt", "{x}.txt", true},
    {"a*b*c", "aXbYbZc", true},
    {"*", "x", true},
    {"***", "x", true},
    {"\\*.c", "*.c", true},
    {"\\*.c", "a.c", false},
    {".*", ".hidden", true},
  };
  for (const Row& row : rows) {
    INFO(row.pattern << " and " << row.path);
    CHECK(matches(row.pattern, row.path) == row.wanted);
  }
}

TEST_CASE("a pattern that could take forever does not") {
  std::string stars, names = std::string(2000, 'a');
  for (int i = 0; i < 300; ++i) stars += "*a";
  CHECK_FALSE(matches((stars + "b").c_str(), names.c_str()));
  std::string deep = "x", many = "**/x";
  for (int i = 0; i < 500; ++i) deep += "/x";
  for (int i = 0; i < 100; ++i) many += "/**/x";
  CHECK_FALSE(matches((many + "/y").c_str(), deep.c_str()));
}

TEST_CASE("patterns that are nothing or too much are refused") {
  for (const std::string& pattern : {std::string(), std::string(2000, 'a'), std::string("/"), std::string("./."),
                                     std::string("{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}")}) {
    INFO(pattern);
    CHECK_FALSE(Pattern::parse(pattern).ok());
  }
}
