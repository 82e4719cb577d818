// Power cuts and failing disks, by FaultyDisk: images with unsynced writes lost and torn; the k-th operation failing.
#include <filesystem>
#include <fstream>
#include <thread>

#include "daemon/store/chronicle_testing.h"
#include "daemon/store/faulty_disk.h"

namespace hob::store {
namespace {

struct Image {
  std::string directory;
  int64_t acknowledged = 0;
};

/// Tells a story while images are taken, erasing another session now and then so that the WAL is emptied.
int64_t tell_story(const std::string& path, int chapters, int64_t& acknowledged) {
  asio::io_context io;
  auto store = open({path, nullptr, nullptr});
  if (!store) return acknowledged;
  for (int n = 1; n <= chapters; ++n) {
    if (!wait(io, (*store)->commit(chapter(n)))) return acknowledged;
    acknowledged = n;
    if (n % 7 == 0) {
      SessionRow junk;
      junk.id = "junk";
      junk.title = std::string(3000, 'j');
      Commit commit;
      commit.put_sessions.push_back(junk);
      if (!wait(io, (*store)->commit(std::move(commit)))) return acknowledged;
      if (!wait(io, (*store)->erase_session("junk"))) return acknowledged;
    }
  }
  wait(io, (*store)->stop());
  return acknowledged;
}

/// How many of `count` images lost something; the first problem in `problem`.
int losses(int count, unsigned seed, bool lying, std::string& problem) {
  TestDirectory directory, images;
  std::mt19937 random(seed);
  std::vector<Image> taken;
  int64_t acknowledged = 0;
  {
    FaultyDisk disk(directory.path());
    if (lying) disk.lie_about_syncs();
    disk.on_operation([&](Operation operation, size_t) {
      if (operation == Operation::read || operation == Operation::open) return;
      if (static_cast<int>(taken.size()) >= count || random() % 3 != 0) return;
      const std::string place = images.file(std::to_string(taken.size()));
      std::filesystem::create_directory(place);
      disk.write_image(random, place);
      taken.push_back({place, acknowledged});
    });
    tell_story(directory.file("state.db"), 40, acknowledged);
  }
  int lost = 0;
  for (const auto& image : taken) {
    asio::io_context io;
    if (std::ifstream(image.directory + "/state.db").peek() == EOF && image.acknowledged == 0) continue;
    auto store = open({image.directory + "/state.db", nullptr, nullptr});
    std::string why = store ? "" : store.error().message();
    const int64_t found = store ? read_story(io, **store, why) : -1;
    if (store) {
      while ((*store)->health() == "checking") std::this_thread::yield();
      if ((*store)->health() != "ok") why = "the check found damage";
    }
    if (found < image.acknowledged || (store && (*store)->health() != "ok")) {
      ++lost;
      if (problem.empty()) problem = image.directory + ": " + why + ", found " + std::to_string(found) + " of " + std::to_string(image.acknowledged);
    }
  }
  if (taken.size() < 20) problem = "only " + std::to_string(taken.size()) + " images were taken", lost = 1;
  return lost;
}

TEST_CASE("a power cut loses nothing that was acknowledged") {
  const unsigned runs = full_campaign() ? 25 : 3;
  for (unsigned seed = 1; seed <= runs; ++seed) {
    INFO("seed " << seed);
    std::string problem;
    const int lost = losses(100, seed, false, problem);
    INFO(problem);
    REQUIRE(lost == 0);
  }
}

TEST_CASE("the test of power cuts notices a disk that does not sync") {
  std::string problem;
  CHECK(losses(100, 1, true, problem) > 0);
}

/// One story with a failure in it, then a look with a healthy disk.
void fail_and_look(size_t k, int code, Fails how, bool& reached) {
  TestDirectory directory;
  const std::string path = directory.file("state.db");
  int64_t acknowledged = 0;
  {
    FaultyDisk disk(directory.path());
    disk.fail(k, code, how);
    tell_story(path, 8, acknowledged);
    reached = disk.failed();
  }
  INFO("operation " << k << ", code " << code << (how == Fails::once ? ", once" : ", forever"));
  asio::io_context io;
  auto store = open({path, nullptr, nullptr});
  if (!store) FAIL(store.error().message());
  std::string problem;
  const int64_t found = read_story(io, **store, problem);
  INFO(problem);
  REQUIRE(found >= acknowledged);
  REQUIRE(wait(io, (*store)->commit(chapter(found + 1))));
}

TEST_CASE("whichever operation fails, once or from then on, the answer is an error and what was acknowledged stays") {
  for (const int code : {SQLITE_IOERR, SQLITE_FULL}) {
    for (const Fails how : {Fails::once, Fails::forever}) {
      size_t failures = 0;
      for (size_t k = 1;; k += full_campaign() ? 1 : 7) {
        bool reached = false;
        fail_and_look(k, code, how, reached);
        if (!reached) break;
        ++failures;
      }
      CHECK(failures > 10);
    }
  }
}

struct House {
  House() : disk(directory.path()) {
    auto opened = open({directory.file("state.db"), nullptr, nullptr});
    if (!opened) FAIL(opened.error().message());
    store = std::move(*opened);
  }
  TestDirectory directory;
  FaultyDisk disk;
  asio::io_context io;
  std::unique_ptr<Store> store;
};

TEST_CASE("after a failed fsync nothing more is acknowledged, even when the disk seems well again") {
  House house;
  REQUIRE(wait(house.io, house.store->commit(chapter(1))));
  house.disk.fail_syncs(SQLITE_IOERR_FSYNC);
  const auto failed = wait(house.io, house.store->commit(chapter(2)));
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code() == Code::store_failed);
  CHECK(failed.error().message().find("SQLITE_IOERR_FSYNC") != std::string::npos);
  CHECK(house.store->health() == "read_only");
  house.disk.heal();
  const auto refused = wait(house.io, house.store->commit(chapter(2)));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == Code::store_failed);
  CHECK_FALSE(wait(house.io, house.store->erase_session("story")));
  CHECK(wait(house.io, house.store->events(0, 10, {}))->size() == 1);
  CHECK(house.store->last_row() == 1);

  house.store.reset();
  auto again = open({house.directory.file("state.db"), nullptr, nullptr});
  REQUIRE(again);
  CHECK((*again)->health() != "read_only");
  std::string problem;
  CHECK(read_story(house.io, **again, problem) >= 1);
}

TEST_CASE("a full disk fails the commit that does not fit, and room brings the next ones back") {
  House house;
  REQUIRE(wait(house.io, house.store->commit(chapter(1))));
  house.disk.fail(1, SQLITE_FULL, Fails::forever);
  for (int i = 0; i < 3; ++i) {
    const auto failed = wait(house.io, house.store->commit(chapter(2)));
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code() == Code::store_failed);
    CHECK(failed.error().message().find("full") != std::string::npos);
  }
  CHECK(house.store->health() == "ok");
  CHECK(wait(house.io, house.store->events(0, 10, {}))->size() == 1);
  house.disk.heal();
  REQUIRE(wait(house.io, house.store->commit(chapter(2))));
  std::string problem;
  CHECK(read_story(house.io, *house.store, problem) == 2);
}

}  // namespace
}  // namespace hob::store
