#include "daemon/policy/policy.h"

#include <catch2/catch.hpp>

namespace hob::policy {
namespace {

using config::Action;

wire::ToolInfo tool(const std::string& name) {
  wire::ToolInfo info;
  info.name = name;
  info.source = "plugin:x";
  if (name == "read_file" || name == "calculate") info.annotations.read_only = true;
  if (name == "write_file" || name == "edit_file") info.kind = "edit";
  if (name == "fetch_url") info.annotations.read_only = info.annotations.open_world = true;
  if (name == "remember") info.source = "daemon";
  return info;
}

Action decide(const Policy& policy, const std::string& name, const Context& context, const Json& arguments = Json::object()) {
  return policy.decide(tool(name), arguments, context).action;
}

TEST_CASE("each mode has its defaults") {
  const Policy policy({});
  struct Row {
    const char* mode;
    const char* tool;
    Action action;
  };
  const Row rows[] = {
      {"default", "read_file", Action::allow},    {"default", "write_file", Action::ask},
      {"default", "run_command", Action::ask},    {"default", "fetch_url", Action::ask},
      {"default", "remember", Action::allow},     {"plan", "read_file", Action::allow},
      {"plan", "write_file", Action::deny},       {"plan", "run_command", Action::deny},
      {"plan", "remember", Action::deny},         {"accept_edits", "edit_file", Action::allow},
      {"accept_edits", "run_command", Action::ask}, {"bypass", "run_command", Action::allow},
  };
  for (const Row& row : rows) {
    INFO(row.mode << " " << row.tool);
    CHECK(decide(policy, row.tool, {.mode = row.mode}) == row.action);
  }
}

TEST_CASE("deny wins over ask, ask over allow, and rules over modes") {
  config::PolicyConfig config;
  config.rules = {{"run_*", std::nullopt, std::nullopt, Action::allow},
                  {"run_command", "*rm -rf*", std::nullopt, Action::deny},
                  {"run_command", "*sudo*", std::nullopt, Action::ask},
                  {"read_file", std::nullopt, "plan", Action::deny}};
  const Policy policy(config);
  CHECK(decide(policy, "run_command", {}, {{"command", "ls"}}) == Action::allow);
  CHECK(decide(policy, "run_command", {}, {{"command", "sudo ls"}}) == Action::ask);
  CHECK(decide(policy, "run_command", {}, {{"command", "sudo rm -rf /"}}) == Action::deny);
  CHECK(decide(policy, "read_file", {}) == Action::allow);
  CHECK(decide(policy, "read_file", {.mode = "plan"}) == Action::deny);
  CHECK(policy.permits(tool("run_command"), {}));
  CHECK_FALSE(policy.permits(tool("read_file"), {.mode = "plan"}));
}

TEST_CASE("a denial is not beaten by --allow, and an answer for the session holds") {
  config::PolicyConfig config;
  config.rules = {{"write_file", std::nullopt, std::nullopt, Action::deny}};
  const Policy policy(config);
  CHECK(decide(policy, "write_file", {.turn_allow = {"write_file"}, .session_allow = {"*"}}) == Action::deny);
  CHECK(decide(policy, "edit_file", {.turn_allow = {"edit_file"}}) == Action::allow);
  CHECK(decide(policy, "edit_file", {.session_allow = {"edit_file"}}) == Action::allow);
  CHECK(decide(policy, "edit_file", {.turn_allow = {"edit_file"}, .session_deny = {"edit_file"}}) == Action::deny);
}

TEST_CASE("a session's list narrows and never widens") {
  const Policy policy({});
  CHECK(decide(policy, "read_file", {.filter = {.allow = std::vector<std::string>{"calculate"}}}) == Action::deny);
  CHECK(decide(policy, "run_command", {.filter = {.allow = std::vector<std::string>{"run_command"}}}) == Action::ask);
  CHECK(decide(policy, "read_file", {.filter = {.deny = {"read_*"}}}) == Action::deny);
}

TEST_CASE("the demonstration model asks before it writes or runs, whatever the mode") {
  config::PolicyConfig config;
  config.rules = {{"run_command", std::nullopt, std::nullopt, Action::allow}};
  const Policy policy(config);
  for (const char* name : {"write_file", "edit_file", "run_command"}) {
    CHECK(decide(policy, name, {.mode = "bypass", .demonstration = true}) == Action::ask);
    CHECK(decide(policy, name, {.turn_allow = {name}, .demonstration = true}) == Action::allow);
  }
}

TEST_CASE("globs match as a shell's do") {
  CHECK(glob_matches("*", ""));
  CHECK(glob_matches("a*c?", "abbbcd"));
  CHECK_FALSE(glob_matches("a*c", "abbbcd"));
  CHECK(glob_matches("*ab*ab", "ababxab"));
  CHECK_FALSE(glob_matches("", "a"));
  CHECK_FALSE(glob_matches(std::string(30, '*') + "b", std::string(5000, 'a')));
}

}  // namespace
}  // namespace hob::policy
