#include "daemon/store/once.h"

#include <asio/redirect_error.hpp>

#include "schemas/base/sha256.h"

namespace hob::store {
namespace {

constexpr char kErrorMember[] = "$error";  // no result of ours has a member of this name

Error other_params() { return invalid_params("/idempotencyKey", "the same params as before under this key", "others"); }

}  // namespace

Once::Claim::~Claim() {
  if (!flights_) return;
  flights_->erase(name_);
  flight_->over = true;
  for (const auto& waiter : flight_->waiters) waiter->cancel();
}

void Once::Claim::put(Commit& commit, Json answer) const {
  if (!flights_) return;
  commit.put_idempotency.push_back({.method = name_.first,
                                    .key = name_.second,
                                    .params_hash = flight_->hash,
                                    .result = std::move(answer),
                                    .session_id = session_id_});
}

void Once::Claim::keep_error(Commit& commit, const Error& error) const { put(commit, {{kErrorMember, error.to_json()}}); }

Async<void> Once::wait(std::shared_ptr<Flight> flight, CallContext context) {
  auto timer = std::make_shared<asio::steady_timer>(
      co_await asio::this_coro::executor, std::chrono::steady_clock::time_point::max());
  flight->waiters.push_back(timer);
  const auto cancelled = context.cancel.on_cancel([timer] { timer->cancel(); });
  while (!flight->over && !context.cancel.cancelled()) {
    asio::error_code woken;
    co_await timer->async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
  std::erase(flight->waiters, timer);
}

Async<Result<Once::Claim>> Once::enter(
    std::string method, std::optional<std::string> key, Json params, CallContext context, std::string session_id) {
  Claim claim;
  if (!key || key->empty()) co_return claim;
  const std::string hash = sha256_hex(json::canonical(params));
  const Name name(std::move(method), *std::move(key));
  const auto flights = flights_;
  for (auto it = flights->find(name); it != flights->end(); it = flights->find(name)) {
    const std::shared_ptr<Flight> first = it->second;
    if (first->hash != hash) co_return other_params();
    co_await wait(first, context);
    if (context.cancel.cancelled()) co_return Error(Code::cancelled, "The request was cancelled.");
  }
  // Before anything is awaited: nobody else enters with this key.
  claim.flight_ = std::make_shared<Flight>();
  claim.flight_->hash = hash;
  claim.flights_ = flights;
  claim.name_ = name;
  claim.session_id_ = std::move(session_id);
  flights->emplace(name, claim.flight_);
  HOB_CO_TRY(known, co_await store_.idempotency(name.first, name.second));
  if (!known) co_return claim;
  if (known->params_hash != hash) co_return other_params();
  if (known->result.is_null()) {
    co_return Error(Code::outcome_unknown, "The request with this key was begun, and its outcome is not known.");
  }
  if (known->result.is_object() && known->result.contains(kErrorMember)) {
    co_return Error::from_json(known->result.at(kErrorMember));
  }
  claim.answer_ = std::move(known->result);
  co_return claim;
}

}  // namespace hob::store
