#include "model/text/bpe.h"

#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <queue>

#include "schemas/base/utf8.h"

namespace hob::text {
namespace {

constexpr char32_t kSpaceMark = 0x2581;
constexpr size_t kShortStretch = 32;       // symbols; above it the heap wins
constexpr size_t kJoinBits = size_t{1} << 21;

size_t mix_pair(uint64_t pair) {
  pair *= 0x9E3779B97F4A7C15ull;
  pair ^= pair >> 32;
  return static_cast<size_t>(pair * 0xD6E8FEB86659FD93ull >> 20);
}

size_t join_bit(char32_t left, char32_t right) {
  return mix_pair(uint64_t{left} << 32 | right) & (kJoinBits - 1);
}

std::string byte_piece_text(int byte) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  return std::string("<0x") + kHex[byte >> 4] + kHex[byte & 15] + ">";
}

Error bad_merge(size_t rank, const std::string& what) {
  return Error(Code::model_failed, "model.merges[" + std::to_string(rank) + "]: " + what);
}

}  // namespace

Result<Bpe> Bpe::build(
    const Vocabulary& vocabulary, const StringList& merges, const std::vector<bool>& forbidden,
    std::span<const uint32_t> ranks
) {
  Bpe bpe;
  std::vector<bool> is_byte(vocabulary.size());
  for (int byte = 0; byte < 256; ++byte) {
    const auto token = vocabulary.find(byte_piece_text(byte));
    if (!token) {
      return Error(Code::model_failed, "model.vocab: the byte piece " + byte_piece_text(byte) + " is missing");
    }
    bpe.bytes_[static_cast<size_t>(byte)] = *token;
    is_byte[*token] = true;
  }
  for (Token token = 0; token < vocabulary.size(); ++token) {
    const std::string_view text = vocabulary.text(token);
    if (text.size() > 4 || forbidden[token]) continue;
    size_t at = 0;
    const char32_t only = utf8::next(text, at);
    if (at == text.size() && only != utf8::kInvalid) bpe.set_character(only, token);
  }
  bpe.joins_.assign(kJoinBits / 64, 0);
  const size_t count = merges.size() / 2;
  bpe.merges_.resize(std::bit_ceil(count * 2 + 2));
  const size_t mask = bpe.merges_.size() - 1;
  std::vector<bool> seen(vocabulary.size());
  std::string joined;
  // The results of a file's merges follow each other as their ids do, nearly always: the next one is guessed.
  Token guess = 0;
  const auto find_result = [&]() -> std::optional<Token> {
    for (const Token token : {guess, guess + 1}) {
      if (vocabulary.unique() && token < vocabulary.size() && vocabulary.text(token) == joined) return token;
    }
    return vocabulary.find(joined);
  };
  constexpr size_t kTogether = 64;
  std::array<std::string_view, 2 * kTogether> texts;
  std::array<Token, 2 * kTogether> ids{};
  for (size_t begin = 0; begin < count; begin += kTogether) {
    const size_t some = std::min(kTogether, count - begin);
    for (size_t at = 0; at < 2 * some; ++at) texts[at] = merges[2 * begin + at];
    vocabulary.find_all({texts.data(), 2 * some}, {ids.data(), 2 * some});
    for (size_t at = 0; at < some; ++at) {
      __builtin_prefetch(&bpe.merges_[mix_pair(uint64_t{ids[2 * at]} << 32 | ids[2 * at + 1]) & mask], 1);
    }
    for (size_t at = 0; at < some; ++at) {
      const size_t rank = begin + at;
      const Token left = ids[2 * at];
      const Token right = ids[2 * at + 1];
      if (left == Vocabulary::kAbsent || right == Vocabulary::kAbsent) {
        const std::string_view missing = texts[2 * at + (left == Vocabulary::kAbsent ? 0 : 1)];
        return bad_merge(rank, "the piece \"" + std::string(missing) + "\" is not in the vocabulary");
      }
      joined.assign(texts[2 * at]).append(texts[2 * at + 1]);
      const auto result = find_result();
      if (!result) return bad_merge(rank, "its result \"" + joined + "\" is not in the vocabulary");
      guess = *result;
      // A merge that would write a control token out of plain text is left out: text must never become control.
      if (forbidden[*result] || forbidden[left] || forbidden[right]) continue;
      if (is_byte[left] || is_byte[right]) bpe.joins_everything_ = true;
      const uint64_t pair = uint64_t{left} << 32 | right;
      size_t slot = mix_pair(pair) & mask;
      while (bpe.merges_[slot].pair != kNoPair && bpe.merges_[slot].pair != pair) slot = (slot + 1) & mask;
      // Of two equal merges the later one counts.
      bpe.merges_[slot] = {pair, ranks.empty() ? static_cast<uint32_t>(rank) : ranks[rank], *result};
      if (!seen[*result]) {
        seen[*result] = true;
        bpe.allow_inside(joined);
      }
    }
  }
  return bpe;
}

void Bpe::set_character(char32_t character, Token token) {
  if (character_pages_.empty()) character_pages_.assign(0x1100, 0);
  uint16_t& page = character_pages_[character >> 8];
  if (page == 0) {
    characters_.resize(characters_.size() + 256, kNone);
    page = static_cast<uint16_t>(characters_.size() / 256);
  }
  characters_[(page - 1u) * 256u + (character & 255)] = token;
}

Token Bpe::character(char32_t character) const {
  if (character_pages_.empty()) return kNone;
  const uint16_t page = character_pages_[character >> 8];
  return page == 0 ? kNone : characters_[(page - 1u) * 256u + (character & 255)];
}

void Bpe::allow_inside(std::string_view piece) {
  size_t at = 0;
  char32_t left = utf8::next(piece, at);
  while (at < piece.size()) {
    const char32_t right = utf8::next(piece, at);
    const size_t bit = join_bit(left, right);
    joins_[bit / 64] |= uint64_t{1} << (bit % 64);
    left = right;
  }
}

bool Bpe::may_join(char32_t left, char32_t right) const {
  const size_t bit = join_bit(left, right);
  return joins_everything_ || (joins_[bit / 64] >> (bit % 64) & 1) != 0;
}

const Bpe::Merge* Bpe::find_merge(Token left, Token right) const {
  const uint64_t pair = uint64_t{left} << 32 | right;
  const size_t mask = merges_.size() - 1;
  for (size_t slot = mix_pair(pair) & mask; merges_[slot].pair != kNoPair; slot = (slot + 1) & mask) {
    if (merges_[slot].pair == pair) return &merges_[slot];
  }
  return nullptr;
}

void Bpe::encode(std::string_view text, std::vector<Token>& out) const {
  size_t begin = out.size();  // of the stretch whose symbols stand at the end of `out`
  char32_t before = utf8::kInvalid;
  for (size_t at = 0; at < text.size();) {
    const size_t start = at;
    char32_t here;
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      here = static_cast<unsigned char>(text[at++]);
      if (here == ' ') here = kSpaceMark;
    } else {
      here = utf8::next(text, at);
    }
    const Token token = here == utf8::kInvalid ? kNone : character(here);
    if (token != kNone) {
      if (out.size() > begin && !may_join(before, here)) {
        finish_stretch(out, begin);
        begin = out.size();
      }
      out.push_back(token);
    } else {
      if (!joins_everything_) finish_stretch(out, begin);
      for (size_t byte = start; byte < at; ++byte) {
        if (here == kSpaceMark && text[start] == ' ') {  // a vocabulary without U+2581 itself
          for (const char c : {'\xE2', '\x96', '\x81'}) out.push_back(bytes_[static_cast<uint8_t>(c)]);
        } else {
          out.push_back(bytes_[static_cast<uint8_t>(text[byte])]);
        }
      }
      if (!joins_everything_) begin = out.size();
    }
    before = here;
  }
  finish_stretch(out, begin);
}

void Bpe::finish_stretch(std::vector<Token>& symbols, size_t begin) const {
  const size_t count = symbols.size() - begin;
  if (count < 2) return;
  if (count <= kShortStretch) {
    merge_short(symbols, begin);
  } else {
    merge_long(symbols, begin);
  }
}

void Bpe::merge_short(std::vector<Token>& symbols, size_t begin) const {
  constexpr uint32_t kNever = ~uint32_t{0};
  std::array<uint32_t, kShortStretch> ranks{};
  std::array<Token, kShortStretch> results{};
  Token* const token = symbols.data() + begin;
  size_t count = symbols.size() - begin;
  const auto look = [&](size_t left) {
    const Merge* merge = find_merge(token[left], token[left + 1]);
    ranks[left] = merge == nullptr ? kNever : merge->rank;
    results[left] = merge == nullptr ? 0 : merge->result;
  };
  for (size_t left = 0; left + 1 < count; ++left) look(left);
  while (count > 1) {
    const size_t best = static_cast<size_t>(
        std::min_element(ranks.begin(), ranks.begin() + static_cast<long>(count) - 1) - ranks.begin()
    );
    if (ranks[best] == kNever) break;
    token[best] = results[best];
    for (size_t at = best + 1; at + 1 < count; ++at) {
      token[at] = token[at + 1];
      ranks[at] = ranks[at + 1];
      results[at] = results[at + 1];
    }
    --count;  // only the two pairs that touch the new symbol are new
    if (best > 0) look(best - 1);
    if (best + 1 < count) look(best);
  }
  symbols.resize(begin + count);
}

struct Bpe::Symbol {
  Token token;
  uint32_t previous;
  uint32_t next;
  uint32_t rank;  // of the merge with the next one; kNever: none, or this one is gone
};

void Bpe::merge_long(std::vector<Token>& symbols, size_t begin) const {
  constexpr uint32_t kEnd = ~uint32_t{0};
  constexpr uint32_t kNever = ~uint32_t{0};
  struct Candidate {
    uint64_t order;  // rank << 32 | left: the lowest rank first, the leftmost of equals
    Token result;
    bool operator>(const Candidate& other) const { return order > other.order; }
  };
  const auto count = static_cast<uint32_t>(symbols.size() - begin);
  std::vector<Symbol> list(count);
  for (uint32_t at = 0; at < count; ++at) {
    list[at] = {symbols[begin + at], at == 0 ? kEnd : at - 1, at + 1 == count ? kEnd : at + 1, kNever};
  }
  const auto look = [&](uint32_t left, auto&& take) {
    list[left].rank = kNever;
    const uint32_t right = list[left].next;
    if (right == kEnd) return;
    if (const Merge* merge = find_merge(list[left].token, list[right].token)) {
      list[left].rank = merge->rank;
      take(Candidate{uint64_t{merge->rank} << 32 | left, merge->result});
    }
  };
  // The candidates of the beginning are sorted once; only those that merging makes need a heap, and that stays small.
  std::vector<Candidate> start;
  start.reserve(count);
  for (uint32_t at = 0; at < count; ++at) look(at, [&](Candidate c) { start.push_back(c); });
  std::sort(start.begin(), start.end(), [](const Candidate& a, const Candidate& b) { return a.order < b.order; });
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue;
  const auto push = [&](Candidate c) { queue.push(c); };
  for (size_t next = 0; next < start.size() || !queue.empty();) {
    Candidate best;
    if (queue.empty() || (next < start.size() && start[next].order < queue.top().order)) {
      best = start[next++];
    } else {
      best = queue.top();
      queue.pop();
    }
    const auto at = static_cast<uint32_t>(best.order);
    Symbol& left = list[at];
    if (left.rank != best.order >> 32) continue;  // one of the two has changed since
    Symbol& right = list[left.next];
    left.token = best.result;
    right.rank = kNever;
    left.next = right.next;
    if (left.next != kEnd) list[left.next].previous = at;
    if (left.previous != kEnd) look(left.previous, push);
    look(at, push);
  }
  symbols.resize(begin);
  for (uint32_t at = 0; at != kEnd; at = list[at].next) symbols.push_back(list[at].token);
}

}  // namespace hob::text
