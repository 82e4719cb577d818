#include "plugins/host/library.h"

#include <dlfcn.h>

namespace hob::plugins::host {
namespace {

Error refused(Code code, const std::string& path, const char* reason, const std::string& why) {
  return Error(code, path + " is not a plugin that can be used: " + why + ".").with("reason", std::string_view(reason));
}

}  // namespace

Result<const hob_plugin*> load(int fd, const std::string& path) {
  // By descriptor: what was checked is what is loaded.
  const std::string name = "/proc/self/fd/" + std::to_string(fd);
  // An exception out of a static object's constructor cannot pass the loader: it ends the process.
  void* library = ::dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* why = ::dlerror();
    return refused(Code::invalid_params, path, "dlopen", why ? why : "the loader gave no reason");
  }
  auto* entry = static_cast<const hob_plugin*>(::dlsym(library, HOB_PLUGIN_SYMBOL));
  if (entry == nullptr)
    return refused(Code::invalid_params, path, "symbol", "it does not export " HOB_PLUGIN_SYMBOL);
  if (entry->version != HOB_PLUGIN_VERSION)
    return refused(Code::version_skew, path, "version", "it was built for version " + std::to_string(entry->version) +
                                                            " of the plugin interface, this is version " +
                                                            std::to_string(HOB_PLUGIN_VERSION));
  if (entry->size < sizeof(hob_plugin) || !entry->create || !entry->call || !entry->destroy)
    return refused(Code::version_skew, path, "table", "its table of functions is incomplete");
  return entry;
}

}  // namespace hob::plugins::host
