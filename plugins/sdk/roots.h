// Roots: the directories a tool may use, and where a path that the model wrote lies in them.
//
//   HOB_TRY(at, roots.find(arguments.text("path")));
//   HOB_TRY(text, beneath::read_file(at.root->fd, at.path, kMaxBytes));
//
// The first root is where relative paths begin; an absolute path is looked for in each. The kernel decides when the
// file is opened (schemas/base/beneath.h); find() only chooses the root. The descriptors belong to the host.
// Immutable after it is made; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "schemas/base/result.h"

namespace hob::sdk {

struct Root {
  int fd = -1;  // borrowed
  std::string path;
  bool writable = false;
};

struct Located {
  const Root* root;
  std::string path;  // relative to the root; "." is the root itself
};

class Roots {
 public:
  Roots() = default;
  explicit Roots(std::vector<Root> roots) : roots_(std::move(roots)) {}

  Result<Located> find(std::string_view path) const;
  /// The same, and the root is one where files may be changed.
  Result<Located> find_writable(std::string_view path) const;
  /// How a path is shown to the model: relative in the first root, absolute in the others.
  std::string shown(const Located& at) const;
  const std::vector<Root>& all() const { return roots_; }

 private:
  std::vector<Root> roots_;
};

}  // namespace hob::sdk
