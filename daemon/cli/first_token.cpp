#include "daemon/cli/first_token.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "daemon/cli/reach.h"
#include "schemas/wire/client/events.h"
#include "schemas/wire/client/session.h"
#include "schemas/wire/client/turn.h"
#include "schemas/wire/handshake.h"

namespace hob::cli {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr Milliseconds kLoadTime = std::chrono::minutes(10), kTurnTime = std::chrono::minutes(10);
constexpr uint32_t kAnswerTokens = 8;

double seconds_since(Clock::time_point begun) { return std::chrono::duration<double>(Clock::now() - begun).count(); }

Error interrupted() { return {Code::cancelled, "Interrupted."}; }

/// A place for one daemon, which this process takes for its own until it ends.
class PrivatePlace {
 public:
  static Result<std::unique_ptr<PrivatePlace>> make(const FirstTokenOptions& options) {
    std::string pattern = (fs::temp_directory_path() / "hob-bench-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
      return Error(Code::internal, "Cannot make a temporary directory: " + errno_text(errno) + ".");
    }
    auto out = std::unique_ptr<PrivatePlace>(new PrivatePlace(pattern));
    for (const char* name : {"state", "config", "work"}) fs::create_directory(fs::path(pattern) / name);
    std::ofstream file(pattern + "/config/hob.yaml");
    file << "model: {path: " << json::dump(fs::absolute(options.model).string()) << ", dtype: " << options.dtype
         << ", threads: " << options.threads << "}\n";
    file.close();
    if (!file) return Error(Code::internal, "Cannot write " + pattern + "/config/hob.yaml.");
    ::setenv("HOB_STATE_DIR", (pattern + "/state").c_str(), 1);
    ::setenv("HOB_CONFIG_DIR", (pattern + "/config").c_str(), 1);
    return out;
  }
  ~PrivatePlace() {
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }
  PrivatePlace(const PrivatePlace&) = delete;
  PrivatePlace& operator=(const PrivatePlace&) = delete;

  std::string work() const { return root_ + "/work"; }

 private:
  explicit PrivatePlace(std::string root) : root_(std::move(root)) {}
  std::string root_;
};

Result<wire::ModelStatus> wait_for_model(Shared& shared, Client& client) {
  const auto begun = Clock::now();
  for (;;) {
    HOB_TRY(status, client.call<wire::ModelStatus>("model/status", wire::Nothing{}));
    if (status.state == "ready") {
      shared.terminal.end_progress();
      return status;
    }
    if (status.state == "failed") return Error(Code::model_failed, "The model did not load: " + status.reason.value_or("no reason was given."));
    if (Clock::now() - begun > kLoadTime) return Error(Code::deadline, "The model did not load within ten minutes.");
    if (Clock::now() - begun > std::chrono::seconds(2)) shared.terminal.bar("loading the model", status.loading.value_or(0));
    Json message;
    const Until until{.deadline = Clock::now() + Milliseconds(50), .input_fd = -1, .interruptible = true};
    if (client.wait(until, message) == Wake::interrupt) return interrupted();
  }
}

struct Measured {
  double seconds = 0;
  wire::Usage usage;
};

/// One turn to its end; what is told is when its first token came.
Result<Measured> turn(Client& client, const std::string& session, const std::string& text) {
  wire::TurnStart start;
  start.session_id = session;
  wire::ContentBlock block;
  block.type = "text";
  block.text = text;
  start.input.push_back(std::move(block));
  start.limits.emplace();
  start.limits->max_tokens = kAnswerTokens;
  start.on_ask = wire::OnAsk::deny;
  const auto begun = Clock::now();
  HOB_TRY(started, client.call<wire::TurnStartResult>("turn/start", start));
  std::optional<double> first;
  for (;;) {
    Json message;
    const Wake wake = client.wait({.deadline = begun + kTurnTime, .input_fd = -1, .interruptible = true}, message);
    if (wake == Wake::interrupt) return interrupted();
    if (wake == Wake::timeout) return Error(Code::deadline, "A turn did not end within ten minutes.");
    if (wake == Wake::lost) return lost_connection();
    if (message.value("method", "") != "event") continue;
    HOB_TRY(event, describe::read<wire::EventMessage>(message.at("params")));
    const bool spoken = event.type == "item.delta" || event.type == "item.completed";
    if (spoken && event.data.value("kind", "") != "user_message" && !first) first = seconds_since(begun);
    if (event.type == "turn.completed") break;
  }
  HOB_TRY(state, client.call<wire::TurnState>("turn/get", wire::TurnRef{started.turn_id, std::nullopt}));
  if (!first || state.status != "completed") {
    return Error(Code::model_failed, "A turn brought no token; it is " + state.status + ".");
  }
  return Measured{*first, state.usage};
}

std::string words(uint32_t count, uint32_t seed) {
  static constexpr const char* kWords[] = {"river", "stone", "green", "table", "night", "seven", "paper", "under", "music", "light"};
  std::string out;
  for (uint32_t i = 0; i < count; ++i) {
    if (i > 0) out += ' ';
    out += kWords[(i * 7 + i / 10 + seed * 3) % std::size(kWords)];
  }
  return out;
}

struct Rows {
  std::vector<double> seconds;
  wire::Usage usage;

  void add(const Measured& one) {
    seconds.push_back(one.seconds);
    usage = one.usage;
  }
  void print(const char* which, uint32_t prompt, const FirstTokenOptions& options, const std::string& model) const {
    const Json row{{"what", "ttft"}, {"turn", which}, {"prompt", prompt}, {"tokens", usage.prompt_tokens},
                   {"cached_tokens", usage.cached_tokens}, {"seconds", seconds}, {"threads", options.threads},
                   {"weights", options.dtype}, {"device", "cpu"}, {"model", model}, {"commit", wire::build_id()}};
    std::printf("%s\n", json::dump(row).c_str());
    std::fflush(stdout);
  }
};

Result<void> measure(Shared& shared, Daemon& daemon, const std::string& work, const FirstTokenOptions& options) {
  HOB_TRY(status, wait_for_model(shared, daemon.client));
  const std::string name = status.model ? status.model->name : std::string();
  uint32_t seed = 0;
  for (const uint32_t prompt : options.prompts) {
    shared.terminal.note("hob bench: first token of " + std::to_string(prompt) + " words through a private daemon");
    Rows first, follow_up;
    for (uint32_t i = 0; i < options.repeat; ++i) {
      wire::SessionNew wanted;
      wanted.cwd = work;
      wanted.tools.emplace();
      wanted.tools->allow.emplace();  // declared they stay, but none may be called: the first token is one of text
      HOB_TRY(session, daemon.client.call<wire::SessionNewResult>("session/new", wanted));
      wire::EventsSubscribe subscribe;
      subscribe.session_ids = {session.session_id};
      HOB_TRY(subscribed, daemon.client.call<wire::EventsSubscribeResult>("events/subscribe", subscribe));
      (void)subscribed;
      HOB_TRY(one, turn(daemon.client, session.session_id, words(prompt, ++seed)));
      first.add(one);
      HOB_TRY(next, turn(daemon.client, session.session_id, "And now?"));
      follow_up.add(next);
    }
    first.print("first", prompt, options, name);
    follow_up.print("follow_up", prompt, options, name);
  }
  return {};
}

}  // namespace

Result<void> measure_first_token(Shared& shared, const FirstTokenOptions& options) {
  HOB_TRY(place, PrivatePlace::make(options));
  Shared own;
  HOB_TRY(daemon, reach(own, Need::running));
  auto done = measure(shared, daemon, place->work(), options);
  HOB_TRY(places, own.places());
  HOB_TRY(stopped, stop_daemon(own, places, wire::ShutdownMode::now));
  (void)stopped;
  return done;
}

}  // namespace hob::cli
