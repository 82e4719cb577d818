// Tools behind one interface: plugin tools, and the daemon's own (remember, recall), which need the store and never
// load code. The turn loop, tools/list and tools/call see only this.
//
//   const Tool* tool = registry.find("calculate");
//   HOB_CO_TRY(outcome, co_await registry.call({.name = "calculate", .arguments = text, ...}, context));
//
// All of it on [io].
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/async/async.h"
#include "schemas/wire/client/tools.h"
#include "schemas/wire/tool.h"

namespace hob::tools {

/// One call, already permitted and valid by the tool's schema.
struct Call {
  std::string session_id;
  std::string turn_id;
  std::string call_id;
  std::string name;
  std::string arguments;            // JSON text of an object
  std::vector<wire::Root> roots;    // of the session; the first is the working directory
  uint64_t timeout_ms = 60'000;
  /// What the tool says while it works: valid UTF-8, bounded, shown to people and never to the model. May be empty.
  std::function<void(std::string_view)> progress = nullptr;
};

/// A group of tools of one source.
class Provider {
 public:
  virtual ~Provider() = default;
  virtual std::vector<wire::ToolInfo> list() const = 0;
  /// What the model is told. A crash, a hang or a flood of the tool is an outcome with ok=false (kind "crashed",
  /// "timeout", ...), not an Error; an Error is a fault of hob itself or `cancelled`.
  virtual Async<Result<wire::CallResult>> call(Call call, CallContext context) = 0;
};

class Registry {
 public:
  /// Names are unique: a later provider never shadows an earlier one's tool.
  void add(std::shared_ptr<Provider> provider);

  /// All tools: those of the prompt contract first, in its order, then others by source and name.
  std::vector<wire::ToolInfo> list() const;
  std::optional<wire::ToolInfo> find(const std::string& name) const;
  /// Routes to the provider. not_found for an unknown tool.
  Async<Result<wire::CallResult>> call(Call call, CallContext context) const;

 private:
  std::vector<std::shared_ptr<Provider>> providers_;
};

/// An observation of failure in the contract's shape: {ok:false, kind, message, hint}.
wire::CallResult failure(std::string_view kind, std::string message, std::string hint);

}  // namespace hob::tools
