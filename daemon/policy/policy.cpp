#include "daemon/policy/policy.h"

#include <algorithm>

namespace hob::policy {
namespace {

using config::Action;

bool contains(const std::vector<std::string>& list, const std::string& name) {
  return std::any_of(list.begin(), list.end(), [&name](const std::string& item) { return glob_matches(item, name); });
}

bool harmless(const wire::ToolInfo& tool) { return tool.annotations.read_only && !tool.annotations.open_world; }

/// Its own notes in its own store: nothing outside changes.
bool keeps_notes(const wire::ToolInfo& tool) { return tool.source == "daemon" && !tool.annotations.destructive; }

bool always_asks_in_demonstration(const std::string& name) {
  return name == "write_file" || name == "edit_file" || name == "run_command";
}

Decision by_mode(const wire::ToolInfo& tool, const std::string& mode) {
  if (mode == "bypass") return {Action::allow, "mode bypass: everything is allowed"};
  if (harmless(tool)) return {Action::allow, "mode " + mode + ": reading is allowed"};
  if (mode == "plan") return {Action::deny, "mode plan: only reading is allowed"};
  if (keeps_notes(tool)) return {Action::allow, "mode " + mode + ": keeping notes is allowed"};
  if (mode == "accept_edits" && tool.kind == "edit") return {Action::allow, "mode accept_edits: edits are allowed"};
  return {Action::ask, "mode " + mode + ": writing, running and reaching out ask"};
}

}  // namespace

const std::vector<std::string>& modes() {
  static const std::vector<std::string> all = {"default", "plan", "accept_edits", "bypass"};
  return all;
}

bool glob_matches(std::string_view pattern, std::string_view text) {
  size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p, ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

Decision Policy::decide(const wire::ToolInfo& tool, const Json& arguments, const Context& context) const {
  if (contains(context.filter.deny, tool.name)) return {Action::deny, "the session denies " + tool.name};
  if (context.filter.allow && !contains(*context.filter.allow, tool.name)) {
    return {Action::deny, "the session allows only some tools, and not " + tool.name};
  }
  const config::PolicyRule* strongest = nullptr;
  const std::string text = json::canonical(arguments);
  for (const config::PolicyRule& rule : config_.rules) {
    if (!glob_matches(rule.tool, tool.name)) continue;
    if (rule.mode && *rule.mode != context.mode) continue;
    if (rule.match && !glob_matches(*rule.match, text)) continue;
    if (strongest == nullptr || rule.action > strongest->action) strongest = &rule;  // allow < ask < deny
  }
  if (strongest != nullptr && strongest->action == Action::deny) {
    return {Action::deny, "rule \"" + strongest->tool + "\" of the configuration denies it"};
  }
  if (contains(context.session_deny, tool.name)) return {Action::deny, "it was rejected for this session"};
  if (contains(context.turn_allow, tool.name)) return {Action::allow, "--allow of this turn"};
  if (contains(context.session_allow, tool.name)) return {Action::allow, "it was allowed for this session"};
  if (context.demonstration && always_asks_in_demonstration(tool.name)) {
    return {Action::ask, "the demonstration model always asks before it writes or runs"};
  }
  if (strongest != nullptr) {
    return {strongest->action, "rule \"" + strongest->tool + "\" of the configuration"};
  }
  return by_mode(tool, context.mode);
}

bool Policy::permits(const wire::ToolInfo& tool, const Context& context) const {
  // A rule with `match` may deny some arguments only; the arguments are not known yet, so only flat denials count.
  Policy flat(config_);
  std::erase_if(flat.config_.rules, [](const config::PolicyRule& rule) { return rule.match.has_value(); });
  return flat.decide(tool, Json::object(), context).action != Action::deny;
}

}  // namespace hob::policy
