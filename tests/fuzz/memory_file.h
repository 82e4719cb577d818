// MemoryFile: a file that is nowhere on a disk, for readers that want a path.
//
//   MemoryFile file;
//   file.hold(bytes);                       // instead of what was there
//   gemma::Gguf::open(file.path());
//
// A mapping of what was there before sees the change: let go of it first. One thread.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <string_view>

#include "schemas/base/fd.h"

namespace hob::fuzz {

class MemoryFile {
 public:
  MemoryFile() : fd_(::memfd_create("hob-fuzz", MFD_CLOEXEC)) {
    if (!fd_) throw std::runtime_error("no file in memory can be made");
  }
  void hold(std::string_view bytes) {
    if (::ftruncate(fd_.get(), 0) != 0) throw std::runtime_error("a file in memory cannot be cut");
    for (size_t at = 0; at < bytes.size();) {
      const ssize_t done =
          ::pwrite(fd_.get(), bytes.data() + at, bytes.size() - at, static_cast<off_t>(at));
      if (done <= 0) throw std::runtime_error("a file in memory cannot be written");
      at += static_cast<size_t>(done);
    }
  }
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_.get()); }

 private:
  UniqueFd fd_;
};

}  // namespace hob::fuzz
