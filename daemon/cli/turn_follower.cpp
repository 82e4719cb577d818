#include "daemon/cli/turn_follower.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "schemas/base/json.h"

namespace hob::cli {
namespace {

constexpr int kMostReconnections = 5;
constexpr Milliseconds kCancelTime{10'000};
constexpr uint32_t kPage = 500;

std::string option_of(std::string answer) {
  std::transform(answer.begin(), answer.end(), answer.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  while (!answer.empty() && (answer.back() == '\r' || answer.back() == ' ')) answer.pop_back();
  if (answer == "y" || answer == "yes") return "allow_once";
  if (answer == "a" || answer == "always") return "allow_always";
  if (answer == "n" || answer == "no") return "reject_once";
  if (answer == "never") return "reject_always";
  return "";
}

}  // namespace

Result<TurnEnd> TurnFollower::run(wire::TurnStart start) {
  using Clock = std::chrono::steady_clock;
  start_ = std::move(start);
  if (options_.timeout) deadline_ = Clock::now() + *options_.timeout;
  auto begun = begin();
  while (!begun && daemon_.client.lost()) {
    HOB_TRY_VOID(reconnect());
    begun = begin();
  }
  if (!begun) return std::move(begun).error();
  while (!over_) {
    if (!questions_.empty() && !asked_) show_question();
    Until until;
    until.deadline = deadline_;
    until.input_fd = asked_ ? 0 : -1;
    Json message;
    switch (daemon_.client.wait(until, message)) {
      case Wake::message:
        take(message);
        break;
      case Wake::input:
        read_answer();
        break;
      case Wake::interrupt:
        shared_.terminal.note("cancelling (Ctrl-C again leaves at once)");
        cancel(interrupted_);
        break;
      case Wake::timeout:
        if (interrupted_ || timed_out_) {
          shared_.terminal.warn("The daemon did not end the turn in time; it goes on by itself: turn " + turn_id_ + ".");
          return end();
        }
        cancel(timed_out_);
        break;
      case Wake::lost:
        HOB_TRY_VOID(reconnect());
        break;
    }
  }
  return end();
}

TurnEnd TurnFollower::end() const {
  TurnEnd end;
  if (over_) {
    end.state = *over_;
  } else {
    end.state.turn_id = turn_id_;
    end.state.session_id = start_.session_id;
    end.state.status = "running";
  }
  const bool cut = !over_ || over_->status == "cancelled";
  end.exit = cut && timed_out_ ? kTimedOut : cut && interrupted_ ? kInterrupted : exit_of(end.state);
  return end;
}

/// Subscribes, then starts the turn: so that no event of it can be missed.
Result<void> TurnFollower::begin() {
  if (subscription_.empty()) HOB_TRY_VOID(subscribe());
  if (!turn_id_.empty()) return {};
  auto started = daemon_.client.call<wire::TurnStartResult>("turn/start", start_);
  if (!started) return std::move(started).error();
  turn_id_ = started->turn_id;
  if (cursor_.empty()) cursor_ = started->cursor;
  return {};
}

Result<void> TurnFollower::subscribe() {
  wire::EventsSubscribe wanted;
  wanted.session_ids = {start_.session_id};
  if (!cursor_.empty()) wanted.after = cursor_;
  auto result = daemon_.client.call<wire::EventsSubscribeResult>("events/subscribe", wanted);
  if (!result) return std::move(result).error();
  if (cursor_.empty()) cursor_ = result->cursor;
  subscription_ = result->subscription_id;
  return {};
}

Result<void> TurnFollower::reconnect() {
  if (++reconnections_ > kMostReconnections) {
    return Error(Code::interrupted, "The daemon went away again and again; see: hob daemon logs");
  }
  shared_.terminal.note("the daemon went away; starting it again ...");
  questions_.clear();
  asked_ = false;
  subscription_.clear();
  auto again = reach(shared_, Need::running);
  if (!again) {
    // A daemon that is just dying still took the connection.
    if (again.error().code() != Code::interrupted) return std::move(again).error();
    ::poll(nullptr, 0, 100);
    return reconnect();
  }
  daemon_ = *std::move(again);
  auto begun = begin();
  if (!begun && daemon_.client.lost()) return reconnect();
  return begun;
}

/// After a gap: what was not sent is in the log.
Result<void> TurnFollower::catch_up(const std::string& from) {
  wire::EventsUnsubscribe old{std::exchange(subscription_, "")};
  (void)daemon_.client.call<wire::Nothing>("events/unsubscribe", old);
  std::string after = from;
  for (bool more = true; more && !over_;) {
    wire::EventsRead page;
    page.after = after;
    page.limit = kPage;
    page.session_ids = {start_.session_id};
    auto result = daemon_.client.call<wire::EventsReadResult>("events/read", page);
    if (!result) return std::move(result).error();
    for (wire::EventMessage& event : result->events) take_event(std::move(event));
    after = result->cursor;
    more = result->more;
  }
  cursor_ = after;
  return subscribe();
}

void TurnFollower::take_event(wire::EventMessage event) {
  if (event.cursor) cursor_ = *event.cursor;
  if (event.type == "approval.resolved") {
    const std::string id = event.data.value("approvalId", "");
    if (!questions_.empty() && questions_.front().approval_id == id && asked_) {
      asked_ = false;
      std::fputs("\n", stderr);
      if (!interrupted_ && !timed_out_) shared_.terminal.note("  (answered elsewhere)");
    }
    std::erase_if(questions_, [&id](const Question& q) { return q.approval_id == id; });
  }
  if (event.turn_id.value_or("") != turn_id_) return;
  view_.show(event);
  if (event.type != "turn.completed") return;
  if (auto state = describe::read<wire::TurnState>(event.data); state) over_ = *std::move(state);
}

void TurnFollower::take(const Json& message) {
  const std::string method = message.value("method", "");
  const Json params = message.value("params", Json::object());
  if (method == "event") {
    auto event = describe::read<wire::EventMessage>(params);
    if (!event) return;
    if (event->type == "gap") {
      (void)catch_up(cursor_);  // a lost connection shows at the next wait
      return;
    }
    take_event(*std::move(event));
    return;
  }
  if (!message.contains("id") || method.empty()) return;
  if (method != "session/request_permission") {
    (void)daemon_.client.refuse(message.at("id"), Error(Code::method_not_found, "The command line does not offer " + method + "."));
    return;
  }
  // Where nobody can answer, the question is left to others.
  if (!shared_.terminal.interactive()) return;
  const Json call = params.value("toolCall", Json::object());
  Question question{message.at("id"), "", call.value("title", "a tool"), call.value("rawInput", Json::object())};
  const Json meta = params.value("_meta", Json::object()).value("hob", Json::object());
  question.approval_id = meta.value("approvalId", "");
  question.calls = meta.value("calls", Json::array());
  questions_.push_back(std::move(question));
}

void TurnFollower::show_question() {
  const Question& question = questions_.front();
  shared_.terminal.end_progress();
  const auto show = [this](const std::string& tool, const Json& arguments) {
    std::fprintf(stderr, "%s wants to run with\n%s\n", shared_.terminal.bold(visible(tool)).c_str(),
                 visible(json::pretty(arguments)).c_str());
  };
  const bool several = question.calls.is_array() && question.calls.size() > 1;
  if (!several) show(question.tool, question.arguments);
  if (several) {
    for (const Json& call : question.calls) {
      if (call.is_object()) show(call.value("tool", "a tool"), call.value("arguments", Json::object()));
    }
  }
  const std::string words = several ? "Allow all " + std::to_string(question.calls.size()) + "?" : std::string("Allow?");
  std::fprintf(stderr, "%s ", shared_.terminal.yellow(words + " [y]es, [n]o, [always] or [never] in this session:").c_str());
  std::fflush(stderr);
  asked_ = true;
  typed_.clear();
}

void TurnFollower::read_answer() {
  char bytes[256];
  const ssize_t n = ::read(0, bytes, sizeof bytes);
  if (n <= 0) {
    typed_ = "no\n";  // the terminal is gone
  } else {
    typed_.append(bytes, static_cast<size_t>(n));
  }
  const size_t end = typed_.find('\n');
  if (end == std::string::npos) return;
  const std::string option = option_of(typed_.substr(0, end));
  typed_.clear();
  if (option.empty()) {
    std::fputs("Please answer y, n, always or never: ", stderr);
    return;
  }
  const Question question = std::move(questions_.front());
  questions_.pop_front();
  asked_ = false;
  (void)daemon_.client.answer(question.id, {{"outcome", {{"outcome", "selected"}, {"optionId", option}}}});
}

void TurnFollower::cancel(bool& why) {
  why = true;
  deadline_ = std::chrono::steady_clock::now() + kCancelTime;
  wire::TurnRef ref;
  ref.turn_id = turn_id_;
  (void)daemon_.client.send("turn/cancel", describe::write(ref));
}

}  // namespace hob::cli
