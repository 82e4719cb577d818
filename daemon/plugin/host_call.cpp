#include "daemon/plugin/host_call.h"

#include <algorithm>
#include <array>

#include "daemon/async/wakeup.h"
#include "schemas/base/utf8.h"

namespace hob::plugin {
namespace {

using Kind = Outcome::Kind;

struct Running {
  explicit Running(asio::any_io_executor io) : changed(std::move(io)) {}
  std::optional<Result<Json>> reply;
  Wakeup changed;
  CancelToken cancel;  // towards the host
};

/// Passes on what fits the limits.
class Sayings {
 public:
  explicit Sayings(Progress progress) : progress_(std::move(progress)) {}
  void operator()(const Json& body) {
    const auto message = body.is_object() ? body.find("message") : body.end();
    if (!progress_ || message == body.end() || !message->is_string()) return;
    const std::string_view text = utf8::prefix(message->get_ref<const std::string&>(), kMaxProgressPiece);
    if (text.empty() || text.size() > kMaxProgressTotal - told_) return;
    told_ += text.size();
    progress_(text);
  }

 private:
  Progress progress_;
  size_t told_ = 0;
};

Async<void> drive(std::shared_ptr<supervise::Child> child, Json body, Progress progress, std::shared_ptr<Running> running) {
  CallContext context;
  context.cancel = running->cancel;
  std::function<void(const Json&)> listen = Sayings(std::move(progress));
  auto reply = co_await child->request("call", std::move(body), std::move(listen), context);
  running->reply.emplace(std::move(reply));
  running->changed.notify();
}

bool says_timeout(const wire::CallResult& result) { return !result.ok && result.result.value("kind", "") == "timeout"; }

}  // namespace

Result<wire::CallResult> read_result(const Json& reply) {
  HOB_TRY(result, describe::read<wire::CallResult>(reply));
  if (!result.result.is_object()) {
    if (!result.ok) return Error(Code::tool_failed, "It failed without saying why.");
    Json wrapped = Json::object();  // the contract: plain values are {value: ...}
    wrapped["value"] = std::move(result.result);
    result.result = std::move(wrapped);
  }
  if (result.ok) return result;
  constexpr std::array<std::string_view, 7> kKinds{"not_found", "denied", "invalid_argument", "timeout",
                                                   "no_match",  "crashed", "failed"};
  Json& body = result.result;
  for (const char* key : {"kind", "message", "hint"}) {
    if (!body.contains(key) || !body[key].is_string()) body[key] = "";
  }
  body["ok"] = false;
  if (std::find(kKinds.begin(), kKinds.end(), body["kind"].get_ref<const std::string&>()) == kKinds.end()) {
    body["kind"] = "failed";
  }
  if (body["message"] == "") body["message"] = "The tool failed and did not say why.";
  return result;
}

Async<Outcome> call_host(
    asio::any_io_executor io, std::shared_ptr<supervise::Child> child, wire::CallParams params, Progress progress,
    CallContext context
) {
  const auto running = std::make_shared<Running>(io);
  auto deadline = std::chrono::steady_clock::now() + Milliseconds(params.timeout_ms);
  if (context.deadline) deadline = std::min(deadline, *context.deadline);
  const auto on_cancel = context.cancel.on_cancel([running] { running->changed.notify(); });
  spawn(io, drive(child, describe::write(params), std::move(progress), running), "plugin.call");

  const auto before = [](std::chrono::steady_clock::time_point time) { return std::chrono::steady_clock::now() < time; };
  while (!running->reply && !context.cancel.cancelled() && before(deadline)) {
    co_await running->changed.wait(deadline);
  }
  const bool in_time = running->reply.has_value();
  if (!running->reply) {
    running->cancel.cancel();
    const auto end = std::chrono::steady_clock::now() + kCallGrace;
    while (!running->reply && before(end)) co_await running->changed.wait(end);
  }
  bool killed = false;
  if (!running->reply) {
    killed = true;
    child->kill();
    while (!running->reply) co_await running->changed.wait();  // its death answers
  }

  Outcome out;
  const Kind late = context.cancel.cancelled() ? Kind::cancelled : Kind::timed_out;
  const Result<Json>& reply = *running->reply;
  if (!reply) {
    // `interrupted`: the process died. Other errors are the host's own words about a plugin that it cannot go on with.
    out.how = reply.error().message();
    out.kind = killed || !in_time ? late : Kind::died;
    co_return out;
  }
  auto result = read_result(*reply);
  if (!result) {
    out.kind = Kind::broken;
    out.how = result.error().message();
    co_return out;
  }
  out.host_is_good = !says_timeout(*result);
  // Work that was finished all the same counts: its effects are there.
  out.kind = in_time || result->ok ? Kind::answered : late;
  out.result = *std::move(result);
  co_return out;
}

}  // namespace hob::plugin
