// The tools of files. No configuration.
#include "plugins/files/tools.h"

namespace {
hob::Result<hob::sdk::Tools> make(const hob::sdk::Host& host, const hob::Json&) {
  return hob::plugins::files::make_tools(host.roots());
}
}  // namespace

HOB_PLUGIN(make)
