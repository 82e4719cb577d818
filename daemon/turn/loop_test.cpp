// The loop against a real store, with a model and a tool that do as they are told.
#include "daemon/turn/turn_testing.h"

namespace hob::turn {
namespace {

using Folder = store::TestDirectory;

TEST_CASE("a turn of text is journalled, answered and ended") {
  const Folder folder;
  Life life(folder.path());
  life.session();
  life.model_.script = {says("Done.")};
  const auto state = life.turn();
  CHECK(state.status == "completed");
  CHECK(state.stop_reason == "end_turn");
  CHECK(state.output == "Done.");
  CHECK(life.types() == "turn.started item.completed:user_message item.completed:agent_message journal.step turn.completed");
  CHECK(describe::write(*life.run(life.turns_.get(state.turn_id))) == describe::write(state));
}

TEST_CASE("a call's intent and result are journalled around its effect, and the model sees what it returned") {
  const Folder folder;
  Life life(folder.path());
  life.session();
  life.model_.script = {calls({{"look", R"({"at":"x"})"}}), says("Seen.")};
  const auto state = life.turn();
  CHECK(state.output == "Seen.");
  CHECK(state.tool_calls == 1);
  CHECK(life.types() ==
        "turn.started item.completed:user_message item.completed:tool_call journal.step journal.intent journal.result "
        "item.completed:tool_result item.completed:agent_message journal.step turn.completed");
  REQUIRE(life.model_.asked.size() == 2);
  const auto& items = life.model_.asked[1].items;
  REQUIRE(items.size() == 3);
  CHECK(items[2].result->at("seen") == R"({"at":"x"})");
}

TEST_CASE("reading calls run together and are observed in their order") {
  const Folder folder;
  Life life(folder.path());
  life.session();
  life.model_.script = {calls({{"look", R"({"at":"a"})"}, {"look", R"({"at":"b"})"}}), says("Both.")};
  CHECK(life.turn().output == "Both.");
  CHECK(life.fake_tools_->ran.size() == 2);
  const auto& items = life.model_.asked[1].items;
  REQUIRE(items.size() == 5);
  CHECK(items[3].result->at("seen") == R"({"at":"a"})");
  CHECK(items[4].result->at("seen") == R"({"at":"b"})");
}

TEST_CASE("what needs asking is denied where nobody may be asked, and the model is told") {
  const Folder folder;
  Life life(folder.path());
  life.session();
  life.model_.script = {calls({{"change", R"({"at":"x"})"}}), says("I may not.")};
  const auto state = life.turn([](wire::TurnStart& params) { params.on_ask = wire::OnAsk::deny; });
  CHECK(state.status == "completed");
  CHECK(state.denied_calls == 1);
  CHECK(life.fake_tools_->ran.empty());
  CHECK(life.observation().at("kind") == "denied");
  life.policy_ = policy::Policy({.on_ask = wire::OnAsk::deny});
  life.model_.script = {calls({{"change", R"({"at":"x"})"}}), says("I still may not.")};
  CHECK(life.turn().denied_calls == 1);  // as the configuration says where the turn does not
  life.model_.script = {calls({{"change", R"({"at":"x"})"}})};
  const auto failed = life.turn([](wire::TurnStart& params) { params.on_ask = wire::OnAsk::fail; });
  CHECK(failed.status == "failed");
  CHECK(failed.error->at("data").at("kind") == "tool_denied");
}

TEST_CASE("an answer of the user lets a call run, and always holds for the session") {
  const Folder folder;
  Life life(folder.path());
  life.session();
  life.model_.script = {calls({{"change", R"({"at":"x"})"}}), calls({{"change", R"({"at":"y"})"}}), says("Changed.")};
  std::string asked;
  int questions = 0;
  life.approvals_.on_request([&](const policy::Question& question, const CancelToken&) {
    ++questions;
    asked = question.tools();
    const auto respond = [](policy::Approvals& approvals, std::string id) -> Async<void> {
      auto result = co_await approvals.respond(std::move(id), "allow_always", "", "test");
      CHECK(result.ok());
    };
    spawn(life.io_.get_executor(), respond(life.approvals_, question.id), "respond");
  });
  const auto state = life.turn();
  CHECK(state.output == "Changed.");
  CHECK(asked == "change");
  CHECK(questions == 1);
  CHECK(life.fake_tools_->ran.size() == 2);
}

/// Answers every question so, and remembers what it was asked.
struct Person {
  Person(Life& life, std::string option, std::string note = "") {
    life.approvals_.on_request([this, &life, option, note](const policy::Question& question, const CancelToken& token) {
      asked.push_back(question);
      settled.push_back(token);
      spawn(life.io_.get_executor(), respond(life.approvals_, question.id, option, note), "respond");
    });
  }
  static Async<void> respond(policy::Approvals& approvals, std::string id, std::string option, std::string note) {
    auto result = co_await approvals.respond(std::move(id), std::move(option), std::move(note), "test");
    CHECK(result.ok());
  }
  std::vector<policy::Question> asked;
  std::vector<CancelToken> settled;
};

/// Four calls, of which two need a person.
wire::StepResult batch() {
  return calls({{"change", R"({"at":"a"})"}, {"look", R"({"at":"b"})"}, {"remove", R"({"at":3})"}, {"remove", R"({"at":"d"})"}});
}

size_t count(const std::string& text, const std::string& word) {
  size_t n = 0;
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++n;
  return n;
}

TEST_CASE("calls of one step that need a person are asked about in one question, and run in their order") {
  const Folder folder;
  Life life(folder.path());
  life.session();
  life.model_.script = {batch(), says("All done.")};
  const Person person(life, "allow_once");
  const auto state = life.turn();
  CHECK(state.output == "All done.");
  CHECK(state.failed_calls == 1);  // the one whose arguments do not fit: nobody is asked about it
  REQUIRE(person.asked.size() == 1);
  const auto& asked = person.asked[0].calls;
  REQUIRE(asked.size() == 2);
  CHECK(asked[0].tool == "change");
  CHECK(asked[1].tool == "remove");
  CHECK(asked[1].arguments == Json({{"at", "d"}}));
  CHECK_FALSE(asked[1].reason.empty());
  CHECK(life.fake_tools_->ran == std::vector<std::string>{R"(change{"at":"a"})", R"(look{"at":"b"})", R"(remove{"at":"d"})"});
  const auto& items = life.model_.asked[1].items;
  REQUIRE(items.size() == 9);
  CHECK(items[5].result->at("seen") == R"({"at":"a"})");
  CHECK(items[8].result->at("seen") == R"({"at":"d"})");
  CHECK(count(life.types(), "approval.requested") == 1);
  CHECK(count(life.types(), "approval.resolved") == 1);
}

TEST_CASE("one refusal refuses all calls of the question, each with the user's words") {
  const Folder folder;
  Life life(folder.path());
  life.session();
  for (const char* option : {"reject_once", "reject_always"}) {
    life.model_.script = {batch(), says("I may not.")};
    const Person person(life, option, "not today");
    CHECK(life.turn().denied_calls == 2);
    CHECK(person.asked.size() == 1);
    CHECK(life.observation().at("hint") == "not today");
  }
  CHECK(life.fake_tools_->ran == std::vector<std::string>{R"(look{"at":"b"})", R"(look{"at":"b"})"});
  life.model_.script = {batch(), says("I still may not.")};
  const Person person(life, "allow_once");
  CHECK(life.turn().denied_calls == 2);
  CHECK(person.asked.empty());
}

TEST_CASE("always holds for every tool of the question") {
  const Folder folder;
  Life life(folder.path());
  life.session();
  life.model_.script = {batch(), batch(), says("All done.")};
  const Person person(life, "allow_always");
  CHECK(life.turn().output == "All done.");
  CHECK(person.asked.size() == 1);
  CHECK(life.fake_tools_->ran.size() == 6);
}

TEST_CASE("a question about several calls outlives a restart, and its answer decides all of them") {
  const Folder folder;
  std::string id, turn_id;
  {
    Life life(folder.path());
    life.session();
    life.model_.script = {batch()};
    life.approvals_.on_request([&](const policy::Question& question, const CancelToken&) {
      id = question.id;
      turn_id = question.turn_id;
      life.io_.stop();
    });
    REQUIRE(life.start());
    life.io_.restart();
    if (id.empty()) life.io_.run();
    CHECK(life.fake_tools_->ran.empty());
  }
  REQUIRE_FALSE(id.empty());
  Life next(folder.path());
  next.model_.script = {says("All done.")};
  const Person person(next, "allow_once");
  REQUIRE(next.run(next.turns_.resume_all()).ok());
  const auto state = next.run(next.turns_.wait(turn_id, Milliseconds(60'000), {}));
  CHECK(state->output == "All done.");
  REQUIRE(person.asked.size() == 1);
  CHECK(person.asked[0].id == id);
  CHECK(person.asked[0].calls.size() == 2);
  CHECK(next.fake_tools_->ran == std::vector<std::string>{R"(change{"at":"a"})", R"(look{"at":"b"})", R"(remove{"at":"d"})"});
  CHECK(count(next.types(), "approval.requested") == 1);
}

TEST_CASE("a question is taken back from those who were asked when it is answered, or its turn is cancelled") {
  const Folder folder;
  Life life(folder.path());
  life.session();
  life.model_.script = {batch(), says("All done.")};
  const Person person(life, "allow_once");
  life.turn();
  REQUIRE(person.settled.size() == 1);
  CHECK(person.settled[0].cancelled());

  life.model_.script = {batch()};
  std::optional<CancelToken> waiting;
  life.approvals_.on_request([&](const policy::Question& question, const CancelToken& token) {
    waiting = token;
    CHECK_FALSE(token.cancelled());
    CHECK(life.turns_.cancel(question.turn_id).ok());
  });
  CHECK(life.turn().status == "cancelled");
  REQUIRE(waiting);
  CHECK(waiting->cancelled());
}

TEST_CASE("an answer that cannot be written is told to who gave it, and the question goes on waiting") {
  const Folder folder;
  Life life(folder.path());
  life.session();
  life.model_.script = {batch(), says("All done.")};
  const auto answer_twice = [](Life& l, std::string id) -> Async<void> {
    l.store_.refuses_next = Error(Code::store_failed, "The disk is full.");
    auto first = co_await l.approvals_.respond(id, "allow_once", "", "test");
    CHECK(first.error().message() == "The disk is full.");
    auto open = co_await l.approvals_.list(std::nullopt);
    CHECK(open->size() == 1);
    auto second = co_await l.approvals_.respond(id, "allow_once", "", "test");
    CHECK(second.ok());
  };
  life.approvals_.on_request([&](const policy::Question& question, const CancelToken&) {
    spawn(life.io_.get_executor(), answer_twice(life, question.id), "respond");
  });
  CHECK(life.turn().output == "All done.");
  CHECK(life.fake_tools_->ran.size() == 3);
}

/// Keeps what it is sent.
struct Ear final : events::Sink {
  std::vector<wire::EventMessage> heard;
  bool send(const wire::EventMessage& message) override {
    heard.push_back(message);
    return true;
  }
};

TEST_CASE("what a tool says while it works is heard by those who listen, with the id of its call") {
  const Folder folder;
  Life life(folder.path());
  life.session();
  const auto ear = std::make_shared<Ear>();
  REQUIRE(life.run(life.hub_->subscribe({}, ear)));
  life.model_.script = {calls({{"look", R"({"at":"x"})"}}), says("Seen.")};
  life.turn();
  std::vector<wire::EventMessage> said;
  std::string call_id;
  for (const auto& event : ear->heard) {
    if (event.type == "progress") said.push_back(event);
    if (event.type == "item.completed" && event.data["kind"] == "tool_call") call_id = event.data["callId"];
  }
  REQUIRE(said.size() == 1);
  CHECK(said[0].data == Json({{"what", "tool"}, {"callId", call_id}, {"text", "at work"}}));
  CHECK_FALSE(said[0].cursor);  // it passes by
}

TEST_CASE("a prompt that is read and schemas that take long to compile are heard of by those who listen") {
  const Folder folder;
  Life life(folder.path());
  life.session();
  const auto ear = std::make_shared<Ear>();
  REQUIRE(life.run(life.hub_->subscribe({}, ear)));
  life.model_.first = {{.kind = wire::StepProgressKind::compile},
                       {.kind = wire::StepProgressKind::prefill, .done = 256, .total = 700}};
  life.model_.script = {says("Done.")};
  life.turn();
  std::vector<Json> told;
  for (const auto& event : ear->heard) {
    if (event.type == "progress") told.push_back(event.data);
  }
  CHECK(told == std::vector<Json>{{{"what", "compile"}}, {{"what", "prefill"}, {"done", 256}, {"total", 700}}});
}

TEST_CASE("arguments that do not fit are an observation, and the tool does not run") {
  const Folder folder;
  Life life(folder.path());
  life.session();
  life.model_.script = {calls({{"look", R"({"at":3})"}}), says("Oh.")};
  CHECK(life.turn().failed_calls == 1);
  CHECK(life.fake_tools_->ran.empty());
  CHECK(life.observation().at("kind") == "invalid_argument");
}

TEST_CASE("a cancelled turn still ends with an event and keeps its partial text") {
  const Folder folder;
  Life life(folder.path());
  life.session();
  const auto started = life.start();
  REQUIRE(started.ok());
  CHECK(life.start().error().code() == Code::turn_active);
  life.io_.restart();
  while (life.model_.asked.empty()) life.io_.run_one();
  REQUIRE(life.turns_.cancel(started->turn_id).ok());
  const auto state = life.run(life.turns_.wait(started->turn_id, Milliseconds(60'000), {}));
  CHECK(state->status == "cancelled");
  CHECK(state->output == "as far as it w");
  CHECK(life.log().back().type == "turn.completed");
  CHECK(life.turns_.cancel(started->turn_id).error().code() == Code::no_active_turn);
}

TEST_CASE("a model that fails costs its turn and nothing more") {
  const Folder folder;
  Life life(folder.path());
  life.session();
  life.model_.script = {Error(Code::model_failed, "It died.")};
  const auto state = life.turn();
  CHECK(state.status == "failed");
  CHECK(state.error->at("data").at("kind") == "model_failed");
  life.model_.script = {says("")};
  CHECK(life.turn().error->at("data").at("kind") == "model_failed");  // no silent empty answer
  life.model_.script = {says("Better.")};
  CHECK(life.turn().output == "Better.");
}

TEST_CASE("a structured answer is judged again, and one that does not fit is a fault") {
  const Folder folder;
  Life life(folder.path());
  life.session();
  const auto bound = [](wire::TurnStart& params) { params.response_schema = {{"type", "object"}, {"required", {"n"}}}; };
  life.model_.script = {answers(R"({"n": 1})")};
  const auto good = life.turn(bound);
  CHECK(good.structured == Json({{"n", 1}}));
  life.model_.script = {answers(R"({"m": 1})")};
  CHECK(life.turn(bound).status == "failed");
}

TEST_CASE("the same call with the same result is told once more and then ends the turn") {
  const Folder folder;
  Life life(folder.path());
  life.session();
  for (int i = 0; i < 9; ++i) life.model_.script.push_back(calls({{"look", R"({"at":"x"})"}}));
  const auto state = life.turn();
  CHECK(state.stop_reason == "loop_detected");
  CHECK(state.tool_calls == 5);
  CHECK(life.observation().at("message").get<std::string>().find("before") != std::string::npos);
}

TEST_CASE("limits end a turn with their own stop reason") {
  const Folder folder;
  Life life(folder.path());
  life.session();
  for (int i = 0; i < 9; ++i) life.model_.script.push_back(calls({{"look", "{\"at\":\"" + std::to_string(i) + "\"}"}}));
  const auto state = life.turn([](wire::TurnStart& params) { params.limits.emplace().max_model_calls = 3; });
  CHECK(state.stop_reason == "max_turn_requests");
  CHECK(state.model_calls == 3);
}

TEST_CASE("an idempotency key names one turn, and other params under it are refused") {
  const Folder folder;
  Life life(folder.path());
  life.session();
  life.model_.script = {says("Once.")};
  const auto keyed = [](wire::TurnStart& params) { params.idempotency_key = "k"; };
  const auto first = life.start(keyed);
  REQUIRE(first.ok());
  REQUIRE(life.run(life.turns_.wait(first->turn_id, Milliseconds(60'000), {})).ok());
  CHECK(life.start(keyed)->turn_id == first->turn_id);
  const auto other = life.start([&](wire::TurnStart& params) {
    keyed(params);
    params.input[0].text = "Something else.";
  });
  CHECK(other.error().code() == Code::invalid_params);
  CHECK(life.model_.asked.size() == 1);
}

// The whole life of a turn with a changing call, cut after each of its commits. Afterwards a new life goes on.
TEST_CASE("a turn cut at any commit is resumed, or ends with what is known, and its effect never comes twice") {
  const auto allow = [](wire::TurnStart& params) { params.allow.emplace().push_back("change"); };
  for (size_t commits = 1; commits <= 8; ++commits) {
    CAPTURE(commits);
    const Folder folder;
    std::vector<std::string> ran;
    bool died = false;
    {
      Life life(folder.path());
      life.session();
      life.model_.script = {calls({{"change", R"({"at":"x"})"}}), says("Changed.")};
      life.store_.commits_left = commits;
      life.store_.on_death = [&] {
        died = true;
        life.io_.stop();
      };
      const auto started = life.start(allow);
      REQUIRE(started.ok());
      if (!died) {
        life.io_.restart();
        auto guard = asio::make_work_guard(life.io_);
        const auto stop_at_end = [](Life& l, std::string id) -> Async<void> {
          (void)co_await l.turns_.wait(id, Milliseconds(60'000), {});
          l.io_.stop();
        };
        spawn(life.io_.get_executor(), stop_at_end(life, started->turn_id), "wait");
        life.io_.run();
      }
      ran = life.fake_tools_->ran;
    }
    Life next(folder.path());
    next.model_.script = {says("Changed.")};
    if (ran.empty() && commits < 2) next.model_.script.push_front(calls({{"change", R"({"at":"x"})"}}));
    const auto resumed = next.run(next.turns_.resume_all());
    REQUIRE(resumed.ok());
    CHECK(*resumed == (died ? 1u : 0u));
    const std::string turn_id = next.log().at(1).turn_id;
    const auto state = next.run(next.turns_.wait(turn_id, Milliseconds(60'000), {}));
    REQUIRE(state.ok());
    CHECK(state->status == "completed");
    CHECK(state->output == "Changed.");
    CHECK(ran.size() + next.fake_tools_->ran.size() <= 1);
    const std::string types = next.types();
    CHECK(types.find("turn.completed") == types.rfind("turn.completed"));
    CHECK(next.log().back().type == "turn.completed");
    // After the intent (third commit) and before the result (fourth), nobody knows: it is said, and not tried again.
    const bool unknown = commits == 3;
    CHECK((next.observation().value("kind", "") == "outcome_unknown") == unknown);
  }
}

}  // namespace
}  // namespace hob::turn
