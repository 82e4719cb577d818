// hob run: one turn, from the command line.
#include <climits>
#include <cstdlib>
#include <thread>

#include "daemon/cli/app.h"
#include "daemon/cli/interrupt.h"
#include "daemon/cli/json_argument.h"
#include "daemon/cli/last_session.h"
#include "daemon/cli/prompt.h"
#include "daemon/cli/turn_follower.h"
#include "schemas/base/ids.h"
#include "schemas/wire/client/session.h"

namespace hob::cli {
namespace {

struct RunOptions {
  std::string prompt, schema, session, cwd, mode, system, on_ask;
  std::vector<std::string> tools, allow;
  bool think = false, jsonl = false, quiet = false;
  std::optional<uint64_t> seed;
  std::optional<double> temperature, timeout_s;
  std::optional<uint32_t> max_tokens;
};

Error usage(const std::string& message) { return {Code::invalid_request, message}; }

Result<wire::SessionNew> new_session(const RunOptions& options) {
  wire::SessionNew wanted;
  char resolved[PATH_MAX];
  const std::string directory = options.cwd.empty() ? "." : options.cwd;
  if (::realpath(directory.c_str(), resolved) == nullptr) {
    return usage("--cwd: the directory " + directory + " cannot be used: " + errno_text(errno) + ".");
  }
  wanted.cwd = resolved;
  if (!options.mode.empty()) wanted.mode = options.mode;
  if (!options.tools.empty()) {
    wanted.tools.emplace();
    wanted.tools->allow = options.tools;
  }
  if (!options.system.empty()) {
    constexpr size_t kMostSystem = 64u << 10;
    auto text = read_file(options.system, kMostSystem);
    if (!text) return usage("--system: " + text.error().message());
    wanted.system_prompt = *std::move(text);
  }
  return wanted;
}

Result<std::string> session_of(Daemon& daemon, const RunOptions& options) {
  if (options.session.empty()) {
    HOB_TRY(wanted, new_session(options));
    HOB_TRY(made, daemon.client.call<wire::SessionNewResult>("session/new", wanted));
    return made.session_id;
  }
  if (options.session == "last") return last_session(daemon.client);
  return options.session;
}

Result<wire::TurnStart> turn_of(const RunOptions& options, const Terminal& terminal, const std::string& text) {
  wire::TurnStart start;
  wire::ContentBlock block;
  block.type = "text";
  block.text = text;
  start.input.push_back(std::move(block));
  if (!options.schema.empty()) {
    auto schema = json_argument(options.schema, json::kSchema);
    if (!schema) return usage("--schema: " + schema.error().message());
    if (!schema->is_object() && !schema->is_boolean()) return usage("--schema: a JSON Schema is an object; this is " + json::brief(*schema) + ".");
    start.response_schema = *std::move(schema);
  }
  if (!options.allow.empty()) start.allow = options.allow;
  if (options.seed || options.temperature) {
    start.sampling.emplace();
    start.sampling->seed = options.seed;
    start.sampling->temperature = options.temperature;
  }
  if (options.think) start.thinking = wire::Thinking{true, std::nullopt};
  if (options.max_tokens) {
    start.limits.emplace();
    start.limits->max_tokens = options.max_tokens;
  }
  // Nothing waits for an answer where nobody can give one.
  start.on_ask = terminal.interactive() ? wire::OnAsk::wait : wire::OnAsk::deny;
  if (!options.on_ask.empty()) start.on_ask = describe::of_word<wire::OnAsk>(options.on_ask).value_or(*start.on_ask);
  SystemClock clock;
  SystemRandom random;
  start.idempotency_key = "hob-run-" + new_id(clock, random);
  return start;
}

/// People see the model load; scripts simply wait for the turn.
Result<wire::ModelStatus> wait_for_model(Shared& shared, Daemon& daemon) {
  using Clock = std::chrono::steady_clock;
  wire::ModelStatus status = daemon.model();
  const auto begin = Clock::now();
  while (status.state == "loading" && shared.terminal.err_is_terminal()) {
    if (Clock::now() - begin > std::chrono::seconds(2)) shared.terminal.bar("loading the model", status.loading.value_or(0));
    Json kept;
    const Until until{.deadline = Clock::now() + Milliseconds(150), .input_fd = -1, .interruptible = true};
    if (daemon.client.wait(until, kept) == Wake::interrupt) return Error(Code::cancelled, "Interrupted.");
    HOB_TRY(fresh, daemon.client.call<wire::ModelStatus>("model/status", wire::Nothing{}));
    status = std::move(fresh);
  }
  shared.terminal.end_progress();
  return status;
}

void say_demonstration(Shared& shared) {
  shared.terminal.note("(the built-in demonstration model speaks; it is tiny and often wrong)");
}

Result<void> run(Shared& shared, const RunOptions& options) {
  const View view_kind = options.jsonl ? View::jsonl : shared.json ? View::json : options.quiet ? View::quiet : View::text;
  if (view_kind != View::text) shared.terminal.quiet();
  if (options.jsonl && shared.json) return usage("--json and --jsonl exclude each other.");
  const bool of_new_session = !options.cwd.empty() || !options.mode.empty() || !options.system.empty() || !options.tools.empty();
  if (!options.session.empty() && of_new_session) {
    return usage("--cwd, --mode, --system and --tools belong to a new session; --session goes on with one that has them.");
  }
  HOB_TRY(prompt, asked(options.prompt, Piped::read, shared.terminal));
  HOB_TRY(start, turn_of(options, shared.terminal, prompt));
  HOB_TRY(daemon, reach(shared, Need::running));
  HOB_TRY(session, session_of(daemon, options));
  start.session_id = session;
  HOB_TRY(model, wait_for_model(shared, daemon));
  const bool known = model.model.has_value();
  if (view_kind == View::text && known && model.model->demonstration) say_demonstration(shared);
  TurnView view(shared.terminal, view_kind, start.response_schema ? Answer::structured : Answer::text,
                options.think ? Thoughts::shown : Thoughts::hidden);
  FollowOptions follow;
  if (options.timeout_s) follow.timeout = Milliseconds(static_cast<int64_t>(*options.timeout_s * 1000));
  TurnFollower follower(shared, daemon, view, follow);
  HOB_TRY(end, follower.run(std::move(start)));
  view.finish(end.state);
  shared.exit = end.exit;
  if (view_kind != View::text) return {};
  if (!known) {
    auto later = daemon.client.call<wire::ModelStatus>("model/status", wire::Nothing{}, std::chrono::seconds(2));
    if (later && later->model && later->model->demonstration) say_demonstration(shared);
  }
  if (options.session.empty() && shared.terminal.err_is_terminal()) {
    shared.terminal.note("(session " + session + "; go on with: hob run --session last \"...\")");
  }
  return {};
}

}  // namespace

void add_run_command(Command& app, Shared& shared) {
  Command& run_app = app.add("run", "Gives the agent a task and shows what it does");
  auto options = std::make_shared<RunOptions>();
  run_app.option("prompt", options->prompt, "What to do; text piped into standard input follows it").shown_as("TEXT");
  run_app.option("--schema", options->schema, "The answer is JSON that fits this JSON Schema").shown_as("FILE|JSON");
  run_app.option("--tools", options->tools, "A new session that may use only these tools").with_commas().shown_as("NAME,...");
  run_app.option("--allow", options->allow, "Tools (names or globs) that need no asking in this turn").with_commas().shown_as("NAME,...");
  run_app.option("--session", options->session, "Go on with this session, or with the last one").shown_as("ID|last");
  run_app.option("--cwd", options->cwd, "The new session's directory (this one)").shown_as("DIR");
  run_app.option("--mode", options->mode, "default, plan, accept_edits or bypass")
      .one_of({"default", "plan", "accept_edits", "bypass"}).shown_as("MODE");
  run_app.option("--system", options->system, "The new session's system text, instead of hob's own").shown_as("FILE");
  run_app.flag("--think", options->think, "Let the model think first, and show it");
  run_app.option("--seed", options->seed, "The same seed gives the same answer").shown_as("N");
  run_app.option("--temperature", options->temperature, "0 takes the likeliest word").between(0.0, 10.0).shown_as("T");
  run_app.option("--max-tokens", options->max_tokens, "Of one model step").between(1, 1000000).shown_as("N");
  run_app.option("--timeout", options->timeout_s, "Cancel the turn after this time (exit 124)").between(0.001, 8.64e4).shown_as("SECONDS");
  run_app.option("--on-ask", options->on_ask, "When a tool needs permission: wait, deny or fail (deny without a terminal)")
      .one_of({"wait", "deny", "fail"}).shown_as("WHAT");
  run_app.flag("--jsonl", options->jsonl, "Print the event stream, one JSON object a line");
  run_app.flag("-q,--quiet", options->quiet, "Print the answer alone");
  add_common(run_app, shared);
  run_app.examples("  hob run \"What is 17 * 23?\"\n"
           "  hob run --session last \"And divided by 7?\"\n"
           "  hob run --schema '{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"}}}' \"Anna lives in Oslo.\"\n"
           "  git diff | hob run -q \"Describe this change.\"\n"
           "  hob run --allow write_file --json \"Write 42 to answer.txt\"\n"
           "Exit status: 0 done, 1 error, 2 usage, 3 no daemon, 4 no model, 5 something was denied, 6 the output does not\n"
           "fit its schema, 7 a limit was reached, 8 a tool failed and the agent gave up, 124 timed out, 130 interrupted.");
  run_app.run([&shared, options] {
    if (const auto result = run(shared, *options); !result) fail_or_usage(shared, result.error());
  });
}

}  // namespace hob::cli
