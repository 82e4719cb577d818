// chronicle_testing: a story whose every commit can be checked afterwards: commit n holds event n, turn n and an audit
// row, so a lost, torn or reordered commit shows. Used by the tests that kill, cut the power and fail the disk.
#pragma once

#include <cstdlib>
#include <string>

#include "daemon/store/store_testing.h"

namespace hob::store {

/// Full size with HOB_CAMPAIGN=store, a small seeded part else.
inline bool full_campaign() {
  const char* name = std::getenv("HOB_CAMPAIGN");
  return name && std::string_view(name) == "store";
}

inline Commit chapter(int64_t n) {
  Commit commit;
  if (n == 1) {
    SessionRow row;
    row.id = "story";
    commit.put_sessions.push_back(row);
  }
  const std::string text(static_cast<size_t>(n * 7919 % 9000), static_cast<char>('a' + n % 26));
  commit.events.push_back({.session_id = "story", .type = "chapter", .data = {{"n", n}, {"text", text}}});
  commit.put_turns.push_back({.id = "t" + std::to_string(n), .session_id = "story", .status = "running", .started_ms = n});
  commit.audit.push_back({.who = "test", .what = std::to_string(n)});
  return commit;
}

/// How many chapters are there; -1 with a message when one is missing, torn or out of order.
inline int64_t read_story(asio::io_context& io, Store& store, std::string& problem) {
  int64_t next = 1;
  for (int64_t after = 0;;) {
    const auto events = wait(io, store.events(after, 500, {.session_ids = {{"story"}}}));
    if (!events) return problem = events.error().message(), -1;
    for (const auto& event : *events) {
      const auto want = chapter(next);
      if (event.data != want.events[0].data) return problem = "chapter " + std::to_string(next) + " is another", -1;
      ++next;
      after = event.row;
    }
    if (events->size() < 500) break;
  }
  const auto turns = wait(io, store.open_turns());
  if (!turns) return problem = turns.error().message(), -1;
  if (turns->size() != static_cast<size_t>(next - 1)) return problem = "turns and events differ", -1;
  for (int64_t n = 1; n < next; ++n) {
    if ((*turns)[static_cast<size_t>(n - 1)].id != "t" + std::to_string(n)) return problem = "a turn is missing", -1;
  }
  return next - 1;
}

}  // namespace hob::store
