// Policy: may this call run? allow, ask or deny, with the rule that said so.
//
//   Policy policy(config.policy);
//   const Decision d = policy.decide(tool, arguments, context);     // d.action, d.rule
//
// Owner's rules first (deny wins over ask, ask over allow, among those that match), then the defaults of the session's
// mode. Tools' annotations are hints: they choose between defaults and never beat a rule. Pure; [io].
#pragma once

#include <string>
#include <vector>

#include "daemon/config/config.h"
#include "schemas/wire/client/session.h"
#include "schemas/wire/client/tools.h"

namespace hob::policy {

struct Context {
  std::string mode = "default";             // default | plan | accept_edits | bypass
  wire::ToolsFilter filter;                 // of the session
  std::vector<std::string> turn_allow;      // --allow of this turn
  std::vector<std::string> session_allow;   // allow_always answers
  std::vector<std::string> session_deny;    // reject_always answers
  bool demonstration = false;               // the built-in model: writing and running always ask
};

struct Decision {
  config::Action action = config::Action::ask;
  std::string rule;  // "mode default: reading is allowed"
};

class Policy {
 public:
  explicit Policy(config::PolicyConfig config) : config_(std::move(config)) {}

  Decision decide(const wire::ToolInfo& tool, const Json& arguments, const Context& context) const;
  /// Whether the tool may be called at all: what the automaton permits. Asking counts as permitted.
  bool permits(const wire::ToolInfo& tool, const Context& context) const;
  const config::PolicyConfig& config() const { return config_; }

 private:
  config::PolicyConfig config_;
};

/// The modes that session/new takes.
const std::vector<std::string>& modes();
/// Shell-style glob with * and ?; linear in the text for each star.
bool glob_matches(std::string_view pattern, std::string_view text);

}  // namespace hob::policy
