// walk: every file beneath a directory, in the order of names, without following symlinks or leaving the root.
//
//   walk(root, "src", [&](const Entry& entry) { paths.push_back(entry.path); return Go::on; }, call);
//
// .git folders are passed over. Bounded in entries and depth; stops when the call is cancelled. [tool]
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "plugins/sdk/plugin.h"

namespace hob::plugins::files {

enum class Type { file, directory, link, other };
struct Entry {
  std::string path;  // relative to the root
  std::string name;
  Type type;
};
enum class Go { on, stop };
enum class End { all, stopped, limit };

/// What a directory has, sorted by name.
Result<std::vector<Entry>> entries(const sdk::Root& root, const std::string& path);

/// Visits files and links (not directories).
Result<End> walk(
  const sdk::Root& root, const std::string& path, const std::function<Go(const Entry&)>& visit, const sdk::Call& call
);

}  // namespace hob::plugins::files
