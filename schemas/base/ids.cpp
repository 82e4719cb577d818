#include "schemas/base/ids.h"

namespace hob {

std::string new_id(const Clock& clock, Random& random) {
  const auto ms = static_cast<uint64_t>(clock.wall_ms()) & 0xFFFFFFFFFFFF;
  const uint64_t a = random.next();
  const uint64_t b = random.next();
  const uint64_t high = ms << 16 | 0x7000 | (a & 0x0FFF);
  const uint64_t low = (b & 0x3FFFFFFFFFFFFFFF) | 0x8000000000000000;
  constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (int i = 0; i < 32; ++i) {
    if (i == 8 || i == 12 || i == 16 || i == 20) out += '-';
    const uint64_t word = i < 16 ? high : low;
    out += kHex[(word >> (60 - 4 * (i % 16))) & 15];
  }
  return out;
}

bool is_id(std::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
  }
  return true;
}

}  // namespace hob
