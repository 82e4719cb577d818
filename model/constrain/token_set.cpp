#include "model/constrain/token_set.h"

#include <algorithm>
#include <bit>

namespace hob::constrain {
namespace {

constexpr size_t kFew = 2048;  // below, a list of ids is smaller and faster than bits

}  // namespace

TokenSet::TokenSet(std::span<const uint64_t> bits) {
  Token found[kFew];
  size_t count = 0;
  constexpr size_t kStride = 8;  // words looked at together: most are empty
  for (size_t i = 0; i < bits.size(); i += kStride) {
    const auto words = bits.subspan(i, std::min(kStride, bits.size() - i));
    uint64_t any = 0;
    for (const uint64_t word : words) any |= word;
    if (any == 0) continue;
    for (size_t j = 0; j < words.size(); ++j) {
      for (uint64_t word = words[j]; word != 0; word &= word - 1) {
        if (count == kFew) {
          many.assign(bits.begin(), bits.end());
          return;
        }
        found[count++] = static_cast<Token>(64 * (i + j) + static_cast<size_t>(std::countr_zero(word)));
      }
    }
  }
  few.assign(found, found + count);
}

}  // namespace hob::constrain
