// session/*: ACP's names and shapes where ACP has them; hob's own fields beside.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "schemas/wire/item.h"

namespace hob::wire {

struct ToolsFilter {
  std::optional<std::vector<std::string>> allow;  // only these are permitted (they stay declared: the prefix is sacred)
  std::vector<std::string> deny;

  template <typename D>
  static void describe(D& d) {
    d.about("ToolsFilter", "Which tools a session may use. Narrows; never widens what policy allows.");
    d.field("allow", &ToolsFilter::allow, "");
    d.defaulted("deny", &ToolsFilter::deny, "");
  }
};

struct SessionNew {
  std::string cwd;
  Json mcp_servers = Json::array();
  std::vector<std::string> additional_directories;
  std::optional<std::string> title;
  std::optional<bool> ephemeral;
  std::optional<std::string> system_prompt;
  std::optional<ToolsFilter> tools;
  std::optional<Json> response_schema;
  std::optional<std::string> mode;  // default | plan | accept_edits | bypass (bypass only where the owner allows it)

  template <typename D>
  static void describe(D& d) {
    d.about("SessionNew", "Makes a session. `cwd` is its first root.");
    d.field("cwd", &SessionNew::cwd, "Absolute path of the working directory.", {.min_length = 1, .max_length = 4096});
    d.defaulted("mcpServers", &SessionNew::mcp_servers, "ACP's list; must be empty in this version.");
    d.defaulted("additionalDirectories", &SessionNew::additional_directories, "More roots.", {.max_length = 15});
    d.field("title", &SessionNew::title, "", {.max_length = 200});
    d.field("ephemeral", &SessionNew::ephemeral, "Deleted when the daemon stops.");
    d.field("systemPrompt", &SessionNew::system_prompt, "Instead of hob's own.", {.max_length = 65536});
    d.field("tools", &SessionNew::tools, "");
    d.field("responseSchema", &SessionNew::response_schema, "For every turn that gives none.");
    d.field("mode", &SessionNew::mode, "default, plan, accept_edits or bypass.");
  }
};

struct SessionRef {
  std::string session_id;

  template <typename D>
  static void describe(D& d) {
    d.about("SessionRef", "Names a session.");
    d.field("sessionId", &SessionRef::session_id, "", {.min_length = 1, .max_length = 64});
  }
};

struct SessionNewResult {
  std::string session_id;
  Json modes;

  template <typename D>
  static void describe(D& d) {
    d.about("SessionNewResult", "");
    d.field("sessionId", &SessionNewResult::session_id, "");
    d.defaulted("modes", &SessionNewResult::modes, "{currentModeId, availableModes}.");
  }
};

/// session/load: ACP replays the history as events; `cwd` may be sent and must then be the session's.
struct SessionLoad {
  std::string session_id;
  std::optional<std::string> cwd;
  Json mcp_servers = Json::array();

  template <typename D>
  static void describe(D& d) {
    d.about("SessionLoad", "Attaches this connection to a session and replays its items as events.");
    d.field("sessionId", &SessionLoad::session_id, "", {.min_length = 1, .max_length = 64});
    d.field("cwd", &SessionLoad::cwd, "");
    d.defaulted("mcpServers", &SessionLoad::mcp_servers, "");
  }
};

struct SessionList {
  std::optional<std::string> cwd;
  std::optional<std::string> cursor;
  std::optional<std::string> query;
  uint32_t limit = 50;

  template <typename D>
  static void describe(D& d) {
    d.about("SessionList", "Newest first.");
    d.field("cwd", &SessionList::cwd, "Only sessions of this directory.");
    d.field("cursor", &SessionList::cursor, "nextCursor of the page before.");
    d.field("query", &SessionList::query, "Words of the title.");
    d.defaulted("limit", &SessionList::limit, "", {.min = 1, .max = 500});
  }
};

struct SessionInfo {
  std::string session_id;
  std::string cwd;
  std::optional<std::string> title;
  std::string updated_at;  // RFC 3339
  std::string created_at;
  uint32_t turns = 0;
  std::string mode = "default";

  template <typename D>
  static void describe(D& d) {
    d.about("SessionInfo", "");
    d.field("sessionId", &SessionInfo::session_id, "");
    d.field("cwd", &SessionInfo::cwd, "");
    d.field("title", &SessionInfo::title, "");
    d.field("updatedAt", &SessionInfo::updated_at, "RFC 3339.");
    d.defaulted("createdAt", &SessionInfo::created_at, "");
    d.defaulted("turns", &SessionInfo::turns, "");
    d.defaulted("mode", &SessionInfo::mode, "");
  }
};

struct SessionListResult {
  std::vector<SessionInfo> sessions;
  std::optional<std::string> next_cursor;

  template <typename D>
  static void describe(D& d) {
    d.about("SessionListResult", "");
    d.field("sessions", &SessionListResult::sessions, "");
    d.field("nextCursor", &SessionListResult::next_cursor, "");
  }
};

struct SessionGet {
  std::string session_id;
  bool include_items = false;

  template <typename D>
  static void describe(D& d) {
    d.about("SessionGet", "");
    d.field("sessionId", &SessionGet::session_id, "", {.min_length = 1, .max_length = 64});
    d.defaulted("includeItems", &SessionGet::include_items, "");
  }
};

struct SessionGetResult {
  SessionInfo session;
  std::optional<std::string> active_turn_id;
  std::optional<std::vector<Item>> items;

  template <typename D>
  static void describe(D& d) {
    d.about("SessionGetResult", "");
    d.field("session", &SessionGetResult::session, "");
    d.field("activeTurnId", &SessionGetResult::active_turn_id, "");
    d.field("items", &SessionGetResult::items, "");
  }
};

}  // namespace hob::wire
