// Config: what the owner says in YAML, at $HOB_CONFIG_DIR or $XDG_CONFIG_HOME/hob (hob.yaml). Described like a
// message, so that its reader, its defaults and its documentation are one. Errors name file, line, column and key.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "schemas/describe/describe.h"
#include "schemas/wire/client/turn.h"
#include "schemas/wire/tool.h"

namespace hob::config {

struct ModelConfig {
  std::string path;             // checkpoint directory; empty: the built-in demonstration model
  std::string dtype = "auto";
  uint32_t threads = 0;
  uint32_t context = 0;
  uint64_t cache_mib = 0;
  wire::DraftKind draft = wire::DraftKind::lookup;
  bool load_at_start = true;

  template <typename D>
  static void describe(D& d) {
    d.about("model", "The model that hob-model hosts.");
    d.defaulted("path", &ModelConfig::path, "Checkpoint directory; empty: the built-in demonstration model.");
    d.defaulted("dtype", &ModelConfig::dtype, "f32, bf16 or auto.");
    d.defaulted("threads", &ModelConfig::threads, "0: choose.", {.max = 1024});
    d.defaulted("context", &ModelConfig::context, "Tokens; 0: the checkpoint's.");
    d.defaulted("cache_mib", &ModelConfig::cache_mib, "Memory for kept prefixes; 0: choose.");
    d.defaulted("draft", &ModelConfig::draft, "lookup: guess ahead where that is faster; none: never. The answers are the same.");
    d.defaulted("load_at_start", &ModelConfig::load_at_start, "Otherwise at the first turn.");
  }
};

enum class Action { allow, ask, deny };
constexpr auto names(Action*) {
  using Name = describe::EnumName<Action>;
  return std::array{Name{Action::allow, "allow"}, Name{Action::ask, "ask"}, Name{Action::deny, "deny"}};
}

struct PolicyRule {
  std::string tool;                    // name or glob: "write_file", "git_*", "*"
  std::optional<std::string> match;    // glob on the canonical JSON of the arguments
  std::optional<std::string> mode;     // only in this mode
  Action action = Action::ask;

  template <typename D>
  static void describe(D& d) {
    d.about("rule", "Deny wins over ask, ask over allow, among the rules that match.");
    d.field("tool", &PolicyRule::tool, "Name or glob.", {.min_length = 1});
    d.field("match", &PolicyRule::match, "Glob on the arguments' canonical JSON.");
    d.field("mode", &PolicyRule::mode, "");
    d.field("action", &PolicyRule::action, "");
  }
};

struct PolicyConfig {
  std::vector<PolicyRule> rules;
  wire::OnAsk on_ask = wire::OnAsk::wait;
  bool allow_bypass = false;           // whether a session may be put into bypass mode

  template <typename D>
  static void describe(D& d) {
    d.about("policy", "What tools may do.");
    d.defaulted("rules", &PolicyConfig::rules, "");
    d.defaulted("on_ask", &PolicyConfig::on_ask, "For turns that do not say: wait, deny or fail.");
    d.defaulted("allow_bypass", &PolicyConfig::allow_bypass, "");
  }
};

struct PluginConfig {
  bool enabled = true;
  std::optional<wire::Needs> grants;   // missing: what the manifest asks for, without network
  Json settings = Json::object();      // handed to the plugin

  template <typename D>
  static void describe(D& d) {
    d.about("plugin", "One plugin.");
    d.defaulted("enabled", &PluginConfig::enabled, "");
    d.field("grants", &PluginConfig::grants, "");
    d.defaulted("settings", &PluginConfig::settings, "");
  }
};

struct PluginsConfig {
  std::vector<std::string> directories;         // beside the built-in ones; owner-only
  std::map<std::string, PluginConfig> plugins;  // by name
  uint64_t call_timeout_ms = 60'000;

  template <typename D>
  static void describe(D& d) {
    d.about("plugins", "Tool plugins.");
    d.defaulted("directories", &PluginsConfig::directories, "");
    d.defaulted("plugins", &PluginsConfig::plugins, "");
    d.defaulted("call_timeout_ms", &PluginsConfig::call_timeout_ms, "", {.min = 1, .max = 86'400'000});
  }
};

struct LimitsConfig {
  uint32_t max_tokens = 2048;
  uint32_t max_model_calls = 50;
  uint32_t max_tool_calls = 100;
  uint64_t max_wall_ms = 15 * 60'000;
  uint32_t result_budget_tokens = 0;   // 0: 2000, or 200 for the demonstration model

  template <typename D>
  static void describe(D& d) {
    d.about("limits", "Defaults of a turn.");
    d.defaulted("max_tokens", &LimitsConfig::max_tokens, "", {.min = 1});
    d.defaulted("max_model_calls", &LimitsConfig::max_model_calls, "", {.min = 1});
    d.defaulted("max_tool_calls", &LimitsConfig::max_tool_calls, "");
    d.defaulted("max_wall_ms", &LimitsConfig::max_wall_ms, "", {.min = 1});
    d.defaulted("result_budget_tokens", &LimitsConfig::result_budget_tokens, "");
  }
};

struct LogConfig {
  std::string level = "info";

  template <typename D>
  static void describe(D& d) {
    d.about("log", "");
    d.defaulted("level", &LogConfig::level, "debug, info, warn, error or off.");
  }
};

struct Config {
  ModelConfig model;
  PolicyConfig policy;
  PluginsConfig plugins;
  LimitsConfig limits;
  LogConfig log;

  template <typename D>
  static void describe(D& d) {
    d.about("hob.yaml", "The configuration of hobd.");
    d.defaulted("model", &Config::model, "");
    d.defaulted("policy", &Config::policy, "");
    d.defaulted("plugins", &Config::plugins, "");
    d.defaulted("limits", &Config::limits, "");
    d.defaulted("log", &Config::log, "");
  }
};

/// From YAML text. Errors are invalid_params: "hob.yaml:12:5: /model/threads: expected ..., got ...".
Result<Config> parse(std::string_view yaml, const std::string& file);
/// `hob.yaml` of the directory; defaults when there is no such file. It must be ours and not writable by others.
Result<Config> load(const std::string& config_dir);

/// The places of one daemon: $HOB_STATE_DIR, $HOB_CONFIG_DIR and XDG, as the contracts say.
struct Places {
  std::string state_dir;     // 0700; state.db, hobd.log
  std::string config_dir;
  std::string runtime_dir;   // 0700; hob.sock, hob.lock
  std::string socket;        // at most 107 bytes
  std::string bin_dir;       // where our programs are (from /proc/self/exe)
  std::string plugin_dir;    // ../lib/hob/plugins
  std::string model_dir;     // ../share/hob/models/tiny, or model/tiny/checkpoint of the source tree
};
Result<Places> places(const std::optional<std::string>& socket_override);

}  // namespace hob::config
