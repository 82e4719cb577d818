// FaultyDisk: an SQLite VFS for tests. Files below its root go through it; it counts what touches the disk, fails where
// it is told, and remembers which writes no sync has covered, so that a test can take the images that a power cut
// would leave.
//
//   FaultyDisk disk(directory.path());
//   disk.fail(12, SQLITE_IOERR_FSYNC, Fails::once);   // the 12th operation from now
//   disk.on_operation([&](Operation, size_t) { disk.write_image(random, other_directory); });
//
// It is SQLite's default VFS while it lives. An image is what was synced, and of the writes since then a random subset
// in their order, one of them torn at a sector (the WAL and the database alike; shared memory does not survive). Names
// are durable at once. Thread-safe; the callback runs under its lock, on the thread that does the operation.
#pragma once

#include <sqlite3.h>

#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace hob::store {

enum class Operation { open, read, write, sync, truncate, remove };
enum class Fails { once, forever };

class FaultyDisk {
 public:
  explicit FaultyDisk(std::string root);
  ~FaultyDisk();
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;

  /// The `nth` operation from now on (1 is the next) fails with `code`; a full disk fails writes only.
  void fail(size_t nth, int code, Fails how);
  void fail_syncs(int code);
  void heal();
  /// Syncs succeed and do nothing: what a disk that lies does.
  void lie_about_syncs() { lying_ = true; }
  void on_operation(std::function<void(Operation, size_t)> callback) { callback_ = std::move(callback); }
  size_t operations() const { return operations_; }
  /// Whether a failure was ordered and has happened.
  bool failed() const { return failed_; }

  /// What a power cut now could leave, written as files into `directory`. Only inside the callback.
  void write_image(std::mt19937& random, const std::string& directory) const;

  // For the VFS alone.
  struct Pending {
    int64_t offset = 0;
    std::string bytes;
    bool truncate = false;  // to `offset`
  };
  struct Tracked {
    std::string durable;
    std::vector<Pending> pending;
  };
  int begin(Operation operation);
  bool covers(const char* path) const;
  void opened(const std::string& path);
  void wrote(const std::string& path, const void* bytes, int count, int64_t offset);
  void truncated(const std::string& path, int64_t size);
  void synced(const std::string& path);
  void removed(const std::string& path);
  sqlite3_vfs* real() const { return real_; }

 private:
  const std::string root_;
  sqlite3_vfs* real_;
  sqlite3_vfs vfs_{};
  mutable std::recursive_mutex mutex_;
  std::map<std::string, Tracked> files_;
  std::function<void(Operation, size_t)> callback_;
  size_t operations_ = 0;
  size_t fail_at_ = 0;
  int code_ = SQLITE_OK;
  Fails how_ = Fails::once;
  bool only_syncs_ = false;
  bool failed_ = false;
  bool lying_ = false;
};

}  // namespace hob::store
