#include "model/constrain/token_set.h"

#include <bit>

namespace hob::constrain {
namespace {

constexpr size_t kFew = 2048;  // below, a list of ids is smaller and faster than bits

}  // namespace

TokenSet::TokenSet(std::span<const uint64_t> bits) {
  size_t count = 0;
  for (size_t i = 0; i < bits.size() && count < kFew; ++i) count += static_cast<size_t>(std::popcount(bits[i]));
  if (count >= kFew) {
    many.assign(bits.begin(), bits.end());
    return;
  }
  few.reserve(count);
  for (size_t i = 0; i < bits.size(); ++i) {
    for (uint64_t word = bits[i]; word != 0; word &= word - 1) {
      few.push_back(static_cast<Token>(64 * i + static_cast<size_t>(std::countr_zero(word))));
    }
  }
}

}  // namespace hob::constrain
