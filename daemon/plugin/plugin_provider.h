// PluginProvider: the tools of all plugins, each call in a sandboxed process of its own kind.
//
//   auto provider = PluginProvider::make(io, Catalog::scan(options), pool_options, clock);
//   registry.add(provider);
//   HOB_CO_TRY(outcome, co_await provider->call({.name = "calculate", .arguments = text}, context));
//
// Whatever a tool does is an outcome for the model, in the contract's words: it died ("crashed"), it took too long or
// hung ("timeout": it is asked to stop, and killed 250 ms later), it answered nonsense ("failed"). An Error is
// `cancelled`, `draining` or `overloaded`. A plugin that dies three times within a minute is disabled, and so is one
// whose files change under the daemon; its tools stay declared (the prefix is sacred) and answer why.
// All of it on [io]; `clock` outlives the provider.
#pragma once

#include "daemon/plugin/catalog.h"
#include "daemon/plugin/host_pool.h"
#include "daemon/supervise/restart.h"
#include "daemon/tools/tool.h"

namespace hob::plugin {

class PluginProvider final : public tools::Provider, public std::enable_shared_from_this<PluginProvider> {
 public:
  static std::shared_ptr<PluginProvider> make(
      asio::any_io_executor io, Catalog catalog, PoolOptions options, const Clock& clock);

  std::vector<wire::ToolInfo> list() const override;
  Async<Result<wire::CallResult>> call(tools::Call call, CallContext context) override;

  /// For plugin/list: those that run, then those that may not, with the reason.
  std::vector<wire::PluginInfo> plugins() const;
  /// A setting that hobd decides ("digits" of calculate); what the owner's configuration says wins over it.
  void set_setting(const std::string& plugin, const std::string& key, Json value);

  /// Ends all hosts; calls under way answer as crashed, later ones `draining`.
  Async<void> stop();

 private:
  struct State {
    supervise::RestartPolicy crashes;
    std::optional<std::string> disabled;   // why
    Json settings = Json::object();        // of hobd
  };
  using Self = std::shared_ptr<PluginProvider>;

  PluginProvider(asio::any_io_executor io, Catalog catalog, PoolOptions options, const Clock& clock);
  HostSpec spec_of(const Plugin& plugin, const State& state, const tools::Call& call) const;
  wire::CallResult crashed(const Plugin& plugin, State& state, const tools::Call& call, const std::string& how);
  wire::CallResult disabled(const Plugin& plugin, const State& state) const;
  static Async<Result<wire::CallResult>> run(Self self, tools::Call call, CallContext context);

  asio::any_io_executor io_;
  Catalog catalog_;
  std::shared_ptr<HostPool> pool_;
  std::map<std::string, State> states_;  // by plugin
  const Clock& clock_;
};

}  // namespace hob::plugin
