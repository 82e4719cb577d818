#include "model/text/local_reference.h"

#include <charconv>
#include <string>

namespace hob::text {

const json::Document* resolve_local(const json::Document& root, std::string_view reference) {
  if (!reference.starts_with("#")) return nullptr;
  const json::Document* at = &root;
  std::string_view rest = reference.substr(1);
  while (!rest.empty() && at != nullptr) {
    if (rest[0] != '/') return nullptr;
    rest.remove_prefix(1);
    std::string token;
    const std::string_view raw = rest.substr(0, rest.find('/'));
    rest.remove_prefix(raw.size());
    for (size_t i = 0; i < raw.size(); ++i) {
      if (raw[i] == '~' && i + 1 < raw.size()) {
        token += raw[++i] == '1' ? '/' : '~';
      } else {
        token += raw[i];
      }
    }
    if (at->kind == json::Document::Kind::array) {
      size_t index = at->items.size();
      std::from_chars(token.data(), token.data() + token.size(), index);
      at = index < at->items.size() ? &at->items[index] : nullptr;
    } else {
      at = at->find(token);
    }
  }
  return at;
}

}  // namespace hob::text
