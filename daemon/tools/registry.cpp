#include <set>

#include "daemon/tools/order.h"
#include "daemon/tools/tool.h"
#include "schemas/base/log.h"

namespace hob::tools {

void Registry::add(std::shared_ptr<Provider> provider) { providers_.push_back(std::move(provider)); }

std::vector<wire::ToolInfo> Registry::list() const {
  std::vector<wire::ToolInfo> out;
  std::set<std::string> names;
  for (const auto& provider : providers_) {
    for (wire::ToolInfo& tool : provider->list()) {
      if (names.insert(tool.name).second) {
        out.push_back(std::move(tool));
      } else {
        log::warn("tool.shadowed", {{"tool", tool.name}, {"source", tool.source}});
      }
    }
  }
  sort_for_prompt(out);
  return out;
}

std::optional<wire::ToolInfo> Registry::find(const std::string& name) const {
  for (const auto& provider : providers_) {
    for (wire::ToolInfo& tool : provider->list()) {
      if (tool.name == name) return std::move(tool);
    }
  }
  return std::nullopt;
}

Async<Result<wire::CallResult>> Registry::call(Call call, CallContext context) const {
  std::shared_ptr<Provider> owner;
  for (const auto& provider : providers_) {
    for (const wire::ToolInfo& tool : provider->list()) {
      if (!owner && tool.name == call.name) owner = provider;
    }
  }
  if (!owner) co_return Error(Code::not_found, "There is no tool with the name " + call.name + ".");
  co_return co_await owner->call(std::move(call), std::move(context));
}

wire::CallResult failure(std::string_view kind, std::string message, std::string hint) {
  wire::CallResult out;
  out.ok = false;
  out.result = Json::object();
  out.result["ok"] = false;
  out.result["kind"] = kind;
  out.result["message"] = std::move(message);
  out.result["hint"] = std::move(hint);
  return out;
}

}  // namespace hob::tools
