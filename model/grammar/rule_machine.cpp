#include "model/grammar/rule_machine.h"

#include <algorithm>

#include "schemas/base/utf8.h"

namespace hob::grammar {

RuleMachine::RuleMachine(std::shared_ptr<const Rules> rules)
    : rules_(std::move(rules)), all_(std::make_shared<RuleExpressions>(*rules_->start)) {
  limit_ = std::max(kMostAhead, all_->at(rules_->root).least + 256);
  most_ = kMost + 2 * rules_->cost;
}

RuleState RuleMachine::start() {
  if (all_->size() > kMaxExpressions) all_ = std::make_shared<RuleExpressions>(*rules_->start);
  return {{rules_->root}, all_};
}

std::pair<uint32_t, uint32_t> RuleMachine::nearest(RuleExpressions& all, const RulePlace& place) const {
  const CodeRange range = begun_character(place.utf8, place.bits);
  const auto& bounds = rules_->bounds;
  std::pair<uint32_t, uint32_t> best{kNone, kUnlimited};
  const auto after = std::upper_bound(bounds.begin(), bounds.end(), static_cast<char32_t>(range.first));
  for (auto i = static_cast<size_t>(after - bounds.begin()) - 1; i < bounds.size() && bounds[i] <= range.last; ++i) {
    if (rules_->classes[i] == kNone) continue;
    const uint32_t least = all.at(all.derive(place.expr, rules_->classes[i])).least;
    if (least < best.second) best = {static_cast<uint32_t>(i), least};
  }
  return best;
}

bool RuleMachine::step(RuleExpressions& all, RulePlace& place, unsigned char byte) const {
  const uint8_t before = place.utf8;
  place.utf8 = next_utf8(before, byte);
  if (place.utf8 == 255) return false;
  place.bits = before == 0 ? lead_bits(byte) : place.bits << 6 | (byte & 0x3Fu);
  if (place.utf8 != 0) return nearest(all, place).second != kUnlimited;
  place.expr = all.derive(place.expr, rules_->class_of(place.bits));
  place.bits = 0;
  return place.expr != RuleExpressions::kNothing;
}

bool RuleMachine::near(RuleExpressions& all, const RulePlace& place) const {
  return (place.utf8 == 0 ? all.at(place.expr).least : nearest(all, place).second) <= limit_;
}

bool RuleMachine::read(RuleState& state, std::string_view bytes) {
  RuleState now = state;
  for (const char c : bytes) {
    if (!step(*now.all, now, static_cast<unsigned char>(c))) return false;
  }
  if (!near(*now.all, now)) return false;
  settle(now);
  state = std::move(now);
  return true;
}

void RuleMachine::settle(RuleState& state) {
  const RuleExpressions::Node& node = state.all->at(state.expr);
  // Inside a character the shortest way might not have it.
  if ((node.cost > most_ || node.height > kMaxHeight) && state.utf8 == 0) state.expr = state.all->narrowed(state.expr);
  if (state.all->size() <= kMaxExpressions) return;
  if (all_->size() > kMaxExpressions) all_ = std::make_shared<RuleExpressions>(*rules_->start);
  state.expr = all_->copy(*state.all, state.expr);
  state.all = all_;
}

std::string RuleMachine::completion(const RuleState& state) const {
  std::string out;
  RuleExpr rest = state.expr;
  if (state.utf8 != 0) {
    const auto [at, least] = nearest(*state.all, state);
    if (at == kNone) return out;
    const CodeRange range = begun_character(state.utf8, state.bits);
    const char32_t c = std::max<char32_t>(rules_->bounds[at], range.first);
    std::string character;
    utf8::append(character, c);
    constexpr size_t kWanted[] = {0, 1, 2, 2, 2, 3, 3, 3};
    out = character.substr(character.size() - kWanted[state.utf8]);
    rest = state.all->derive(rest, rules_->classes[at]);
  }
  state.all->shortest(rest, out);
  return out;
}

std::optional<char32_t> RuleMachine::only(const RuleState& state) const {
  if (state.utf8 != 0 || state.all->at(state.expr).nullable) return std::nullopt;
  std::optional<char32_t> only;
  for (uint32_t of = 0; of < rules_->representatives.size(); ++of) {
    if (state.all->derive(state.expr, of) == RuleExpressions::kNothing) continue;
    if (only || !rules_->single[of]) return std::nullopt;
    only = rules_->representatives[of];
  }
  return only;
}

size_t RuleMachine::bytes() const { return sizeof(*this) + all_->bytes() + rules_->bytes(); }

}  // namespace hob::grammar
