#include "model/constrain/gather.h"

#include <algorithm>

#include "model/constrain/joint_reader.h"
#include "model/grammar/machine_text.h"
#include "schemas/base/utf8.h"

namespace hob::constrain {

using grammar::Kind;
using grammar::Local;
using grammar::Thread;
using grammar::Threads;

uint32_t Tails::id(std::string_view text) {
  const auto [at, fresh] = ids_.emplace(text, static_cast<uint32_t>(trie_.tail_texts().size() + more_.size()));
  if (fresh) more_.push_back(text);
  return at->second;
}

namespace {

// Not where a text must differ from others; what is a part of an item is asked where the item ends, if that is told.
bool free_of_others(const Thread& thread, bool probing) {
  return thread.top.unique == 0 || (probing && (thread.top.unique & grammar::kItem) == 0);
}

// Whether a LanguageReader can read it, or it is one of a list.
bool of_language(const Thread& thread, bool probing) {
  return thread.top.kind == Kind::string && thread.top.state != 0 && free_of_others(thread, probing);
}

// Whether it is inside an undeclared key of a language that a LanguageReader can read.
bool of_class(const Thread& thread, const grammar::Machine& machine) {
  return thread.top.kind == Kind::object && thread.top.way != 0 && machine.dialect() == grammar::Dialect::json;
}

LanguageReader::Place place_of(const Local& local) {
  LanguageReader::Place place;
  place.state = local.state;
  place.code = local.position;
  place.hex = local.hex;
  place.high = static_cast<uint16_t>(local.b >> 32);
  place.utf8 = local.utf8;
  place.lex = local.lex;
  return place;
}

bool listed(const Thread& thread, const grammar::Machine& machine, bool probing) {
  return thread.top.kind == Kind::string && free_of_others(thread, probing) && thread.top.lex == grammar::plain &&
         thread.top.low < thread.top.high && !machine.ir().nodes[thread.top.node].strings[thread.top.spec].literals.empty();
}

}  // namespace

void Tails::clear() {
  more_.clear();
  ids_.clear();
}

void Gather::walk(uint32_t root, const Threads& from, bool probing) {
  Walker walker;
  walker.run(trie_.tree(), root, machine_, from, probing,
             [&](uint32_t node, Threads& now) { return visit(node, now, probing); });
}

bool Gather::visit(uint32_t node, Threads& now, bool probing) {
  const FlatTrie& tree = trie_.tree();
  bool alive = false, whole = false;
  if (takes_all(tree.nodes()[node], machine_, now)) whole = alive = true;
  for (const Thread& thread : now) {
    if (thread.top.kind == Kind::extra) {
      ask(node);
      continue;
    }
    alive = true;
    if (whole) continue;
    if (thread.top.kind == Kind::hole) leave(node);
    if (listed(thread, machine_, probing)) read_names(node, thread, probing);
    if (probing && of_class(thread, machine_)) read_key(node, thread);
    if (of_language(thread, probing)) {
      const uint32_t most = machine_.ir().nodes[thread.top.node].strings[thread.top.spec].max_length;
      read(node, thread, most == grammar::kUnlimited ? most : most - thread.top.count, probing);
    }
  }
  if (alive) {
    const auto tokens = whole ? tree.tokens_below(node) : tree.tokens_at(node);
    for (const Token token : tokens) set_bit(allowed, token);
  }
  if (whole) return false;
  std::erase_if(now, [&](const Thread& t) {
    return t.top.kind == Kind::hole || t.top.kind == Kind::extra || of_language(t, probing) || listed(t, machine_, probing) ||
           (probing && of_class(t, machine_));
  });
  return !now.empty();
}

// What can be read from this node on depends on more than the Local.
void Gather::ask(uint32_t node) {
  const FlatTrie& tree = trie_.tree();
  if (!closings.empty() && closings.back().first == node) return;
  closings.emplace_back(node, trie_.vocabulary().bytes[tree.tokens_below(node).front()].substr(0, tree.nodes()[node].depth));
}

// The value is over at this node: what its longer tokens add.
void Gather::leave(uint32_t node) {
  const FlatTrie& tree = trie_.tree();
  const auto below = tree.tokens_below(node).subspan(tree.tokens_at(node).size());
  if (below.empty()) return;
  if (tree.nodes()[node].byte == '"') {
    const auto tails = trie_.tails_below(node);
    for (size_t i = 0; i < below.size(); ++i) exits.push_back({below[i], tails[i]});
    return;
  }
  const size_t depth = tree.nodes()[node].depth;
  for (const Token token : below) {
    exits.push_back({token, tails_.id(std::string_view(trie_.vocabulary().bytes[token]).substr(depth))});
  }
}

// The text of `from` ends at this node.
void Gather::close(uint32_t node, const Thread& from, bool probing) {
  for (const Token token : trie_.tree().tokens_at(node)) set_bit(allowed, token);
  if (from.below) {
    walk(node, {grammar::Machine::after(from)}, probing);
  } else {
    leave(node);
  }
}

void Gather::read_names(uint32_t root, const Thread& from, bool probing) {
  Thread at = from;
  read_names(root, at, from, probing);
}

// Children and texts are both in order of their bytes, so each child finds its texts after those of the one before. All are
// found before the first is gone into: their nodes are far apart in memory, and come while others are read.
void Gather::read_names(uint32_t node, Thread& at, const Thread& from, bool probing) {
  const FlatTrie& tree = trie_.tree();
  const auto& texts = machine_.ir().nodes[from.top.node].strings[from.top.spec].literals;
  const bool json = machine_.dialect() == grammar::Dialect::json;
  const Local here = at.top;
  const auto byte_of = [&](uint32_t i) { return static_cast<uint8_t>(texts[i][here.position]); };
  const bool ends = texts[here.low].size() == here.position;
  uint32_t low = here.low + (ends ? 1 : 0);  // the others are longer
  const size_t first = named_.size();
  // False when none after it can have a text.
  const auto find = [&](uint8_t byte, uint32_t child) {
    if (json && byte == '"') {
      if (ends) close(child, from, probing);
      return true;
    }
    if (json && byte == '\\' && here.utf8 == 0) {
      Threads escaped;
      machine_.step({at}, byte, escaped, probing);
      if (escaped.empty()) return true;
      for (const Token token : tree.tokens_at(child)) set_bit(allowed, token);
      walk(child, escaped, probing);
      return true;
    }
    if (json && (byte < 0x20 || byte == '\\')) return true;
    while (low < here.high && byte_of(low) < byte) {
      uint32_t step = 1;  // ever longer steps, then shorter ones
      while (low + step < here.high && byte_of(low + step) < byte) step *= 2;
      low += std::max(1u, step / 2);
    }
    if (low == here.high) return json && byte <= '\\';  // quotes and escapes may come yet
    if (byte_of(low) != byte) return true;
    uint32_t high = here.high;
    for (uint32_t from_there = low + 1; from_there < high;) {
      const uint32_t middle = from_there + (high - from_there) / 2;
      if (byte_of(middle) > byte) high = middle; else from_there = middle + 1;
    }
    __builtin_prefetch(&tree.nodes()[child]);
    named_.push_back({child, low, high});
    return true;
  };
  tree.each_child(node, find);
  for (size_t i = first; i < named_.size(); ++i) {
    const Named one = named_[i];
    const FlatTrie::Node& child = tree.nodes()[one.node];
    for (const Token token : tree.tokens_at(one.node)) set_bit(allowed, token);
    if (child.end == one.node + 1) continue;
    at.top.low = one.low;
    at.top.high = one.high;
    at.top.position = here.position + 1;
    at.top.utf8 = grammar::next_utf8(here.utf8, child.byte);
    read_names(one.node, at, from, probing);
  }
  at.top = here;
  named_.resize(first);
}

void Parts::add(std::span<const Token> tokens) {
  if (tokens.empty()) return;
  count_ += tokens.size();
  if (!parts_.empty() && parts_.back().data() + parts_.back().size() == tokens.data()) {
    parts_.back() = {parts_.back().data(), parts_.back().size() + tokens.size()};
  } else {
    parts_.push_back(tokens);
  }
}

void Parts::set(const FlatTrie& tree, const Bits* among, Bits& bits) const {
  if (!among || count_ < tree.all().size() / 2) {
    for (const auto& part : parts_) {
      for (const Token token : part) set_bit(bits, token);
    }
    return;
  }
  Bits left = *among;
  const Token* at = tree.all().data();
  const auto clear_until = [&](const Token* end) {
    for (; at != end; ++at) left[*at / 64] &= ~(uint64_t{1} << (*at % 64));
  };
  for (const auto& part : parts_) {
    clear_until(part.data());
    at = part.data() + part.size();
  }
  clear_until(tree.all().data() + tree.all().size());
  for (size_t i = 0; i < bits.size(); ++i) bits[i] |= left[i];
}

const Bits* Gather::free_text(const Local& local) const {
  if (local.lex != grammar::plain || local.utf8 != 0) return nullptr;
  return &(machine_.dialect() == grammar::Dialect::json ? trie_.json() : trie_.gemma()).inside.back();
}

uint64_t Gather::read(uint32_t root, const Thread& from, uint32_t room, bool probing) {
  const FlatTrie& tree = trie_.tree();
  struct Sink {
    Gather& out;
    const FlatTrie& tree;
    const Thread& from;
    bool probing;
    Parts parts;
    void here(uint32_t node, uint32_t) { parts.add(tree.tokens_at(node)); }
    void all(uint32_t node) { parts.add(tree.tokens_below(node)); }
    void close(uint32_t node, uint32_t) {
      out.close(node, from, probing);
    }
  } sink{*this, tree, from, probing, {}};
  LanguageReader reader;
  const uint64_t need = reader.run<true>(tree, root, *machine_.language(from.top), machine_.dialect() == grammar::Dialect::json,
                                         place_of(from.top), room, sink);
  sink.parts.set(tree, free_text(from.top), allowed);
  return need;
}

void Gather::read_key(uint32_t root, const Thread& from) {
  struct Sink {
    Gather& out;
    const FlatTrie& tree;
    void here(uint32_t node, uint32_t) { add(tree.tokens_at(node)); }
    void all(uint32_t node) { add(tree.tokens_below(node)); }
    void close(uint32_t node, uint32_t) { out.ask(node); }
    bool few(uint32_t node, const LanguageReader::Place&) {
      out.ask(node);
      return false;
    }
    void add(std::span<const Token> tokens) {
      for (const Token token : tokens) set_bit(out.allowed, token);
    }
  } sink{*this, trie_.tree()};
  LanguageReader reader;
  reader.run<true>(trie_.tree(), root, *machine_.language(from.top), true, place_of(from.top), grammar::kUnlimited, sink,
                   grammar::kUnlimited - 1);
}

void Gather::read_new(const Thread& from, uint32_t enough) {
  struct Sink {
    Gather& out;
    const TokenTrie& trie;
    const FlatTrie& tree;
    grammar::Language& language;
    bool json, between, after_slash;
    uint32_t closing = 0;  // of the slices: the next one
    Parts parts;
    void here(uint32_t node, uint32_t) { parts.add(tree.tokens_at(node)); }
    void all(uint32_t node) { parts.add(tree.tokens_below(node)); }
    void close(uint32_t node, uint32_t) {
      if (!between) return out.ask(node);
      const auto& closings = trie.json().closings;
      while (closings[closing].node < node) ++closing;
      if (out.ends.empty() || out.ends.back().last != closing) out.ends.push_back({closing, closing});
      ++out.ends.back().last;
    }
    bool few(uint32_t node, const LanguageReader::Place& place) {
      const std::string_view bytes =
          std::string_view(trie.vocabulary().bytes[tree.tokens_below(node).front()]).substr(0, tree.nodes()[node].depth);
      Few one{node, (between || after_slash) && place.lex == grammar::plain && place.utf8 == 0, {}};
      if (one.known) {
        one.text = json ? decoded((after_slash ? "\\" : "") + std::string(bytes)) : std::string(bytes);
        one.text += utf8::encode(language.shortest(place.state));
      }
      if (!tree.tokens_at(node).empty()) out.few.push_back(std::move(one));
      return true;
    }
  };
  const bool whole = from.top.utf8 == 0;
  grammar::Language& language = *machine_.language(from.top);
  const bool json = machine_.dialect() == grammar::Dialect::json;
  Sink sink{*this, trie_, trie_.tree(), language, json, whole && from.top.lex == grammar::plain,
            whole && from.top.lex == grammar::escaped, 0, {}};
  LanguageReader reader;
  reader.run<true>(trie_.tree(), 0, language, json, place_of(from.top), grammar::kUnlimited, sink, enough);
  sink.parts.set(trie_.tree(), free_text(from.top), allowed);
}

std::vector<std::vector<Gather::Run>> Gather::read_keys(std::span<const Thread* const> keys) {
  struct Sink {
    Gather& out;
    const TokenTrie& trie;
    bool between;
    std::vector<std::vector<Run>> ends;
    uint32_t closing = 0;  // of the slices: the next one
    Parts parts;
    void here(uint32_t node) { parts.add(trie.tree().tokens_at(node)); }
    void all(uint32_t node) { parts.add(trie.tree().tokens_below(node)); }
    void close(uint32_t node, size_t which) {
      if (!between) return out.ask(node);
      const auto& closings = trie.json().closings;
      while (closings[closing].node < node) ++closing;
      if (ends[which].empty() || ends[which].back().last != closing) ends[which].push_back({closing, closing});
      ++ends[which].back().last;
    }
  };
  const Local& first = keys.front()->top;
  Sink sink{*this, trie_, first.lex == grammar::plain && first.utf8 == 0, {}, 0, {}};
  sink.ends.resize(keys.size());
  std::vector<grammar::Language*> languages;
  std::vector<uint32_t> states;
  for (const Thread* one : keys) {
    languages.push_back(machine_.language(one->top));
    states.push_back(one->top.state);
  }
  JointReader reader(trie_.tree(), std::move(languages));
  reader.run(states, place_of(first), sink);
  sink.parts.set(trie_.tree(), free_text(first), allowed);
  return std::move(sink.ends);
}

}  // namespace hob::constrain
