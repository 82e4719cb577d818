// For tests: whether a text is one of a grammar's, found by trying everything, straight from what stands in the grammar.
//
//   GbnfRecogniser judge("root ::= \"a\"+");
//   judge.accepts("aaa");
//
// Shares the reader of the syntax with the engine and nothing else: no automata, no derivatives. For short texts; bytes that are
// no UTF-8 are in no text.
#pragma once

#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "model/grammar/gbnf_syntax.h"
#include "schemas/base/utf8.h"

namespace hob::grammar::testing {

class GbnfRecogniser {
 public:
  explicit GbnfRecogniser(std::string_view grammar) : syntax_(parse_gbnf(grammar).value()) {}

  bool accepts(std::string_view text) {
    if (!utf8::valid(text)) return false;
    text_ = text;
    known_.clear();
    return ends(syntax_.rules[syntax_.root].body, 0).count(text.size()) > 0;
  }

 private:
  using Places = std::set<size_t>;

  const Places& ends(const GbnfNode& node, size_t from) {
    const auto key = std::make_pair(&node, from);
    if (const auto known = known_.find(key); known != known_.end()) return known->second;
    Places found = find_ends(node, from);
    return known_[key] = std::move(found);
  }

  Places find_ends(const GbnfNode& node, size_t from) {
    using Kind = GbnfNode::Kind;
    switch (node.kind) {
      case Kind::text:
        return text_.substr(from).starts_with(node.text) ? Places{from + node.text.size()} : Places{};
      case Kind::set: {
        if (from >= text_.size()) return {};
        size_t after = from;
        const char32_t c = utf8::next(text_, after);
        return node.set.contains(c) ? Places{after} : Places{};
      }
      case Kind::sequence: {
        Places now{from};
        for (const GbnfNode& part : node.parts) now = after(part, now);
        return now;
      }
      case Kind::choice: {
        Places out;
        for (const GbnfNode& part : node.parts) out.merge(Places(ends(part, from)));
        return out;
      }
      case Kind::loop: {
        Places out, now{from};
        for (size_t round = 0; round <= node.most && !now.empty(); ++round) {
          if (round >= node.least) out.insert(now.begin(), now.end());
          Places next = after(node.parts.front(), now);
          if (next == now) {  // and so will be all that follow
            out.insert(now.begin(), now.end());
            break;
          }
          now = std::move(next);
        }
        return out;
      }
      case Kind::rule:
        return ends(syntax_.rules[node.rule].body, from);
    }
    return {};
  }

  Places after(const GbnfNode& part, const Places& now) {
    Places out;
    for (const size_t place : now) out.merge(Places(ends(part, place)));
    return out;
  }

  Gbnf syntax_;
  std::string_view text_;
  std::map<std::pair<const GbnfNode*, size_t>, Places> known_;
};

}  // namespace hob::grammar::testing
