// Needs a function that nobody has.
#include "plugins/abi/hob_plugin.h"
extern "C" void* hob_nobody_has_this(const hob_host*, hob_text);
extern "C" HOB_PLUGIN_EXPORT const hob_plugin hob_plugin_entry = {
  sizeof(hob_plugin), HOB_PLUGIN_VERSION, hob_nobody_has_this, [](void*, const hob_call*) {}, [](void*) {}, nullptr,
};
