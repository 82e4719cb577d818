// Approvals: questions that wait for a person. They outlive connections and restarts, the first answer wins, and
// after 24 hours a question is answered `expired` (denied).
//
//   HOB_CO_TRY(outcome, co_await approvals.ask(question, false, context));   // "allow_once", "reject_once", "cancelled", ...
//   HOB_CO_TRY_VOID(co_await approvals.respond(id, "allow_once", note, who));
//
// The row and its events are on disk before anybody is asked. Who is asked (on_request) gets a token that trips when the
// question is settled, by whomever, and takes back what it shows. An answer that cannot be written is told to who gave
// it, and the question goes on waiting. All of it on [io].
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "daemon/events/hub.h"
#include "daemon/policy/question.h"

namespace hob::policy {

inline constexpr auto kApprovalLife = std::chrono::hours(24);

struct Outcome {
  std::string option;  // allow_once | allow_always | reject_once | reject_always | cancelled | expired
  std::string note;
  bool allowed() const { return option == "allow_once" || option == "allow_always"; }
};

class Approvals {
 public:
  Approvals(store::Store& store, events::Hub& hub, const Clock& clock, asio::any_io_executor io)
      : store_(store), hub_(hub), clock_(clock), io_(std::move(io)) {}

  /// Journals the question (unless it is on disk already: after a restart) and waits for its answer.
  Async<Result<Outcome>> ask(Question question, bool on_disk, CallContext context);
  /// not_found for an unknown question, invalid_params for an unknown option or one that is answered already.
  Async<Result<void>> respond(std::string approval_id, std::string option, std::string note, std::string who);
  Async<Result<std::vector<wire::Approval>>> list(std::optional<std::string> session_id);
  /// The daemon stops: those who wait go away and the questions stay open on disk.
  void abandon();
  /// Runs at each new question, after it is on disk; the token trips when nobody needs to be asked any more.
  void on_request(std::function<void(const Question&, const CancelToken& settled)> callback) { on_request_ = std::move(callback); }

 private:
  struct Waiting {
    Question question;
    asio::steady_timer timer;
    CancelToken settled;
    std::optional<Outcome> outcome;
    bool answering = false;
  };
  Async<Result<void>> settle(std::shared_ptr<Waiting> waiting, Outcome outcome, std::string who);

  store::Store& store_;
  events::Hub& hub_;
  const Clock& clock_;
  asio::any_io_executor io_;
  std::map<std::string, std::shared_ptr<Waiting>> waiting_;
  std::function<void(const Question&, const CancelToken&)> on_request_;
};

}  // namespace hob::policy
