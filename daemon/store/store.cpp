#include "daemon/store/store.h"

#include <asio/thread_pool.hpp>
#include <condition_variable>
#include <thread>

#include "daemon/store/opening.h"
#include "daemon/store/reading.h"
#include "daemon/store/rows.h"
#include "daemon/store/writer.h"
#include "schemas/base/log.h"

namespace hob::store {
namespace {

/// Looks at every page after an unclean stop, on a connection and a thread of its own, while the door is open. It
/// steps aside for an erasure, which needs the WAL for itself, and starts again afterwards.
class Checker {
 public:
  Checker(std::string path, Writer& writer) : writer_(writer), thread_([this, path = std::move(path)] { run(path); }) {}
  ~Checker() {
    set([this] { stopping_ = true; });
    thread_.join();
  }
  bool running() const { return running_.load(std::memory_order_acquire); }
  void pause() {
    set([this] { ++paused_; });
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !database_; });
  }
  void resume() {
    set([this] { --paused_; });
  }

 private:
  template <typename Change>
  void set(Change change) {
    const std::lock_guard lock(mutex_);
    change();
    if (database_) database_->interrupt();
    changed_.notify_all();
  }

  void run(const std::string& path) {
    for (;;) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || paused_ == 0; });
      if (stopping_) break;
      auto opened = Database::open(path, Access::read);
      if (opened) database_ = opened->get();
      lock.unlock();
      const bool done = !opened ? report(opened.error().message()) : check(**opened);
      lock.lock();
      database_ = nullptr;
      if (opened) opened->reset();
      changed_.notify_all();
      if (done) break;
    }
    running_.store(false, std::memory_order_release);
  }

  /// False: interrupted, once more.
  bool check(Database& database) {
    auto verdict = database.word("PRAGMA quick_check(1)");
    if (!verdict && database.failure() == SQLITE_INTERRUPT) return false;
    if (!verdict) return report(verdict.error().message());
    if (*verdict != "ok") return report("The check after an unclean stop found damage: " + *verdict);
    log::info("store.checked");
    return true;
  }
  bool report(const std::string& message) {
    writer_.refuse_writes(message + " Restore a copy of the database.");
    return true;
  }

  Writer& writer_;
  std::mutex mutex_;  // database_, stopping_, paused_
  std::condition_variable changed_;
  Database* database_ = nullptr;
  bool stopping_ = false;
  int paused_ = 0;
  std::atomic<bool> running_{true};
  std::thread thread_;
};

/// An answer that is there already.
template <typename T>
Async<T> ready(T value) {
  co_return value;
}

Error draining() { return Error(Code::draining, "The store is closed; the daemon is stopping."); }

class SqliteStore final : public Store {
 public:
  SqliteStore(OpenOptions options, Opened opened)
      : clock_(options.clock ? *options.clock : system_clock_),
        opened_(std::move(opened)),
        writer_(*opened_.writer, opened_.last_row) {
    if (opened_.unclean) checker_.emplace(options.path, writer_);
  }

  ~SqliteStore() override {
    checker_.reset();
    store_thread_.join();
    read_thread_.join();
    close();
  }

  const std::string& epoch() const override { return opened_.epoch; }
  int64_t last_row() const override { return writer_.last_row(); }
  std::string health() const override {
    if (writer_.read_only()) return "read_only";
    return checker_ && checker_->running() ? "checking" : "ok";
  }

  Async<Result<std::vector<Event>>> commit(Commit commit) override {
    using Events = Result<std::vector<Event>>;
    if (stopping_) return ready(Events(draining()));
    auto pending = writer_.add(std::move(commit), clock_.wall_ms());
    auto written = run_on(store_thread_.get_executor(), [this, pending]() -> Events {
      if (!opened_.writer) return draining();
      auto result = writer_.settle(*pending);
      // After the answer, so that nobody waits for it; stop() may have come between.
      if (opened_.writer->wal_frames() > 0) {
        asio::post(store_thread_, [this] {
          if (opened_.writer) writer_.tidy();
        });
      }
      return result;
    });
    return written;
  }

  Async<Result<std::vector<Event>>> events(int64_t after_row, uint32_t limit, EventFilter filter) override {
    return read([=](Database& database) { return read_events(database, after_row, limit, filter); });
  }
  Async<Result<SessionRow>> session(std::string id) override {
    return read([=](Database& database) { return read_session(database, id); });
  }
  Async<Result<SessionPage>> sessions(SessionFilter filter) override {
    return read([=](Database& database) { return read_sessions(database, filter); });
  }
  Async<Result<uint64_t>> session_count() override {
    return read([](Database& database) -> Result<uint64_t> {
      HOB_TRY(count, database.number("SELECT count(*) FROM sessions"));
      return static_cast<uint64_t>(count);
    });
  }
  Async<Result<TurnRow>> turn(std::string id) override {
    return read([=](Database& database) { return read_turn(database, id); });
  }
  Async<Result<std::vector<TurnRow>>> open_turns() override {
    return read([](Database& database) { return read_open_turns(database); });
  }
  Async<Result<std::vector<ApprovalRow>>> approvals(std::optional<std::string> session_id) override {
    return read([=](Database& database) { return read_waiting(database, session_id); });
  }
  Async<Result<ApprovalRow>> approval(std::string id) override {
    return read([=](Database& database) { return read_approval(database, id); });
  }
  Async<Result<std::optional<IdempotencyRow>>> idempotency(std::string method, std::string key) override {
    const int64_t now_ms = clock_.wall_ms();
    return read([=](Database& database) { return read_idempotency(database, method, key, now_ms); });
  }
  Async<Result<std::vector<MemoryHit>>> search_memory(MemoryQuery query) override {
    return read([=](Database& database) { return read_memories(database, query); });
  }

  Async<Result<void>> erase_session(std::string id) override {
    if (stopping_) return ready(Result<void>(draining()));
    if (id.empty()) return ready(Result<void>(invalid_params("/sessionId", "a session", "nothing")));
    auto pending = writer_.add_erasure(std::move(id));
    return run_on(store_thread_.get_executor(), [this, pending]() -> Result<void> {
      if (!opened_.writer) return draining();
      if (checker_) checker_->pause();
      auto result = writer_.settle(*pending);
      if (checker_) checker_->resume();
      if (!result) return result.error();
      return {};
    });
  }

  Async<void> stop() override {
    if (std::exchange(stopping_, true)) co_return;
    // Whatever was asked before is ahead of these in its queue.
    co_await run_on(read_thread_.get_executor(), [] { return true; });
    co_await run_on(store_thread_.get_executor(), [this] {
      checker_.reset();
      close();
      return true;
    });
  }

 private:
  template <typename Work>
  Async<std::invoke_result_t<Work, Database&>> read(Work work) {
    using Answer = std::invoke_result_t<Work, Database&>;
    if (stopping_) return ready(Answer(draining()));
    return run_on(read_thread_.get_executor(), [this, work = std::move(work)]() -> Answer {
      if (!opened_.reader) return draining();
      return work(*opened_.reader);
    });
  }

  void close() {
    opened_.reader.reset();
    if (opened_.writer) {
      if (writer_.read_only()) {
        opened_.writer->leave_wal_at_close();
      } else if (auto copied = opened_.writer->checkpoint(true); !copied) {
        log::warn("store.checkpoint_failed", {{"message", copied.error().message()}});
      }
    }
    opened_.writer.reset();
    opened_.lock.reset();
  }

  const SystemClock system_clock_;
  const Clock& clock_;
  Opened opened_;
  Writer writer_;
  std::optional<Checker> checker_;
  bool stopping_ = false;               // [io]
  asio::thread_pool store_thread_{1};   // [store]
  asio::thread_pool read_thread_{1};
};

/// Sessions that were to live no longer than the last daemon.
Result<void> erase_ephemeral(Opened& opened) {
  std::vector<std::string> ids;
  {
    Query query = opened.writer->query("SELECT id FROM sessions WHERE ephemeral <> 0");
    for (;;) {
      HOB_TRY(found, query.step());
      if (!found) break;
      ids.push_back(query.text(0));
    }
  }
  Writer writer(*opened.writer, opened.last_row);
  for (auto& id : ids) {
    auto pending = writer.add_erasure(std::move(id));
    if (auto erased = writer.settle(*pending); !erased) return erased.error();
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Store>> open(OpenOptions options) {
  SystemRandom system_random;
  HOB_TRY(opened, open_file(options.path, options.random ? *options.random : system_random));
  HOB_TRY_VOID(erase_ephemeral(opened));
  return std::unique_ptr<Store>(new SqliteStore(std::move(options), std::move(opened)));
}

}  // namespace hob::store
