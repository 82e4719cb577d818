// Once: a request that carries an idempotency key has its effect once, however often it is sent.
//
//   HOB_CO_TRY(claim, co_await once.enter("memory/put", params.idempotency_key, describe::write(params), context));
//   if (claim.answer()) co_return describe::read<wire::MemoryPutResult>(*claim.answer());   // it was done before
//   ... the effect ...
//   claim.keep(commit, describe::write(result));            // in the commit that the effect is in
//
// Who enters second with a key that is in flight waits for the first to leave. Then the answer of the first is there;
// or the first left nothing on disk, and the key is free for the second. Other params under a key are invalid_params at
// once. Answers are forgotten after 24 hours.
//
// An effect outside the store needs two commits: begin() with the intent, keep() or keep_error() with the outcome. What
// has begun and left no outcome is outcome_unknown from then on, and never tried again by itself.
//
// Without a key nothing of this happens: answer() is empty, and what would be kept is not. On [io]; the store outlives it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/store/store.h"

namespace hob::store {

class Once {
 public:
  class Claim;

  explicit Once(Store& store) : store_(store), flights_(std::make_shared<Flights>()) {}

  /// `session_id`: the answer is erased with this session; empty: with the session of the commit, if there is one.
  Async<Result<Claim>> enter(std::string method, std::optional<std::string> key, Json params, CallContext context,
                             std::string session_id = {});

 private:
  struct Flight {
    std::string hash;
    bool over = false;
    std::vector<std::shared_ptr<asio::steady_timer>> waiters;
  };
  using Name = std::pair<std::string, std::string>;  // method, key
  using Flights = std::map<Name, std::shared_ptr<Flight>>;

  static Async<void> wait(std::shared_ptr<Flight> flight, CallContext context);

  Store& store_;
  std::shared_ptr<Flights> flights_;
};

/// The right to have the effect, or the answer that is there already. Leaving scope lets those who wait go on.
class Once::Claim {
 public:
  Claim() = default;
  Claim(Claim&& other) noexcept = default;
  Claim& operator=(Claim&&) = delete;
  ~Claim();

  /// What the first request with this key was answered.
  const std::optional<Json>& answer() const { return answer_; }
  /// The effect is about to begin.
  void begin(Commit& commit) const { put(commit, nullptr); }
  void keep(Commit& commit, Json answer) const { put(commit, std::move(answer)); }
  /// The first request failed so, after it had begun; the next ones fail alike.
  void keep_error(Commit& commit, const Error& error) const;

 private:
  friend class Once;
  void put(Commit& commit, Json answer) const;

  std::shared_ptr<Flights> flights_;  // null: no key
  Name name_;
  std::shared_ptr<Flight> flight_;
  std::string session_id_;
  std::optional<Json> answer_;
};

}  // namespace hob::store
