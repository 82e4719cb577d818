// walls: which sandbox a plugin gets, from what hobd granted it.
//
//   computing only   the system's libraries and time zones, the plugin's own folder
//   read, write      plus the session's roots; written only where the root is writable
//   exec             plus programs of the system and of the roots, and a private scratch directory (TMPDIR, HOME)
//   network          plus IP sockets and the files that name resolution and TLS read
//
// Pure but for Scratch, which is a directory that is removed when it ends (not when the process is killed). [tool]
#pragma once

#include <string>
#include <vector>

#include "schemas/base/fd.h"
#include "schemas/sandbox/sandbox.h"
#include "schemas/wire/tool.h"

namespace hob::plugins::host {

/// A directory of mode 0700 for programs that need somewhere to write; removed with everything in it.
class Scratch {
 public:
  Scratch() = default;
  static Result<Scratch> make();
  Scratch(Scratch&& other) noexcept : path_(std::exchange(other.path_, "")) {}
  Scratch& operator=(Scratch&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
  }
  ~Scratch() { remove(); }
  const std::string& path() const { return path_; }
  void remove();

 private:
  std::string path_;
};

sandbox::Policy policy_for(const wire::HostStart& start, const std::string& scratch);
std::vector<std::pair<std::string, std::string>> environment_for(
    const wire::HostStart& start, const std::string& scratch
);

}  // namespace hob::plugins::host
