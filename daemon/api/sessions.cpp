// session/new, session/load, session/list, session/get, session/delete.
#include <sys/stat.h>

#include <algorithm>
#include <climits>
#include <cstdlib>

#include "daemon/api/house.h"
#include "daemon/session/items.h"
#include "daemon/turn/loop.h"
#include "schemas/base/fd.h"
#include "schemas/base/ids.h"
#include "schemas/schema/validator.h"

namespace hob::api {
namespace {

Error no_session(const std::string& id) {
  return Error(Code::not_found, "There is no session " + id.substr(0, 64) + ".").with("what", "session").with("id", id.substr(0, 64));
}

bool inside(const std::string& path, const std::string& directory) {
  return path == directory || path.starts_with(directory == "/" ? directory : directory + "/");
}

/// A root as the kernel names it. Our own state, configuration and socket are never inside one.
Result<std::string> root_path(const std::string& path, const std::string& pointer, const config::Places& places) {
  if (path.empty() || path[0] != '/') return invalid_params(pointer, "an absolute path", "\"" + path + "\"");
  char resolved[PATH_MAX];
  struct stat status {};
  if (::realpath(path.c_str(), resolved) == nullptr || ::stat(resolved, &status) != 0 || !S_ISDIR(status.st_mode)) {
    return invalid_params(pointer, "a directory that exists", "\"" + path + "\"");
  }
  const std::string root = resolved;
  for (const std::string& ours : {places.state_dir, places.config_dir, places.runtime_dir}) {
    if (ours.empty()) continue;
    char real[PATH_MAX];
    const std::string own = ::realpath(ours.c_str(), real) != nullptr ? real : ours;
    if (inside(root, own) || inside(own, root)) {
      return invalid_params(pointer, "a directory that neither holds nor lies in hob's own files (" + own + ")", "\"" + root + "\"");
    }
  }
  return root;
}

Async<Result<store::SessionRow>> find(House& house, std::string id) {
  auto row = co_await house.surroundings.store.session(id);
  if (!row && row.error().code() == Code::not_found) co_return no_session(id);
  co_return row;
}

Async<Result<wire::SessionNewResult>> create(House& house, wire::SessionNew params, rpc::Request request) {
  auto& s = house.surroundings;
  if (!params.mcp_servers.is_array() || !params.mcp_servers.empty()) {
    co_return Error(Code::unsupported_content, "MCP servers are not supported yet; send an empty list.").with("pointer", "/mcpServers");
  }
  const std::string mode = params.mode.value_or("default");
  if (std::find(policy::modes().begin(), policy::modes().end(), mode) == policy::modes().end()) {
    co_return invalid_params("/mode", "default, plan, accept_edits or bypass", "\"" + mode + "\"");
  }
  if (mode == "bypass" && !s.policy.config().allow_bypass) {
    co_return Error(Code::tool_denied, "The configuration does not allow sessions in bypass mode (policy.allow_bypass).");
  }
  store::SessionRow row;
  HOB_CO_TRY(cwd, root_path(params.cwd, "/cwd", house.places));
  row.cwd = cwd;
  Json directories = Json::array();
  for (size_t i = 0; i < params.additional_directories.size(); ++i) {
    HOB_CO_TRY(path, root_path(params.additional_directories[i], "/additionalDirectories/" + std::to_string(i), house.places));
    directories.push_back(path);
  }
  if (params.response_schema) {
    auto validator = schema::Validator::compile(*params.response_schema);
    if (!validator) co_return std::move(validator).error();
  }
  row.id = new_id(s.clock, s.random);
  row.title = params.title;
  row.mode = mode;
  row.ephemeral = params.ephemeral.value_or(false);
  row.created_ms = row.updated_ms = s.clock.wall_ms();
  row.settings = {{"additionalDirectories", directories}, {"declared", turn::declare(s.tools.list())}};
  if (params.system_prompt) row.settings["systemPrompt"] = *params.system_prompt;
  if (params.tools) row.settings["tools"] = describe::write(*params.tools);
  if (params.response_schema) row.settings["responseSchema"] = *params.response_schema;
  store::Commit commit;
  commit.put_sessions.push_back(row);
  commit.events.push_back({.session_id = row.id, .type = "session.created", .data = {{"cwd", row.cwd}, {"mode", row.mode}}});
  HOB_CO_TRY(events, co_await s.store.commit(std::move(commit)));
  s.hub.publish(events);
  attach(request, row.id);
  Json available = Json::array();
  for (const std::string& name : policy::modes()) available.push_back({{"id", name}, {"name", name}});
  co_return wire::SessionNewResult{row.id, {{"currentModeId", row.mode}, {"availableModes", available}}};
}

Async<Result<wire::Nothing>> load(House& house, wire::SessionLoad params, rpc::Request request) {
  HOB_CO_TRY(row, co_await find(house, params.session_id));
  if (params.cwd && *params.cwd != row.cwd) co_return invalid_params("/cwd", "the session's own directory " + row.cwd, *params.cwd);
  HOB_CO_TRY(events, co_await session::history(house.surroundings.store, row.id, false));
  attach(request, row.id);
  if (const auto connection = request.connection.lock()) {
    for (const store::Event& event : events) {
      connection->notify("event", describe::write(events::to_message(house.surroundings.store, event)));
    }
  }
  co_return wire::Nothing{};
}

Async<Result<wire::SessionListResult>> list(House& house, wire::SessionList params) {
  store::SessionFilter filter{params.cwd, params.query, params.cursor, params.limit};
  HOB_CO_TRY(page, co_await house.surroundings.store.sessions(std::move(filter)));
  wire::SessionListResult out;
  for (const store::SessionRow& row : page.rows) out.sessions.push_back(session::session_info(row));
  out.next_cursor = page.next_cursor;
  co_return out;
}

Async<Result<wire::SessionGetResult>> get(House& house, wire::SessionGet params) {
  HOB_CO_TRY(row, co_await find(house, params.session_id));
  wire::SessionGetResult out{session::session_info(row), house.turns.active_turn(row.id), std::nullopt};
  if (params.include_items) {
    HOB_CO_TRY(events, co_await session::history(house.surroundings.store, row.id, false));
    HOB_CO_TRY(items, session::items(events));
    out.items = std::move(items);
    for (wire::Item& item : *out.items) item.produced.reset();
  }
  co_return out;
}

Async<Result<wire::Nothing>> erase(House& house, wire::SessionRef params) {
  HOB_CO_TRY(row, co_await find(house, params.session_id));
  co_await house.turns.end_session(row.id);
  HOB_CO_TRY_VOID(co_await house.surroundings.store.erase_session(row.id));
  house.surroundings.hub.ephemeral({row.id, "", "", "session.deleted", Json::object()});
  co_return wire::Nothing{};
}

}  // namespace

void bind_sessions(rpc::Dispatcher& dispatcher, House* house) {
  dispatcher.bind<wire::SessionNew, wire::SessionNewResult>(
      "session/new", "Makes a session.",
      [house](wire::SessionNew params, rpc::Request request) { return create(*house, std::move(params), std::move(request)); });
  dispatcher.bind<wire::SessionLoad, wire::Nothing>(
      "session/load", "Attaches to a session and replays it.",
      [house](wire::SessionLoad params, rpc::Request request) { return load(*house, std::move(params), std::move(request)); });
  dispatcher.bind<wire::SessionList, wire::SessionListResult>(
      "session/list", "Sessions, newest first.", [house](wire::SessionList params, rpc::Request) { return list(*house, std::move(params)); });
  dispatcher.bind<wire::SessionGet, wire::SessionGetResult>(
      "session/get", "One session.", [house](wire::SessionGet params, rpc::Request) { return get(*house, std::move(params)); });
  dispatcher.bind<wire::SessionRef, wire::Nothing>(
      "session/delete", "Erases a session truly.", [house](wire::SessionRef params, rpc::Request) { return erase(*house, std::move(params)); });
}

}  // namespace hob::api
