#include "schemas/base/beneath.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "schemas/base/test_directory.h"

namespace fs = std::filesystem;
using namespace hob;

namespace {

void put(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }
std::string get(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// base/root is the root; base/outside and base/root-sibling are what must stay out of reach.
struct Tree {
  TestDirectory directory;
  fs::path base = directory.path(), root;
  UniqueFd root_fd;
  int fd = -1;
  Tree() {
    root = base / "root";
    fs::create_directories(root / "dir/sub");
    fs::create_directories(base / "root-sibling");
    fs::create_directories(base / "outside");
    put(base / "secret.txt", "secret");
    put(base / "outside/secret.txt", "secret");
    put(base / "root-sibling/secret.txt", "secret");
    put(base / "root-sibling/a.txt", "secret");
    put(root / "a.txt", "inside");
    put(root / "dir/b.txt", "inside");
    put(root / "dir/sub/c.txt", "inside");
    put(root / "..hidden", "inside");
    put(root / "...", "inside");
    put(root / "a b\n.txt", "inside");
    auto link = [&](const char* target, const char* at) { fs::create_symlink(target, root / at); };
    link("dir/b.txt", "in_file");
    link("dir", "in_dir");
    link("./dir/../dir/sub", "in_sub");
    link("../a.txt", "dir/in_up");
    link("in_file", "in_chain");
    link("../secret.txt", "out_up");
    link("../outside", "out_dir");
    link("..", "out_parent");
    link("../root-sibling", "out_sibling");
    link("out_up", "out_chain");
    link("../../secret.txt", "dir/out_up2");
    link("/", "out_slash");
    link("/proc/self/root", "out_magic");
    link("/proc/self/cwd", "out_cwd");
    link((base / "secret.txt").c_str(), "out_abs");
    link((root / "a.txt").c_str(), "out_abs_in");
    link("loop", "loop");
    link("nowhere", "dangling");
    link("../nowhere", "out_dangling");
    fs::create_hard_link(root / "a.txt", root / "hard.txt");
    ::mkfifo((root / "fifo").c_str(), 0600);
    auto opened = beneath::open_root(root);
    REQUIRE(opened.ok());
    root_fd = std::move(*opened);
    fd = root_fd.get();
  }
  /// What a tool does with a path it was given.
  Result<std::string> read(const std::string& path) {
    HOB_TRY(rel, beneath::relative(root.native(), path));
    return beneath::read_file(fd, rel, 1000);
  }
};

}  // namespace

TEST_CASE("no path out of a corpus of more than two hundred leads out of the root") {
  Tree tree;
  const std::string root = tree.root, base = tree.base;
  std::vector<std::string> inside{"a.txt",        "dir/b.txt", "dir/sub/c.txt", "in_file",  "in_dir/b.txt",
                                  "in_sub/c.txt", "dir/in_up", "in_chain",      "..hidden", "...",
                                  "a b\n.txt",    "hard.txt",  "in_dir/../a.txt"};
  std::vector<std::string> outside{"../secret.txt",
                                   "../outside/secret.txt",
                                   "../root-sibling/a.txt",
                                   "../../../../../../../../etc/passwd",
                                   "../root/a.txt",
                                   "out_up",
                                   "out_dir/secret.txt",
                                   "out_parent/secret.txt",
                                   "out_parent/root/a.txt",
                                   "out_sibling/secret.txt",
                                   "out_chain",
                                   "dir/out_up2",
                                   "out_slash/etc/passwd",
                                   "out_magic/etc/passwd",
                                   "out_cwd/a.txt",
                                   "out_abs",
                                   "out_abs_in",
                                   "loop",
                                   "out_dangling"};
  const std::vector<std::string> before{"", "./", "dir/../", "dir/sub/../../", ".//./", "in_dir/../", "in_sub/../../"};
  int cases = 0;
  auto check = [&](const std::string& path, bool reachable) {
    INFO(path);
    ++cases;
    auto text = tree.read(path);
    CHECK(text.ok() == reachable);
    if (text.ok()) CHECK(*text == "inside");
    if (!text.ok() && !reachable) CHECK(text.error().code() == Code::tool_denied);
  };
  for (const auto& prefix : before) {
    for (const auto& path : inside) check(prefix + path, true);
    for (const auto& path : outside) check(prefix + path, false);
  }
  for (const auto& path : inside) {
    check(root + "/" + path, true);
    check("/" + root + "//./" + path, true);
    check(root + "-sibling/" + path, false);
    check(root + "/../root/" + path, false);  // leaves, if only to come back
    check(base + "/" + path, false);
    check("/" + path, false);
  }
  for (const auto& path : outside) check(root + "/" + path, false);
  for (const char* path : {"/etc/passwd", "/", "//", "/proc/self/environ", "/dev/null", "/tmp/../etc/passwd"})
    check(path, false);
  CHECK(cases > 200);
}

TEST_CASE("a path that is no name is refused before anything is opened") {
  Tree tree;
  CHECK(tree.read("").error().code() == Code::invalid_params);
  CHECK(tree.read(std::string("a.txt\0/../x", 11)).error().code() == Code::invalid_params);
  CHECK(tree.read(std::string(5000, 'a')).error().code() == Code::invalid_params);
  CHECK(tree.read(std::string(300, 'a')).error().code() == Code::invalid_params);
  CHECK(tree.read("missing").error().code() == Code::not_found);
  CHECK(tree.read("a.txt/x").error().code() == Code::not_found);
  CHECK(tree.read("a.txt/").error().code() == Code::not_found);
  CHECK(tree.read("dangling").error().code() == Code::not_found);
  CHECK(*beneath::relative("/r", "/r") == ".");
  CHECK(*beneath::relative("/r", "./") == ".");
  CHECK(*beneath::relative("/", "/etc/x") == "etc/x");
  CHECK_FALSE(beneath::relative("/root", "/rootx").ok());
}

TEST_CASE("only regular files are read, and none that is too large") {
  Tree tree;
  CHECK(tree.read("dir").error().code() == Code::invalid_params);
  CHECK(tree.read("fifo").error().code() == Code::invalid_params);  // and it does not wait for a writer
  put(tree.root / "big", std::string(1001, 'x'));
  CHECK(tree.read("big").error().code() == Code::unsupported_content);
}

TEST_CASE("writing replaces a file in one step and keeps its mode") {
  Tree tree;
  fs::permissions(tree.root / "a.txt", fs::perms(0640));
  REQUIRE(beneath::write_file(tree.fd, "a.txt", "new").ok());
  CHECK(get(tree.root / "a.txt") == "new");
  CHECK(fs::status(tree.root / "a.txt").permissions() == fs::perms(0640));
  CHECK(get(tree.root / "hard.txt") == "inside");  // the other name of the old file keeps the old text
  REQUIRE(beneath::write_file(tree.fd, "fresh.txt", "x").ok());
  CHECK(get(tree.root / "fresh.txt") == "x");
  for (const auto& entry : fs::directory_iterator(tree.root)) CHECK(entry.path().extension() != ".tmp");
}

TEST_CASE("writing through a symlink lands on its target inside the root, and never outside") {
  Tree tree;
  REQUIRE(beneath::write_file(tree.fd, "in_chain", "new").ok());
  CHECK(get(tree.root / "dir/b.txt") == "new");
  CHECK(fs::is_symlink(tree.root / "in_chain"));
  for (const char* path : {"out_up", "out_chain", "out_abs", "out_dir/secret.txt", "out_dangling", "dir/out_up2", "loop",
                           "../secret.txt", "out_parent/new.txt", "out_slash/tmp/x"}) {
    INFO(path);
    auto written = beneath::write_file(tree.fd, path, "overwritten");
    REQUIRE_FALSE(written.ok());
    CHECK(written.error().code() == Code::tool_denied);
  }
  CHECK(get(tree.base / "secret.txt") == "secret");
  CHECK(get(tree.base / "outside/secret.txt") == "secret");
  CHECK_FALSE(fs::exists(tree.base / "nowhere"));
  for (const char* path : {"dir", ".", "dir/..", "fifo", "new/"}) {
    INFO(path);
    CHECK(beneath::write_file(tree.fd, path, "x").error().code() == Code::invalid_params);
  }
}

TEST_CASE("directories are made only beneath the root") {
  Tree tree;
  REQUIRE(beneath::make_directories(tree.fd, "x/y/z").ok());
  CHECK(fs::is_directory(tree.root / "x/y/z"));
  CHECK(beneath::make_directories(tree.fd, "x/y/z").ok());
  CHECK_FALSE(beneath::make_directories(tree.fd, "../made").ok());
  CHECK_FALSE(beneath::make_directories(tree.fd, "out_dir/made").ok());
  CHECK_FALSE(beneath::make_directories(tree.fd, "out_dangling").ok());
  CHECK_FALSE(beneath::make_directories(tree.fd, "a.txt/made").ok());
  CHECK_FALSE(fs::exists(tree.base / "made"));
  CHECK_FALSE(fs::exists(tree.base / "outside/made"));
}

TEST_CASE("a directory swapped for a symlink while files are opened never leads out") {
  Tree tree;
  fs::create_directory(tree.root / "swap");
  put(tree.root / "swap/secret.txt", "inside");
  fs::create_symlink("../outside", tree.root / "evil");
  std::atomic<bool> stop{false};
  std::thread swapper([&] {
    while (!stop)
      ::syscall(SYS_renameat2, tree.fd, "swap", tree.fd, "evil", unsigned{RENAME_EXCHANGE});
  });
  int read = 0, escaped = 0;
  for (int i = 0; i < 10'000; ++i) {
    auto text = beneath::read_file(tree.fd, "swap/secret.txt", 100);
    if (!text.ok()) continue;
    ++read;
    if (*text != "inside") ++escaped;
  }
  stop = true;
  swapper.join();
  CHECK(escaped == 0);
  CHECK(read > 0);
}
