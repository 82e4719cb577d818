// The order in which tools stand in the prompt: the contract's first, then others by source and name. Order and bytes
// are the cached prefix, so this list lives here and nowhere else. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "schemas/wire/client/tools.h"

namespace hob::tools {

/// Names of the prompt contract, in its order.
const std::vector<std::string>& contract_order();

void sort_for_prompt(std::vector<wire::ToolInfo>& tools);

}  // namespace hob::tools
