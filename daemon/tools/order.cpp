#include "daemon/tools/order.h"

#include <algorithm>
#include <tuple>

namespace hob::tools {

const std::vector<std::string>& contract_order() {
  static const std::vector<std::string> kOrder{"read_file",   "write_file", "edit_file",    "list_directory",
                                               "glob",        "grep",       "run_command",  "calculate",
                                               "current_time", "remember",  "recall"};
  return kOrder;
}

void sort_for_prompt(std::vector<wire::ToolInfo>& tools) {
  const auto& order = contract_order();
  const auto rank = [&order](const wire::ToolInfo& tool) {
    return std::find(order.begin(), order.end(), tool.name) - order.begin();
  };
  std::stable_sort(tools.begin(), tools.end(), [&](const wire::ToolInfo& a, const wire::ToolInfo& b) {
    const auto ra = rank(a), rb = rank(b);
    if (ra != rb) return ra < rb;
    return std::tie(a.source, a.name) < std::tie(b.source, b.name);
  });
}

}  // namespace hob::tools
