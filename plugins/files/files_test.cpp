#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "plugins/files/tools.h"
#include "schemas/base/beneath.h"
#include "schemas/base/test_directory.h"

namespace fs = std::filesystem;
using namespace hob;
using namespace hob::sdk;

namespace {

struct Quiet final : Call {
  Quiet() : Call(nullptr) {}
  bool cancelled() const override { return stop; }
  bool stop = false;
};

void put(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}
std::string get(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A workspace that may be changed, a second directory that may only be read, and secrets beside
/// them.
struct Workspace {
  TestDirectory directory;
  fs::path base = directory.path(), root, library;
  UniqueFd root_fd, library_fd;
  Roots roots;
  Tools tools;
  Quiet call;
  Workspace() {
    root = base / "work";
    library = base / "library";
    put(base / "secret.txt", "secret");
    put(root / "notes.txt", "milk\nbread\n");
    put(root / "src/main.py", "import os\n\ndef main():\n    print('hello')\n");
    put(root / "src/deep/er/util.py", "def helper():\n    return 'bread'\n");
    put(root / "docs/readme.md", "# Title\r\nbread and butter\r\n");
    put(root / "image.bin", std::string("\x89PNG\0\0bread", 11));
    put(root / ".git/config", "bread");
    put(library / "shared.txt", "shared bread\n");
    fs::create_symlink("../secret.txt", root / "escape");
    fs::create_symlink("..", root / "up");
    fs::create_symlink("notes.txt", root / "link.txt");
    root_fd = std::move(*beneath::open_root(root));
    library_fd = std::move(*beneath::open_root(library));
    roots = Roots({{root_fd.get(), root, true}, {library_fd.get(), library, false}});
    tools = plugins::files::make_tools(roots);
  }
  Observation run(const char* tool, const Json& arguments) {
    const Handler* handler = tools.find(tool);
    REQUIRE(handler != nullptr);
    return (*handler)(Arguments(arguments), call);
  }
  Json result(const char* tool, const Json& arguments) {
    Observation seen = run(tool, arguments);
    INFO(seen.message());
    REQUIRE(seen.ok());
    return seen.value();
  }
  Kind kind(const char* tool, const Json& arguments) {
    Observation seen = run(tool, arguments);
    REQUIRE_FALSE(seen.ok());
    CHECK_FALSE(seen.message().empty());
    return seen.kind();
  }
};

}  // namespace

TEST_CASE("a file is read whole, or some of its lines") {
  Workspace w;
  CHECK(
      json::dump(w.result("read_file", {{"path", "notes.txt"}})) ==
      R"({"content":"milk\nbread","lines":2,"truncated":false})"
  );
  CHECK(
      w.result("read_file", {{"path", "src/main.py"}, {"offset", 3}, {"limit", 1}})["content"] ==
      "def main():"
  );
  CHECK(
      w.result("read_file", {{"path", "src/main.py"}, {"offset", 3}, {"limit", 1}})["truncated"] ==
      false
  );
  CHECK(
      w.result(
          "read_file", {{"path", (w.root / "notes.txt").string()}, {"offset", 2}}
      )["content"] == "bread"
  );
  CHECK(
      w.result("read_file", {{"path", (w.library / "shared.txt").string()}})["content"] ==
      "shared bread"
  );
  CHECK(w.result("read_file", {{"path", "link.txt"}})["lines"] == 2);
  put(w.root / "empty", "");
  CHECK(
      w.result("read_file", {{"path", "empty"}}) ==
      Json{{"content", ""}, {"lines", 0}, {"truncated", false}}
  );
}

TEST_CASE("what cannot be read is told in words that help") {
  Workspace w;
  Observation seen = w.run("read_file", {{"path", "nodes.txt"}});
  CHECK(seen.message() == "There is no file nodes.txt.");
  CHECK(seen.hint() == "List the directory.");
  CHECK(seen.kind() == Kind::not_found);
  CHECK(w.kind("read_file", {{"path", "image.bin"}}) == Kind::failed);
  CHECK(w.kind("read_file", {{"path", "src"}}) == Kind::invalid_argument);
  CHECK(w.kind("read_file", {{"path", "notes.txt"}, {"offset", 9}}) == Kind::invalid_argument);
  CHECK(w.kind("read_file", {{"path", "notes.txt"}, {"offset", -1}}) == Kind::invalid_argument);
  CHECK(w.kind("read_file", {{"path", "notes.txt"}, {"limit", 0}}) == Kind::invalid_argument);
  put(w.root / "large.txt", std::string(17u << 20, 'x'));
  CHECK(w.kind("read_file", {{"path", "large.txt"}}) == Kind::failed);
}

TEST_CASE("no tool reaches a path outside the session's directories") {
  Workspace w;
  const std::vector<std::string> paths{
      "../secret.txt",
      "escape",
      "up/secret.txt",
      "/etc/passwd",
      w.base / "secret.txt",
      "src/../../secret.txt",
      w.root.string() + "-sibling/x",
      "up/work/../secret.txt",
      w.root.string() + "/../secret.txt"};
  for (const std::string& path : paths) {
    INFO(path);
    CHECK(w.kind("read_file", {{"path", path}}) == Kind::denied);
    CHECK(w.kind("write_file", {{"path", path}, {"content", "x"}}) == Kind::denied);
    CHECK(
        w.kind("edit_file", {{"path", path}, {"old_string", "secret"}, {"new_string", "x"}}) ==
        Kind::denied
    );
    CHECK(w.kind("grep", {{"pattern", "."}, {"path", path}}) == Kind::denied);
  }
  for (const char* path : {"..", "up", "/", "/etc"}) {
    CHECK(w.kind("list_directory", {{"path", path}}) == Kind::denied);
    CHECK(w.kind("glob", {{"pattern", "*"}, {"path", path}}) == Kind::denied);
  }
  CHECK(w.kind("glob", {{"pattern", "/etc/*"}}) == Kind::denied);
  CHECK(w.result("glob", {{"pattern", "../*"}})["paths"].empty());
  CHECK(get(w.base / "secret.txt") == "secret");
}

TEST_CASE("a file is written whole, with its directories, and keeps its mode") {
  Workspace w;
  CHECK(
      w.result("write_file", {{"path", "notes.txt"}, {"content", "eggs\nmilk\n"}}) ==
      Json{{"bytes", 10}, {"path", "notes.txt"}}
  );
  CHECK(get(w.root / "notes.txt") == "eggs\nmilk\n");
  CHECK(w.result("write_file", {{"path", "new/dir/a.txt"}, {"content", ""}})["bytes"] == 0);
  CHECK(fs::exists(w.root / "new/dir/a.txt"));
  fs::permissions(w.root / "src/main.py", fs::perms(0755));
  (void)w.result("write_file", {{"path", (w.root / "src/main.py").string()}, {"content", "x"}});
  CHECK(fs::status(w.root / "src/main.py").permissions() == fs::perms(0755));
  CHECK(w.kind("write_file", {{"path", "src"}, {"content", "x"}}) == Kind::invalid_argument);
  CHECK(w.kind("write_file", {{"path", "notes.txt/x"}, {"content", "x"}}) == Kind::not_found);
  CHECK(w.kind("write_file", {{"path", ""}, {"content", "x"}}) == Kind::invalid_argument);
}

TEST_CASE("a directory granted for reading is not written") {
  Workspace w;
  const std::string path = w.library / "shared.txt";
  CHECK(w.kind("write_file", {{"path", path}, {"content", "x"}}) == Kind::denied);
  CHECK(
      w.kind("edit_file", {{"path", path}, {"old_string", "shared"}, {"new_string", "x"}}) ==
      Kind::denied
  );
  CHECK(get(path) == "shared bread\n");
}

TEST_CASE("an edit replaces exactly what was meant, or says what is nearest") {
  Workspace w;
  CHECK(
      w.result(
          "edit_file", {{"path", "notes.txt"}, {"old_string", "bread"}, {"new_string", "butter"}}
      ) == Json{{"path", "notes.txt"}, {"replaced", 1}}
  );
  CHECK(get(w.root / "notes.txt") == "milk\nbutter\n");
  CHECK(
      w.result(
          "edit_file",
          {{"path", "notes.txt"}, {"old_string", "t"}, {"new_string", "T"}, {"replace_all", true}}
      )["replaced"] == 2
  );
  CHECK(
      w.kind("edit_file", {{"path", "notes.txt"}, {"old_string", "T"}, {"new_string", "t"}}) ==
      Kind::invalid_argument
  );
  Observation seen = w.run(
      "edit_file",
      {{"path", "src/main.py"}, {"old_string", "    print('hallo')"}, {"new_string", "x"}}
  );
  CHECK(seen.kind() == Kind::no_match);
  CHECK(seen.hint().find("4:     print('hello')") != std::string::npos);
  CHECK(
      w.kind("edit_file", {{"path", "none"}, {"old_string", "a"}, {"new_string", "b"}}) ==
      Kind::not_found
  );
  CHECK(
      w.kind("edit_file", {{"path", "image.bin"}, {"old_string", "bread"}, {"new_string", "b"}}) ==
      Kind::failed
  );
}

TEST_CASE("a directory is listed by name, directories with a slash") {
  Workspace w;
  CHECK(
      w.result("list_directory", {{"path", "."}}) ==
      Json{
          {"entries",
           {".git/", "docs/", "escape", "image.bin", "link.txt", "notes.txt", "src/", "up"}},
          {"truncated", false}}
  );
  CHECK(w.result("list_directory", {{"path", "src/"}})["entries"] == Json{"deep/", "main.py"});
  CHECK(
      w.result("list_directory", {{"path", w.library.string()}})["entries"] == Json{"shared.txt"}
  );
  CHECK(w.kind("list_directory", {{"path", "nowhere"}}) == Kind::not_found);
  CHECK(w.kind("list_directory", {{"path", "notes.txt"}}) == Kind::not_found);
  for (int i = 0; i < 1100; ++i) put(w.root / "many" / std::to_string(i), "");
  auto many = w.result("list_directory", {{"path", "many"}});
  CHECK(many["entries"].size() == 1000);
  CHECK(many["truncated"] == true);
}

TEST_CASE("files are found by pattern and shown from the root") {
  Workspace w;
  auto paths = [&](const Json& arguments) { return w.result("glob", arguments)["paths"]; };
  CHECK(paths({{"pattern", "*.py"}}) == Json{"src/deep/er/util.py", "src/main.py"});
  CHECK(paths({{"pattern", "src/*.py"}}) == Json{"src/main.py"});
  CHECK(paths({{"pattern", "*.py"}, {"path", "src/deep"}}) == Json{"src/deep/er/util.py"});
  CHECK(paths({{"pattern", "er/*.py"}, {"path", "src/deep/"}}) == Json{"src/deep/er/util.py"});
  CHECK(
      paths({{"pattern", (w.root / "src/**").string()}}) ==
      Json{"src/deep/er/util.py", "src/main.py"}
  );
  CHECK(paths({{"pattern", "*.txt"}}) == Json{"link.txt", "notes.txt"});
  CHECK(
      paths({{"pattern", "*.txt"}, {"path", w.library.string()}}) ==
      Json{(w.library / "shared.txt").string()}
  );
  CHECK(paths({{"pattern", "config"}}).empty());  // .git is passed over
  CHECK(paths({{"pattern", "escape"}}).empty());  // leads out
  CHECK(w.kind("glob", {{"pattern", "*"}, {"path", "nowhere"}}) == Kind::not_found);
  CHECK(w.kind("glob", {{"pattern", ""}}) == Kind::invalid_argument);
}

TEST_CASE("lines are found by regular expression and shown with path and number") {
  Workspace w;
  auto matches = [&](const Json& arguments) { return w.result("grep", arguments)["matches"]; };
  CHECK(
      matches({{"pattern", "bread"}}) ==
      Json{
          "docs/readme.md:2: bread and butter", "notes.txt:2: bread",
          "src/deep/er/util.py:2:     return 'bread'"}
  );
  CHECK(
      matches({{"pattern", "^def (\\w+)"}, {"include", "*.py"}}) ==
      Json{"src/deep/er/util.py:1: def helper():", "src/main.py:3: def main():"}
  );
  CHECK(matches({{"pattern", "bread"}, {"path", "notes.txt"}}) == Json{"notes.txt:2: bread"});
  CHECK(matches({{"pattern", "(?i)TITLE"}, {"path", "docs"}}) == Json{"docs/readme.md:1: # Title"});
  CHECK(matches({{"pattern", "nothing here"}}).empty());
  CHECK(w.kind("grep", {{"pattern", "("}}) == Kind::invalid_argument);
  CHECK(w.kind("grep", {{"pattern", ""}}) == Kind::invalid_argument);
  CHECK(w.kind("grep", {{"pattern", "x"}, {"path", "nowhere"}}) == Kind::not_found);
}

TEST_CASE("searches are bounded in matches and time") {
  Workspace w;
  std::string lines;
  for (int i = 0; i < 5000; ++i) lines += "match\n";
  put(w.root / "many.txt", lines);
  auto seen = w.result("grep", {{"pattern", "match"}});
  CHECK(seen["matches"].size() == 1000);
  CHECK(seen["truncated"] == true);
  // What would take a backtracking engine for ever.
  put(w.root / "evil.txt", std::string(1 << 20, 'a') + "\n");
  CHECK(w.result("grep", {{"pattern", "(a+)+$x"}, {"path", "evil.txt"}})["matches"].empty());
  put(w.root / "wide.txt", "needle " + std::string(10'000, 'y') + "\n");
  CHECK(w.result("grep", {{"pattern", "needle"}})["matches"][0].get<std::string>().size() < 500);
  w.call.stop = true;
  CHECK(w.result("grep", {{"pattern", "match"}})["truncated"] == true);
}

TEST_CASE("names and contents that are not UTF-8 are shown repaired") {
  Workspace w;
  put(w.root / "bad\xff.txt", "caf\xe9 bread\n");
  auto names = w.result("list_directory", {{"path", "."}})["entries"];
  CHECK(std::find(names.begin(), names.end(), "bad\xEF\xBF\xBD.txt") != names.end());
  CHECK(w.result("grep", {{"pattern", "caf"}})["matches"].size() == 1);
}
