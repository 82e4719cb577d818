// model/status, generate, schema/check.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "schemas/wire/step.h"

namespace hob::wire {

/// state: unloaded, loading, ready, busy, failed.
struct ModelStatus {
  std::string state;
  std::optional<ModelInfo> model;
  std::optional<std::string> reason;   // failed: why
  std::optional<double> loading;       // 0..1
  Json kv = Json::object();            // {used, cached} bytes
  Json queue = Json::object();         // {depth}
  uint32_t restarts = 0;
  double tokens_per_second = 0;        // of the last decode
  std::optional<Speculative> speculative;

  template <typename D>
  static void describe(D& d) {
    d.about("ModelStatus", "");
    d.field("state", &ModelStatus::state, "unloaded, loading, ready, busy or failed.");
    d.field("model", &ModelStatus::model, "");
    d.field("reason", &ModelStatus::reason, "");
    d.field("loading", &ModelStatus::loading, "Share that is loaded.");
    d.defaulted("kv", &ModelStatus::kv, "");
    d.defaulted("queue", &ModelStatus::queue, "");
    d.defaulted("restarts", &ModelStatus::restarts, "");
    d.defaulted("tokensPerSecond", &ModelStatus::tokens_per_second, "");
    d.field("speculative", &ModelStatus::speculative, "");
  }
};

struct ChatMessage {
  std::string role;     // system | user | assistant
  std::string content;

  template <typename D>
  static void describe(D& d) {
    d.about("ChatMessage", "");
    d.field("role", &ChatMessage::role, "system, user or assistant.");
    d.field("content", &ChatMessage::content, "");
  }
};

struct Generate {
  std::optional<std::vector<ChatMessage>> messages;
  std::optional<std::string> prompt;   // raw; <bos> is put before it
  std::optional<Json> schema;
  std::optional<std::vector<ToolDecl>> tools;
  Json tool_choice = "auto";
  std::optional<Sampling> sampling;
  std::optional<Thinking> thinking;
  std::optional<uint32_t> max_tokens;
  bool stream = false;                 // notifications generate/delta, generate/progress
  std::optional<std::string> regex;    // instead of a schema; the output is text
  std::optional<std::string> grammar;  // the same
  std::vector<std::string> stop;       // texts that end free text
  std::vector<uint32_t> stop_ids;      // tokens that end free text
  bool logprobs = false;
  uint32_t top_logprobs = 0;
  std::optional<DraftKind> draft;
  std::optional<std::string> idempotency_key;

  template <typename D>
  static void describe(D& d) {
    d.about("Generate", "Text or JSON without a session. Tool calls are returned, not executed. At most one of schema, regex, grammar.");
    d.field("messages", &Generate::messages, "", {.min_length = 1, .max_length = 1000});
    d.field("prompt", &Generate::prompt, "Instead of messages: the raw prompt.");
    d.field("schema", &Generate::schema, "The answer is JSON that fits this schema.");
    d.field("tools", &Generate::tools, "");
    d.defaulted("toolChoice", &Generate::tool_choice, "");
    d.field("sampling", &Generate::sampling, "");
    d.field("thinking", &Generate::thinking, "");
    d.field("maxTokens", &Generate::max_tokens, "", {.min = 1, .max = 1000000});
    d.defaulted("stream", &Generate::stream, "Notifications generate/delta {requestId, text}, and generate/progress {requestId, what: compile} where the schema takes long.");
    d.field("regex", &Generate::regex, "The whole answer matches this regular expression (ECMA-262, without look-around and back-references).");
    d.field("grammar", &Generate::grammar, "The whole answer is one of this grammar's texts (GBNF: root ::= ...).");
    d.defaulted("stop", &Generate::stop, "Texts of 1 to 256 bytes that end free text and are not given out.", {.max_length = 16});
    d.defaulted("stopIds", &Generate::stop_ids, "Tokens that end free text and are not given out.", {.max_length = 16});
    d.defaulted("logprobs", &Generate::logprobs, "Tell how likely each token was.");
    d.defaulted("topLogprobs", &Generate::top_logprobs, "With logprobs: and the likeliest ones at each place.", {.max = 20});
    d.field("draft", &Generate::draft,
            "Whether the model guesses ahead: none or lookup; the answer is the same. Missing: as hob.yaml says.");
    d.field("idempotencyKey", &Generate::idempotency_key, "", {.min_length = 1, .max_length = 200});
  }
};

struct GeneratedCall {
  std::string name;
  Json arguments;

  template <typename D>
  static void describe(D& d) {
    d.about("GeneratedCall", "");
    d.field("name", &GeneratedCall::name, "");
    d.field("arguments", &GeneratedCall::arguments, "");
  }
};

struct GenerateResult {
  std::string output;
  std::optional<Json> structured;
  std::vector<GeneratedCall> tool_calls;
  std::string stop_reason;
  std::optional<std::string> stop_string;
  std::optional<uint32_t> stop_id;
  std::optional<bool> incomplete;
  std::optional<std::vector<TokenLogprob>> logprobs;
  Usage usage;

  template <typename D>
  static void describe(D& d) {
    d.about("GenerateResult", "");
    d.field("output", &GenerateResult::output, "");
    d.field("structured", &GenerateResult::structured, "");
    d.defaulted("toolCalls", &GenerateResult::tool_calls, "");
    d.field("stopReason", &GenerateResult::stop_reason,
            "end_turn, tool_calls, max_tokens, repetition, stop_string or stop_id.");
    d.field("stopString", &GenerateResult::stop_string, "Which of `stop` ended the text.");
    d.field("stopId", &GenerateResult::stop_id, "Which of `stopIds` ended the text.");
    d.field("incomplete", &GenerateResult::incomplete, "");
    d.field("logprobs", &GenerateResult::logprobs, "Of the tokens behind the output, its control tokens included.");
    d.defaulted("usage", &GenerateResult::usage, "");
  }
};

struct SchemaCheck {
  std::optional<Json> schema;
  std::optional<std::string> regex, grammar;

  template <typename D>
  static void describe(D& d) {
    d.about("SchemaCheck", "One of the three.");
    d.field("schema", &SchemaCheck::schema, "");
    d.field("regex", &SchemaCheck::regex, "");
    d.field("grammar", &SchemaCheck::grammar, "");
  }
};

struct UnsupportedKeyword {
  std::string pointer;
  std::string keyword;
  std::string message;

  template <typename D>
  static void describe(D& d) {
    d.about("UnsupportedKeyword", "");
    d.field("pointer", &UnsupportedKeyword::pointer, "");
    d.field("keyword", &UnsupportedKeyword::keyword, "");
    d.defaulted("message", &UnsupportedKeyword::message, "");
  }
};

struct SchemaCheckResult {
  bool supported = false;
  std::vector<UnsupportedKeyword> unsupported_keywords;
  std::optional<Json> error;   // not about a keyword: unsatisfiable, too large, no grammar (line, column)
  double compiled_ms = 0;
  std::vector<UnsupportedKeyword> untold;  // enforced, but not said to the model in a tool's declaration

  template <typename D>
  static void describe(D& d) {
    d.about("SchemaCheckResult", "");
    d.field("supported", &SchemaCheckResult::supported, "");
    d.defaulted("unsupportedKeywords", &SchemaCheckResult::unsupported_keywords, "");
    d.field("error", &SchemaCheckResult::error, "");
    d.defaulted("compiledMs", &SchemaCheckResult::compiled_ms, "");
    d.defaulted("untold", &SchemaCheckResult::untold, "Enforced, but a tool's declaration cannot tell the model.");
  }
};

}  // namespace hob::wire
