// tools/*, approval/*, plugin/*: MCP's shape for tools; ACP's words for permissions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "schemas/wire/tool.h"

namespace hob::wire {

struct ToolsList {
  std::optional<std::string> session_id;
  std::optional<std::string> cursor;

  template <typename D>
  static void describe(D& d) {
    d.about("ToolsList", "");
    d.field("sessionId", &ToolsList::session_id, "");
    d.field("cursor", &ToolsList::cursor, "");
  }
};

struct ToolInfo {
  std::string name;
  std::string title;
  std::string description;
  Json input_schema;
  std::optional<Json> output_schema;
  ToolAnnotations annotations;
  std::string kind = "other";
  std::string source;  // "plugin:files" | "daemon"

  template <typename D>
  static void describe(D& d) {
    d.about("ToolInfo", "A tool, in MCP's shape.");
    d.field("name", &ToolInfo::name, "");
    d.defaulted("title", &ToolInfo::title, "");
    d.defaulted("description", &ToolInfo::description, "");
    d.field("inputSchema", &ToolInfo::input_schema, "");
    d.field("outputSchema", &ToolInfo::output_schema, "");
    d.defaulted("annotations", &ToolInfo::annotations, "");
    d.defaulted("kind", &ToolInfo::kind, "ACP's kind of tool.");
    d.field("source", &ToolInfo::source, "plugin:NAME or daemon.");
  }
};

struct ToolsListResult {
  std::vector<ToolInfo> tools;
  std::optional<std::string> next_cursor;

  template <typename D>
  static void describe(D& d) {
    d.about("ToolsListResult", "");
    d.field("tools", &ToolsListResult::tools, "");
    d.field("nextCursor", &ToolsListResult::next_cursor, "");
  }
};

struct ToolsCall {
  std::string name;
  Json arguments = Json::object();
  std::optional<std::string> session_id;
  std::optional<std::string> idempotency_key;
  std::optional<std::vector<std::string>> allow;  // as in turn/start

  template <typename D>
  static void describe(D& d) {
    d.about("ToolsCall", "Calls a tool by hand: the same policy and sandbox as the model's calls.");
    d.field("name", &ToolsCall::name, "", {.min_length = 1, .max_length = 64});
    d.defaulted("arguments", &ToolsCall::arguments, "");
    d.field("sessionId", &ToolsCall::session_id, "Its roots are used; missing: none.");
    d.field("idempotencyKey", &ToolsCall::idempotency_key, "", {.min_length = 1, .max_length = 200});
    d.field("allow", &ToolsCall::allow, "Tools that need no asking; audited.");
  }
};

struct ToolsCallResult {
  Json content = Json::array();
  Json structured_content;
  bool is_error = false;

  template <typename D>
  static void describe(D& d) {
    d.about("ToolsCallResult", "MCP's CallToolResult.");
    d.field("content", &ToolsCallResult::content, "");
    d.defaulted("structuredContent", &ToolsCallResult::structured_content, "");
    d.defaulted("isError", &ToolsCallResult::is_error, "");
  }
};

/// One call of a question about several.
struct ApprovalCall {
  std::string call_id;
  std::string tool;
  Json arguments;
  std::string reason;  // the rule that asks

  template <typename D>
  static void describe(D& d) {
    d.about("ApprovalCall", "One call of a question about several.");
    d.field("callId", &ApprovalCall::call_id, "");
    d.field("tool", &ApprovalCall::tool, "");
    d.field("arguments", &ApprovalCall::arguments, "");
    d.defaulted("reason", &ApprovalCall::reason, "The rule that asks.");
  }
};

struct Approval {
  std::string approval_id;
  std::string session_id;
  std::string turn_id;
  std::string call_id;
  std::string tool;
  Json arguments;
  std::string requested_at;
  Json options = Json::array();  // ACP: [{optionId, name, kind}]
  std::optional<std::vector<ApprovalCall>> calls;  // where one answer decides several

  template <typename D>
  static void describe(D& d) {
    d.about("Approval", "A question that waits for a person. About several calls: callId is the first's, tool names them all.");
    d.field("approvalId", &Approval::approval_id, "");
    d.field("sessionId", &Approval::session_id, "");
    d.field("turnId", &Approval::turn_id, "");
    d.field("callId", &Approval::call_id, "");
    d.field("tool", &Approval::tool, "");
    d.field("arguments", &Approval::arguments, "Of the call; of several: an array of theirs.");
    d.field("requestedAt", &Approval::requested_at, "");
    d.field("options", &Approval::options, "");
    d.field("calls", &Approval::calls, "The calls of one model step that one answer decides; missing: it is one call.");
  }
};

struct ApprovalList {
  std::optional<std::string> session_id;

  template <typename D>
  static void describe(D& d) {
    d.about("ApprovalList", "");
    d.field("sessionId", &ApprovalList::session_id, "");
  }
};

struct ApprovalListResult {
  std::vector<Approval> approvals;

  template <typename D>
  static void describe(D& d) {
    d.about("ApprovalListResult", "");
    d.field("approvals", &ApprovalListResult::approvals, "");
  }
};

struct ApprovalRespond {
  std::string approval_id;
  std::string option_id;  // allow_once | allow_always | reject_once | reject_always
  std::optional<std::string> note;

  template <typename D>
  static void describe(D& d) {
    d.about("ApprovalRespond", "The first answer wins.");
    d.field("approvalId", &ApprovalRespond::approval_id, "", {.min_length = 1, .max_length = 64});
    d.field("optionId", &ApprovalRespond::option_id, "allow_once, allow_always, reject_once or reject_always.");
    d.field("note", &ApprovalRespond::note, "Told to the model when it is a refusal.", {.max_length = 1000});
  }
};

struct PluginInfo {
  std::string name;
  std::string version;
  std::string path;
  std::string state;   // ready | refused | disabled
  std::optional<std::string> reason;
  Needs needs;
  std::vector<std::string> tools;
  uint32_t hosts = 0;      // running processes
  uint32_t restarts = 0;
  std::string hash;        // sha256 over library and canonical manifest

  template <typename D>
  static void describe(D& d) {
    d.about("PluginInfo", "");
    d.field("name", &PluginInfo::name, "");
    d.defaulted("version", &PluginInfo::version, "");
    d.defaulted("path", &PluginInfo::path, "");
    d.field("state", &PluginInfo::state, "ready, refused or disabled.");
    d.field("reason", &PluginInfo::reason, "");
    d.defaulted("needs", &PluginInfo::needs, "");
    d.defaulted("tools", &PluginInfo::tools, "");
    d.defaulted("hosts", &PluginInfo::hosts, "");
    d.defaulted("restarts", &PluginInfo::restarts, "");
    d.defaulted("hash", &PluginInfo::hash, "");
  }
};

struct PluginListResult {
  std::vector<PluginInfo> plugins;

  template <typename D>
  static void describe(D& d) {
    d.about("PluginListResult", "");
    d.field("plugins", &PluginListResult::plugins, "");
  }
};

}  // namespace hob::wire
