#include "daemon/session/fold.h"

#include <catch2/catch.hpp>

#include "daemon/session/load.h"
#include "daemon/store/store_testing.h"

namespace hob::session {
namespace {

store::Event event(const std::string& type, Json data, Json secret = nullptr) {
  static int64_t row = 0;
  store::Event out;
  out.session_id = "s1";
  out.turn_id = "t1";
  out.type = type;
  out.data = std::move(data);
  out.secret = std::move(secret);
  out.row = ++row;
  return out;
}

Fold fold_of(const std::vector<store::Event>& events) {
  Fold fold;
  for (const auto& one : events) {
    auto added = fold.add(one);
    if (!added) FAIL(added.error().message());
  }
  return fold;
}

wire::Item message(const std::string& id, wire::ItemKind kind, const std::string& text, uint32_t step = 0) {
  wire::Item item;
  item.id = id;
  item.kind = kind;
  item.turn_id = "t1";
  item.text = text;
  item.step = step;
  return item;
}

TEST_CASE("an item goes through the log unchanged, and its token ids stay out of what clients see") {
  auto item = message("i1", wire::ItemKind::agent_message, "hi", 2);
  item.produced = wire::Produced{"fp", {1, 2, 4'000'000'000u}, true};
  auto fresh = completed("s1", item);
  CHECK(fresh.item_id == "i1");
  CHECK(fresh.turn_id == "t1");
  CHECK_FALSE(fresh.data.contains("produced"));
  CHECK(fresh.secret["produced"]["ids"].size() == 3);
  store::Event stored;
  static_cast<store::NewEvent&>(stored) = fresh;
  const auto back = items({stored});
  REQUIRE(back);
  REQUIRE(back->size() == 1);
  CHECK(describe::write((*back)[0]) == describe::write(item));
  CHECK(completed("s1", message("i2", wire::ItemKind::user_message, "q")).secret.is_null());
}

TEST_CASE("items come in the order of the log, whatever stands between them") {
  std::vector<store::Event> events;
  events.push_back(event("turn.started", {{"input", Json::array()}}));
  for (int i = 0; i < 3; ++i) {
    store::Event one = event("x", nullptr);
    static_cast<store::NewEvent&>(one) =
        completed("s1", message("i" + std::to_string(i), wire::ItemKind::agent_message, "m", static_cast<uint32_t>(i)));
    events.push_back(one);
    events.push_back(event("usage", {{"promptTokens", 3}}));
  }
  const auto fold = fold_of(events);
  REQUIRE(fold.items().size() == 3);
  CHECK(fold.items()[2].id == "i2");
  REQUIRE(fold.turn("t1"));
  CHECK(fold.turn("t1")->steps == 2);
  CHECK_FALSE(fold.turn("t1")->over());
  CHECK(fold.turn("t2") == nullptr);
}

TEST_CASE("an intent without a result is an open call until the result is journalled") {
  std::vector<store::Event> events = {
      event("turn.started", Json::object()), event("journal.intent", {{"callId", "c1"}, {"tool", "run_command"}}),
      event("journal.intent", {{"callId", "c2"}}), event("journal.result", {{"callId", "c1"}, {"ok", true}, {"result", 7}})};
  const auto fold = fold_of(events);
  const auto open = fold.turn("t1")->open_calls();
  REQUIRE(open.size() == 1);
  CHECK(open[0]->call_id == "c2");
  CHECK(fold.turn("t1")->call("c1")->result["result"] == 7);
  CHECK(fold.turn("t1")->call("c1")->intent["tool"] == "run_command");
  CHECK_FALSE(fold.turn("t1")->call("c1")->observed);
  auto observation = message("i9", wire::ItemKind::tool_result, "");
  observation.call_id = "c1";
  store::Event one = event("x", nullptr);
  static_cast<store::NewEvent&>(one) = completed("s1", observation);
  events.push_back(one);
  CHECK(fold_of(events).turn("t1")->call("c1")->observed);
}

TEST_CASE("an approval waits until it is resolved") {
  std::vector<store::Event> events = {event("approval.requested", {{"approvalId", "a1"}, {"callId", "c1"}}),
                                      event("approval.requested", {{"approvalId", "a2"}, {"callId", "c2"}}),
                                      event("approval.resolved", {{"approvalId", "a1"}, {"outcome", "allow_once"}})};
  const auto fold = fold_of(events);
  const auto waiting = fold.turn("t1")->waiting_calls();
  REQUIRE(waiting.size() == 1);
  CHECK(waiting[0]->call_id == "c2");
  CHECK(fold.turn("t1")->call("c1")->outcome == "allow_once");
}

TEST_CASE("a completed turn has the state that ended it") {
  wire::TurnState state;
  state.turn_id = "t1";
  state.session_id = "s1";
  state.status = "completed";
  state.stop_reason = "end_turn";
  const auto fold = fold_of({event("turn.completed", describe::write(state))});
  REQUIRE(fold.turn("t1")->over());
  CHECK(fold.turn("t1")->state->stop_reason == "end_turn");
}

TEST_CASE("a damaged event is an error that names its row, never skipped") {
  const std::vector<store::Event> damaged = {
      event("item.completed", {{"kind", "no_such_kind"}}), event("item.completed", Json::array()),
      event("item.completed", {{"kind", "thought"}}, {{"produced", 3}}), event("journal.intent", Json::object()),
      event("journal.result", {{"callId", 5}}), event("approval.requested", Json::object()),
      event("turn.completed", {{"status", "completed"}})};
  for (const auto& one : damaged) {
    Fold fold;
    const auto added = fold.add(one);
    REQUIRE_FALSE(added);
    CHECK(added.error().code() == Code::store_failed);
    CHECK(added.error().message().find("Event " + std::to_string(one.row)) == 0);
  }
}

TEST_CASE("a session is loaded from the store across pages, without those of its neighbours") {
  store::TestDirectory directory;
  asio::io_context io;
  auto opened = store::open({directory.file("state.db"), nullptr, nullptr});
  REQUIRE(opened);
  store::Commit commit;
  for (const char* id : {"s1", "s2"}) {
    store::SessionRow row;
    row.id = id;
    commit.put_sessions.push_back(row);
  }
  for (int i = 0; i < 1200; ++i) {
    const auto item = message("i" + std::to_string(i), wire::ItemKind::user_message, "m" + std::to_string(i));
    commit.events.push_back(completed(i % 2 ? "s1" : "s2", item));
  }
  commit.events.push_back({.session_id = "s1", .turn_id = "t1", .type = "journal.intent", .data = {{"callId", "c"}}, .hidden = true});
  REQUIRE(store::wait(io, (*opened)->commit(std::move(commit))));
  const auto fold = store::wait(io, load(**opened, "s1"));
  REQUIRE(fold);
  CHECK(fold->items().size() == 600);
  CHECK(fold->items().back().text == "m1199");
  CHECK(fold->turn("t1")->open_calls().size() == 1);
  CHECK(fold->last_row() == (*opened)->last_row());
  CHECK(store::wait(io, load(**opened, "nobody")).error().code() == Code::not_found);
}

TEST_CASE("a session's row becomes what clients see of it") {
  store::SessionRow row;
  row.id = "s1";
  row.cwd = "/home/me";
  row.title = "Title";
  row.mode = "plan";
  row.created_ms = 0;
  row.updated_ms = 1;
  row.turns = 3;
  const auto info = session_info(row);
  CHECK(info.session_id == "s1");
  CHECK(info.title == "Title");
  CHECK(info.created_at == "1970-01-01T00:00:00.000Z");
  CHECK(info.updated_at == "1970-01-01T00:00:00.001Z");
  CHECK(info.turns == 3);
  CHECK(info.mode == "plan");
}

}  // namespace
}  // namespace hob::session
