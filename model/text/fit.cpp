#include "model/text/fit.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/text/value.h"
#include "schemas/base/utf8.h"

namespace hob::text {
namespace {

constexpr size_t kBytesPerToken = 256;  // no piece of a published vocabulary is longer
constexpr size_t kOverhead = 4;         // of one member or entry: key, colon, quotes, comma

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const size_t length = end == std::string_view::npos ? text.size() : end + 1;
    lines.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return lines;
}

std::string note(size_t lines) { return "[... " + std::to_string(lines) + " lines cut ...]"; }

class Fitter {
 public:
  explicit Fitter(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}

  /// Tokens of a value; counting stops well over `limit`.
  size_t cost(const Json& value, size_t limit) const {
    if (value.is_string()) return text_cost(value.get_ref<const std::string&>(), limit) + 2;
    if (value.is_array() || value.is_object()) {
      size_t sum = 2;
      for (const auto& [key, item] : value.items()) {
        if (value.is_object()) sum += text_cost(key, limit);
        sum += cost(item, limit) + 1;
        if (sum > 2 * limit + 64) break;
      }
      return sum;
    }
    return text_cost(json::dump(value), limit);
  }

  Json value(const Json& value, size_t budget) const {
    if (cost(value, budget) <= budget) return value;
    if (value.is_string()) return text(value.get_ref<const std::string&>(), budget);
    if (value.is_array()) return list(value, budget);
    if (value.is_object()) return object(value, budget);
    return value;  // a number is as long as it is
  }

 private:
  size_t text_cost(std::string_view text, size_t limit) const {
    const std::string_view looked_at = text.substr(0, (limit + 16) * kBytesPerToken);
    return tokenizer_.encode(looked_at, Control::as_text).size();
  }

  // The longest beginning (or end) of the text that costs at most `budget`, cut between characters.
  std::string_view part(std::string_view text, size_t budget, bool from_end) const {
    const size_t window = std::min(text.size(), budget * kBytesPerToken);
    const std::string_view seen = from_end ? text.substr(text.size() - window) : text.substr(0, window);
    size_t low = 0;
    size_t high = seen.size();
    while (low < high) {
      const size_t middle = (low + high + 1) / 2;
      const std::string_view tried = from_end ? seen.substr(seen.size() - middle) : seen.substr(0, middle);
      if (text_cost(tried, budget) <= budget) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    size_t length = low;
    const auto inside = [&](size_t at) {
      return at < seen.size() && (static_cast<unsigned char>(seen[at]) & 0xC0) == 0x80;
    };
    while (length > 0 && inside(from_end ? seen.size() - length : length)) --length;
    return from_end ? seen.substr(seen.size() - length) : seen.substr(0, length);
  }

  std::string text(const std::string& text, size_t budget) const {
    const std::vector<std::string_view> lines = lines_of(text);
    const size_t note_cost = text_cost(note(lines.size()), 64) + 4;
    const size_t room = budget > note_cost + 2 ? budget - note_cost - 2 : 0;
    size_t head = 0;
    size_t head_cost = 0;
    while (head < lines.size()) {
      const size_t more = text_cost(lines[head], room);
      if (head_cost + more > room - room / 2) break;
      head_cost += more;
      ++head;
    }
    size_t tail = 0;
    size_t tail_cost = 0;
    while (head + tail < lines.size()) {
      const size_t more = text_cost(lines[lines.size() - 1 - tail], room);
      if (head_cost + tail_cost + more > room) break;
      tail_cost += more;
      ++tail;
    }
    const size_t missing = lines.size() - head - tail;
    std::string before;
    std::string after;
    for (size_t at = 0; at < head; ++at) before += lines[at];
    for (size_t at = lines.size() - tail; at < lines.size(); ++at) after += lines[at];
    const size_t left = room - std::min(room, head_cost + tail_cost);
    if (missing == 1 || (head == 0 && tail == 0)) {
      // No line end to cut at: a line of its own is longer than the room, so it is cut inside.
      if (left / 2 > 0) {
        before += part(lines[head], left - left / 2, false);
        after = std::string(part(lines[lines.size() - 1 - tail], left / 2, true)) + after;
      }
    }
    if (!before.empty() && before.back() != '\n') before += '\n';
    std::string out = before + note(std::max<size_t>(missing, 1));
    if (!after.empty()) out += "\n" + after;
    return out;
  }

  Json list(const Json& list, size_t budget) const {
    Json kept = Json::array();
    size_t used = 2;
    for (const Json& entry : list) {
      const size_t room = budget > used ? budget - used : 0;
      const size_t price = cost(entry, room) + 1;
      if (price > room) {
        // Better a part of the first entry than nothing.
        if (kept.empty() && room > kOverhead && (entry.is_string() || entry.is_structured())) {
          kept.push_back(value(entry, room - 1));
        }
        break;
      }
      used += price;
      kept.push_back(entry);
    }
    return kept;
  }

  // Members that cost less than an equal share leave the rest to the others.
  Json object(const Json& object, size_t budget) const {
    struct Member {
      std::string key;
      size_t cost;
      bool flexible;
    };
    std::vector<Member> members;
    size_t room = budget > 2 ? budget - 2 : 0;
    for (const auto& [key, item] : object.items()) {
      const size_t fixed = text_cost(key, 64) + kOverhead;
      const bool flexible = item.is_string() || item.is_structured();
      const size_t price = cost(item, budget);
      members.push_back({key, price, flexible});
      room -= std::min(room, fixed + (flexible ? 0 : price));
    }
    std::vector<const Member*> order;
    for (const Member& member : members) {
      if (member.flexible) order.push_back(&member);
    }
    std::stable_sort(order.begin(), order.end(), [](const Member* a, const Member* b) { return a->cost < b->cost; });
    Json out = object;
    size_t open = order.size();
    for (const Member* member : order) {
      const size_t share = room / open--;
      if (member->cost <= share) {
        room -= member->cost;
        continue;
      }
      out[member->key] = value(object[member->key], share);
      room -= std::min(room, cost(out[member->key], share));
    }
    return out;
  }

  const Tokenizer& tokenizer_;
};

}  // namespace

size_t response_tokens(const Json& result, const Tokenizer& tokenizer) {
  Pieces pieces;
  if (!write_value(json::to_document(result), Keys::bare, pieces)) return tokenizer.encode(json::dump(result), Control::as_text).size();
  return tokenizer.encode(pieces.list()).size();
}

Json fit(const Json& result, size_t budget_tokens, const Tokenizer& tokenizer) {
  const Fitter fitter(tokenizer);
  if (fitter.cost(result, budget_tokens) <= budget_tokens) return result;
  if (!result.is_object()) return fitter.value(result, budget_tokens);
  Json marked = result;
  marked["truncated"] = true;
  return fitter.value(marked, budget_tokens);
}

}  // namespace hob::text
