// Known: what this process last read from or wrote to each file, so that a change made by somebody
// else is not written over.
//
//   known.remember(at, text);                         // after reading, after writing
//   if (auto how = known.changed(at, now)) return ...;  // before writing: "it had 11 bytes then ..."
//
// It compares contents (SHA-256), not times: a file that was only touched has not changed, and one
// that was changed within one tick of the clock has. A file is known by its place after links are
// followed, so that a link and its target are one. What was never read or written here is not
// known, and counts as unchanged. Memory is bounded: beyond kMaxFiles the oldest is forgotten. It
// lives as long as the process, which is one session's (the manifest says `stateful`). [tool]
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "plugins/sdk/roots.h"

namespace hob::plugins::files {

class Known {
 public:
  static constexpr size_t kMaxFiles = 4096;

  void remember(const sdk::Located& at, std::string_view text);
  bool has(const sdk::Located& at) const { return files_.contains(place_of(at)); }
  /// How the file differs from what is known of it, as a sentence's end; nullopt where it does not
  /// or nothing is known.
  std::optional<std::string> changed(const sdk::Located& at, std::string_view text_now) const;
  size_t size() const { return files_.size(); }

 private:
  struct File {
    size_t bytes = 0;
    std::string sha256;
    uint64_t when = 0;  // counts remember()
  };
  static std::string place_of(const sdk::Located& at);

  std::map<std::string, File> files_;
  uint64_t now_ = 0;
};

}  // namespace hob::plugins::files
