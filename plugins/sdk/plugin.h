// plugin: a tool plugin in C++, without touching the C table.
//
//   using namespace hob::sdk;
//   static hob::Result<Tools> make(const Host& host, const hob::Json& config) {
//     Tools tools;
//     tools.add("greet", [](const Arguments& arguments, Call&) {
//       return Observation::result({{"greeting", "Hello, " + arguments.text("name") + "."}});
//     });
//     return tools;
//   }
//   HOB_PLUGIN(make)
//
// The tools' descriptions and parameters stand in plugin.json beside the library. Handlers run one at a time on the
// host's calling thread; what they capture lives until the plugin ends. An exception that leaves a handler becomes a
// failed observation; none crosses the C border.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugins/abi/hob_plugin.h"
#include "plugins/sdk/arguments.h"
#include "plugins/sdk/observation.h"
#include "plugins/sdk/roots.h"

namespace hob::sdk {

/// The host, while the plugin lives. [any]
class Host {
 public:
  explicit Host(const hob_host* host);
  const Roots& roots() const { return roots_; }
  void log(std::string_view line) const;

 private:
  const hob_host* host_;
  Roots roots_;
};

/// One call, while its handler runs. [any]
class Call {
 public:
  explicit Call(const hob_call* call) : call_(call) {}
  virtual ~Call() = default;
  /// Look at it in every long loop.
  virtual bool cancelled() const;
  virtual std::chrono::milliseconds remaining() const;
  virtual void progress(std::string_view text);

 private:
  const hob_call* call_;
};

using Handler = std::function<Observation(const Arguments&, Call&)>;

class Tools {
 public:
  void add(std::string name, Handler handler) { handlers_.emplace_back(std::move(name), std::move(handler)); }
  const Handler* find(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, Handler>> handlers_;
};

using Maker = Result<Tools> (*)(const Host& host, const Json& config);

// What HOB_PLUGIN puts into the table.
void* create_plugin(Maker maker, const hob_host* host, hob_text config) noexcept;
void call_plugin(void* plugin, const hob_call* call) noexcept;
void destroy_plugin(void* plugin) noexcept;

}  // namespace hob::sdk

/// Exports the plugin whose tools `maker` makes; once in each library.
#define HOB_PLUGIN(maker)                                                                                       \
  extern "C" HOB_PLUGIN_EXPORT const hob_plugin hob_plugin_entry = {                                            \
    sizeof(hob_plugin),                                                                                         \
    HOB_PLUGIN_VERSION,                                                                                         \
    [](const hob_host* host, hob_text config) -> void* { return ::hob::sdk::create_plugin(maker, host, config); }, \
    [](void* plugin, const hob_call* call) { ::hob::sdk::call_plugin(plugin, call); },                          \
    [](void* plugin) { ::hob::sdk::destroy_plugin(plugin); },                                                   \
    nullptr,                                                                                                    \
  };
