/* The header as a C compiler sees it: it must compile, and agree with C++ about every offset. */
#include "plugins/abi/hob_plugin.h"

size_t hob_c_sizes(size_t* out);
size_t hob_c_sizes(size_t* out) {
  out[0] = sizeof(hob_text);
  out[1] = sizeof(hob_host);
  out[2] = sizeof(hob_call);
  out[3] = sizeof(hob_plugin);
  out[4] = offsetof(hob_host, get_extension);
  out[5] = offsetof(hob_call, error);
  out[6] = offsetof(hob_plugin, get_extension);
  return 7;
}
