// memory/put, memory/search.
#include "daemon/api/house.h"
#include "schemas/base/ids.h"

namespace hob::api {
namespace {

constexpr char kMethod[] = "memory/put";

/// What a scope is keyed by: nothing, a directory, or a session.
Async<Result<std::string>> scope_id(House& house, std::string scope, std::optional<std::string> session_id) {
  if (scope == "user") co_return std::string();
  if (scope != "workspace" && scope != "session") co_return invalid_params("/scope", "user, workspace or session", "\"" + scope.substr(0, 40) + "\"");
  if (!session_id) co_return invalid_params("/sessionId", "a session (the scope needs one)", "nothing");
  HOB_CO_TRY(session, co_await house.surroundings.store.session(*session_id));
  co_return scope == "session" ? session.id : session.cwd;
}

Async<Result<wire::MemoryPutResult>> put(House& house, wire::MemoryPut params, rpc::Request request) {
  auto& s = house.surroundings;
  Json written = describe::write(params);
  HOB_CO_TRY(claim, co_await s.once.enter(kMethod, params.idempotency_key, std::move(written), request.context));
  if (claim.answer()) co_return describe::read<wire::MemoryPutResult>(*claim.answer());
  HOB_CO_TRY(scope, co_await scope_id(house, params.scope, params.session_id));
  store::MemoryRow row;
  row.id = new_id(s.clock, s.random);
  row.scope = params.scope;
  row.scope_id = scope;
  row.key = params.key;
  row.text = params.text;
  row.tags = params.tags;
  row.session_id = params.session_id.value_or("");
  row.created_ms = s.clock.wall_ms();
  const wire::MemoryPutResult result{row.id};
  store::Commit commit;
  commit.put_memories.push_back(row);
  commit.events.push_back({.session_id = row.session_id, .type = "memory.changed", .data = {{"id", row.id}, {"scope", row.scope}}});
  claim.keep(commit, describe::write(result));
  HOB_CO_TRY(events, co_await s.store.commit(std::move(commit)));
  s.hub.publish(events);
  co_return result;
}

Async<Result<wire::MemorySearchResult>> search(House& house, wire::MemorySearch params) {
  std::optional<std::string> scope_key;
  if (params.scope) {
    HOB_CO_TRY(key, co_await scope_id(house, *params.scope, params.session_id));
    scope_key = key;
  }
  store::MemoryQuery query{params.query, params.scope, scope_key, params.limit};
  HOB_CO_TRY(hits, co_await house.surroundings.store.search_memory(std::move(query)));
  wire::MemorySearchResult out;
  for (const store::MemoryHit& hit : hits) {
    wire::MemoryHit shown{hit.id, hit.text, hit.tags, hit.score, hit.scope, rfc3339(hit.created_ms), std::nullopt, std::nullopt};
    if (!hit.session_id.empty()) shown.session_id = hit.session_id;
    if (!hit.turn_id.empty()) shown.turn_id = hit.turn_id;
    out.memories.push_back(std::move(shown));
  }
  co_return out;
}

}  // namespace

void bind_memory(rpc::Dispatcher& dispatcher, House* house) {
  dispatcher.bind<wire::MemoryPut, wire::MemoryPutResult>(
      kMethod, "Keeps a fact.",
      [house](wire::MemoryPut params, rpc::Request request) { return put(*house, std::move(params), std::move(request)); });
  dispatcher.bind<wire::MemorySearch, wire::MemorySearchResult>(
      "memory/search", "Finds facts by their words.",
      [house](wire::MemorySearch params, rpc::Request) { return search(*house, std::move(params)); });
}

}  // namespace hob::api
