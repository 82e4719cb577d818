#include "model/grammar/gbnf_reader.h"

#include <algorithm>
#include <map>
#include <optional>

#include "model/grammar/gbnf_syntax.h"
#include "model/grammar/pattern_reader.h"

namespace hob::grammar {
namespace {

using Kind = GbnfNode::Kind;

constexpr size_t kMaxStates = 50'000;    // of one automaton
constexpr size_t kMaxTried = 1'000'000;  // expressions in all automata, a failed one counted as so many:
constexpr size_t kFailed = 100'000;
constexpr int kMaxInside = 2'500;  // of groups and rules inside one another

// kUnlimited is what never ends; all else stays below.
uint32_t limited(uint64_t a) { return static_cast<uint32_t>(std::min<uint64_t>(a, kUnlimited - 1)); }
uint32_t plus(uint32_t a, uint32_t b) { return std::max(a, b) == kUnlimited ? kUnlimited : limited(uint64_t{a} + b); }
uint32_t times(uint32_t count, uint32_t a) { return a == kUnlimited ? kUnlimited : limited(uint64_t{count} * a); }

// An automaton whose states are all known: it cannot grow while an answer is written. Nothing where they are too many.
std::optional<Rules::Terminal> automaton(std::unique_ptr<Expressions> expressions, Expr root) {
  if (expressions->blown()) return std::nullopt;
  auto language = std::make_unique<Language>(*expressions, root);
  if (!language->explore(kMaxStates)) return std::nullopt;
  expressions->watch(nullptr);
  return Rules::Terminal{std::move(expressions), root, std::move(language)};
}

class Builder {
 public:
  Builder(std::string_view text, const Gbnf& syntax, Watch* watch)
      : text_(text), syntax_(syntax), watch_(watch), out_(std::make_shared<Rules>()) {}

  Result<std::shared_ptr<const Rules>> run() {
    const size_t count = syntax_.rules.size();
    regular_.resize(count);
    for (const Gbnf::Rule& rule : syntax_.rules) out_->rules.push_back({rule.name, RuleExpressions::kNothing});
    for (uint32_t rule = 0; rule < count; ++rule) find_regular(rule);
    if (too_deep_) {
      return grammar_error(text_, *too_deep_, "groups and rules stand at most " + std::to_string(kMaxInside) +
                                                  " deep inside each other; here are more");
    }
    find_least();
    for (uint32_t rule = 0; rule < count; ++rule) {
      if (out_->rules[rule].least != kUnlimited) continue;
      const std::string& name = syntax_.rules[rule].name;
      return grammar_error(text_, syntax_.rules[rule].at,
                           "the rule \"" + name + "\" never ends: each of its ways leads back to it, or to another that "
                           "never ends; give it a way without",
                           Code::schema_unsatisfiable);
    }
    if (const uint32_t least = out_->rules[syntax_.root].least; least > Rules::kMaxLeast) {
      return grammar_error(text_, syntax_.rules[syntax_.root].at,
                           "the shortest text of the grammar has " + std::to_string(least) + " characters; " +
                               std::to_string(Rules::kMaxLeast) + " are allowed");
    }
    HOB_TRY_VOID(refuse_left_recursion());
    HOB_TRY_VOID(measure());
    out_->start = std::make_unique<RuleExpressions>(*out_);
    for (uint32_t rule = 0; rule < count; ++rule) {
      if (!regular_[rule].value()) out_->rules[rule].body = build(syntax_.rules[rule].body);
    }
    out_->root = regular_[syntax_.root].value() ? build(syntax_.rules[syntax_.root].body) : out_->start->rule(syntax_.root);
    if (tried_ > kMaxTried) {
      return Error(Code::schema_unsupported,
                   "the grammar takes too many states to follow; use smaller repetitions or fewer ways at once");
    }
    out_->find_classes();
    return std::shared_ptr<const Rules>(std::move(out_));
  }

 private:
  /// Whether a rule names no circle of rules: then it is one automaton.
  bool find_regular(uint32_t rule) {
    if (regular_[rule]) return *regular_[rule];
    regular_[rule] = false;  // while it is looked at: whoever comes back here is in a circle
    const bool regular = is_regular(syntax_.rules[rule].body);
    regular_[rule] = regular;
    return regular;
  }
  bool is_regular(const GbnfNode& node) {
    if (node.kind != Kind::rule && node.parts.empty()) return true;
    if (depth_ > kMaxInside) {
      if (!too_deep_) too_deep_ = node.at;
      return false;
    }
    ++depth_;
    bool out = node.kind != Kind::rule || find_regular(node.rule);
    for (const GbnfNode& part : node.parts) out = is_regular(part) && out;
    --depth_;
    return out;
  }

  /// The fewest characters of each rule's texts.
  void find_least() {
    const size_t count = syntax_.rules.size();
    bool changed = true;
    for (bool forward = false; changed; forward = !forward) {
      changed = false;
      for (size_t i = 0; i < count; ++i) {
        const size_t rule = forward ? i : count - 1 - i;
        const uint32_t least = least_of(syntax_.rules[rule].body);
        changed = changed || least != out_->rules[rule].least;
        out_->rules[rule].least = least;
        out_->rules[rule].nullable = least == 0;
      }
    }
  }
  uint32_t least_of(const GbnfNode& node) const {
    switch (node.kind) {
      case Kind::text:
        return static_cast<uint32_t>(std::count_if(node.text.begin(), node.text.end(), [](char c) {
          return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
        }));
      case Kind::set:
        return 1;
      case Kind::sequence: {
        uint32_t out = 0;
        for (const GbnfNode& part : node.parts) out = plus(out, least_of(part));
        return out;
      }
      case Kind::choice: {
        uint32_t out = kUnlimited;
        for (const GbnfNode& part : node.parts) out = std::min(out, least_of(part));
        return out;
      }
      case Kind::loop:
        return node.least == 0 ? 0 : times(node.least, least_of(node.parts.front()));
      case Kind::rule:
        return out_->rules[node.rule].least;
    }
    return 0;
  }

  struct First {
    uint32_t rule;
    size_t at;  // where it is named
  };
  /// The rules that a text of `node` may begin with.
  void firsts(const GbnfNode& node, std::vector<First>& out) const {
    switch (node.kind) {
      case Kind::text:
      case Kind::set:
        return;
      case Kind::sequence:
        for (const GbnfNode& part : node.parts) {
          firsts(part, out);
          if (least_of(part) > 0) return;
        }
        return;
      case Kind::choice:
        for (const GbnfNode& part : node.parts) firsts(part, out);
        return;
      case Kind::loop:
        if (node.most > 0) firsts(node.parts.front(), out);
        return;
      case Kind::rule:
        out.push_back({node.rule, node.at});
        return;
    }
  }

  Result<void> refuse_left_recursion() {
    const auto count = static_cast<uint32_t>(syntax_.rules.size());
    firsts_.resize(count);
    for (uint32_t rule = 0; rule < count; ++rule) firsts(syntax_.rules[rule].body, firsts_[rule]);
    // Depth first, with the path kept: a rule that is met again on it is the circle.
    std::vector<uint8_t> state(count, 0);
    std::vector<std::pair<uint32_t, size_t>> path;  // a rule and which of its firsts is looked at
    for (uint32_t from = 0; from < count; ++from) {
      if (state[from] != 0) continue;
      path = {{from, 0}};
      state[from] = 1;
      while (!path.empty()) {
        auto& [rule, next] = path.back();
        if (next == firsts_[rule].size()) {
          state[rule] = 2;
          order_.push_back(rule);
          path.pop_back();
          continue;
        }
        const First first = firsts_[rule][next++];
        if (state[first.rule] == 2) continue;
        if (state[first.rule] == 0) {
          state[first.rule] = 1;
          path.emplace_back(first.rule, 0);
          continue;
        }
        std::string circle;
        bool inside = false;
        for (const auto& [on, unused] : path) {
          inside = inside || on == first.rule;
          if (inside) circle += syntax_.rules[on].name + " -> ";
        }
        const std::string& name = syntax_.rules[first.rule].name;
        return grammar_error(text_, first.at,
                             "the rule \"" + name + "\" begins with itself (" + circle + name +
                                 "); left recursion cannot be enforced, write it with * or + or with the recursion at the end");
      }
    }
    return {};
  }

  /// How deep and how wide rules begin; those that a rule begins with are known before it.
  Result<void> measure() {
    for (const uint32_t rule : order_) {
      const auto [height, cost] = size_of(syntax_.rules[rule].body);
      out_->rules[rule].height = height;
      out_->rules[rule].cost = cost;
      out_->cost = std::max(out_->cost, cost);
      if (height > Rules::kMaxHeight) {
        return grammar_error(text_, syntax_.rules[rule].at, "the rule \"" + syntax_.rules[rule].name +
                                                                "\" begins with too many rules inside each other; " +
                                                                std::to_string(Rules::kMaxHeight) + " are allowed");
      }
      if (cost > Rules::kMaxCost) {
        return grammar_error(text_, syntax_.rules[rule].at, "the rule \"" + syntax_.rules[rule].name +
                                                                "\" can begin in too many ways at once; " +
                                                                std::to_string(Rules::kMaxCost) + " are allowed");
      }
    }
    return {};
  }
  /// The height and cost of the expression that build() makes, or more.
  std::pair<uint32_t, uint32_t> size_of(const GbnfNode& node) {
    if (node.kind != Kind::rule && is_regular(node)) return {1, 1};
    std::pair<uint32_t, uint32_t> out{1, 1};
    const auto add = [&](const GbnfNode& part) {
      const auto [height, cost] = size_of(part);
      out = {std::max(out.first, height + 1), plus(out.second, cost)};
    };
    if (node.kind == Kind::rule) {
      if (regular_[node.rule].value()) return {1, 1};
      return {out_->rules[node.rule].height + 1, plus(out_->rules[node.rule].cost, 1)};
    }
    for (const GbnfNode& part : node.parts) {
      add(part);
      ++out.first;  // sequences lean to the right
      if (node.kind == Kind::sequence && least_of(part) > 0) break;
    }
    return out;
  }

  using Known = std::map<uint32_t, Expr>;
  Expr expression(const GbnfNode& node, Expressions& all, Known& known) {
    switch (node.kind) {
      case Kind::text:
        return all.text(node.text);
      case Kind::set:
        return all.set(node.set);
      case Kind::sequence: {
        Expr out = Expressions::kEmpty;
        for (auto part = node.parts.rbegin(); part != node.parts.rend(); ++part) {
          out = all.cat(expression(*part, all, known), out);
        }
        return out;
      }
      case Kind::choice: {
        std::vector<Expr> choices;
        for (const GbnfNode& part : node.parts) choices.push_back(expression(part, all, known));
        return all.alt(std::move(choices));
      }
      case Kind::loop:
        return all.loop(expression(node.parts.front(), all, known), node.least, node.most);
      case Kind::rule: {
        const auto at = known.find(node.rule);
        if (at != known.end()) return at->second;
        return known[node.rule] = expression(syntax_.rules[node.rule].body, all, known);
      }
    }
    return Expressions::kNothing;
  }

  /// A sequence of regular parts as one automaton; nothing where it would be too large.
  std::optional<RuleExpr> terminal(const std::vector<const GbnfNode*>& parts) {
    if (tried_ > kMaxTried) return std::nullopt;
    auto all = std::make_unique<Expressions>();
    all->watch(watch_);
    Known known;
    Expr root = Expressions::kEmpty;
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) root = all->cat(expression(**part, *all, known), root);
    if (root == Expressions::kEmpty && !all->blown()) return RuleExpressions::kEmpty;
    auto made = automaton(std::move(all), root);
    tried_ += made ? made->expressions->size() : kFailed;
    if (!made) return std::nullopt;
    out_->terminals.push_back(*std::move(made));
    return out_->start->terminal(static_cast<uint32_t>(out_->terminals.size() - 1), Language::kStart);
  }

  /// Regular parts one after another: one automaton, or else what they consist of.
  RuleExpr regular(const std::vector<const GbnfNode*>& parts) {
    if (parts.empty()) return RuleExpressions::kEmpty;
    if (parts.size() == 1 && parts.front()->kind == Kind::rule) {
      const uint32_t rule = parts.front()->rule;
      if (const auto known = built_.find(rule); known != built_.end()) return known->second;
      return built_[rule] = regular({&syntax_.rules[rule].body});
    }
    if (const auto one = terminal(parts)) return *one;
    if (parts.size() == 1) return take_apart(*parts.front());
    RuleExpr out = RuleExpressions::kEmpty;
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) out = out_->start->cat(regular({*part}), out);
    return out;
  }

  RuleExpr build(const GbnfNode& node) { return is_regular(node) ? regular({&node}) : take_apart(node); }

  RuleExpr take_apart(const GbnfNode& node) {
    RuleExpressions& all = *out_->start;
    switch (node.kind) {
      case Kind::sequence: {
        const bool whole = is_regular(node);  // and too large: its parts are looked at one by one
        std::vector<RuleExpr> parts;
        std::vector<const GbnfNode*> run;
        for (const GbnfNode& part : node.parts) {
          if (!whole && is_regular(part)) {
            run.push_back(&part);
            continue;
          }
          parts.push_back(regular(run));
          parts.push_back(build(part));
          run.clear();
        }
        RuleExpr out = regular(run);
        for (; !parts.empty(); parts.pop_back()) out = all.cat(parts.back(), out);
        return out;
      }
      case Kind::choice: {
        // The regular ways are one automaton, if they can be.
        std::vector<RuleExpr> choices;
        GbnfNode together;
        together.kind = Kind::choice;
        const bool whole = is_regular(node);
        for (const GbnfNode& part : node.parts) {
          if (!whole && is_regular(part)) {
            together.parts.push_back(part);
          } else {
            choices.push_back(build(part));
          }
        }
        if (!together.parts.empty()) choices.push_back(regular({&together}));
        return all.alt(std::move(choices));
      }
      case Kind::loop:
        return all.loop(build(node.parts.front()), node.least, node.most);
      case Kind::rule:
        return all.rule(node.rule);
      case Kind::text:
      case Kind::set:
        break;  // never too large by themselves
    }
    return RuleExpressions::kNothing;
  }

  std::string_view text_;
  const Gbnf& syntax_;
  Watch* watch_;
  std::shared_ptr<Rules> out_;
  std::vector<std::optional<bool>> regular_;
  int depth_ = 0;
  std::optional<size_t> too_deep_;
  std::vector<std::vector<First>> firsts_;
  std::vector<uint32_t> order_;  // a rule after those that it begins with
  std::map<uint32_t, RuleExpr> built_;  // regular rules
  size_t tried_ = 0;                    // expressions of automata, and what failed
};

}  // namespace

Result<std::shared_ptr<const Rules>> read_grammar(std::string_view text, Watch* watch) {
  HOB_TRY(syntax, parse_gbnf(text));
  return Builder(text, syntax, watch).run();
}

Result<std::shared_ptr<const Rules>> read_regex(std::string_view pattern, Watch* watch) {
  auto out = std::make_shared<Rules>();
  auto expressions = std::make_unique<Expressions>();
  expressions->watch(watch);
  HOB_TRY(root, read_whole_pattern(pattern, *expressions));
  auto made = automaton(std::move(expressions), root);
  if (!made) {
    return Error(Code::schema_unsupported,
                 "the regular expression takes too many states to follow; use smaller repetitions or fewer ways at once");
  }
  out->terminals.push_back(*std::move(made));
  if (out->language(0).least(Language::kStart) == kUnlimited) {
    return Error(Code::schema_unsatisfiable, "no text matches the regular expression");
  }
  out->start = std::make_unique<RuleExpressions>(*out);
  out->root = out->start->terminal(0, Language::kStart);
  out->find_classes();
  return std::shared_ptr<const Rules>(std::move(out));
}

}  // namespace hob::grammar
