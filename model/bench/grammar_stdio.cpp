#include "model/bench/grammar_stdio.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <ctime>
#include <istream>
#include <memory>
#include <optional>
#include <ostream>
#include <random>
#include <string>
#include <vector>

#include "model/constrain/compiled_step.h"
#include "model/constrain/step.h"
#include "model/constrain/walk.h"
#include "model/text/tokenizer.h"
#include "schemas/base/document.h"
#include "schemas/base/json.h"

namespace hob::bench {
namespace {

using constrain::Bits;
using constrain::Token;
using json::Document;

constexpr json::Limits kLine{256u << 20, 256, 40'000'000};

double now_us(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}
double now_us() { return now_us(CLOCK_MONOTONIC); }

Json failure(std::string_view pointer, std::string_view keyword, std::string_view message) {
  return {{"ok", false}, {"error", {{"pointer", pointer}, {"keyword", keyword}, {"message", message}}}};
}

std::string text_of(const Document& request, std::string_view name) {
  const Document* value = request.find(name);
  return value && value->kind == Document::Kind::string ? value->text : std::string();
}

double number_of(const Document& request, std::string_view name, double otherwise) {
  const Document* value = request.find(name);
  if (!value || value->kind != Document::Kind::number) return otherwise;
  return std::strtod(value->text.c_str(), nullptr);
}

size_t ones(const Bits& bits) {
  size_t count = 0;
  for (const uint64_t word : bits) count += static_cast<size_t>(std::popcount(word));
  return count;
}

class Door {
 public:
  /// The reply, or nothing when the request was `quit`.
  std::optional<Json> answer(const Document& request) {
    const std::string op = text_of(request, "op");
    if (op == "hello") return hello();
    if (op == "tokenizer") return load(request);
    if (op == "compile") return compile(request);
    if (op == "mask_walk") return walk(request);
    if (op == "sample") return sample(request);
    if (op == "floor") return floor();
    if (op == "stats") return stats();
    if (op == "quit") return std::nullopt;
    return failure("/op", "op", "op must be hello, tokenizer, compile, mask_walk, sample, floor, stats or quit, not \"" + op +
                                    "\"");
  }

 private:
  static Json hello() {
    return {{"ok", true},
            {"protocol", 1},
            {"name", "hob"},
            {"version", "0.1.0"},
            {"threads", 1},
            {"options",
             {{"whitespace", "bounded: at most 2 blanks, a line end and 64 blanks at one place"},
              {"key_order", "any"},
              {"mask_cache_bytes", 64 << 20},
              {"max_depth", grammar::kMaxDepth},
              {"numbers", "20 digits before the point, 18 after it, exponent of 3 digits, below 1e308"}}}};
  }

  Json load(const Document& request) {
    const double start = now_us();
    step_.reset();
    trie_.reset();
    auto tokenizer = text::Tokenizer::load(text_of(request, "path"));
    if (!tokenizer) return failure("/path", "path", tokenizer.error().message());
    tokenizer_ = std::make_unique<text::Tokenizer>(std::move(*tokenizer));
    const double asked = number_of(request, "vocab_size", tokenizer_->size());
    if (asked < 1 || asked > 16e6) return failure("/vocab_size", "vocab_size", "vocab_size must be from 1 to 16 million");
    constrain::Vocabulary vocabulary;
    vocabulary.bytes.resize(static_cast<size_t>(asked));
    vocabulary.special.resize(vocabulary.bytes.size());
    size_t special = 0;
    for (Token id = 0; id < tokenizer_->size() && id < vocabulary.bytes.size(); ++id) {
      vocabulary.bytes[id] = tokenizer_->bytes(id);
      vocabulary.special[id] = tokenizer_->is_special(id);
      special += vocabulary.special[id] ? 1 : 0;
    }
    vocabulary.control.eos = tokenizer_->control().eos;
    if (!vocabulary.control.eos || *vocabulary.control.eos >= vocabulary.bytes.size()) {
      return failure("/path", "path", "the tokenizer has no <eos>");
    }
    eos_ = *vocabulary.control.eos;
    auto trie = constrain::TokenTrie::make(std::move(vocabulary));
    if (!trie) return failure("/path", "path", trie.error().message());
    trie_ = *trie;
    const double us = now_us() - start;
    return {{"ok", true}, {"us", us}, {"vocab_size", trie_->size()}, {"special", special}, {"trie_bytes", trie_->bytes()}};
  }

  Json compile(const Document& request) {
    if (!trie_) return failure("", "op", "load a tokenizer first");
    const Document* schema = request.find("schema");
    if (!schema) return failure("/schema", "schema", "compile needs a schema");
    const std::string mode = text_of(request, "mode");
    if (!mode.empty() && mode != "strict") {
      return failure("/mode", "mode", "a keyword is enforced or its schema refused; there is no mode \"" + mode + "\"");
    }
    step_.reset();  // every cache of a schema lives in its step
    constrain::StepSpec spec;
    spec.response_schema = *schema;
    spec.stop_ids = {eos_};
    const double start = now_us(), cpu = now_us(CLOCK_PROCESS_CPUTIME_ID);
    auto step = constrain::compile(trie_, spec);
    const double cpu_us = now_us(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    compile_us_ = now_us() - start;
    if (!step) {
      const Json& data = step.error().data();
      Json reply = failure(data.value("pointer", ""), data.value("keyword", ""), step.error().message());
      reply["us"] = compile_us_;
      reply["cpu_us"] = cpu_us;
      reply["refused"] = true;
      return reply;
    }
    step_ = *step;
    return {{"ok", true}, {"us", compile_us_}, {"cpu_us", cpu_us}, {"warnings", Json::array()}};
  }

  Json walk(const Document& request) {
    if (!step_) return failure("", "op", "compile a schema first");
    std::vector<Token> tokens;
    if (const Document* given = request.find("tokens"); given && given->kind == Document::Kind::array) {
      for (const Document& id : given->items) {
        const double value = id.kind == Document::Kind::number ? std::strtod(id.text.c_str(), nullptr) : -1;
        if (value < 0 || value > 4e9) return failure("/tokens", "tokens", "tokens must be a list of token ids");
        tokens.push_back(static_cast<Token>(value));
      }
    } else {
      tokens = tokenizer_->encode(text_of(request, "instance"), text::Control::as_text);
    }
    const Document* want = request.find("want");
    const bool popcount = want && std::any_of(want->items.begin(), want->items.end(),
                                              [](const Document& word) { return word.text == "popcount"; });
    Json mask_us = Json::array(), commit_us = Json::array(), counts = Json::array();
    Bits bits(trie_->words());
    double start = now_us();
    std::optional<constrain::Matcher> matcher(std::in_place, step_);
    const double start_us = now_us() - start;
    double first_us = 0;
    Json at = nullptr, reason = nullptr;
    std::vector<constrain::Event> events;
    for (size_t i = 0; i <= tokens.size() && at.is_null(); ++i) {
      start = now_us();
      matcher->mask(bits);
      const double us = now_us() - start;
      mask_us.push_back(us);
      if (i == 0) first_us = us;
      if (popcount) counts.push_back(ones(bits));
      const Token token = i < tokens.size() ? tokens[i] : eos_;
      if (token >= trie_->size() || !constrain::get_bit(bits, token)) {
        at = i;
        reason = i < tokens.size() ? "mask" : "end";
      } else if (i < tokens.size()) {
        events.clear();
        start = now_us();
        const bool taken = matcher->accept(token, events).ok();
        commit_us.push_back(now_us() - start);
        if (!taken) {
          at = i;
          reason = "commit";
        }
      }
    }
    Json reply = {{"ok", true},
                  {"accepted", at.is_null()},
                  {"at", at},
                  {"reason", reason},
                  {"n", tokens.size()},
                  {"start_us", start_us},
                  {"mask_us", std::move(mask_us)},
                  {"commit_us", std::move(commit_us)},
                  {"ttfm_us", compile_us_ + start_us + first_us}};
    if (popcount) reply["popcount"] = std::move(counts);
    return reply;
  }

  Json sample(const Document& request) {
    if (!step_) return failure("", "op", "compile a schema first");
    std::mt19937_64 random(static_cast<uint64_t>(number_of(request, "seed", 0)));
    const auto limit = static_cast<size_t>(number_of(request, "max_tokens", 256));
    const double closing = number_of(request, "closing", 0.5);
    const auto chance = [&](double p) { return std::uniform_real_distribution<double>(0, 1)(random) < p; };
    const auto pick = [&](const std::vector<Token>& from) {
      return from[std::uniform_int_distribution<size_t>(0, from.size() - 1)(random)];
    };
    if (closers_.empty() || closers_for_ != trie_.get()) find_closers();
    constrain::Matcher matcher(step_);
    std::vector<constrain::Event> events;
    Bits bits(trie_->words());
    std::string text;
    size_t n = 0;
    bool done = false, dead_end = false, mismatch = false;
    while (!dead_end && !mismatch) {
      matcher.mask(bits);
      const bool may_end = constrain::get_bit(bits, eos_);
      if (may_end && chance(0.5)) done = true;
      if (done || n >= limit) break;
      bits[eos_ / 64] &= ~(uint64_t{1} << (eos_ % 64));
      std::vector<Token> allowed;
      if (chance(closing)) {
        std::copy_if(closers_.begin(), closers_.end(), std::back_inserter(allowed),
                     [&](Token token) { return constrain::get_bit(bits, token); });
      }
      if (allowed.empty()) {
        for (Token token = 0; token < trie_->size(); ++token) {
          if (constrain::get_bit(bits, token)) allowed.push_back(token);
        }
      }
      if (allowed.empty()) {
        done = may_end;
        dead_end = !may_end;
        break;
      }
      const Token token = pick(allowed);
      text += trie_->vocabulary().bytes[token];
      ++n;
      mismatch = !matcher.accept(token, events).ok();
    }
    return {{"ok", true}, {"done", done}, {"dead_end", dead_end}, {"mismatch", mismatch}, {"text", text}, {"n", n}};
  }

  void find_closers() {
    closers_.clear();
    closers_for_ = trie_.get();
    static constexpr std::string_view kClosers[] = {"\"", "}", "]", ",", "true", "false", "null", "0", "1", "2",
                                                    "3",  "4", "5", "6", "7",    "8",     "9"};
    const auto& texts = trie_->vocabulary().bytes;
    for (Token token = 0; token < texts.size(); ++token) {
      if (constrain::get_bit(trie_->ordinary(), token) &&
          std::find(std::begin(kClosers), std::end(kClosers), texts[token]) != std::end(kClosers)) {
        closers_.push_back(token);
      }
    }
  }

  static Json floor() {
    std::vector<double> times(1001);
    for (double& time : times) {
      const double start = now_us();
      time = now_us() - start;
    }
    std::nth_element(times.begin(), times.begin() + 500, times.end());
    return {{"ok", true}, {"us", times[500]}};
  }

  Json stats() const {
    size_t cache = 0;
    if (step_ && step_->answer_masker) cache = step_->answer_masker->bytes();
    const size_t all = step_ ? step_->bytes() : 0;
    return {{"ok", true}, {"cache_bytes", cache}, {"schema_bytes", all - cache}, {"trie_bytes", trie_ ? trie_->bytes() : 0}};
  }

  std::unique_ptr<text::Tokenizer> tokenizer_;
  std::shared_ptr<const constrain::TokenTrie> trie_;
  std::shared_ptr<const constrain::CompiledStep> step_;
  Token eos_ = 0;
  double compile_us_ = 0;
  std::vector<Token> closers_;
  const constrain::TokenTrie* closers_for_ = nullptr;
};

}  // namespace

int run_grammar_stdio(std::istream& in, std::ostream& out) {
  Door door;
  std::string line;
  while (std::getline(in, line)) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    auto request = json::parse_document(line, kLine);
    std::optional<Json> reply;
    if (!request) {
      reply = failure("", "", request.error().message());
    } else if (request->kind != Document::Kind::object) {
      reply = failure("", "", "a request must be an object");
    } else {
      reply = door.answer(*request);
    }
    if (!reply) return 0;
    out << json::dump(*reply) << '\n' << std::flush;
  }
  return 0;
}

}  // namespace hob::bench
