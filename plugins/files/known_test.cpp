// A file that changed since it was read is not overwritten.
#include "plugins/files/known.h"


#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "plugins/files/tools.h"
#include "schemas/base/beneath.h"
#include "schemas/base/test_directory.h"

namespace fs = std::filesystem;
using namespace hob;
using namespace hob::sdk;
using hob::plugins::files::Known;

namespace {

struct Folder {
  TestDirectory directory;
  fs::path path = directory.path();
  UniqueFd fd;
  Roots roots;
  Folder() {
    put("notes.txt", "milk\nbread\n");
    fd = std::move(*beneath::open_root(path));
    roots = Roots({{fd.get(), path, true}});
  }
  /// Somebody else's hand: in place, the inode stays.
  void put(const char* file, const std::string& text) const {
    std::ofstream(path / file, std::ios::binary) << text;
  }
  /// As editors save: another file is renamed over it.
  void replace(const char* file, const std::string& text) const {
    put("saved~", text);
    fs::rename(path / "saved~", path / file);
  }
  std::string get(const char* file) const {
    std::ifstream in(path / file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

/// The tools as one session's process has them.
struct Session {
  explicit Session(const Folder& folder) : tools(plugins::files::make_tools(folder.roots)) {}
  Observation run(const char* tool, const Json& arguments) {
    return (*tools.find(tool))(Arguments(arguments), call);
  }
  Observation read(const char* file) { return run("read_file", {{"path", file}}); }
  Observation write(const char* file, const char* text) {
    return run("write_file", {{"path", file}, {"content", text}});
  }
  Observation edit(const char* file, const char* from, const char* to) {
    return run("edit_file", {{"path", file}, {"old_string", from}, {"new_string", to}});
  }
  Tools tools;
  struct Quiet final : Call {
    Quiet() : Call(nullptr) {}
    bool cancelled() const override { return false; }
  } call;
};

}  // namespace

TEST_CASE(
    "a file that changed since it was read is neither written nor edited until it is read again"
) {
  Folder folder;
  Session session(folder);
  REQUIRE(session.read("notes.txt").ok());
  folder.put("notes.txt", "milk\nbread\nmine\n");
  const Observation seen = session.write("notes.txt", "eggs\n");
  CHECK_FALSE(seen.ok());
  CHECK(seen.kind() == Kind::failed);
  CHECK(
      seen.message() ==
      "notes.txt was not written: it changed on disk since this session last read or wrote it "
      "(it had 11 bytes then and has 16 now)."
  );
  CHECK(seen.hint() == "Read it again, then decide what to write.");
  CHECK_FALSE(session.edit("notes.txt", "milk", "eggs").ok());
  CHECK_FALSE(session.write("notes.txt", "eggs\n").ok());  // once refused is not once asked
  CHECK(folder.get("notes.txt") == "milk\nbread\nmine\n");
  REQUIRE(session.read("notes.txt").ok());
  CHECK(session.edit("notes.txt", "milk", "eggs").ok());
  CHECK(folder.get("notes.txt") == "eggs\nbread\nmine\n");
}

TEST_CASE("a change is seen whatever the clock and the length say, and however it was saved") {
  Folder folder;
  Session session(folder);
  REQUIRE(session.read("notes.txt").ok());
  const auto time = fs::last_write_time(folder.path / "notes.txt");
  SECTION("the same length and time, in place") {
    folder.put("notes.txt", "MILK\nbread\n");
    fs::last_write_time(folder.path / "notes.txt", time);
  }
  SECTION("another file renamed over it") { folder.replace("notes.txt", "MILK\nbread\n"); }
  SECTION("grown beyond what can be read") {
    fs::resize_file(folder.path / "notes.txt", (16u << 20) + 1);
  }
  const auto size = fs::file_size(folder.path / "notes.txt");
  CHECK_FALSE(session.write("notes.txt", "eggs\n").ok());
  CHECK_FALSE(session.edit("notes.txt", "bread", "eggs").ok());
  CHECK(fs::file_size(folder.path / "notes.txt") == size);
}

TEST_CASE("what this session wrote itself it may write again, and edit") {
  Folder folder;
  Session session(folder);
  REQUIRE(session.read("notes.txt").ok());
  CHECK(session.write("notes.txt", "one\n").ok());
  CHECK(session.write("notes.txt", "two\n").ok());
  CHECK(session.edit("notes.txt", "two", "three").ok());
  CHECK(session.edit("notes.txt", "three", "four").ok());
  CHECK(folder.get("notes.txt") == "four\n");
  CHECK(session.write("new/file.txt", "a").ok());
  CHECK(session.write("new/file.txt", "b").ok());
  folder.put("new/file.txt", "theirs");
  CHECK_FALSE(session.write("new/file.txt", "c").ok());
  CHECK(folder.get("new/file.txt") == "theirs");
}

TEST_CASE("a file that was only touched, or is gone, or was never read, is written") {
  Folder folder;
  Session session(folder);
  CHECK(session.write("notes.txt", "never read\n").ok());
  folder.replace("notes.txt", "never read\n");
  CHECK(session.write("notes.txt", "touched\n").ok());
  fs::remove(folder.path / "notes.txt");
  CHECK(session.write("notes.txt", "gone\n").ok());
  CHECK(folder.get("notes.txt") == "gone\n");
}

TEST_CASE("reading a part of a file is reading it; a read that failed is none") {
  Folder folder;
  Session session(folder);
  REQUIRE(session.run("read_file", {{"path", "notes.txt"}, {"limit", 1}}).ok());
  folder.put("notes.txt", "milk\nbutter\n");
  CHECK_FALSE(session.edit("notes.txt", "milk", "eggs").ok());
  CHECK_FALSE(session.run("read_file", {{"path", "notes.txt"}, {"offset", 99}}).ok());
  CHECK_FALSE(session.edit("notes.txt", "milk", "eggs").ok());
}

TEST_CASE("a link and its target are one file") {
  Folder folder;
  fs::create_symlink("notes.txt", folder.path / "link.txt");
  fs::create_directory(folder.path / "deep");
  fs::create_symlink("..", folder.path / "deep/up");
  Session session(folder);
  REQUIRE(session.read("link.txt").ok());
  folder.replace("notes.txt", "theirs\n");
  CHECK_FALSE(session.write("notes.txt", "x").ok());
  CHECK_FALSE(session.write("deep/up/notes.txt", "x").ok());
  CHECK_FALSE(session.write((folder.path / "deep/../notes.txt").c_str(), "x").ok());
  REQUIRE(session.read("deep/up/notes.txt").ok());
  CHECK(session.write("link.txt", "x").ok());
}

TEST_CASE("another session has a memory of its own") {
  Folder folder;
  Session one(folder), other(folder);
  REQUIRE(one.read("notes.txt").ok());
  CHECK(other.write("notes.txt", "theirs\n").ok());
  CHECK_FALSE(one.write("notes.txt", "ours\n").ok());
  CHECK(folder.get("notes.txt") == "theirs\n");
}

TEST_CASE("the memory of files is bounded, and the oldest go first") {
  Folder folder;
  Known known;
  const auto at = [&folder](size_t i) {
    return Located{&folder.roots.all().front(), "file" + std::to_string(i)};
  };
  for (size_t i = 0; i < Known::kMaxFiles; ++i) known.remember(at(i), "x");
  known.remember(at(0), "y");
  known.remember(at(Known::kMaxFiles), "x");
  CHECK(known.size() == Known::kMaxFiles);
  CHECK(known.has(at(0)));
  CHECK_FALSE(known.has(at(1)));
  CHECK(known.has(at(2)));
  CHECK(known.changed(at(0), "z") == "other text of the same length");
  CHECK_FALSE(known.changed(at(0), "y").has_value());
}
