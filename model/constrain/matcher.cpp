#include <algorithm>

#include "model/constrain/arguments.h"
#include "model/constrain/compiled_step.h"
#include "model/constrain/step.h"
#include "schemas/base/utf8.h"

namespace hob::constrain {
namespace {

using grammar::Machine;
using grammar::RuleMachine;
using grammar::Symbol;
using grammar::Threads;

constexpr std::string_view kThoughtHead = "thought\n";
constexpr uint8_t kHeadOver = 255;

// Bytes at the end of `text` that may become a character with more bytes.
size_t unfinished(std::string_view text) {
  for (size_t back = 1; back <= 3 && back <= text.size(); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if ((byte & 0xC0) == 0x80) continue;
    const size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
    return length > back && byte < 0xF5 ? back : 0;
  }
  return 0;
}

bool blank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

}  // namespace

void Matcher::Piece::release(Piece* piece) {
  while (piece) {  // a loop, not recursion: arguments can be long
    Piece* before = piece->before;
    delete piece;
    piece = before && --before->uses == 0 ? before : nullptr;
  }
}

Matcher::Matcher(std::shared_ptr<const CompiledStep> step) : step_(std::move(step)) {
  if (step_->starts_in_thought) phase_ = Phase::thought;
}

bool Matcher::text_allowed() const { return step_->free_text() && !(step_->must_call && calls_ == 0); }
bool Matcher::in_words() const { return phase_ == Phase::answer && step_->words_masker; }
grammar::RuleState Matcher::words() const {
  return phase_ == Phase::answer ? words_ : step_->words_masker->machine().start();
}
bool Matcher::calls_allowed() const {
  if (phase_ == Phase::called) return step_->parallel;
  return step_->calls && (phase_ == Phase::open || phase_ == Phase::text);
}
bool Matcher::over_budget() const { return step_->thought_budget && thought_tokens_ >= *step_->thought_budget; }
bool Matcher::channel_allowed() const {
  return step_->thinking && !over_budget() && (phase_ == Phase::open || phase_ == Phase::text);
}

bool Matcher::is_stop(Token token) const {
  if (phase_ == Phase::called && step_->call_stop) return token == *step_->call_stop;
  return std::find(step_->stops.begin(), step_->stops.end(), token) != step_->stops.end();
}

bool Matcher::can_stop() const {
  switch (phase_) {
    case Phase::open:
    case Phase::text:
      return text_allowed() || (step_->words_masker && RuleMachine::done(words()));
    case Phase::answer:
      return in_words() ? RuleMachine::done(words_) : Machine::done(threads_);
    case Phase::called:
      return true;
    default:
      return false;
  }
}

bool Matcher::unconstrained() const {
  if (phase_ == Phase::open || phase_ == Phase::text) return text_allowed();
  return phase_ == Phase::thought && !over_budget();
}

void Matcher::mask(std::span<uint64_t> bits) const {
  const ControlIds& control = step_->trie->vocabulary().control;
  // The maskers set every bit; elsewhere it is done here.
  if (step_->words_masker && (phase_ == Phase::open || phase_ == Phase::answer)) {
    step_->words_masker->mask(words(), bits);
  } else if (phase_ == Phase::open && step_->answer) {
    step_->answer_masker->mask({step_->answer_masker->machine().start(*step_->answer)}, bits);
  } else if (phase_ == Phase::answer) {
    step_->answer_masker->mask(threads_, bits);
  } else if (phase_ == Phase::arguments) {
    step_->call_masker->mask(threads_, bits);
    if (Machine::done(threads_)) set_bit(bits, *control.call_close);
  } else if (unconstrained()) {
    std::copy(step_->trie->ordinary().begin(), step_->trie->ordinary().end(), bits.begin());
  } else {
    std::fill(bits.begin(), bits.end(), 0);
  }
  if (phase_ == Phase::thought) set_bit(bits, *control.channel_close);
  if (phase_ == Phase::name) mask_name(bits);
  if (channel_allowed()) set_bit(bits, *control.channel_open);
  if (calls_allowed()) set_bit(bits, *control.call_open);
  if (!can_stop()) return;
  if (phase_ == Phase::called && step_->call_stop) {
    set_bit(bits, *step_->call_stop);
  } else {
    for (const Token token : step_->stops) set_bit(bits, token);
  }
}

void Matcher::mask_name(std::span<uint64_t> bits) const {
  const FlatTrie& tree = step_->trie->tree();
  const Machine& machine = step_->call_masker->machine();
  Walker walker;
  for (uint32_t i = low_; i < high_; ++i) {
    const std::string& head = step_->heads[i];
    uint32_t node = 0;
    size_t at = position_;
    for (; at < head.size(); ++at) {
      node = tree.child(node, static_cast<uint8_t>(head[at]));
      if (node == 0) break;
      for (const Token token : tree.tokens_at(node)) set_bit(bits, token);
    }
    if (at < head.size()) continue;
    Threads inside;
    machine.step(machine.start(step_->nodes[i]), '{', inside);
    walker.mark(tree, node, machine, inside, bits);
  }
}

Result<void> Matcher::accept(Token token, std::vector<Event>& out) {
  const Vocabulary& vocabulary = step_->trie->vocabulary();
  Matcher next = *this;
  const size_t events = out.size();
  bool good = false;
  if (phase_ != Phase::over && token < vocabulary.bytes.size()) {
    const std::string& bytes = vocabulary.bytes[token];
    const bool ordinary = !vocabulary.special[token] && !bytes.empty() && get_bit(step_->trie->ordinary(), token);
    good = ordinary ? next.read_bytes(bytes, out) : next.read_control(token, out);
  }
  if (!good) {
    out.resize(events);
    return Error(Code::model_failed, "the token " + std::to_string(token) +
                                         " is not allowed here; choose among the tokens of the mask")
        .with("token", static_cast<long long>(token));
  }
  *this = std::move(next);
  return {};
}

bool Matcher::read_bytes(std::string_view bytes, std::vector<Event>& out) {
  switch (phase_) {
    case Phase::open:
    case Phase::text:
      if (text_allowed()) {
        phase_ = Phase::text;
        flow(Event::Kind::text, bytes, false, out);
        return true;
      }
      if (step_->free_text()) return false;  // a call must come
      if (step_->words_masker) {
        words_ = words();
      } else {
        threads_ = {step_->answer_masker->machine().start(*step_->answer)};
      }
      phase_ = Phase::answer;
      flow_ = {};
      [[fallthrough]];
    case Phase::answer:
      if (in_words()) {
        if (!step_->words_masker->machine().read(words_, bytes)) return false;
        flow(Event::Kind::words, bytes, false, out);
        return true;
      }
      if (!step_->answer_masker->accept(threads_, bytes)) return false;
      flow(Event::Kind::answer, bytes, false, out);
      spacing_.read(bytes);
      return true;
    case Phase::thought:
      if (over_budget()) return false;
      ++thought_tokens_;
      flow(Event::Kind::thought, bytes, false, out);
      return true;
    case Phase::name:
      return read_name(bytes, out);
    case Phase::arguments:
      if (!step_->call_masker->accept(threads_, bytes)) return false;
      keep(std::string(bytes));
      return true;
    default:
      return false;
  }
}

bool Matcher::read_name(std::string_view bytes, std::vector<Event>& out) {
  const auto& heads = step_->heads;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const auto fits = [&](uint32_t head) {
      return heads[head].size() > position_ && heads[head][position_] == bytes[i];
    };
    while (low_ < high_ && !fits(low_)) ++low_;
    uint32_t last = low_;
    while (last < high_ && fits(last)) ++last;
    high_ = last;
    if (low_ == high_) return false;
    ++position_;
    if (heads[low_].size() != position_) continue;
    // The brace is read: the name is known.
    tool_ = low_;
    phase_ = Phase::arguments;
    const Machine& machine = step_->call_masker->machine();
    machine.step({machine.start(step_->nodes[tool_])}, Symbol{'{'}, threads_);
    out.push_back({Event::Kind::call_begin, step_->names[tool_], {}});
    const std::string_view rest = bytes.substr(i + 1);
    if (!step_->call_masker->accept(threads_, rest)) return false;
    keep("{" + std::string(rest));
    return true;
  }
  return true;
}

bool Matcher::read_control(Token token, std::vector<Event>& out) {
  const ControlIds& control = step_->trie->vocabulary().control;
  const auto flush = [&] {
    if (phase_ == Phase::text) flow(Event::Kind::text, {}, true, out);
    if (phase_ == Phase::thought) flow(Event::Kind::thought, {}, true, out);
    if (phase_ == Phase::answer) flow(in_words() ? Event::Kind::words : Event::Kind::answer, {}, true, out);
  };
  if (can_stop() && is_stop(token)) {
    flush();
    stop_ = phase_ == Phase::called ? Stop::tool_calls : Stop::end_turn;
    phase_ = Phase::over;
    threads_.clear();
    return true;
  }
  if (token == control.channel_open && channel_allowed()) {
    flush();
    resume_ = phase_;
    phase_ = Phase::thought;
    return true;
  }
  if (token == control.channel_close && phase_ == Phase::thought) {
    flush();
    phase_ = resume_;
    return true;
  }
  if (token == control.call_open && calls_allowed()) {
    flush();
    phase_ = Phase::name;
    low_ = position_ = 0;
    high_ = static_cast<uint32_t>(step_->heads.size());
    pieces_ = {};
    return true;
  }
  if (phase_ != Phase::arguments) return false;
  if (token == control.call_close && Machine::done(threads_)) {
    out.push_back({Event::Kind::call_end, step_->names[tool_], arguments()});
    pieces_ = {};
    threads_.clear();
    phase_ = Phase::called;
    ++calls_;
    return true;
  }
  if (token == control.quote) {
    Threads next;
    step_->call_masker->machine().step(threads_, grammar::kQuote, next);
    if (next.empty()) return false;
    threads_ = std::move(next);
    keep({});
    return true;
  }
  return false;
}

void Matcher::keep(std::string bytes) {
  auto* piece = new Piece;
  piece->bytes = std::move(bytes);
  piece->before = pieces_.get();
  if (piece->before) ++piece->before->uses;
  pieces_ = grammar::Ref<Piece>(piece);
}

std::string Matcher::arguments() const {
  std::vector<const Piece*> pieces;
  for (const Piece* piece = pieces_.get(); piece; piece = piece->before) pieces.push_back(piece);
  ArgumentWriter writer;
  for (auto piece = pieces.rbegin(); piece != pieces.rend(); ++piece) {
    if ((*piece)->bytes.empty()) {
      writer.quote();
    } else {
      writer.bytes((*piece)->bytes);
    }
  }
  return writer.text();
}

void Matcher::flow(Event::Kind kind, std::string_view bytes, bool last, std::vector<Event>& out) {
  std::string& held = flow_.held;
  held.append(bytes);
  const bool trimmed = kind == Event::Kind::thought || kind == Event::Kind::answer;
  if (kind == Event::Kind::thought && flow_.head != kHeadOver) {
    const std::string_view head = kThoughtHead.substr(0, held.size());
    const bool fits = std::string_view(held).substr(0, head.size()) == head;
    if (fits && held.size() < kThoughtHead.size() && !last) return;
    if (fits && held.size() + 1 >= kThoughtHead.size()) held.erase(0, kThoughtHead.size());
    flow_.head = kHeadOver;
  }
  if (trimmed && !flow_.begun) {
    held.erase(0, static_cast<size_t>(std::find_if_not(held.begin(), held.end(), blank) - held.begin()));
  }
  size_t length = held.size();
  if (!last) length -= unfinished(held);
  while (trimmed && length > 0 && blank(held[length - 1])) --length;
  if (length > 0) {
    flow_.begun = true;
    out.push_back({kind, {}, utf8::repair(std::string_view(held).substr(0, length))});
    held.erase(0, length);
  }
  if (last) flow_ = {};
}

std::vector<Token> Matcher::shortest_completion() const {
  const TokenTrie& trie = *step_->trie;
  const ControlIds& control = trie.vocabulary().control;
  Matcher end = *this;
  std::vector<Token> all;
  std::vector<Event> events;
  const auto write = [&](const Machine& machine, const Threads& threads) {
    std::vector<Symbol> best;
    for (size_t i = 0; i < threads.size() && i < 8; ++i) {
      std::vector<Symbol> way = machine.completion(threads[i]);
      if (i == 0 || way.size() < best.size()) best = std::move(way);
    }
    std::vector<Token> tokens;
    std::string run;
    const auto spell = [&] {
      for (const Token token : trie.spell(run)) tokens.push_back(token);
      run.clear();
    };
    for (const Symbol symbol : best) {
      if (symbol <= 0xFF) {
        run.push_back(static_cast<char>(symbol));
      } else {
        spell();
        tokens.push_back(*control.quote);
      }
    }
    spell();
    return tokens;
  };
  const auto write_words = [&] { return trie.spell(step_->words_masker->machine().completion(end.words())); };
  while (!end.finished()) {
    std::vector<Token> tokens;
    switch (end.phase_) {
      case Phase::thought:
        tokens = {*control.channel_close};
        break;
      case Phase::name: {
        const auto shorter = [&](const std::string& a, const std::string& b) { return a.size() < b.size(); };
        const auto head = std::min_element(step_->heads.begin() + end.low_, step_->heads.begin() + end.high_, shorter);
        tokens = trie.spell(std::string_view(*head).substr(end.position_));
        break;
      }
      case Phase::arguments:
        tokens = write(step_->call_masker->machine(), end.threads_);
        tokens.push_back(*control.call_close);
        break;
      case Phase::open:
        if (end.can_stop()) {
          tokens = {step_->stops.front()};
        } else if (step_->words_masker) {
          tokens = write_words();
        } else if (step_->answer) {
          const Machine& machine = step_->answer_masker->machine();
          tokens = write(machine, {machine.start(*step_->answer)});
        } else {
          tokens = {*control.call_open};
        }
        break;
      case Phase::answer:
        if (!end.can_stop()) {
          tokens = end.in_words() ? write_words() : write(step_->answer_masker->machine(), end.threads_);
          break;
        }
        [[fallthrough]];
      default:
        tokens = {end.phase_ == Phase::called && step_->call_stop ? *step_->call_stop : step_->stops.front()};
    }
    if (tokens.empty()) return all;
    for (const Token token : tokens) {
      if (!end.accept(token, events)) return all;
      all.push_back(token);
    }
  }
  return all;
}

}  // namespace hob::constrain
