// What hobd asks of a model process: `start`, `step`, `fit`, `tokenize`, `render`, `check_schema`, `status`.
// One step = one run of the model from the end of the prompt to a stop token; the daemon holds the loop.
//
// During `step` the child sends progress frames (StepProgress) and at last one reply (StepResult) or an error.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "schemas/wire/item.h"

namespace hob::wire {

/// Whether the model guesses ahead and verifies several tokens in one forward. What is said is the same.
enum class DraftKind { none, lookup };
constexpr auto names(DraftKind*) {
  using Name = describe::EnumName<DraftKind>;
  return std::array{Name{DraftKind::none, "none"}, Name{DraftKind::lookup, "lookup"}};
}

struct ModelStart {
  std::string model_dir;        // checkpoint directory; empty with `script`
  std::string script;           // hob-model-lite: file with what the scripted engine says
  std::string dtype = "auto";   // f32 | bf16 | auto
  uint32_t threads = 0;         // 0: choose
  uint32_t context = 0;         // 0: the checkpoint's
  uint64_t cache_bytes = 0;     // for prefix reuse; 0: choose
  DraftKind draft = DraftKind::lookup;  // of steps that do not say

  template <typename D>
  static void describe(D& d) {
    d.about("ModelStart", "Loads the model; progress {what: load, done, total}; replies ModelInfo.");
    d.defaulted("modelDir", &ModelStart::model_dir, "");
    d.defaulted("script", &ModelStart::script, "");
    d.defaulted("dtype", &ModelStart::dtype, "f32, bf16 or auto.");
    d.defaulted("threads", &ModelStart::threads, "", {.max = 1024});
    d.defaulted("context", &ModelStart::context, "");
    d.defaulted("cacheBytes", &ModelStart::cache_bytes, "");
    d.defaulted("draft", &ModelStart::draft, "Of steps that do not say.");
  }
};

struct DraftCounts {
  uint64_t drafted = 0;   // tokens guessed and verified
  uint64_t accepted = 0;  // of those, what the model said
  bool resting = false;   // it would lose now

  template <typename D>
  static void describe(D& d) {
    d.about("DraftCounts", "What one way of guessing came to.");
    d.defaulted("drafted", &DraftCounts::drafted, "Tokens guessed and verified.");
    d.defaulted("accepted", &DraftCounts::accepted, "Of those, what the model said.");
    d.defaulted("resting", &DraftCounts::resting, "Left alone for now, because it costs more than it brings.");
  }
};

/// Guessing ahead, since the model was loaded.
struct Speculative {
  DraftKind kind = DraftKind::lookup;
  DraftCounts lookup;                // from what was said before
  DraftCounts grammar;               // from what the grammar leaves no choice about
  uint64_t drafted = 0, accepted = 0;  // together
  double tokens_per_step = 0;        // of each step's forward; 1 without drafts
  std::optional<double> speed_up;    // time without drafts over time with them, measured

  template <typename D>
  static void describe(D& d) {
    d.about("Speculative", "Guessing ahead, since the model was loaded. What is said does not depend on it.");
    d.field("kind", &Speculative::kind, "Of steps that do not say.");
    d.defaulted("lookup", &Speculative::lookup, "From what was said before.");
    d.defaulted("grammar", &Speculative::grammar, "From what the grammar leaves no choice about.");
    d.defaulted("drafted", &Speculative::drafted, "Together.");
    d.defaulted("accepted", &Speculative::accepted, "Together.");
    d.defaulted("tokensPerStep", &Speculative::tokens_per_step, "Tokens that one forward brings a step; 1 without drafts.");
    d.field("speedUp", &Speculative::speed_up, "Time without drafts over time with them, as measured here.");
  }
};

struct ModelInfo {
  std::string name;
  std::string fingerprint;
  std::string device;
  std::string dtype;
  uint32_t context_size = 0;
  uint32_t vocab_size = 0;
  bool demonstration = false;
  double load_seconds = 0;
  std::vector<std::string> capabilities;  // of {constrain.exact, constrain.words, ids, logprobs, fork, audio, image, tools}

  template <typename D>
  static void describe(D& d) {
    d.about("ModelInfo", "The model that is loaded.");
    d.field("name", &ModelInfo::name, "");
    d.field("fingerprint", &ModelInfo::fingerprint, "");
    d.field("device", &ModelInfo::device, "");
    d.field("dtype", &ModelInfo::dtype, "What is computed.");
    d.field("contextSize", &ModelInfo::context_size, "Tokens.");
    d.field("vocabSize", &ModelInfo::vocab_size, "");
    d.defaulted("demonstration", &ModelInfo::demonstration, "The built-in demonstration model.");
    d.defaulted("loadSeconds", &ModelInfo::load_seconds, "");
    d.defaulted("capabilities", &ModelInfo::capabilities, "");
  }
};

/// A tool as the model is told of it; key order of `parameters` is kept.
struct ToolDecl {
  std::string name;
  std::string description;
  Json parameters;

  template <typename D>
  static void describe(D& d) {
    d.about("ToolDecl", "A declared tool.");
    d.field("name", &ToolDecl::name, "", {.min_length = 1, .max_length = 64});
    d.defaulted("description", &ToolDecl::description, "");
    d.defaulted("parameters", &ToolDecl::parameters, "JSON Schema of the arguments.");
  }
};

enum class ToolChoiceMode { automatic, none, required, named };
constexpr auto names(ToolChoiceMode*) {
  using Name = describe::EnumName<ToolChoiceMode>;
  return std::array{Name{ToolChoiceMode::automatic, "auto"}, Name{ToolChoiceMode::none, "none"},
                    Name{ToolChoiceMode::required, "required"}, Name{ToolChoiceMode::named, "named"}};
}

struct LogitBias {
  uint32_t token = 0;
  double bias = 0;  // added to its logit

  template <typename D>
  static void describe(D& d) {
    d.about("LogitBias", "Makes one token more or less likely; what a schema forbids stays forbidden.");
    d.field("token", &LogitBias::token, "Its id.");
    d.field("bias", &LogitBias::bias, "Added to its logit.", {.min = -1000, .max = 1000});
  }
};

struct Sampling {
  std::optional<double> temperature;  // 0: greedy. Missing: the checkpoint's generation_config
  std::optional<uint32_t> top_k;
  std::optional<double> top_p;
  std::optional<double> min_p;
  std::optional<uint64_t> seed;
  std::optional<std::vector<LogitBias>> logit_bias;
  std::optional<bool> repetition_guard;  // missing: on

  template <typename D>
  static void describe(D& d) {
    d.about("Sampling", "How tokens are chosen; missing fields come from the checkpoint.");
    d.field("temperature", &Sampling::temperature, "0 is greedy.", {.min = 0, .max = 10});
    d.field("topK", &Sampling::top_k, "0: no limit.", {.max = 1000000});
    d.field("topP", &Sampling::top_p, "", {.min = 0, .max = 1});
    d.field("minP", &Sampling::min_p, "Tokens less than this times as likely as the best are left out.", {.min = 0, .max = 1});
    d.field("seed", &Sampling::seed, "The same seed gives the same tokens, whatever else runs.");
    d.field("logitBias", &Sampling::logit_bias, "", {.max_length = 1024});
    d.field("repetitionGuard", &Sampling::repetition_guard, "false: a loop of tokens does not end the step.");
  }
};

struct Thinking {
  bool on = false;
  std::optional<uint32_t> budget;  // tokens, then the channel is closed

  template <typename D>
  static void describe(D& d) {
    d.about("Thinking", "Whether the model thinks before it answers.");
    d.defaulted("on", &Thinking::on, "");
    d.field("budget", &Thinking::budget, "Most tokens of thought.", {.min = 1});
  }
};

struct StepParams {
  std::string session_id;             // whose cache; empty: none is kept
  std::string system;                 // system text of the contract
  std::vector<ToolDecl> tools;        // declared, in order: the sacred prefix
  std::vector<std::string> allowed;   // those the automaton permits now
  ToolChoiceMode tool_choice = ToolChoiceMode::automatic;
  std::optional<std::string> tool_name;  // with `named`
  bool parallel = true;
  std::vector<Item> items;            // the whole history
  std::optional<std::string> prompt;  // raw prompt instead of items (generate)
  std::optional<Json> response_schema;  // the answer is JSON that fits it
  std::optional<std::string> regex;     // or: the whole answer matches it (ECMA-262)
  std::optional<std::string> grammar;   // or: the whole answer is one of its texts (GBNF)
  Thinking thinking;
  Sampling sampling;
  uint32_t max_tokens = 2048;
  std::vector<std::string> stop;      // texts that end free text; they are not shown
  std::vector<uint32_t> stop_ids;     // tokens that end free text; they are not shown
  bool logprobs = false;
  uint32_t top_logprobs = 0;          // the likeliest tokens told at each position, with `logprobs`
  std::optional<DraftKind> draft;     // missing: as the model was started

  template <typename D>
  static void describe(D& d) {
    d.about("StepParams", "One model step.");
    d.defaulted("sessionId", &StepParams::session_id, "");
    d.defaulted("system", &StepParams::system, "");
    d.defaulted("tools", &StepParams::tools, "", {.max_length = 512});
    d.defaulted("allowed", &StepParams::allowed, "");
    d.defaulted("toolChoice", &StepParams::tool_choice, "");
    d.field("toolName", &StepParams::tool_name, "");
    d.defaulted("parallel", &StepParams::parallel, "Several calls may follow each other.");
    d.defaulted("items", &StepParams::items, "");
    d.field("prompt", &StepParams::prompt, "");
    d.field("responseSchema", &StepParams::response_schema, "");
    d.field("regex", &StepParams::regex, "Instead of a schema: the whole answer matches it (ECMA-262).");
    d.field("grammar", &StepParams::grammar, "Instead of a schema: the whole answer is one of its texts (GBNF).");
    d.defaulted("thinking", &StepParams::thinking, "");
    d.defaulted("sampling", &StepParams::sampling, "");
    d.defaulted("maxTokens", &StepParams::max_tokens, "", {.min = 1});
    d.defaulted("stop", &StepParams::stop, "Texts of 1 to 256 bytes that end free text.", {.max_length = 16});
    d.defaulted("stopIds", &StepParams::stop_ids, "Tokens that end free text.", {.max_length = 16});
    d.defaulted("logprobs", &StepParams::logprobs, "Tell how likely each token was.");
    d.defaulted("topLogprobs", &StepParams::top_logprobs, "With logprobs: and the likeliest ones.", {.max = 20});
    d.field("draft", &StepParams::draft, "Missing: as the model was started.");
  }
};

enum class StepProgressKind { compile, prefill, text, thought, call_begin, call, answer };
constexpr auto names(StepProgressKind*) {
  using Name = describe::EnumName<StepProgressKind>;
  return std::array{Name{StepProgressKind::compile, "compile"},  // its schemas take long
                    Name{StepProgressKind::prefill, "prefill"},       Name{StepProgressKind::text, "text"},
                    Name{StepProgressKind::thought, "thought"},       Name{StepProgressKind::call_begin, "call_begin"},
                    Name{StepProgressKind::call, "call"},             Name{StepProgressKind::answer, "answer"}};
}

/// One progress frame of a step. `text`, `thought` and `answer` carry the new text alone.
struct StepProgress {
  StepProgressKind kind = StepProgressKind::text;
  std::string text;
  uint64_t done = 0, total = 0;  // prefill, in tokens
  std::string name;              // call_begin, call
  std::string arguments;         // call: JSON text

  template <typename D>
  static void describe(D& d) {
    d.about("StepProgress", "What a step has produced since the last frame.");
    d.field("kind", &StepProgress::kind, "");
    d.defaulted("text", &StepProgress::text, "");
    d.defaulted("done", &StepProgress::done, "");
    d.defaulted("total", &StepProgress::total, "");
    d.defaulted("name", &StepProgress::name, "");
    d.defaulted("arguments", &StepProgress::arguments, "");
  }
};

struct Usage {
  uint64_t prompt_tokens = 0;     // of the whole prompt
  uint64_t cached_tokens = 0;     // of those, taken from a cache
  uint64_t output_tokens = 0;
  uint64_t drafted_tokens = 0;    // guessed ahead and verified
  uint64_t accepted_tokens = 0;   // of those, what the model said
  double prefill_seconds = 0;
  double decode_seconds = 0;
  double mask_seconds = 0;        // of those, spent on what the schema forbids

  template <typename D>
  static void describe(D& d) {
    d.about("Usage", "Tokens and time.");
    d.defaulted("promptTokens", &Usage::prompt_tokens, "");
    d.defaulted("cachedTokens", &Usage::cached_tokens, "Of the prompt, taken from a cache.");
    d.defaulted("outputTokens", &Usage::output_tokens, "");
    d.defaulted("draftedTokens", &Usage::drafted_tokens, "Guessed ahead and verified.");
    d.defaulted("acceptedTokens", &Usage::accepted_tokens, "Of those, what the model said.");
    d.defaulted("prefillSeconds", &Usage::prefill_seconds, "");
    d.defaulted("decodeSeconds", &Usage::decode_seconds, "");
    d.defaulted("maskSeconds", &Usage::mask_seconds, "Of those, spent on what may not be said.");
  }
};

struct TopLogprob {
  uint32_t token = 0;
  std::string text;
  double logprob = 0;

  template <typename D>
  static void describe(D& d) {
    d.about("TopLogprob", "One of the likeliest tokens of a position.");
    d.field("token", &TopLogprob::token, "Its id.");
    d.field("text", &TopLogprob::text, "");
    d.field("logprob", &TopLogprob::logprob, "Natural logarithm.");
  }
};

/// What the model itself thought of a token that was chosen: before bias, schema, temperature and limits.
struct TokenLogprob {
  uint32_t token = 0;
  std::string text;              // what half a character stands for becomes U+FFFD
  double logprob = 0;
  std::vector<TopLogprob> top;   // likeliest first

  template <typename D>
  static void describe(D& d) {
    d.about("TokenLogprob", "How likely a chosen token was to the model itself, before bias, schema and temperature.");
    d.field("token", &TokenLogprob::token, "Its id.");
    d.field("text", &TokenLogprob::text, "");
    d.field("logprob", &TokenLogprob::logprob, "Natural logarithm.");
    d.defaulted("top", &TokenLogprob::top, "The likeliest tokens here, best first.");
  }
};

enum class StepStop { end_turn, tool_calls, max_tokens, cancelled, repetition, stop_string, stop_id };
constexpr auto names(StepStop*) {
  using Name = describe::EnumName<StepStop>;
  return std::array{Name{StepStop::end_turn, "end_turn"}, Name{StepStop::tool_calls, "tool_calls"},
                    Name{StepStop::max_tokens, "max_tokens"}, Name{StepStop::cancelled, "cancelled"},
                    Name{StepStop::repetition, "repetition"}, Name{StepStop::stop_string, "stop_string"},
                    Name{StepStop::stop_id, "stop_id"}};
}

/// The reply of a step. The items of a step, in order: thought?, text?, calls, or the structured answer.
struct StepResult {
  StepStop stop = StepStop::end_turn;
  std::vector<Item> items;         // kinds thought, agent_message, tool_call, structured_output; no ids yet;
                                   // `produced` on the first
  bool incomplete = false;         // a value was closed at the token limit; a call closed so is left out
  std::optional<std::string> stop_string;             // which one ended the text; such a step has no `produced`
  std::optional<uint32_t> stop_id;                    // which of `stop_ids` ended the text
  std::optional<std::vector<TokenLogprob>> logprobs;  // of the tokens behind the items, where asked for
  Usage usage;

  template <typename D>
  static void describe(D& d) {
    d.about("StepResult", "What a step made.");
    d.field("stop", &StepResult::stop, "");
    d.defaulted("items", &StepResult::items, "");
    d.defaulted("incomplete", &StepResult::incomplete, "");
    d.field("stopString", &StepResult::stop_string, "");
    d.field("stopId", &StepResult::stop_id, "");
    d.field("logprobs", &StepResult::logprobs, "");
    d.defaulted("usage", &StepResult::usage, "");
  }
};

/// `fit`: cuts a tool result to a token budget by the contract's rule.
struct FitParams {
  Json result;
  uint32_t budget_tokens = 2000;

  template <typename D>
  static void describe(D& d) {
    d.about("FitParams", "Replies {result}.");
    d.field("result", &FitParams::result, "");
    d.defaulted("budgetTokens", &FitParams::budget_tokens, "", {.min = 16});
  }
};

/// `tokenize`: {text, untrusted?} -> {tokens}; `check_schema`: one of {schema, regex, grammar} -> {} or why not.
struct TokenizeParams {
  std::string text;
  bool untrusted = false;

  template <typename D>
  static void describe(D& d) {
    d.about("TokenizeParams", "Replies {tokens}.");
    d.field("text", &TokenizeParams::text, "");
    d.defaulted("untrusted", &TokenizeParams::untrusted, "Do not match control tokens.");
  }
};

struct CheckSchemaParams {
  std::optional<Json> schema;
  std::optional<std::string> regex, grammar;

  template <typename D>
  static void describe(D& d) {
    d.about("CheckSchemaParams", "Replies {compiledMs, untold}, or the error says what cannot be enforced.");
    d.field("schema", &CheckSchemaParams::schema, "");
    d.field("regex", &CheckSchemaParams::regex, "");
    d.field("grammar", &CheckSchemaParams::grammar, "");
  }
};

}  // namespace hob::wire
