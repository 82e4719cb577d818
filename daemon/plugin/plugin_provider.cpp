#include "daemon/plugin/plugin_provider.h"

#include <algorithm>

#include "daemon/plugin/host_call.h"
#include "schemas/base/log.h"

namespace hob::plugin {
namespace {

using namespace std::chrono_literals;
using Kind = Outcome::Kind;

const supervise::RestartPolicy::Options kCrashes{.intensity = 3, .window = 60s, .backoff = {}};

std::string seconds(uint64_t ms) {
  if (ms % 1000 == 0) return std::to_string(ms / 1000) + " s";
  return std::to_string(ms) + " ms";
}

}  // namespace

std::shared_ptr<PluginProvider> PluginProvider::make(
    asio::any_io_executor io, Catalog catalog, PoolOptions options, const Clock& clock
) {
  return std::shared_ptr<PluginProvider>(
      new PluginProvider(std::move(io), std::move(catalog), std::move(options), clock));
}

PluginProvider::PluginProvider(asio::any_io_executor io, Catalog catalog, PoolOptions options, const Clock& clock)
    : io_(io), catalog_(std::move(catalog)), pool_(std::make_shared<HostPool>(io, std::move(options))), clock_(clock) {
  for (const Plugin& plugin : catalog_.plugins()) {
    states_.emplace(plugin.found.manifest.name, State{supervise::RestartPolicy(kCrashes, clock_), std::nullopt, Json::object()});
  }
}

std::vector<wire::ToolInfo> PluginProvider::list() const {
  std::vector<wire::ToolInfo> out;
  for (const Plugin& plugin : catalog_.plugins()) {
    for (const wire::ManifestTool& tool : plugin.found.manifest.tools) {
      wire::ToolInfo info;
      info.name = tool.name;
      info.title = tool.title;
      info.description = tool.description;
      info.input_schema = tool.parameters;
      if (!tool.result.is_null()) info.output_schema = tool.result;
      info.annotations = tool.annotations;
      info.kind = tool.kind;
      info.source = "plugin:" + plugin.found.manifest.name;
      out.push_back(std::move(info));
    }
  }
  return out;
}

std::vector<wire::PluginInfo> PluginProvider::plugins() const {
  std::vector<wire::PluginInfo> out;
  for (const Plugin& plugin : catalog_.plugins()) {
    const wire::Manifest& manifest = plugin.found.manifest;
    const State& state = states_.at(manifest.name);
    wire::PluginInfo info;
    info.name = manifest.name;
    info.version = manifest.version;
    info.path = plugin.found.directory;
    info.state = state.disabled ? "disabled" : "ready";
    info.reason = state.disabled;
    info.needs = plugin.grants;
    for (const auto& tool : manifest.tools) info.tools.push_back(tool.name);
    info.hosts = static_cast<uint32_t>(pool_->count(manifest.name));
    info.restarts = state.crashes.total();
    info.hash = plugin.found.hash;
    out.push_back(std::move(info));
  }
  out.insert(out.end(), catalog_.others().begin(), catalog_.others().end());
  return out;
}

void PluginProvider::set_setting(const std::string& plugin, const std::string& key, Json value) {
  const auto state = states_.find(plugin);
  if (state != states_.end()) state->second.settings[key] = std::move(value);
}

Async<void> PluginProvider::stop() { return HostPool::stop(pool_); }

Async<Result<wire::CallResult>> PluginProvider::call(tools::Call call, CallContext context) {
  return run(shared_from_this(), std::move(call), std::move(context));
}

HostSpec PluginProvider::spec_of(const Plugin& plugin, const State& state, const tools::Call& call) const {
  HostSpec spec;
  spec.plugin = plugin.found.manifest.name;
  spec.library = plugin.found.library;
  spec.hash = plugin.found.hash;
  spec.library_sha256 = plugin.found.library_sha256;
  spec.builtin = plugin.builtin;
  spec.grants = plugin.grants;
  // A tool that only computes needs no directory: one host serves every session.
  if (spec.grants.read || spec.grants.write || spec.grants.exec) {
    spec.roots = call.roots;
    if (!spec.grants.write) {
      for (wire::Root& root : spec.roots) root.writable = false;
    }
  }
  spec.settings = state.settings;
  for (const auto& [key, value] : plugin.settings.items()) spec.settings[key] = value;
  spec.stateful = plugin.found.manifest.stateful;
  spec.session_id = call.session_id;
  return spec;
}

wire::CallResult PluginProvider::disabled(const Plugin& plugin, const State& state) const {
  return tools::failure("failed", "The plugin " + plugin.found.manifest.name + " is disabled: " + *state.disabled,
                        "Do without this tool and tell the user.");
}

wire::CallResult PluginProvider::crashed(
    const Plugin& plugin, State& state, const tools::Call& call, const std::string& how
) {
  const std::string& name = plugin.found.manifest.name;
  log::error("plugin.crashed", {{"plugin", name}, {"tool", call.name}, {"argumentBytes", call.arguments.size()}, {"how", how}});
  if (!state.crashes.died()) {
    state.disabled = "it died three times within a minute; the last time: " + how;
    log::error("plugin.disabled", {{"plugin", name}, {"reason", *state.disabled}});
  }
  return tools::failure(
      "crashed",
      "The tool process died while it worked on arguments of " + std::to_string(call.arguments.size()) + " bytes. " + how,
      "It may have done a part of its work. Try other arguments, or do without this tool.");
}

Async<Result<wire::CallResult>> PluginProvider::run(Self self, tools::Call call, CallContext context) {
  const Plugin* plugin = self->catalog_.of_tool(call.name);
  if (!plugin) co_return Error(Code::not_found, "No plugin has a tool with the name " + call.name + ".");
  State& state = self->states_.at(plugin->found.manifest.name);
  if (!state.disabled) {
    if (auto unchanged = check_unchanged(plugin->found); !unchanged) state.disabled = unchanged.error().message();
  }
  if (state.disabled) co_return self->disabled(*plugin, state);

  // Waiting for a process counts against the time of the call.
  auto deadline = std::chrono::steady_clock::now() + Milliseconds(call.timeout_ms);
  if (context.deadline) deadline = std::min(deadline, *context.deadline);
  context.deadline = deadline;
  auto lease = co_await HostPool::acquire(self->pool_, self->spec_of(*plugin, state, call), context);
  if (!lease) {
    const Error& error = lease.error();
    switch (error.code()) {
      case Code::cancelled:
      case Code::draining:
      case Code::overloaded:
        co_return error;
      case Code::plugin_crashed:
        co_return self->crashed(*plugin, state, call, error.message());
      case Code::deadline:
        co_return tools::failure("timeout", error.message(), "Try again later.");
      default:
        co_return tools::failure("failed", "The plugin cannot be used here: " + error.message(), "Tell the user.");
    }
  }
  wire::CallParams params;
  params.tool = call.name;
  params.arguments = call.arguments;
  const auto left = std::chrono::duration_cast<Milliseconds>(deadline - std::chrono::steady_clock::now());
  params.timeout_ms = static_cast<uint64_t>(std::max<Milliseconds::rep>(1, left.count()));
  const std::shared_ptr<supervise::Child> child = lease->child();
  Outcome outcome = co_await call_host(self->io_, child, params, call.progress, context);
  if (!outcome.host_is_good) lease->discard();

  switch (outcome.kind) {
    case Kind::cancelled:
      co_return Error(Code::cancelled, "The call was cancelled.");
    case Kind::died:
      co_return self->crashed(*plugin, state, call, outcome.how);
    case Kind::broken:
      co_return tools::failure("failed", "The tool's answer cannot be read: " + outcome.how, "Do without this tool.");
    case Kind::timed_out:
      co_return tools::failure("timeout", "The tool did not answer within " + seconds(call.timeout_ms) + " and was stopped.",
                               "It may have done a part of its work. Ask for less, or allow more time.");
    case Kind::answered:
      break;
  }
  wire::CallResult result = std::move(outcome.result);
  const auto promised = plugin->results.find(call.name);
  if (result.ok && !result.truncated && promised != plugin->results.end()) {
    if (const auto violation = promised->second.validate(result.result)) {
      log::warn("plugin.result_unfit", {{"tool", call.name}, {"message", schema::to_string(*violation)}});
      co_return tools::failure("failed", "The tool's answer is not what it promises: " + schema::to_string(*violation),
                               "Do without this tool.");
    }
  }
  co_return result;
}

}  // namespace hob::plugin
