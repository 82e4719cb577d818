#include "plugins/sdk/plugin.h"

#include <algorithm>
#include <exception>
#include <memory>

namespace hob::sdk {
namespace {

hob_text text_of(std::string_view text) { return {text.data(), text.size()}; }
std::string_view view_of(hob_text text) { return {text.data, text.size}; }

struct Instance {
  Host host;
  Tools tools;
  explicit Instance(const hob_host* h) : host(h) {}
};

void answer(const hob_call* call, const Observation& seen) {
  if (seen.ok()) {
    std::string json = json::dump(seen.value());
    call->result(call, text_of(json));
  } else {
    call->error(call, text_of(word(seen.kind())), text_of(seen.message()), text_of(seen.hint()));
  }
}

Observation run(Instance& instance, const hob_call* call) {
  std::string_view name = view_of(call->tool);
  const Handler* handler = instance.tools.find(name);
  if (!handler)
    return Observation::failure(
        Kind::failed, "This plugin has no tool " + std::string(name) + ", though its manifest does."
    );
  auto arguments = json::parse(view_of(call->arguments), json::kWire);
  if (!arguments.ok()) return Observation::from(arguments.error());
  Call here(call);
  return (*handler)(Arguments(*arguments), here);
}

}  // namespace

Host::Host(const hob_host* host) : host_(host) {
  std::vector<Root> roots;
  for (uint32_t i = 0; i < host->root_count(host); ++i)
    roots.push_back(
        {host->root_fd(host, i), host->root_path(host, i), host->root_writable(host, i) != 0}
    );
  roots_ = Roots(std::move(roots));
}

void Host::log(std::string_view line) const { host_->log(host_, text_of(line)); }

bool Call::cancelled() const { return call_->cancelled(call_) != 0; }
std::chrono::milliseconds Call::remaining() const {
  return std::chrono::milliseconds(call_->remaining_ms(call_));
}
void Call::progress(std::string_view text) { call_->progress(call_, text_of(text)); }

const Handler* Tools::find(std::string_view name) const {
  auto it = std::find_if(handlers_.begin(), handlers_.end(), [&](const auto& entry) {
    return entry.first == name;
  });
  return it == handlers_.end() ? nullptr : &it->second;
}

void* create_plugin(Maker maker, const hob_host* host, hob_text config) noexcept {
  std::string why;
  try {
    auto parsed = json::parse(view_of(config), json::kManifest);
    if (parsed.ok()) {
      auto instance = std::make_unique<Instance>(host);
      auto tools = maker(instance->host, *parsed);
      if (tools.ok()) {
        instance->tools = std::move(*tools);
        return instance.release();
      }
      why = tools.error().message();
    } else {
      why = "Its configuration: " + parsed.error().message();
    }
    host->refuse(host, text_of(why));
  } catch (const std::exception& problem) {
    host->refuse(host, text_of(problem.what()));
  } catch (...) {
    host->refuse(host, text_of("An exception of an unknown type left the plugin's maker."));
  }
  return nullptr;
}

void call_plugin(void* plugin, const hob_call* call) noexcept {
  try {
    answer(call, run(*static_cast<Instance*>(plugin), call));
  } catch (const std::bad_alloc&) {
    call->error(
        call, text_of("failed"), text_of("The tool ran out of memory."), text_of("Ask for less.")
    );
  } catch (const std::exception& problem) {
    call->error(call, text_of("failed"), text_of(problem.what()), {});
  } catch (...) {
    call->error(
        call, text_of("failed"), text_of("An exception of an unknown type left the tool."), {}
    );
  }
}

void destroy_plugin(void* plugin) noexcept {
  try {
    delete static_cast<Instance*>(plugin);
  } catch (...) {  // the process ends anyway
  }
}

}  // namespace hob::sdk
