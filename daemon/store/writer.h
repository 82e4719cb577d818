// writer: commits in groups. Callers on [io] add() their commit and then run settle() for it on the [store] thread; the
// first that runs takes all that waits and writes it as one transaction with a savepoint for each commit, so ten
// commits that wait together cost one fsync and still fail one by one.
//
//   auto pending = writer.add(std::move(commit), now);      // [io]: its place in the order
//   auto events = writer.settle(*pending);                  // [store]: on disk, or not at all
//
// After an error that leaves doubt about what is on disk (a failed fsync, a damaged page) every later commit is
// refused: trying again could tell a lie, since the kernel may have dropped the page that it could not write.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "daemon/store/sqlite.h"
#include "daemon/store/store.h"

namespace hob::store {

inline constexpr size_t kMaxGroup = 64;

class Writer {
 public:
  struct Pending {
    Commit commit;
    std::string erase;       // an erasure of this session instead of a commit
    int64_t now_ms = 0;
    size_t fence = 0;        // erasures before it; a group never crosses one
    bool settled = false;    // [store]
    std::optional<Result<std::vector<Event>>> result;
  };
  using Handle = std::shared_ptr<Pending>;

  Writer(Database& database, int64_t last_row) : database_(database), last_row_(last_row) {}

  /// [any]
  Handle add(Commit commit, int64_t now_ms);
  Handle add_erasure(std::string session_id);
  int64_t last_row() const { return last_row_.load(std::memory_order_acquire); }
  bool read_only() const { return read_only_.load(std::memory_order_acquire); }
  void refuse_writes(const std::string& why);

  /// [store] Writes the group that `pending` is in unless that is done; its outcome.
  Result<std::vector<Event>> settle(Pending& pending);
  /// [store] Moves the WAL into the file when it has grown.
  void tidy();
  /// [store] Groups written, for tests and figures.
  size_t groups() const { return groups_; }

 private:
  std::vector<Handle> take();
  void write(const std::vector<Handle>& group);
  Result<void> write_together(const std::vector<Handle>& group);
  Result<void> apply(Pending& pending);
  Result<void> erase(const std::string& session_id);
  /// Looks at the failure for doubt about the disk, and undoes an open transaction.
  Error failed(Error error);

  Database& database_;
  std::atomic<int64_t> last_row_;
  std::atomic<bool> read_only_{false};
  std::mutex mutex_;                 // queue_, fence_, why_
  std::deque<Handle> queue_;
  size_t fence_ = 0;
  std::string why_;
  size_t groups_ = 0;
};

}  // namespace hob::store
