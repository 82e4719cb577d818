// KeySet: the keys of one JSON object while it is read, to find the one that stands twice.
//
//   KeySet seen;
//   if (!seen.add(key)) return fail("stands twice");
//
// All keys lie in one block and the index is one flat table, because the vocabulary of a tokenizer is one object of
// 262,144 keys: a node a key took a quarter of the time that such a file takes to load. Few keys are compared one by
// one and need no table. Internal to schemas/base. A value; one thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hob::json {

class KeySet {
 public:
  /// False: it was there already.
  bool add(std::string_view key);

 private:
  void grow();
  std::string_view text(size_t at) const {
    const size_t begin = at == 0 ? 0 : ends_[at - 1];
    return std::string_view(chars_).substr(begin, ends_[at] - begin);
  }

  std::string chars_;
  std::vector<size_t> ends_;
  std::vector<uint64_t> slots_;  // upper half: of the hash; lower half: place + 1, 0 is free; at most half full
};

}  // namespace hob::json
