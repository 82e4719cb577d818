#include "daemon/store/store.h"

#include <sys/stat.h>

#include <fstream>
#include <set>

#include "daemon/store/store_testing.h"

namespace hob::store {
namespace {

struct House {
  TestDirectory directory;
  ManualClock clock{1'800'000'000'000};
  SeededRandom random{7};
  asio::io_context io;
  std::unique_ptr<Store> store;

  House() { open(); }
  void open() {
    auto opened = store::open({directory.file("state.db"), &clock, &random});
    if (!opened) FAIL(opened.error().message());
    store = std::move(*opened);
  }
  void reopen() {
    store.reset();
    open();
  }
  std::vector<Event> commit(Commit commit) {
    auto events = wait(io, store->commit(std::move(commit)));
    if (!events) FAIL(events.error().message());
    return *events;
  }
};

SessionRow session_row(const std::string& id, int64_t updated_ms = 1) {
  SessionRow row;
  row.id = id;
  row.cwd = "/home/me";
  row.updated_ms = updated_ms;
  return row;
}

Commit one_event(const std::string& session, const std::string& type, Json data = Json::object()) {
  Commit commit;
  commit.events.push_back({.session_id = session, .type = type, .data = std::move(data)});
  return commit;
}

TEST_CASE("committed events come back as they were, in order, with ascending rows") {
  House house;
  Commit commit;
  commit.events.push_back({"s1", "t1", "i1", "item.completed", {{"text", "h\u00e9"}, {"a", 1}}, {{"ids", {1, 2}}}, false});
  commit.events.push_back({"s1", "t1", "", "journal.intent", {{"callId", "c"}}, nullptr, true});
  const auto written = house.commit(commit);
  REQUIRE(written.size() == 2);
  CHECK(written[0].row < written[1].row);
  CHECK(written[0].at_ms == house.clock.wall_ms());
  CHECK(house.store->last_row() == written[1].row);

  house.reopen();
  CHECK(house.store->last_row() == written[1].row);
  const auto read = wait(house.io, house.store->events(0, 10, {.with_hidden = true}));
  REQUIRE(read);
  REQUIRE(read->size() == 2);
  CHECK((*read)[0].row == written[0].row);
  CHECK(json::dump((*read)[0].data) == json::dump(commit.events[0].data));
  CHECK((*read)[0].secret == commit.events[0].secret);
  CHECK((*read)[0].item_id == "i1");
  CHECK((*read)[1].hidden);
  CHECK((*read)[1].secret.is_null());
}

TEST_CASE("a filter picks sessions, types and turns, and hides the journal") {
  House house;
  Commit commit;
  for (const char* session : {"s1", "s2", "s3"}) {
    commit.events.push_back({.session_id = session, .turn_id = std::string("t") + session, .type = "a"});
    commit.events.push_back({.session_id = session, .type = "b"});
    commit.events.push_back({.session_id = session, .type = "journal.intent", .hidden = true});
  }
  house.commit(commit);
  const auto count = [&](EventFilter filter, int64_t after = 0, uint32_t limit = 100) {
    auto read = wait(house.io, house.store->events(after, limit, std::move(filter)));
    REQUIRE(read);
    return read->size();
  };
  CHECK(count({}) == 6);
  CHECK(count({.with_hidden = true}) == 9);
  CHECK(count({.session_ids = {{"s1"}}}) == 2);
  CHECK(count({.session_ids = {{"s1", "s3"}}}) == 4);
  CHECK(count({.session_ids = {std::vector<std::string>{}}}) == 0);
  CHECK(count({.types = {{"a"}}}) == 3);
  CHECK(count({.session_ids = {{"s2"}}, .types = {{"a", "b"}}}) == 2);
  CHECK(count({.turn_id = "ts1"}) == 1);
  CHECK(count({.turn_id = ""}) == 0);
  CHECK(count({}, 4) == 3);
  CHECK(count({}, 0, 3) == 3);
}

TEST_CASE("what one commit holds is there altogether or not at all") {
  House house;
  Commit good;
  good.put_sessions.push_back(session_row("s1"));
  house.commit(good);

  Commit bad = one_event("s1", "turn.started");
  bad.put_turns.push_back({.id = "t1", .session_id = "s1", .status = "running"});
  bad.put_turns.push_back({.id = "t2", .session_id = "nobody", .status = "running"});
  bad.audit.push_back({"me", "allow"});
  const auto refused = wait(house.io, house.store->commit(bad));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == Code::not_found);
  CHECK(house.store->health() == "ok");
  CHECK(wait(house.io, house.store->events(0, 10, {}))->empty());
  CHECK(wait(house.io, house.store->turn("t1")).error().code() == Code::not_found);
}

Async<void> commit_one(Store& store, Commit commit, std::vector<Result<std::vector<Event>>>& out) {
  out.push_back(co_await store.commit(std::move(commit)));
}

TEST_CASE("commits that wait together keep their order and fail one by one") {
  House house;
  house.commit([] {
    Commit commit;
    commit.put_sessions.push_back(session_row("s1"));
    return commit;
  }());
  std::vector<Result<std::vector<Event>>> out;
  for (int i = 0; i < 200; ++i) {
    Commit commit = one_event("s1", "n", {{"i", i}});
    if (i % 10 == 3) commit.put_turns.push_back({.id = "t", .session_id = "nobody", .status = "running"});
    spawn(house.io.get_executor(), commit_one(*house.store, std::move(commit), out), "commit");
  }
  house.io.restart();
  house.io.run();
  REQUIRE(out.size() == 200);
  int64_t before = 0;
  for (int i = 0; i < 200; ++i) {
    REQUIRE(out[i].ok() == (i % 10 != 3));
    if (!out[i].ok()) continue;
    CHECK((*out[i])[0].data["i"] == i);
    CHECK((*out[i])[0].row > before);
    before = (*out[i])[0].row;
  }
  CHECK(wait(house.io, house.store->events(0, 1000, {}))->size() == 180);
}

TEST_CASE("sessions are listed newest first, page by page, by directory and by words of the title") {
  House house;
  Commit commit;
  for (int i = 0; i < 25; ++i) {
    auto row = session_row("s" + std::to_string(100 + i), 1000 + i / 2);
    row.title = i % 5 == 0 ? "Fix the 100%_build " + std::to_string(i) : "Else";
    if (i % 2) row.cwd = "/odd";
    commit.put_sessions.push_back(row);
  }
  house.commit(commit);
  CHECK(*wait(house.io, house.store->session_count()) == 25);

  std::vector<std::string> seen;
  SessionFilter filter{.limit = 7};
  for (int pages = 0; pages < 10; ++pages) {
    const auto page = wait(house.io, house.store->sessions(filter));
    REQUIRE(page);
    for (const auto& row : page->rows) seen.push_back(row.id);
    if (!page->next_cursor) break;
    filter.cursor = page->next_cursor;
  }
  REQUIRE(seen.size() == 25);
  CHECK(seen.front() == "s124");
  CHECK(seen.back() == "s100");
  CHECK(std::set<std::string>(seen.begin(), seen.end()).size() == 25);

  CHECK(wait(house.io, house.store->sessions({.cwd = "/odd"}))->rows.size() == 12);
  CHECK(wait(house.io, house.store->sessions({.query = "build fix"}))->rows.size() == 5);
  CHECK(wait(house.io, house.store->sessions({.query = "100%_"}))->rows.size() == 5);
  CHECK(wait(house.io, house.store->sessions({.query = "%"}))->rows.size() == 5);
  for (const char* bad : {"", "x", "12", "-", "9999999999999999999999.s"}) {
    const auto refused = wait(house.io, house.store->sessions({.cursor = bad}));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == Code::invalid_params);
  }
}

TEST_CASE("a row that is put again replaces the old one") {
  House house;
  Commit commit;
  auto session = session_row("s1");
  session.parent_id = "s0";
  session.settings = {{"z", 1}, {"a", {2}}};
  commit.put_sessions = {session};
  commit.put_turns.push_back({"t1", "s1", "running", {{"x", 1}}, 5, 0});
  commit.put_approvals.push_back({"a1", "s1", "t1", "c1", "run_command", {{"command", "ls"}}, 9, ""});
  house.commit(commit);
  CHECK(wait(house.io, house.store->open_turns())->size() == 1);
  CHECK(wait(house.io, house.store->approvals("s1"))->size() == 1);
  CHECK(wait(house.io, house.store->approvals({}))->size() == 1);
  CHECK(wait(house.io, house.store->approvals("s2"))->empty());

  commit.put_sessions[0].title = "Named";
  commit.put_turns[0].status = "completed";
  commit.put_turns[0].ended_ms = 8;
  commit.put_approvals[0].outcome = "allow_once";
  house.commit(commit);
  const auto row = wait(house.io, house.store->session("s1"));
  REQUIRE(row);
  CHECK(row->title == "Named");
  CHECK(row->parent_id == "s0");
  CHECK(json::dump(row->settings) == R"({"z":1,"a":[2]})");
  CHECK(wait(house.io, house.store->turn("t1"))->status == "completed");
  CHECK(wait(house.io, house.store->open_turns())->empty());
  CHECK(wait(house.io, house.store->approvals({}))->empty());
  CHECK(wait(house.io, house.store->approval("a1"))->arguments["command"] == "ls");
  CHECK(wait(house.io, house.store->approval("a2")).error().code() == Code::not_found);
  CHECK(wait(house.io, house.store->session("s2")).error().code() == Code::not_found);
}

TEST_CASE("an idempotency key stays with its parameters for a day") {
  House house;
  Commit commit;
  commit.put_idempotency.push_back({.method = "turn/start", .key = "k", .params_hash = "h1", .result = {{"turnId", "t"}}});
  house.commit(commit);
  const auto find = [&](const char* method) { return *wait(house.io, house.store->idempotency(method, "k")); };
  REQUIRE(find("turn/start"));
  CHECK(find("turn/start")->result["turnId"] == "t");
  CHECK_FALSE(find("tools/call"));

  commit.put_idempotency[0].result = {{"turnId", "u"}};
  house.commit(commit);
  CHECK(find("turn/start")->result["turnId"] == "u");

  commit.put_idempotency[0].params_hash = "h2";
  const auto refused = wait(house.io, house.store->commit(commit));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == Code::invalid_params);
  CHECK(refused.error().data()["pointer"] == "/idempotencyKey");

  house.clock.advance(std::chrono::hours(24) + Milliseconds(1));
  CHECK_FALSE(find("turn/start"));
  house.commit(commit);
  CHECK(find("turn/start")->params_hash == "h2");
}

MemoryRow memory_row(const std::string& id, const std::string& text) {
  MemoryRow row;
  row.id = id;
  row.scope = "user";
  row.text = text;
  return row;
}

TEST_CASE("recall finds a saved text by its words and gives it back as it was saved") {
  House house;
  Commit commit;
  const char* texts[] = {"my dog is called Rex",        "my cat is called Mia",   "I live in Rome",
                         "my favourite food is soup",   "blue is a cold color",   "My favourite Colour is green",
                         "the meeting is on Tuesday",   "I am allergic to nuts",  "my sister lives in Oslo"};
  for (const char* text : texts) commit.put_memories.push_back(memory_row("m" + std::to_string(commit.put_memories.size()), text));
  commit.put_memories[6].tags = {"work", "calendar"};
  house.commit(commit);
  const auto first = [&](const char* query) {
    const auto hits = wait(house.io, house.store->search_memory({.text = query}));
    REQUIRE(hits);
    return hits->empty() ? std::string() : hits->front().text;
  };
  CHECK(first("cat") == "my cat is called Mia");
  CHECK(first("cats") == "my cat is called Mia");
  CHECK(first("what is my cat called") == "my cat is called Mia");
  CHECK(first("favorite color") == "My favourite Colour is green");
  CHECK(first("where do I live") == "I live in Rome");
  CHECK(first("calendar") == "the meeting is on Tuesday");
  CHECK(first("allergies") == "I am allergic to nuts");
  CHECK(first("piano").empty());
  CHECK(first("").empty());
  CHECK(first("\"'*()^:-{}").empty());
  CHECK(first("NEAR AND OR NOT words:").empty());
  CHECK(first("\U0001F600 \u0301 \u00b5").empty());
  CHECK(wait(house.io, house.store->search_memory({.text = "my", .limit = 2}))->size() == 2);
  const auto live = wait(house.io, house.store->search_memory({.text = "live"}));
  REQUIRE(live->size() == 2);
  CHECK((*live)[0].score == 1);
}

TEST_CASE("a memory with a key is replaced, and scopes do not mix") {
  House house;
  Commit commit;
  auto row = memory_row("m1", "the deploy host is alpha");
  row.key = "host";
  commit.put_memories.push_back(row);
  row.id = "m2";
  row.text = "the deploy host is beta";
  commit.put_memories.push_back(row);
  row.id = "m3";
  row.scope = "workspace";
  row.scope_id = "/work";
  row.text = "the deploy host is gamma";
  commit.put_memories.push_back(row);
  row.id = "m4";
  row.scope = "session";
  row.scope_id = "s9";
  row.text = "the deploy host is delta";
  commit.put_memories.push_back(row);
  house.commit(commit);
  const auto texts = [&](MemoryQuery query) {
    std::set<std::string> out;
    const auto hits = wait(house.io, house.store->search_memory(std::move(query)));
    for (const auto& hit : *hits) out.insert(hit.text.substr(19));
    return out;
  };
  using Set = std::set<std::string>;
  CHECK(texts({.text = "host"}) == Set{"beta"});
  CHECK(texts({.text = "host", .scope_id = "/work"}) == Set{"beta", "gamma"});
  CHECK(texts({.text = "host", .scope = "workspace"}) == Set{"gamma"});
  CHECK(texts({.text = "host", .scope = "session", .scope_id = "s8"}).empty());
  CHECK(texts({.text = "host", .scope = "session", .scope_id = "s9"}) == Set{"delta"});
  CHECK(texts({.text = "alpha"}).empty());
}

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

TEST_CASE("an erased session leaves no byte of its texts in the file, the WAL or the index") {
  House house;
  // Rows of many sizes, updated while others come and go, so that pages split, fill and are freed.
  std::mt19937 random(11);
  const auto secret = [&](const char* session, int i) {
    return std::string(session) + "-" + std::to_string(i) + std::string(random() % 3000, 'x') + "-end" + session;
  };
  for (int i = 0; i < 300; ++i) {
    for (const char* session : {"keepme", "eraseme"}) {
      Commit commit = one_event(session, "item.completed", {{"text", secret(session, i)}});
      commit.events[0].secret = {{"raw", secret(session, i)}};
      auto row = session_row(session);
      row.title = secret(session, i);
      commit.put_sessions.push_back(row);
      commit.put_turns.push_back({session + std::to_string(i), session, "running", {{"output", secret(session, i)}}, 1, 0});
      const auto older = session + std::to_string(static_cast<int>(random()) & 0xff);
      if (wait(house.io, house.store->turn(older))) {
        commit.put_turns.push_back({older, session, "completed", {{"output", secret(session, i)}}, 1, 2});
      }
      commit.put_approvals.push_back({session + std::to_string(i), session, "t", "c", "run", {{"a", secret(session, i)}}, 1, ""});
      auto memory = memory_row(session + std::to_string(i), "word" + secret(session, i));
      memory.scope = "session";
      memory.scope_id = session;
      commit.put_memories.push_back(memory);
      commit.put_idempotency.push_back({"tools/call", session + std::to_string(i), "h", {{"r", secret(session, i)}}});
      house.commit(commit);
    }
  }
  const std::string path = house.directory.file("state.db");
  REQUIRE((bytes_of(path) + bytes_of(path + "-wal")).find("eraseme") != std::string::npos);
  const auto count = [&](const char* session) {
    return wait(house.io, house.store->events(0, 1000, {.session_ids = {{session}}}))->size();
  };
  REQUIRE(wait(house.io, house.store->erase_session("eraseme")));
  CHECK(bytes_of(path).find("eraseme") == std::string::npos);
  CHECK(bytes_of(path + "-wal").find("eraseme") == std::string::npos);
  CHECK(bytes_of(path).find("keepme") != std::string::npos);
  CHECK(count("eraseme") == 0);
  CHECK(count("keepme") == 300);
  CHECK(wait(house.io, house.store->open_turns())->size() > 0);
  CHECK(wait(house.io, house.store->search_memory({.text = "wordkeepme", .scope = "session", .scope_id = "keepme"}))->size() > 0);
  REQUIRE(wait(house.io, house.store->erase_session("nobody")));
  REQUIRE_FALSE(wait(house.io, house.store->erase_session("")));
}

TEST_CASE("rows are never used again, even after the newest was erased") {
  House house;
  Commit commit = one_event("s1", "a");
  commit.put_sessions.push_back(session_row("s1"));
  const int64_t row = house.commit(commit)[0].row;
  REQUIRE(wait(house.io, house.store->erase_session("s1")));
  house.reopen();
  CHECK(house.store->last_row() == row);
  CHECK(house.commit(one_event("s2", "b"))[0].row > row);
}

TEST_CASE("an ephemeral session is gone at the next opening") {
  House house;
  Commit commit = one_event("s1", "a", {{"text", "whisper"}});
  commit.put_sessions.push_back(session_row("s1"));
  commit.put_sessions.back().ephemeral = true;
  commit.put_sessions.push_back(session_row("s2"));
  commit.events.push_back({.session_id = "s2", .type = "b"});
  house.commit(commit);
  house.reopen();
  CHECK(wait(house.io, house.store->session("s1")).error().code() == Code::not_found);
  CHECK(wait(house.io, house.store->session("s2")));
  CHECK(wait(house.io, house.store->events(0, 10, {}))->size() == 1);
  CHECK(bytes_of(house.directory.file("state.db")).find("whisper") == std::string::npos);
}

TEST_CASE("a stopped store has written all, closed its file and answers that it is draining") {
  House house;
  std::vector<Result<std::vector<Event>>> out;
  for (int i = 0; i < 20; ++i) spawn(house.io.get_executor(), commit_one(*house.store, one_event("s", "e"), out), "commit");
  house.io.restart();
  house.io.poll();
  wait(house.io, house.store->stop());
  wait(house.io, house.store->stop());
  house.io.restart();
  house.io.run();
  REQUIRE(out.size() == 20);
  for (const auto& result : out) CHECK(result.ok());
  struct stat info {};
  CHECK(::stat(house.directory.file("state.db-wal").c_str(), &info) != 0);
  CHECK(wait(house.io, house.store->commit(one_event("s", "e"))).error().code() == Code::draining);
  CHECK(wait(house.io, house.store->session("s")).error().code() == Code::draining);
  CHECK(wait(house.io, house.store->erase_session("s")).error().code() == Code::draining);
  house.reopen();
  CHECK(wait(house.io, house.store->events(0, 100, {}))->size() == 20);
  CHECK(house.store->health() == "ok");
}

TEST_CASE("the file and its companions are private") {
  House house;
  house.commit(one_event("s", "e"));
  for (const char* name : {"state.db", "state.db-wal", "state.db-shm", "state.db.lock"}) {
    INFO(name);
    struct stat info {};
    REQUIRE(::stat(house.directory.file(name).c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
  }
}

TEST_CASE("each file has an epoch of its own and keeps it") {
  House one, two;
  const std::string epoch = one.store->epoch();
  CHECK(epoch.size() == 16);
  one.reopen();
  CHECK(one.store->epoch() == epoch);
  SeededRandom other(8);
  TestDirectory directory;
  const auto third = store::open({directory.file("x.db"), nullptr, &other});
  REQUIRE(third);
  CHECK((*third)->epoch() != epoch);
}

}  // namespace
}  // namespace hob::store
