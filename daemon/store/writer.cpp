#include "daemon/store/writer.h"

#include "daemon/store/failpoint.h"
#include "daemon/store/rows.h"
#include "schemas/base/log.h"

namespace hob::store {
namespace {

constexpr int kTidyFrames = 1000;

/// Whether it is unknown what is on disk after this failure. A write that found no room left nothing behind: its
/// frames in the WAL were never completed.
bool leaves_doubt(int code) {
  if (code == SQLITE_IOERR_WRITE) return false;
  const int primary = code & 0xff;
  return primary == SQLITE_IOERR || primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB ||
         primary == SQLITE_CANTOPEN;
}

}  // namespace

Writer::Handle Writer::add(Commit commit, int64_t now_ms) {
  auto pending = std::make_shared<Pending>();
  pending->commit = std::move(commit);
  pending->now_ms = now_ms;
  const std::lock_guard lock(mutex_);
  pending->fence = fence_;
  queue_.push_back(pending);
  return pending;
}

Writer::Handle Writer::add_erasure(std::string session_id) {
  auto pending = std::make_shared<Pending>();
  pending->erase = std::move(session_id);
  const std::lock_guard lock(mutex_);
  pending->fence = ++fence_;
  ++fence_;
  queue_.push_back(pending);
  return pending;
}

void Writer::refuse_writes(const std::string& why) {
  const std::lock_guard lock(mutex_);
  if (read_only_.exchange(true, std::memory_order_acq_rel)) return;
  why_ = why;
  log::error("store.read_only", {{"message", why}});
}

std::vector<Writer::Handle> Writer::take() {
  std::vector<Handle> group;
  const std::lock_guard lock(mutex_);
  while (!queue_.empty() && group.size() < kMaxGroup &&
         (group.empty() || group.front()->fence == queue_.front()->fence)) {
    group.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return group;
}

Result<std::vector<Event>> Writer::settle(Pending& pending) {
  while (!pending.settled) write(take());
  return std::move(*pending.result);
}

void Writer::write(const std::vector<Handle>& group) {
  HOB_CHECK(!group.empty(), "every commit is settled once, in the order in which they were added");
  for (const auto& pending : group) pending->settled = true;
  if (read_only()) {
    const std::lock_guard lock(mutex_);
    const Error refused(Code::store_failed, "Nothing is written any more since this happened: " + why_);
    for (const auto& pending : group) pending->result = refused;
    return;
  }
  if (!group.front()->erase.empty()) {
    auto erased = erase(group.front()->erase);
    group.front()->result = erased ? Result<std::vector<Event>>(std::vector<Event>()) : failed(erased.error());
    return;
  }
  auto written = write_together(group);
  if (!written && group.size() > 1 && !read_only()) {
    // One of them may be what does not fit on the disk; the others need not suffer for it.
    for (const auto& pending : group) {
      if (auto alone = write_together({pending}); !alone) pending->result = alone.error();
    }
  } else if (!written) {
    for (const auto& pending : group) pending->result = written.error();
  }
  ++groups_;
}

Result<void> Writer::write_together(const std::vector<Handle>& group) {
  if (auto begun = database_.run("BEGIN IMMEDIATE"); !begun) return failed(begun.error());
  int64_t newest = 0;
  for (const auto& pending : group) {
    if (auto applied = apply(*pending); !applied) return failed(applied.error());
    if (*pending->result && !(*pending->result)->empty()) newest = (*pending->result)->back().row;
  }
  if (auto committed = database_.run("COMMIT"); !committed) return failed(committed.error());
  if (newest > 0) last_row_.store(newest, std::memory_order_release);
  for (const auto& pending : group) {
    if (*pending->result) pass_failpoint(**pending->result);
  }
  return {};
}

/// Puts the outcome of one commit into `pending`; an error here is one of the whole transaction.
Result<void> Writer::apply(Pending& pending) {
  HOB_TRY_VOID(database_.run("SAVEPOINT one"));
  // A copy is kept: the group may have to be written again, one by one.
  auto events = put(database_, pending.commit, pending.now_ms);
  if (!events) {
    // A full disk, a failed write and memory that ran out take the whole transaction with them.
    const bool constraint = events.error().code() != Code::store_failed;
    if (!constraint && ((database_.failure() & 0xff) != SQLITE_CONSTRAINT &&
                        (database_.failure() & 0xff) != SQLITE_TOOBIG)) {
      return events.error();
    }
    if (!database_.in_transaction()) return events.error();
    HOB_TRY_VOID(database_.run("ROLLBACK TO one"));
  }
  HOB_TRY_VOID(database_.run("RELEASE one"));
  pending.result = std::move(events);
  return {};
}

Result<void> Writer::erase(const std::string& session_id) {
  HOB_TRY_VOID(database_.run("BEGIN IMMEDIATE"));
  HOB_TRY_VOID(store::erase(database_, session_id));
  HOB_TRY_VOID(database_.run("COMMIT"));
  // The rows are gone from the file only when the WAL that still holds them is.
  return database_.checkpoint(true);
}

Error Writer::failed(Error error) {
  const int code = database_.failure();
  if (database_.in_transaction()) {
    if (auto undone = database_.run("ROLLBACK"); !undone) refuse_writes(undone.error().message());
  }
  if (error.code() == Code::store_failed && leaves_doubt(code)) refuse_writes(error.message());
  return error;
}

void Writer::tidy() {
  if (read_only() || database_.wal_frames() < kTidyFrames) return;
  auto copied = database_.checkpoint(false);
  if (copied) return;
  if (leaves_doubt(database_.failure())) {
    refuse_writes(copied.error().message());
  } else {
    log::warn("store.checkpoint_failed", {{"message", copied.error().message()}});
  }
}

}  // namespace hob::store
