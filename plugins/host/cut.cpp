#include "plugins/host/cut.h"

#include <algorithm>

#include "schemas/base/utf8.h"

namespace hob::plugins::host {
namespace {

constexpr int kMaxRounds = 24;
constexpr size_t kSpare = 64;  // for the flag and for quotes

size_t bytes_of(const Json& value) { return json::dump(value).size(); }

/// The text or list that takes the most room, and how much. Lists of long texts are entered.
struct Longest {
  Json* value = nullptr;
  size_t bytes = 0;
};
void find_longest(Json& value, Longest& best) {
  if (value.is_string()) {
    size_t bytes = bytes_of(value);
    if (bytes > best.bytes) best = {&value, bytes};
  } else if (value.is_array()) {
    // A list counts by its entries' number: one text that fills it is cut itself.
    Longest entry;
    for (Json& item : value) find_longest(item, entry);
    size_t bytes = bytes_of(value);
    if (entry.value && entry.bytes * 2 > bytes) {
      if (entry.bytes > best.bytes) best = entry;
    } else if (bytes > best.bytes) {
      best = {&value, bytes};
    }
  } else if (value.is_object()) {
    for (auto& member : value.items()) find_longest(member.value(), best);
  }
}

void shorten(Json& value, size_t bytes, size_t excess) {
  size_t wanted = bytes > excess ? bytes - excess : 0;
  if (value.is_string()) {
    auto& text = value.get_ref<std::string&>();
    // Escapes make the JSON longer than the text: shrink in proportion.
    auto keep = static_cast<size_t>(
        static_cast<double>(text.size()) * static_cast<double>(wanted) / static_cast<double>(bytes)
    );
    text = std::string(utf8::prefix(text, std::min(keep, text.empty() ? 0 : text.size() - 1)));
    return;
  }
  size_t used = 2, count = 0;
  for (const Json& item : value) {
    used += bytes_of(item) + 1;
    if (used > wanted) break;
    ++count;
  }
  value.erase(
      value.begin() + static_cast<std::ptrdiff_t>(std::min(count, value.size() - 1)), value.end()
  );
}

}  // namespace

bool cut_to(Json& value, size_t max_bytes) {
  size_t bytes = bytes_of(value);
  if (bytes <= max_bytes) return false;
  const size_t target = max_bytes > kSpare ? max_bytes - kSpare : 0;
  for (int round = 0; bytes > target && round < kMaxRounds; ++round) {
    Longest longest;
    find_longest(value, longest);
    if (!longest.value || longest.bytes <= 2) break;
    shorten(*longest.value, longest.bytes, bytes - target);
    bytes = bytes_of(value);
  }
  if (bytes > target) value = Json::object();
  if (value.is_object()) value["truncated"] = true;
  return true;
}

}  // namespace hob::plugins::host
