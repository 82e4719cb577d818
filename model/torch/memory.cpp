#include "model/torch/memory.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <string>

namespace hob::torch_engine {
namespace {

constexpr uint64_t kUnknown = uint64_t{1} << 60;

std::optional<uint64_t> meminfo_available() {
  std::ifstream in("/proc/meminfo");
  std::string key;
  uint64_t kilobytes = 0;
  std::string unit;
  while (in >> key >> kilobytes) {
    if (key == "MemAvailable:") return kilobytes * 1024;
    std::getline(in, unit);
  }
  return std::nullopt;
}

std::optional<uint64_t> number_in(const std::string& file) {
  std::ifstream in(file);
  uint64_t value = 0;
  if (in >> value) return value;
  return std::nullopt;  // "max", or no such file
}

/// Of every control group above this process: its limit less what it uses without cached files.
uint64_t cgroup_available() {
  std::ifstream in("/proc/self/cgroup");
  std::string line, path;
  while (std::getline(in, line)) {
    if (line.starts_with("0::")) path = line.substr(3);
  }
  uint64_t out = kUnknown;
  for (;;) {
    const std::string folder = "/sys/fs/cgroup" + (path == "/" ? "" : path);
    const auto limit = number_in(folder + "/memory.max");
    const auto used = number_in(folder + "/memory.current");
    if (limit && used) {
      uint64_t cached = 0;
      std::ifstream stat(folder + "/memory.stat");
      std::string key;
      uint64_t value = 0;
      while (stat >> key >> value) {
        if (key == "inactive_file" || key == "active_file") cached += value;
      }
      const uint64_t held = *used - std::min(*used, cached);
      out = std::min(out, *limit - std::min(*limit, held));
    }
    const size_t slash = path.rfind('/');
    if (path.empty() || path == "/" || slash == std::string::npos) break;
    path = path.substr(0, slash);
  }
  return out;
}

}  // namespace

uint64_t available_memory() { return std::min(meminfo_available().value_or(kUnknown), cgroup_available()); }

}  // namespace hob::torch_engine
