// Files that are not what they should be: refused untouched where their first bytes tell, and never a crash.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "daemon/store/chronicle_testing.h"
#include "daemon/store/migrations.h"

namespace hob::store {
namespace {

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}
void put_bytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

/// A database of both kinds of stop: as it is after close (no WAL), and as it is while open.
struct Original {
  Original() {
    TestDirectory directory;
    asio::io_context io;
    auto store = open({directory.file("state.db"), nullptr, nullptr});
    REQUIRE(store);
    for (int n = 1; n <= 40; ++n) {
      Commit commit = chapter(n);
      MemoryRow memory;
      memory.id = "m" + std::to_string(n);
      memory.scope = "user";
      memory.text = "my cat number " + std::to_string(n) + " is called Mia";
      commit.put_memories.push_back(memory);
      REQUIRE(wait(io, (*store)->commit(std::move(commit))));
    }
    open_file = bytes_of(directory.file("state.db"));
    open_wal = bytes_of(directory.file("state.db-wal"));
    wait(io, (*store)->stop());
    closed_file = bytes_of(directory.file("state.db"));
  }
  std::string open_file, open_wal, closed_file;
};

void damage(std::string& bytes, std::mt19937& random) {
  if (bytes.empty()) return;
  switch (random() % 5) {
    case 0:
      bytes.resize(random() % bytes.size());
      break;
    case 1:
      for (unsigned i = 0; i <= random() % 8; ++i) bytes[random() % bytes.size()] ^= static_cast<char>(1u << random() % 8);
      break;
    case 2: {
      const size_t page = random() % (bytes.size() / 4096 + 1) * 4096;
      for (size_t i = page; i < std::min(page + 4096, bytes.size()); ++i) bytes[i] = 0;
      break;
    }
    case 3:
      for (size_t i = random() % bytes.size(), end = std::min(bytes.size(), i + 200); i < end; ++i) {
        bytes[i] = static_cast<char>(random());
      }
      break;
    default: {
      // Two pages change places.
      if (bytes.size() < 8192) break;
      const size_t a = random() % (bytes.size() / 4096) * 4096, b = random() % (bytes.size() / 4096) * 4096;
      for (size_t i = 0; i < 4096; ++i) std::swap(bytes[a + i], bytes[b + i]);
    }
  }
}

/// Everything that a daemon would do with the file; nothing but errors may come of it.
bool live_with(const std::string& path) {
  asio::io_context io;
  auto store = open({path, nullptr, nullptr});
  if (!store) {
    CHECK((store.error().code() == Code::store_failed || store.error().code() == Code::version_skew));
    CHECK(store.error().message().find(path) != std::string::npos);
    return false;
  }
  (void)wait(io, (*store)->events(0, 1000, {.with_hidden = true}));
  (void)wait(io, (*store)->sessions({}));
  (void)wait(io, (*store)->open_turns());
  (void)wait(io, (*store)->search_memory({.text = "cat"}));
  (void)wait(io, (*store)->approvals({}));
  Commit commit = chapter(41);
  MemoryRow memory;
  memory.id = "m1";
  memory.scope = "user";
  memory.text = "another cat";
  commit.put_memories.push_back(memory);
  (void)wait(io, (*store)->commit(std::move(commit)));
  (void)wait(io, (*store)->erase_session("story"));
  wait(io, (*store)->stop());
  return true;
}

TEST_CASE("damaged images are opened or refused with a sentence, and never crash") {
  const Original original;
  REQUIRE(original.open_wal.size() > 100'000);
  const unsigned images = full_campaign() ? 2000 : 200;
  unsigned opened = 0;
  for (unsigned seed = 1; seed <= images; ++seed) {
    INFO("seed " << seed);
    std::mt19937 random(seed);
    TestDirectory directory;
    const std::string path = directory.file("state.db");
    std::string file = seed % 2 ? original.closed_file : original.open_file;
    std::string wal = seed % 2 ? "" : original.open_wal;
    // A journal of another file beside a good one, too.
    if (seed % 10 == 1) wal = original.open_wal;
    damage(random() % 3 == 0 && !wal.empty() ? wal : file, random);
    put_bytes(path, file);
    if (!wal.empty()) put_bytes(path + "-wal", wal);
    opened += live_with(path);
  }
  CHECK(opened > images / 20);
  CHECK(opened < images);
}

TEST_CASE("damage that the check after an unclean stop finds ends writing") {
  const Original original;
  TestDirectory directory;
  const std::string path = directory.file("state.db");
  // The page that the table of audits has: nothing reads it, only a full check sees it.
  std::string file = original.closed_file;
  size_t hit = file.size();
  for (size_t page = 4096; page < file.size(); page += 4096) {
    if (file[page] == 0x0d && file.find("test", page) < page + 4096 && file.find("chapter", page) >= page + 4096) hit = page;
  }
  REQUIRE(hit < file.size());
  for (size_t i = hit + 8; i < hit + 40; ++i) file[i] = '\xff';
  put_bytes(path, file);
  put_bytes(path + "-wal", "");
  asio::io_context io;
  auto store = open({path, nullptr, nullptr});
  if (!store) FAIL(store.error().message());
  while ((*store)->health() == "checking") std::this_thread::yield();
  CHECK((*store)->health() == "read_only");
  const auto refused = wait(io, (*store)->commit(chapter(41)));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message().find("Restore a copy") != std::string::npos);
  CHECK(wait(io, (*store)->events(0, 1000, {}))->size() == 40);
}

/// Opening is refused, and no byte and no mode changed.
std::string refused_untouched(const std::string& path) {
  const std::string before = bytes_of(path);
  struct stat was {}, is {};
  REQUIRE(::stat(path.c_str(), &was) == 0);
  const auto store = open({path, nullptr, nullptr});
  REQUIRE_FALSE(store);
  REQUIRE(::stat(path.c_str(), &is) == 0);
  CHECK(bytes_of(path) == before);
  CHECK(was.st_mode == is.st_mode);
  CHECK_FALSE(std::filesystem::exists(path + "-wal"));
  return store.error().message();
}

TEST_CASE("what is not a database of hob is refused, untouched, with what to do") {
  TestDirectory directory;
  const std::string path = directory.file("state.db");
  put_bytes(path, "Dear diary, today I learned about file formats. " + std::string(9000, 'x'));
  CHECK(refused_untouched(path).find("Move it away") != std::string::npos);
  put_bytes(path, "S");
  CHECK(refused_untouched(path).find("does not begin like a SQLite file") != std::string::npos);
  std::filesystem::remove(path);
  sqlite3* other = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &other) == SQLITE_OK);
  REQUIRE(sqlite3_exec(other, "CREATE TABLE bookmarks(url)", nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(other);
  CHECK(refused_untouched(path).find("another program") != std::string::npos);
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  CHECK_FALSE(open({path, nullptr, nullptr}));
  std::filesystem::remove(path);
  std::filesystem::create_symlink("/etc/hostname", path);
  CHECK_FALSE(open({path, nullptr, nullptr}));
}

TEST_CASE("a file of a newer program is refused, untouched, whether its version is in the file or in the WAL") {
  const Original original;
  TestDirectory directory;
  const std::string path = directory.file("state.db");
  put_bytes(path, original.closed_file);
  {
    auto database = Database::open(path, Access::write);
    REQUIRE((*database)->run("PRAGMA user_version=9000"));
  }
  auto store = open({path, nullptr, nullptr});
  REQUIRE_FALSE(store);
  CHECK(store.error().code() == Code::version_skew);
  CHECK(refused_untouched(path).find("newer hob") != std::string::npos);

  put_bytes(path, original.closed_file);
  std::string wal;
  {
    auto database = Database::open(path, Access::write);
    REQUIRE((*database)->run("PRAGMA user_version=9000"));
    wal = bytes_of(path + "-wal");
    (*database)->leave_wal_at_close();
  }
  REQUIRE(wal.size() > 4096);
  store = open({path, nullptr, nullptr});
  REQUIRE_FALSE(store);
  CHECK(store.error().code() == Code::version_skew);
  CHECK(bytes_of(path) == original.closed_file);
  CHECK(bytes_of(path + "-wal") == wal);
}

TEST_CASE("a journal without its file is not thrown away") {
  const Original original;
  TestDirectory directory;
  const std::string path = directory.file("state.db");
  put_bytes(path + "-wal", original.open_wal);
  CHECK_FALSE(open({path, nullptr, nullptr}));
  put_bytes(path, "");
  CHECK_FALSE(open({path, nullptr, nullptr}));
  CHECK(bytes_of(path + "-wal") == original.open_wal);
}

}  // namespace
}  // namespace hob::store
