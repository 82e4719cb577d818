// Catalog: which plugins there are, which of them may run, with what rights, and why others may not.
//
//   Catalog catalog = Catalog::scan({.directories = {plugin_dir}, .config = config.plugins});
//   const Plugin* plugin = catalog.of_tool("read_file");
//
// Directories are searched in their order, the plugins of one by name. A plugin or tool name that is taken already (by
// an earlier plugin, or reserved for hobd's own tools) refuses the later plugin, never shadows the earlier. What was
// refused stays in the list with its reason. Rights are what the manifest needs cut by what the owner grants; without
// a word of the owner, all that it needs but the network. Blocking (hashes libraries): once, at the start.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "daemon/config/config.h"
#include "daemon/plugin/manifest.h"
#include "schemas/schema/validator.h"
#include "schemas/wire/client/tools.h"

namespace hob::plugin {

struct Plugin {
  Found found;
  bool builtin = false;  // comes with hob
  wire::Needs grants;
  Json settings = Json::object();
  std::map<std::string, schema::Validator> results;  // of the tools that promise a shape
};

struct CatalogOptions {
  std::vector<std::string> directories;   // of the plugins that come with hob
  config::PluginsConfig config;           // its own `directories` are searched afterwards
  std::set<std::string> reserved;         // names of tools that plugins may not take
};

class Catalog {
 public:
  static Catalog scan(const CatalogOptions& options);

  const std::vector<Plugin>& plugins() const { return plugins_; }
  /// Those that may not run: refused, or disabled in the configuration.
  const std::vector<wire::PluginInfo>& others() const { return others_; }
  const Plugin* of_tool(const std::string& tool) const;

 private:
  void scan_directory(const std::string& directory, bool builtin, const CatalogOptions& options);
  void consider(const std::string& directory, bool builtin, const CatalogOptions& options);
  Result<void> check_names(const wire::Manifest& manifest, const CatalogOptions& options) const;

  std::vector<Plugin> plugins_;
  std::vector<wire::PluginInfo> others_;
  std::map<std::string, size_t> by_tool_;
};

/// What a plugin may do: needs ∩ grants.
wire::Needs granted(const wire::Needs& needs, const std::optional<wire::Needs>& grants);

}  // namespace hob::plugin
