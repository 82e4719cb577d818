#include "model/text/added_tokens.h"

#include <algorithm>

namespace hob::text {

AddedTokens::AddedTokens(const std::vector<AddedToken>& tokens) : nodes_(1) {
  for (const AddedToken& token : tokens) {
    uint32_t at = 0;
    for (const char c : token.content) {
      const auto byte = static_cast<uint8_t>(c);
      auto& children = nodes_[at].children;
      const auto place = std::lower_bound(
          children.begin(), children.end(), byte, [](const auto& child, uint8_t b) { return child.first < b; }
      );
      if (place != children.end() && place->first == byte) {
        at = place->second;
        continue;
      }
      const auto fresh = static_cast<uint32_t>(nodes_.size());
      children.insert(place, {byte, fresh});
      nodes_.emplace_back();
      at = fresh;
    }
    nodes_[at].token = token.id;
    first_.set(static_cast<uint8_t>(token.content[0]));
  }
}

const AddedTokens::Node* AddedTokens::child(const Node& node, uint8_t byte) const {
  const auto place = std::lower_bound(
      node.children.begin(), node.children.end(), byte,
      [](const auto& child, uint8_t b) { return child.first < b; }
  );
  if (place == node.children.end() || place->first != byte) return nullptr;
  return &nodes_[place->second];
}

std::optional<AddedTokens::Hit> AddedTokens::next(std::string_view text, size_t from) const {
  if (nodes_.empty()) return std::nullopt;
  for (size_t begin = from; begin < text.size(); ++begin) {
    if (!first_.test(static_cast<uint8_t>(text[begin]))) continue;
    std::optional<Hit> longest;
    const Node* node = nodes_.data();
    for (size_t at = begin; at < text.size(); ++at) {
      node = child(*node, static_cast<uint8_t>(text[at]));
      if (node == nullptr) break;
      if (node->token) longest = Hit{begin, at + 1, *node->token};
    }
    if (longest) return longest;
  }
  return std::nullopt;
}

}  // namespace hob::text
