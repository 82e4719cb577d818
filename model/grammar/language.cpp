#include "model/grammar/language.h"

#include <algorithm>
#include <array>

#include "model/grammar/pattern_reader.h"
#include "schemas/base/utf8.h"

namespace hob::grammar {
namespace {

constexpr char32_t kLastCharacter = 0x10FFFF;
constexpr size_t kSmall = 200;         // states; a plain language of so few is looked at as a whole
constexpr size_t kLongest = 4'000;     // characters of a text that is searched for
constexpr uint32_t kFarthest = 64;  // characters; no token has more

Error too_large() {
  return {Code::schema_unsupported,
          "the texts that this allows take too many states to follow; use a smaller repetition or fewer conditions together"};
}

}  // namespace

int category_of(char32_t c) {
  static constexpr std::string_view kSigns = " !#$%&'()*+,-./:;<=>?@[]^_`{|}~";
  if (c >= '0' && c <= '9') return 0;
  if (c >= 'a' && c <= 'f') return 1;
  if (c >= 'g' && c <= 'z') return 2;
  if (c >= 'A' && c <= 'F') return 3;
  if (c >= 'G' && c <= 'Z') return 4;
  if (c < 0x80) {
    if (c == '\n' || c == '\r') return 5;
    if (c == '\t' || c == '\v' || c == '\f') return 6;
    if (c == '"') return 7;
    if (c == '\\') return 8;
    const size_t at = kSigns.find(static_cast<char>(c));
    return at == std::string_view::npos ? 9 : 10 + static_cast<int>(at);
  }
  static const CharSet kSpaces = char_class('s')->intersected(CharSet{{0x80, 0x10FFFF}});
  if (c <= 0xFF) return c == 0xA0 ? 45 : 44;
  if (c >= 0xFFF0 && c <= 0xFFFF) return 46;
  if (kSpaces.contains(c)) return 45;
  return c < 0x10000 ? 47 : 48;
}

Language::Language(Expressions& all, Expr root) : all_(all), plain_(all.plain(root)) {
  std::vector<const CharSet*> sets = all.sets(root);
  const CharSet word = *char_class('w');
  if (all.looks_around(root)) sets.push_back(&word);
  // Characters are of one class where the same sets have them.
  std::map<char32_t, std::vector<uint32_t>> edges;  // sets that change here
  edges[0];
  edges[0xD800];
  edges[0xE000];
  for (uint32_t i = 0; i < sets.size(); ++i) {
    for (const auto& [first, last] : sets[i]->ranges()) {
      edges[first].push_back(i);
      if (last < kLastCharacter) edges[last + 1].push_back(i);
    }
  }
  std::map<std::vector<uint32_t>, uint32_t> classes;
  std::vector<uint32_t> inside;
  for (const auto& [at, changes] : edges) {
    for (const uint32_t i : changes) {
      const auto place = std::lower_bound(inside.begin(), inside.end(), i);
      if (place != inside.end() && *place == i) {
        inside.erase(place);
      } else {
        inside.insert(place, i);
      }
    }
    // Surrogates are no characters: a class of their own, which nothing enters.
    const std::vector<uint32_t> key = at == 0xD800 ? std::vector<uint32_t>{0xFFFFFFFF} : inside;
    const auto [found, fresh] = classes.emplace(key, static_cast<uint32_t>(classes.size()));
    if (fresh) representatives_.push_back(at);
    if (!classes_.empty() && classes_.back() == found->second) continue;
    bounds_.push_back(at);
    classes_.push_back(found->second);
  }
  for (char32_t c = 0; c < 128; ++c) {
    const auto after = std::upper_bound(bounds_.begin(), bounds_.end(), c);
    ascii_[c] = classes_[static_cast<size_t>(after - bounds_.begin()) - 1];
  }
  states_.emplace_back();
  next_.resize(representatives_.size(), kDead);
  state_of(root, Before::start);  // kStart, dead or not: next() of it leads nowhere then
}

uint32_t Language::state_of(Expr expr, Before before) {
  if (expr == Expressions::kNothing && states_.size() > kStart) return kDead;
  if (!all_.looks_around(expr)) before = Before::other;
  const auto found = known_.find({expr, before});
  if (found != known_.end()) return found->second;
  if (states_.size() >= kMaxStates) return kDead;
  const auto id = static_cast<uint32_t>(states_.size());
  State state{expr, before, all_.nullable(expr, before, After::finish), 0};
  if (plain_) state.least = all_.least(expr);
  states_.push_back(state);
  next_.resize(next_.size() + representatives_.size(), kUnknown);
  known_.emplace(std::make_pair(expr, before), id);
  return id;
}

uint32_t Language::class_of(char32_t c) const {
  if (c < 128) return ascii_[c];
  const auto after = std::upper_bound(bounds_.begin(), bounds_.end(), c);
  return classes_[static_cast<size_t>(after - bounds_.begin()) - 1];
}

uint32_t Language::step(uint32_t state, uint32_t character_class) {
  if (state == kDead) return kDead;
  const size_t slot = state * representatives_.size() + character_class;
  if (next_[slot] != kUnknown) return next_[slot];
  const char32_t c = representatives_[character_class];
  const Expr rest = all_.derive(states_[state].expr, c, states_[state].before);
  const uint32_t to = state_of(rest, is_word(c) ? Before::word : Before::other);
  next_[slot] = to;
  return to;
}

bool Language::possible(uint32_t state, char32_t first, char32_t last, uint32_t room) {
  const auto after = std::upper_bound(bounds_.begin(), bounds_.end(), first);
  for (auto i = static_cast<size_t>(after - bounds_.begin()) - 1; i < bounds_.size() && bounds_[i] <= last; ++i) {
    if (bounds_[i] == 0xD800) continue;
    const uint32_t to = step(state, classes_[i]);
    if (to != kDead && states_[to].least <= room) return true;
  }
  return false;
}

uint32_t Language::least_after(uint32_t state, char32_t first, char32_t last) {
  uint32_t out = kUnlimited;
  const auto after = std::upper_bound(bounds_.begin(), bounds_.end(), first);
  for (auto i = static_cast<size_t>(after - bounds_.begin()) - 1; i < bounds_.size() && bounds_[i] <= last; ++i) {
    if (bounds_[i] == 0xD800) continue;
    const uint32_t to = step(state, classes_[i]);
    if (to != kDead) out = std::min(out, states_[to].least);
  }
  return out;
}

std::u32string Language::shortest(uint32_t state) {
  std::u32string out;
  while (!states_[state].accepts && states_[state].least < kUnlimited) {
    uint32_t best = kDead, by = 0;
    for (uint32_t c = 0; c < representatives_.size(); ++c) {
      const uint32_t to = step(state, c);
      if (to == kDead || states_[to].least >= states_[state].least) continue;
      // Of equal ways the one that is written without escapes.
      const auto plainness = [&](uint32_t k) { return representatives_[k] > ' ' && representatives_[k] < 0x7F; };
      if (best == kDead || states_[to].least < states_[best].least ||
          (states_[to].least == states_[best].least && plainness(c) && !plainness(by))) {
        best = to;
        by = c;
      }
    }
    if (best == kDead) break;
    out.push_back(representatives_[by]);
    state = best;
  }
  return out;
}

void Language::each(uint32_t state, const std::vector<Span>& spans,
                    const std::function<bool(std::u32string_view)>& visit) {
  std::u32string text;
  if (state != kDead) each(state, spans, text, visit);
}

// Depth first, the nearest ends first: from each state some end is near, so each text costs few steps.
bool Language::each(uint32_t state, const std::vector<Span>& spans, std::u32string& text,
                    const std::function<bool(std::u32string_view)>& visit) {
  if (spans.empty() && states_[state].accepts && !visit(text)) return false;
  if (text.size() >= kLongest) return true;
  std::vector<std::pair<uint32_t, size_t>> ways;  // by distance
  for (size_t i = 0; i < bounds_.size(); ++i) {
    const uint32_t to = step(state, classes_[i]);
    if (to != kDead && bounds_[i] != 0xD800) ways.emplace_back(states_[to].least, i);
  }
  std::sort(ways.begin(), ways.end());
  const Span whole{0, kLastCharacter};
  for (const auto& [least, i] : ways) {
    const uint32_t to = step(state, classes_[i]);
    const char32_t end = i + 1 < bounds_.size() ? bounds_[i + 1] - 1 : kLastCharacter;
    for (size_t s = 0; s < std::max<size_t>(spans.size(), 1); ++s) {
      const Span& span = spans.empty() ? whole : spans[s];
      const char32_t first = std::max(bounds_[i], span.first), last = std::min(end, span.last);
      // Letters before signs: they are written without escapes.
      const char32_t start = first < 'a' && last >= 'a' ? char32_t{'a'} : first;
      const auto try_all = [&](char32_t from, char32_t until) {
        for (char32_t c = from; c < until; ++c) {
          text.push_back(c);
          const bool more = each(to, {}, text, visit);
          text.pop_back();
          if (!more) return false;
        }
        return true;
      };
      if (!try_all(start, last + 1) || !try_all(first, start)) return false;
    }
  }
  return true;
}

bool Language::endless_after(uint32_t state, const std::vector<Span>& spans) {
  return std::any_of(spans.begin(), spans.end(), [&](const Span& span) {
    for (size_t i = 0; i < bounds_.size() && bounds_[i] <= span.last; ++i) {
      const char32_t end = i + 1 < bounds_.size() ? bounds_[i + 1] - 1 : kLastCharacter;
      if (end < span.first || bounds_[i] == 0xD800) continue;
      const uint32_t to = step(state, classes_[i]);
      if (to != kDead && texts_[to] == kUnlimited) return true;
    }
    return false;
  });
}

bool Language::probe() {
  constexpr uint32_t kSome = 200;
  constexpr size_t kMuch = 60'000;
  const size_t before = all_.work();
  for (uint32_t state = kStart; state < states_.size() && state < kSome && !all_.blown(); ++state) {
    for (uint32_t c = 0; c < representatives_.size(); ++c) step(state, c);
    if (all_.work() - before > kMuch) return false;
  }
  return !all_.blown();
}

Result<void> Language::explore(size_t most) {
  if (explored_) return {};
  const size_t classes = representatives_.size();
  std::vector<std::vector<uint32_t>> from(2);
  for (uint32_t state = kStart; state < states_.size(); ++state) {
    for (uint32_t c = 0; c < classes; ++c) {
      if (representatives_[c] == 0xD800) {
        next_[state * classes + c] = kDead;
        continue;
      }
      const uint32_t to = step(state, c);
      from.resize(states_.size());
      if (to != kDead) from[to].push_back(state);
    }
    if (states_.size() > most || all_.blown()) return too_large();
  }
  // Backwards from the ends.
  for (State& state : states_) state.least = kUnlimited;
  std::vector<uint32_t> order;
  for (uint32_t state = kStart; state < states_.size(); ++state) {
    if (!states_[state].accepts) continue;
    states_[state].least = 0;
    order.push_back(state);
  }
  for (size_t i = 0; i < order.size(); ++i) {
    for (const uint32_t before : from[order[i]]) {
      if (states_[before].least != kUnlimited) continue;
      states_[before].least = states_[order[i]].least + 1;
      order.push_back(before);
    }
  }
  for (uint32_t& to : next_) {
    if (to != kUnknown && states_[to].least == kUnlimited) to = kDead;
  }
  // Backwards from dead ends.
  danger_.assign(states_.size(), kUnlimited);
  danger_[kDead] = 0;
  order.clear();
  for (uint32_t state = kStart; state < states_.size(); ++state) {
    for (uint32_t c = 0; c < classes && danger_[state] == kUnlimited; ++c) {
      if (representatives_[c] != 0xD800 && next_[state * classes + c] == kDead) danger_[state] = 1;
    }
    if (danger_[state] == 1) order.push_back(state);
  }
  for (size_t i = 0; i < order.size(); ++i) {
    for (const uint32_t before : from[order[i]]) {
      if (danger_[before] != kUnlimited) continue;
      danger_[before] = danger_[order[i]] + 1;
      order.push_back(before);
    }
  }
  // Texts by state: known once all that follow are known; what never gets known lies before a circle.
  std::vector<uint64_t> width(classes, 0);
  for (size_t i = 0; i < bounds_.size(); ++i) {
    if (bounds_[i] == 0xD800) continue;
    width[classes_[i]] += (i + 1 < bounds_.size() ? bounds_[i + 1] : kLastCharacter + 1) - bounds_[i];
  }
  texts_.assign(states_.size(), kUnlimited);
  texts_[kDead] = 0;
  std::vector<uint32_t> open(states_.size(), 0);
  std::vector<std::vector<uint32_t>> back(states_.size());
  for (uint32_t state = kStart; state < states_.size(); ++state) {
    for (uint32_t c = 0; c < classes; ++c) {
      const uint32_t to = next_[state * classes + c];
      if (to == kDead) continue;
      ++open[state];
      back[to].push_back(state);
    }
  }
  std::vector<uint32_t> ready;
  for (uint32_t state = kStart; state < states_.size(); ++state) {
    if (open[state] == 0) ready.push_back(state);
  }
  for (size_t i = 0; i < ready.size(); ++i) {
    const uint32_t state = ready[i];
    uint64_t count = states_[state].accepts ? 1 : 0;
    for (uint32_t c = 0; c < classes; ++c) {
      const uint64_t each = texts_[next_[state * classes + c]];
      count = std::min<uint64_t>(count + std::min<uint64_t>(each, kUnlimited) * width[c], kUnlimited);
    }
    texts_[state] = static_cast<uint32_t>(count);
    for (const uint32_t before : back[state]) {
      if (--open[before] == 0) ready.push_back(before);
    }
  }
  for (const State& state : states_) {
    if (state.least != kUnlimited) farthest_ = std::max(farthest_, state.least);
  }
  endless_ = true;
  for (uint32_t state = kStart; state < states_.size(); ++state) {
    endless_ = endless_ && (states_[state].least == kUnlimited || texts_[state] == kUnlimited);
  }
  explored_ = true;
  return {};
}

void Language::find_categories() {
  category_classes_.resize(kCategoryCount);
  const auto add = [&](char32_t first, char32_t last, int category) {
    auto& list = category_classes_[static_cast<size_t>(category)];
    const auto after = std::upper_bound(bounds_.begin(), bounds_.end(), first);
    for (auto i = static_cast<size_t>(after - bounds_.begin()) - 1; i < bounds_.size() && bounds_[i] <= last; ++i) {
      if (bounds_[i] != 0xD800 && std::find(list.begin(), list.end(), classes_[i]) == list.end()) {
        list.push_back(classes_[i]);
      }
    }
  };
  for (char32_t c = 0; c < 0x100; ++c) add(c, c, category_of(c));
  char32_t first = 0x100;
  for (const char32_t edge : {0x1680u, 0x1681u, 0x2000u, 0x200Bu, 0x2028u, 0x202Au, 0x202Fu, 0x2030u, 0x205Fu, 0x2060u,
                              0x3000u, 0x3001u, 0xFEFFu, 0xFF00u, 0xFFF0u, 0x10000u, 0x110000u}) {
    add(first, edge - 1, category_of(first));
    first = edge;
  }
}

Language::Turn Language::turn(uint32_t state) {
  if (state < turns_.size() && turns_[state].to != kUnknown) return turns_[state];
  if (category_classes_.empty()) find_categories();
  std::array<Turn, kCategoryCount> ways;
  size_t count = 0;
  for (int category = 0; category < kCategoryCount; ++category) {
    const auto& list = category_classes_[static_cast<size_t>(category)];
    if (list.empty()) continue;
    const uint32_t to = step(state, list.front());
    if (to == kDead || states_[to].least == kUnlimited) continue;
    if (!std::all_of(list.begin(), list.end(), [&](uint32_t c) { return step(state, c) == to; })) continue;
    size_t way = 0;
    while (way < count && ways[way].to != to) ++way;
    if (way == count) ways[count++] = {to, 0};
    ways[way].categories |= Categories{1} << category;
  }
  Turn best{kDead, 0};
  int most = 0;
  for (size_t way = 0; way < count; ++way) {
    const int size = 2 * __builtin_popcountll(ways[way].categories) + (ways[way].to == state ? 1 : 0);
    if (size <= most) continue;
    most = size;
    best = ways[way];
  }
  if (turns_.size() <= state) turns_.resize(states_.size());
  return turns_[state] = best;
}

void Language::find_free(uint32_t state) {
  Free out;
  uint32_t at = state;
  for (uint32_t length = 0; length < kFarthest; ++length) {
    const Turn next = turn(at);
    if (next.to == kDead || (length > 0 && (out.categories & ~next.categories) != 0)) break;
    if (length == 0) out.categories = next.categories;
    out.length = length + 1;
    out.room = std::max(out.room, states_[next.to].least);
    if (next.to == at) {
      out.length = kUnlimited;
      break;
    }
    at = next.to;
  }
  out.beyond = least_after(state, 0x80, kLastCharacter);
  if (explored_) {
    out.safe = danger_[state] == kUnlimited ? kUnlimited : danger_[state] - 1;
    out.back = farthest_;
  } else if (plain_) {
    out.back = all_.always(states_[state].expr);
    if (out.back != kUnlimited) out.safe = kUnlimited;
  }
  if (free_.size() <= state) {
    Free unknown;
    unknown.length = kUnknown;
    free_.resize(states_.size(), unknown);
  }
  free_[state] = out;
}

size_t Language::bytes() const {
  return sizeof(*this) + states_.capacity() * (sizeof(State) + 64) + next_.capacity() * 4 + bounds_.capacity() * 8 +
         free_.size() * sizeof(Free) + turns_.size() * sizeof(Turn);
}

LanguageId Languages::add(Expr root) {
  const auto [at, fresh] = known_.emplace(root, static_cast<LanguageId>(roots_.size()));
  if (fresh) {
    roots_.push_back(root);
    made_.push_back(std::make_unique<Language>(all_, root));
  }
  return at->second;
}

Result<LanguageId> Languages::pattern(std::string_view text) {
  HOB_TRY(root, read_pattern(text, all_));
  return add(root);
}

Result<LanguageId> Languages::whole_pattern(std::string_view text) {
  HOB_TRY(root, read_whole_pattern(text, all_));
  return add(root);
}

LanguageId Languages::literal(std::string_view text) { return add(all_.text(text)); }

LanguageId Languages::literals(const std::vector<std::string>& texts) {
  std::vector<Expr> choices;
  for (const std::string& text : texts) choices.push_back(all_.text(text));
  return add(all_.alt(std::move(choices)));
}

LanguageId Languages::everything() { return add(Expressions::kAnything); }
LanguageId Languages::both(LanguageId a, LanguageId b) { return add(all_.both({of(a), of(b)})); }
LanguageId Languages::either(LanguageId a, LanguageId b) { return add(all_.alt(of(a), of(b))); }
LanguageId Languages::complement(LanguageId a) { return add(all_.complement(of(a))); }

LanguageId Languages::sized(LanguageId a, uint32_t least, uint32_t most) {
  Expr out = of(a);
  if (all_.least(out) < least) out = all_.both({out, all_.loop(Expressions::kAnyCharacter, least, kUnlimited)});
  if (most != kUnlimited) out = all_.both({out, all_.loop(Expressions::kAnyCharacter, 0, most)});
  return add(out);
}

Result<bool> Languages::empty(LanguageId id) {
  if (all_.blown()) return too_large();
  Language& language = at(id);
  if (language.plain()) {
    if (!language.probe()) return too_large();
    (void)language.explore(kSmall);  // where it is small, more is known of it
    return roots_[id] == Expressions::kNothing;
  }
  HOB_TRY_VOID(language.explore());
  return language.least(Language::kStart) == kUnlimited;
}

bool Languages::matches(LanguageId id, std::string_view utf8) {
  Language& language = at(id);
  uint32_t state = Language::kStart;
  for (size_t i = 0; i < utf8.size();) {
    const char32_t c = utf8::next(utf8, i);
    state = c == utf8::kInvalid ? Language::kDead : language.next(state, c);
    if (state == Language::kDead) return false;
  }
  return language.accepts(state);
}

size_t Languages::bytes() const {
  size_t total = all_.bytes();
  for (const auto& language : made_) total += language->bytes();
  return total;
}

}  // namespace hob::grammar
