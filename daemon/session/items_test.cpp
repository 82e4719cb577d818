#include "daemon/session/items.h"

#include <catch2/catch.hpp>

#include "daemon/store/store_testing.h"

namespace hob::session {
namespace {

store::Event stored(const store::NewEvent& fresh, int64_t row = 1) {
  store::Event out;
  static_cast<store::NewEvent&>(out) = fresh;
  out.row = row;
  return out;
}

wire::Item message(const std::string& id, const std::string& text) {
  wire::Item item;
  item.id = id;
  item.kind = wire::ItemKind::agent_message;
  item.turn_id = "t1";
  item.text = text;
  return item;
}

TEST_CASE("an item goes through the log unchanged, and its token ids stay out of what clients see") {
  wire::Item item = message("i1", "hi");
  item.produced = wire::Produced{"fp", {1, 2, 4'000'000'000u}, true};
  const store::NewEvent fresh = item_event("s1", item);
  CHECK(fresh.item_id == "i1");
  CHECK(fresh.turn_id == "t1");
  CHECK_FALSE(fresh.data.contains("produced"));
  const auto back = items({stored(fresh)});
  REQUIRE(back);
  REQUIRE(back->size() == 1);
  CHECK(describe::write((*back)[0]) == describe::write(item));
  CHECK(item_event("s1", message("i2", "q")).secret.is_null());
}

TEST_CASE("a damaged event is an error that names its row, never skipped") {
  const store::NewEvent damaged[] = {{.type = "item.completed", .data = {{"kind", "no_such_kind"}}},
                                     {.type = "item.completed", .data = Json::array()},
                                     {.type = "item.completed", .data = {{"kind", "thought"}}, .secret = {{"produced", 3}}}};
  for (const store::NewEvent& fresh : damaged) {
    const auto read = items({stored(fresh, 42)});
    REQUIRE_FALSE(read);
    CHECK(read.error().code() == Code::store_failed);
    CHECK(read.error().message().find("Event 42") == 0);
  }
}

TEST_CASE("the log of a session comes across pages, without its neighbours', and hidden rows only when asked for") {
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
  for (int i = 0; i < 2200; ++i) commit.events.push_back(item_event(i % 2 ? "s1" : "s2", message("i" + std::to_string(i), "m")));
  commit.events.push_back({.session_id = "s1", .turn_id = "t1", .type = "journal.intent", .hidden = true});
  REQUIRE(store::wait(io, (*opened)->commit(std::move(commit))));
  const auto shown = store::wait(io, history(**opened, "s1", false));
  REQUIRE(shown);
  CHECK(shown->size() == 1100);
  const auto all = store::wait(io, history(**opened, "s1", true));
  REQUIRE(all);
  CHECK(all->size() == 1101);
  CHECK(items(*all)->back().id == "i2199");
}

TEST_CASE("a session's row becomes what clients see of it") {
  store::SessionRow row;
  row.id = "s1";
  row.cwd = "/home/me";
  row.title = "Title";
  row.mode = "plan";
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
