#include "plugins/sdk/roots.h"

#include "schemas/base/beneath.h"

namespace hob::sdk {

Result<Located> Roots::find(std::string_view path) const {
  if (roots_.empty()) return Error(Code::tool_denied, "This session has no directory that tools may use.");
  const Root* best = nullptr;
  std::string inside;
  for (const Root& root : roots_) {
    auto relative = beneath::relative(root.path, path);
    if (!relative.ok()) {
      if (relative.error().code() != Code::tool_denied) return std::move(relative).error();
      continue;
    }
    // Roots may lie in one another: the innermost one's rights count.
    if (!best || root.path.size() > best->path.size()) {
      best = &root;
      inside = *relative;
    }
    if (path.empty() || path.front() != '/') break;
  }
  if (!best)
    return Error(Code::tool_denied, std::string(path) + " is outside the directories that tools may use, " +
                                        roots_.front().path + (roots_.size() > 1 ? " and others." : "."));
  return Located{best, std::move(inside)};
}

Result<Located> Roots::find_writable(std::string_view path) const {
  HOB_TRY(at, find(path));
  if (!at.root->writable) return Error(Code::tool_denied, at.root->path + " may be read here and not changed.");
  return at;
}

std::string Roots::shown(const Located& at) const {
  if (at.root == &roots_.front()) return at.path;
  if (at.path == ".") return at.root->path;
  return at.root->path + "/" + at.path;
}

}  // namespace hob::sdk
