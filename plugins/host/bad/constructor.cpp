// Misbehaves while it is loaded.
#include <stdexcept>

#include "plugins/abi/hob_plugin.h"

namespace {
struct Early {
  Early() {
#ifdef HOB_BAD_THROW
    throw std::runtime_error("too early");
#else
    __builtin_trap();  // a null dereference would be optimised away
#endif
  }
} early;
}  // namespace

extern "C" HOB_PLUGIN_EXPORT const hob_plugin hob_plugin_entry = {
  sizeof(hob_plugin),
  HOB_PLUGIN_VERSION,
  [](const hob_host*, hob_text) -> void* { return &early; },
  [](void*, const hob_call*) {},
  [](void*) {},
  nullptr,
};
