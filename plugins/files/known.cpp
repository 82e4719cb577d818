#include "plugins/files/known.h"

#include <unistd.h>

#include <algorithm>

#include "schemas/base/beneath.h"
#include "schemas/base/sha256.h"

namespace hob::plugins::files {

std::string Known::place_of(const sdk::Located& at) {
  const std::string written = at.root->path + "/" + at.path;
  auto place = beneath::place(at.root->fd, at.path);
  if (!place.ok()) return written;
  // The kernel's own name for the directory, whatever links led to it.
  const std::string descriptor = "/proc/self/fd/" + std::to_string(place->directory.get());
  char name[beneath::kMaxPathBytes];
  const ssize_t size = ::readlink(descriptor.c_str(), name, sizeof name);
  if (size <= 0 || static_cast<size_t>(size) == sizeof name) return written;
  return std::string(name, static_cast<size_t>(size)) + "/" + place->name;
}

void Known::remember(const sdk::Located& at, std::string_view text) {
  std::string place = place_of(at);
  if (files_.size() >= kMaxFiles && !files_.contains(place)) {
    files_.erase(std::min_element(files_.begin(), files_.end(), [](const auto& a, const auto& b) {
      return a.second.when < b.second.when;
    }));
  }
  files_[std::move(place)] = {text.size(), sha256_hex(text), ++now_};
}

std::optional<std::string> Known::changed(const sdk::Located& at, std::string_view text_now) const {
  const auto found = files_.find(place_of(at));
  if (found == files_.end()) return std::nullopt;
  const File& file = found->second;
  if (file.bytes != text_now.size())
    return "it had " + std::to_string(file.bytes) + " bytes then and has " +
           std::to_string(text_now.size()) + " now";
  if (file.sha256 != sha256_hex(text_now)) return "other text of the same length";
  return std::nullopt;
}

}  // namespace hob::plugins::files
