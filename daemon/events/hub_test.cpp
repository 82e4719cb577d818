#include "daemon/events/hub.h"

#include <catch2/catch.hpp>
#include <deque>
#include <random>

#include "daemon/store/store_testing.h"

namespace hob::events {
namespace {

using store::TestDirectory;
using store::wait;

/// A listener with room for `room` messages.
class TestSink final : public Sink {
 public:
  bool send(const wire::EventMessage& message) override {
    if (room == 0) return false;
    if (room > 0) --room;
    got.push_back(message);
    if (on_message) on_message(message);
    return true;
  }
  std::vector<std::string> types() const {
    std::vector<std::string> out;
    for (const auto& message : got) out.push_back(message.type);
    return out;
  }
  int room = -1;  // -1: without end
  std::vector<wire::EventMessage> got;
  std::function<void(const wire::EventMessage&)> on_message;
};

struct House {
  TestDirectory directory;
  ManualClock clock{1'800'000'000'000};
  asio::io_context io;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<Hub> hub;
  std::shared_ptr<TestSink> sink = std::make_shared<TestSink>();

  House() {
    auto opened = store::open({directory.file("state.db"), &clock, nullptr});
    if (!opened) FAIL(opened.error().message());
    store = std::move(*opened);
    hub = make_hub(*store, clock, io.get_executor());
  }
  /// Commits and publishes, as the turn loop does.
  std::vector<store::Event> say(const std::string& session, const std::string& type, Json data = Json::object(),
                                const std::string& item = "") {
    store::Commit commit;
    commit.events.push_back({.session_id = session, .item_id = item, .type = type, .data = std::move(data)});
    auto events = wait(io, store->commit(std::move(commit)));
    REQUIRE(events);
    hub->publish(*events);
    return *events;
  }
  Result<wire::EventsSubscribeResult> subscribe(wire::EventsSubscribe params) {
    return wait(io, hub->subscribe(std::move(params), sink));
  }
  void settle() {
    io.restart();
    io.run();
  }
  void delta(const std::string& text, size_t offset, const std::string& item = "i1", const std::string& session = "s1") {
    hub->ephemeral({session, "t1", item, "item.delta", {{"kind", "agent_message"}, {"text", text}, {"offset", offset}}});
  }
};

using Types = std::vector<std::string>;

TEST_CASE("a subscriber without a cursor hears what happens from now on") {
  House house;
  house.say("s1", "old");
  const auto reply = house.subscribe({});
  REQUIRE(reply);
  house.settle();
  house.say("s1", "new", {{"n", 1}}, "i7");
  REQUIRE(house.sink->got.size() == 1);
  const auto& message = house.sink->got[0];
  CHECK(message.type == "new");
  CHECK(message.subscription_id == reply->subscription_id);
  CHECK(message.session_id == "s1");
  CHECK(message.item_id == "i7");
  CHECK_FALSE(message.turn_id.has_value());
  CHECK(message.at == "2027-01-15T08:00:00.000Z");
  CHECK(message.data["n"] == 1);
  REQUIRE(message.cursor);
  CHECK(*message.cursor == cursor_of(*house.store, house.store->last_row()));
}

TEST_CASE("a subscriber with a cursor hears the log after it, then what is new, each once and in order") {
  House house;
  for (int i = 0; i < 450; ++i) house.say(i % 2 ? "s1" : "s2", "n", {{"i", i}});
  const auto first = wait(house.io, house.hub->read({.after = "", .limit = 10}));
  REQUIRE(first);
  CHECK(first->more);
  const auto reply = house.subscribe({.session_ids = {{"s1"}}, .after = first->cursor});
  REQUIRE(reply);
  CHECK(reply->cursor == first->cursor);
  CHECK_FALSE(reply->fresh);
  for (int i = 450; i < 460; ++i) house.say(i % 2 ? "s1" : "s2", "n", {{"i", i}});
  house.settle();
  house.say("s1", "n", {{"i", 461}});
  std::vector<int> want, got;
  for (int i = 11; i <= 461; i += 2) want.push_back(i);
  for (const auto& message : house.sink->got) got.push_back(message.data["i"].get<int>());
  CHECK(got == want);
}

Async<void> talk(House& house, int count, unsigned seed) {
  std::mt19937 random(seed);
  for (int i = 0; i < count; ++i) {
    store::Commit commit;
    for (unsigned k = 0; k <= random() % 3; ++k) commit.events.push_back({.session_id = "s1", .type = "n"});
    auto events = co_await house.store->commit(std::move(commit));
    house.hub->publish(*events);
  }
}

Async<void> listen(House& house, std::shared_ptr<TestSink> sink) {
  wire::EventsSubscribe params;  // named: g++ 12 destroys a braced temporary in a co_await expression twice
  params.after = "";
  auto reply = co_await house.hub->subscribe(params, sink);
  if (!reply) sink->room = 0;
}

TEST_CASE("however subscribing falls between commits, nothing is missed and nothing comes twice") {
  for (unsigned seed = 1; seed <= 8; ++seed) {
    House house;
    std::vector<std::shared_ptr<TestSink>> sinks;
    spawn(house.io.get_executor(), talk(house, 120, seed), "talk");
    spawn(house.io.get_executor(), talk(house, 120, seed + 100), "talk");
    for (int i = 0; i < 20; ++i) {
      for (unsigned k = 0; k < seed; ++k) house.io.run_one();
      sinks.push_back(std::make_shared<TestSink>());
      spawn(house.io.get_executor(), listen(house, sinks.back()), "listen");
    }
    house.io.run();
    const int64_t last = house.store->last_row();
    for (const auto& sink : sinks) {
      INFO("seed " << seed);
      REQUIRE(sink->got.size() == static_cast<size_t>(last));
      for (size_t i = 0; i < sink->got.size(); ++i) {
        REQUIRE(*sink->got[i].cursor == cursor_of(*house.store, static_cast<int64_t>(i) + 1));
      }
    }
  }
}

TEST_CASE("commits that are published in another order than they were written are late, not lost") {
  House house;
  REQUIRE(house.subscribe({}));
  house.settle();
  store::Commit commit;
  for (const char* type : {"a", "b", "c"}) commit.events.push_back({.session_id = "s1", .type = type});
  const auto events = wait(house.io, house.store->commit(std::move(commit)));
  REQUIRE(events);
  house.hub->publish({(*events)[1]});
  house.hub->publish({(*events)[0], (*events)[2]});
  CHECK(house.sink->types() == Types{"b", "a", "c"});
}

TEST_CASE("journal rows and secrets are never sent") {
  House house;
  REQUIRE(house.subscribe({.after = ""}));
  store::Commit commit;
  commit.events.push_back({.session_id = "s1", .type = "journal.intent", .hidden = true});
  commit.events.push_back({.session_id = "s1", .type = "shown", .secret = {{"produced", 1}}});
  auto events = wait(house.io, house.store->commit(commit));
  house.hub->publish(*events);
  house.settle();
  REQUIRE(house.sink->types() == Types{"shown"});
  CHECK(json::dump(describe::write(house.sink->got[0])).find("produced") == std::string::npos);
  const auto read = wait(house.io, house.hub->read({}));
  REQUIRE(read->events.size() == 1);
  CHECK(json::dump(describe::write(read->events[0])).find("produced") == std::string::npos);
}

TEST_CASE("types, sessions and deltas are chosen by the subscriber") {
  House house;
  auto other = std::make_shared<TestSink>();
  REQUIRE(house.subscribe({.session_ids = {{"s1"}}, .types = {{"a", "item.delta", "model.state"}}}));
  REQUIRE(wait(house.io, house.hub->subscribe({.deltas = false}, other)));
  house.settle();
  house.say("s1", "a");
  house.say("s1", "b");
  house.say("s2", "a");
  house.delta("hi", 0);
  house.delta("hi", 0, "i2", "s2");
  house.hub->ephemeral({"", "", "", "model.state", {{"state", "ready"}}});
  house.hub->ephemeral({"s1", "t1", "", "progress", {{"what", "prefill"}}});
  CHECK(house.sink->types() == Types{"a", "item.delta", "model.state"});
  CHECK(other->types() == Types{"a", "b", "a", "model.state", "progress"});
  CHECK_FALSE(house.sink->got[1].cursor.has_value());
}

TEST_CASE("who subscribes in the middle of an item gets its text so far") {
  House house;
  house.hub->open_item("s1", "i1", "Hello wor");
  house.hub->open_item("s2", "i2", "other");
  house.hub->open_item("s1", "i3", "gone");
  house.hub->open_item("s1", "i3", "");
  auto reply = house.subscribe({.session_ids = {{"s1"}}});
  REQUIRE(reply->open.size() == 1);
  CHECK(reply->open[0].item_id == "i1");
  CHECK(reply->open[0].text == "Hello wor");
  house.say("s1", "item.completed", {{"text", "Hello world"}}, "i1");
  CHECK(house.subscribe({})->open.size() == 1);
}

TEST_CASE("a listener that is too slow gets a gap in the place of what it missed, and then silence") {
  House house;
  REQUIRE(house.subscribe({}));
  house.settle();
  house.say("s1", "one");
  house.sink->room = 0;
  const auto missed = house.say("s1", "two")[0];
  house.say("s1", "three");
  CHECK(house.sink->types() == Types{"one"});
  house.sink->room = -1;
  house.hub->on_room(house.sink.get());
  house.hub->on_room(house.sink.get());
  house.say("s1", "four");
  REQUIRE(house.sink->types() == Types{"one", "gap"});
  const auto& gap = house.sink->got[1];
  CHECK_FALSE(gap.cursor.has_value());
  CHECK(gap.data["fromCursor"] == cursor_of(*house.store, missed.row - 1));

  const auto page = wait(house.io, house.hub->read({.after = gap.data["fromCursor"].get<std::string>()}));
  REQUIRE(page->events.size() == 3);
  CHECK(page->events[0].type == "two");
  REQUIRE(house.subscribe({.after = page->cursor}));
  house.settle();
  house.say("s1", "five");
  CHECK(house.sink->types() == Types{"one", "gap", "five"});
}

TEST_CASE("without on_room the gap is sent with the next event") {
  House house;
  REQUIRE(house.subscribe({}));
  house.settle();
  house.sink->room = 0;
  house.say("s1", "one");
  house.sink->room = -1;
  house.say("s1", "two");
  CHECK(house.sink->types() == Types{"gap"});
}

TEST_CASE("a backlog larger than the budget ends in a gap from where it stopped") {
  House house;
  for (int i = 0; i < 500; ++i) house.say("s1", "n");
  house.sink->room = 300;
  REQUIRE(house.subscribe({.after = ""}));
  house.settle();
  CHECK(house.sink->got.size() == 300);
  house.sink->room = -1;
  house.hub->on_room(house.sink.get());
  REQUIRE(house.sink->types().back() == "gap");
  CHECK(house.sink->got.back().data["fromCursor"] == *house.sink->got[299].cursor);
}

TEST_CASE("deltas without room are merged, and dropped when their item is completed") {
  House house;
  REQUIRE(house.subscribe({}));
  house.settle();
  house.sink->room = 0;
  house.delta("He", 0);
  house.delta("llo", 2);
  house.delta("x", 0, "i2");
  house.sink->room = -1;
  house.delta(" you", 5);
  CHECK(house.sink->got.empty());
  house.hub->on_room(house.sink.get());
  REQUIRE(house.sink->got.size() == 2);
  CHECK(house.sink->got[0].data["text"] == "Hello you");
  CHECK(house.sink->got[0].data["offset"] == 0);

  house.sink->room = 0;
  house.delta("more", 9);
  house.sink->room = -1;
  house.say("s1", "item.completed", {{"text", "Hello you more"}}, "i1");
  REQUIRE(house.sink->got.size() == 3);
  CHECK(house.sink->got[2].type == "item.completed");
}

TEST_CASE("deltas that wait are bounded, and an item that lost one sends no more of them") {
  House house;
  REQUIRE(house.subscribe({}));
  house.settle();
  house.sink->room = 0;
  for (size_t i = 0; i < 1000; ++i) house.delta(std::string(1000, 'x'), i * 1000);
  house.sink->room = -1;
  house.hub->on_room(house.sink.get());
  REQUIRE(house.sink->got.size() == 1);
  CHECK(house.sink->got[0].data["text"].get_ref<const std::string&>().size() <= 64u << 10);
  house.delta("tail", 1'000'000);
  CHECK(house.sink->got.size() == 1);
  house.delta("other", 0, "i2");
  CHECK(house.sink->got.size() == 2);
}

TEST_CASE("an ended subscription, a gone sink and a forgotten connection hear nothing more") {
  House house;
  const auto reply = house.subscribe({});
  auto stranger = std::make_shared<TestSink>();
  REQUIRE(wait(house.io, house.hub->subscribe({}, stranger)));
  house.settle();
  const auto refused = house.hub->unsubscribe(reply->subscription_id, stranger.get());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == Code::not_found);
  house.say("s1", "one");
  REQUIRE(house.hub->unsubscribe(reply->subscription_id, house.sink.get()));
  house.hub->forget(stranger.get());
  house.say("s1", "two");
  CHECK(house.sink->types() == Types{"one"});
  CHECK(stranger->types() == Types{"one"});
  REQUIRE(house.subscribe({}));
  house.sink.reset();
  house.say("s1", "three");
  house.settle();
}

TEST_CASE("a listener may leave while it is being told") {
  House house;
  house.sink->on_message = [&](const auto&) { house.hub->forget(house.sink.get()); };
  REQUIRE(house.subscribe({}));
  REQUIRE(house.subscribe({}));
  house.settle();
  house.say("s1", "one");
  house.say("s1", "two");
  CHECK(house.sink->types() == Types{"one"});
}

TEST_CASE("a hub that ends while a subscriber catches up lets go") {
  House house;
  for (int i = 0; i < 300; ++i) house.say("s1", "n");
  REQUIRE(house.subscribe({.after = ""}));
  house.hub.reset();
  house.settle();
  CHECK(house.sink->got.size() <= 200);
}

TEST_CASE("cursors are opaque, checked, and know their store") {
  House house;
  house.say("s1", "a");
  CHECK(row_of(*house.store, "")->row == 0);
  CHECK(row_of(*house.store, cursor_of(*house.store, 1))->row == 1);
  for (const char* bad : {"x", ".", "1", ".1", "a.", "a.-1", "a.1x", "a.99999999999999999999", "a.b.1", "\xff.1 "}) {
    INFO(bad);
    const auto row = row_of(*house.store, bad);
    REQUIRE_FALSE(row);
    CHECK(row.error().code() == Code::invalid_params);
    CHECK(house.subscribe({.after = bad}).error().code() == Code::invalid_params);
    CHECK(wait(house.io, house.hub->read({.after = bad})).error().code() == Code::invalid_params);
  }
  const std::string foreign = "0123456789abcdef.1", future = cursor_of(*house.store, 99);
  for (const auto& cursor : {foreign, future}) {
    const auto reply = house.subscribe({.after = cursor});
    REQUIRE(reply);
    CHECK(reply->fresh);
    CHECK(reply->cursor == cursor_of(*house.store, 0));
    CHECK(wait(house.io, house.hub->read({.after = cursor})).error().code() == Code::cursor_expired);
  }
}

TEST_CASE("pages end where the limit or their size says, and lead through the whole log") {
  House house;
  for (int i = 0; i < 25; ++i) house.say(i % 5 ? "s1" : "s2", "n", {{"text", std::string(1u << 20, 'x')}});
  size_t pages = 0, events = 0;
  wire::EventsRead params;
  for (;;) {
    const auto page = wait(house.io, house.hub->read(params));
    REQUIRE(page);
    ++pages;
    events += page->events.size();
    params.after = page->cursor;
    if (!page->more) break;
  }
  CHECK(events == 25);
  CHECK(pages == 4);
  CHECK(params.after == cursor_of(*house.store, house.store->last_row()));
  const auto page = wait(house.io, house.hub->read({.limit = 2, .session_ids = {{"s2"}}}));
  CHECK(page->events.size() == 2);
  CHECK(page->more);
  const auto rest = wait(house.io, house.hub->read({.after = page->cursor, .session_ids = {{"s2"}}}));
  CHECK(rest->events.size() == 3);
  CHECK(rest->cursor == cursor_of(*house.store, house.store->last_row()));
}

}  // namespace
}  // namespace hob::events
