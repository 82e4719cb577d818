// Misbehaves while it is loaded.
#include <stdexcept>

#include "plugins/abi/hob_plugin.h"

namespace {
struct Early {
  Early() {
#ifdef HOB_BAD_THROW
    throw std::runtime_error("too early");
#else
    *static_cast<volatile int*>(nullptr) = 1;
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
