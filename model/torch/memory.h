// What memory this process may still take: the machine's, or its control group's where that is less. [any]
#pragma once

#include <cstdint>

namespace hob::torch_engine {

/// Bytes; a very large number when nothing can be learnt.
uint64_t available_memory();

}  // namespace hob::torch_engine
