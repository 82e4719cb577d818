#include "daemon/plugin/catalog.h"

#include <dirent.h>

#include <algorithm>
#include <memory>

#include "schemas/base/log.h"

namespace hob::plugin {
namespace {

constexpr size_t kMaxPlugins = 256;

std::vector<std::string> entries(const std::string& directory) {
  std::vector<std::string> out;
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(directory.c_str()), &::closedir);
  if (!open) return out;
  while (const dirent* entry = ::readdir(open.get())) {
    // Files beside the plugins are no plugins; links are looked at, and refused by name.
    if (entry->d_name[0] == '.' || entry->d_type == DT_REG) continue;
    out.emplace_back(entry->d_name);
  }
  std::sort(out.begin(), out.end());
  return out;
}

wire::PluginInfo info_of(const std::string& name, const std::string& path, std::string state, std::string reason) {
  wire::PluginInfo info;
  info.name = name;
  info.path = path;
  info.state = std::move(state);
  info.reason = std::move(reason);
  log::warn("plugin." + info.state, {{"plugin", name}, {"path", path}, {"reason", *info.reason}});
  return info;
}

}  // namespace

wire::Needs granted(const wire::Needs& needs, const std::optional<wire::Needs>& grants) {
  if (!grants) return {needs.read, needs.write, needs.exec, false};
  return {needs.read && grants->read, needs.write && grants->write, needs.exec && grants->exec,
          needs.network && grants->network};
}

Catalog Catalog::scan(const CatalogOptions& options) {
  Catalog catalog;
  for (const std::string& directory : options.directories) catalog.scan_directory(directory, true, options);
  for (const std::string& directory : options.config.directories) catalog.scan_directory(directory, false, options);
  return catalog;
}

void Catalog::scan_directory(const std::string& directory, bool builtin, const CatalogOptions& options) {
  if (auto checked = check_directory(directory); !checked) {
    others_.push_back(info_of(directory, directory, "refused", checked.error().message()));
    return;
  }
  for (const std::string& name : entries(directory)) {
    if (plugins_.size() + others_.size() >= kMaxPlugins) {
      others_.push_back(info_of(name, directory + "/" + name, "refused",
                                "There are more than " + std::to_string(kMaxPlugins) + " plugins."));
      return;
    }
    consider(directory + "/" + name, builtin, options);
  }
}

void Catalog::consider(const std::string& directory, bool builtin, const CatalogOptions& options) {
  const std::string folder = directory.substr(directory.rfind('/') + 1);
  auto found = read_plugin(directory);
  if (!found) {
    others_.push_back(info_of(folder, directory, "refused", found.error().message()));
    return;
  }
  const wire::Manifest& manifest = found->manifest;
  const auto entry = options.config.plugins.find(manifest.name);
  const config::PluginConfig config = entry == options.config.plugins.end() ? config::PluginConfig{} : entry->second;
  auto fits = check_names(manifest, options);
  if (fits && !config.settings.is_object()) fits = Error(Code::invalid_params, "Its settings must be an object.");
  if (!fits || !config.enabled) {
    others_.push_back(info_of(manifest.name, directory, fits ? "disabled" : "refused",
                              fits ? "It is switched off in the configuration." : fits.error().message()));
    others_.back().version = manifest.version;
    others_.back().needs = manifest.needs;
    others_.back().hash = found->hash;
    return;
  }
  Plugin plugin{*std::move(found), builtin, granted(manifest.needs, config.grants), config.settings, {}};
  for (const auto& tool : plugin.found.manifest.tools) {
    by_tool_[tool.name] = plugins_.size();
    if (tool.result.is_null()) continue;
    if (auto validator = schema::Validator::compile(tool.result)) plugin.results.emplace(tool.name, *validator);
  }
  log::info("plugin.found", {{"plugin", plugin.found.manifest.name}, {"hash", plugin.found.hash}});
  plugins_.push_back(std::move(plugin));
}

Result<void> Catalog::check_names(const wire::Manifest& manifest, const CatalogOptions& options) const {
  for (const Plugin& other : plugins_) {
    if (other.found.manifest.name == manifest.name) {
      return Error(Code::invalid_params, "There is a plugin with the name " + manifest.name + " already, in " +
                                             other.found.directory + ".");
    }
  }
  for (const auto& tool : manifest.tools) {
    if (options.reserved.contains(tool.name)) {
      return Error(Code::invalid_params, "The name of its tool " + tool.name + " belongs to hobd.");
    }
    if (const Plugin* other = of_tool(tool.name)) {
      return Error(Code::invalid_params, "There is a tool with the name " + tool.name + " already, of the plugin " +
                                             other->found.manifest.name + ".");
    }
  }
  return {};
}

const Plugin* Catalog::of_tool(const std::string& tool) const {
  const auto it = by_tool_.find(tool);
  return it == by_tool_.end() ? nullptr : &plugins_[it->second];
}

}  // namespace hob::plugin
