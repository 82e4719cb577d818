// turn/*: a turn is one request of the user and all that the agent does about it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "schemas/wire/client/content.h"
#include "schemas/wire/step.h"

namespace hob::wire {

struct TurnLimits {
  std::optional<uint32_t> max_tokens;       // of one model step; default 2048
  std::optional<uint32_t> max_tool_calls;   // default 100
  std::optional<uint64_t> max_wall_ms;      // default 15 minutes; waiting for a person does not count
  std::optional<uint32_t> max_model_calls;  // default 50

  template <typename D>
  static void describe(D& d) {
    d.about("TurnLimits", "");
    d.field("maxTokens", &TurnLimits::max_tokens, "Of one model step.", {.min = 1, .max = 1000000});
    d.field("maxToolCalls", &TurnLimits::max_tool_calls, "", {.max = 10000});
    d.field("maxWallMs", &TurnLimits::max_wall_ms, "", {.min = 1, .max = 86400000});
    d.field("maxModelCalls", &TurnLimits::max_model_calls, "", {.min = 1, .max = 1000});
  }
};

enum class OnAsk { wait, deny, fail };
constexpr auto names(OnAsk*) {
  using Name = describe::EnumName<OnAsk>;
  return std::array{Name{OnAsk::wait, "wait"}, Name{OnAsk::deny, "deny"}, Name{OnAsk::fail, "fail"}};
}

struct TurnStart {
  std::string session_id;
  std::vector<ContentBlock> input;
  std::optional<Json> response_schema;
  Json tool_choice = "auto";  // "auto" | "none" | "required" | {"name": ...}
  std::optional<Sampling> sampling;
  std::optional<Thinking> thinking;
  std::optional<TurnLimits> limits;
  std::optional<std::vector<std::string>> allow;  // tools that need no asking in this turn (--allow; owner peers, audited)
  std::optional<OnAsk> on_ask;    // what happens when policy says ask; missing: as the configuration says
  std::optional<std::string> idempotency_key;

  template <typename D>
  static void describe(D& d) {
    d.about("TurnStart", "Starts a turn; answers when it is durable.");
    d.field("sessionId", &TurnStart::session_id, "", {.min_length = 1, .max_length = 64});
    d.field("input", &TurnStart::input, "", {.min_length = 1, .max_length = 64});
    d.field("responseSchema", &TurnStart::response_schema, "The answer is JSON that fits this schema.");
    d.defaulted("toolChoice", &TurnStart::tool_choice, "\"auto\", \"none\", \"required\" or {\"name\": tool}.");
    d.field("sampling", &TurnStart::sampling, "");
    d.field("thinking", &TurnStart::thinking, "");
    d.field("limits", &TurnStart::limits, "");
    d.field("allow", &TurnStart::allow, "Tools that need no asking in this turn; audited.");
    d.field("onAsk", &TurnStart::on_ask, "When policy says ask: wait for a person, deny, or fail. Missing: as the configuration says.");
    d.field("idempotencyKey", &TurnStart::idempotency_key, "", {.min_length = 1, .max_length = 200});
  }
};

struct TurnStartResult {
  std::string turn_id;
  std::string cursor;  // events of this turn come after it

  template <typename D>
  static void describe(D& d) {
    d.about("TurnStartResult", "");
    d.field("turnId", &TurnStartResult::turn_id, "");
    d.field("cursor", &TurnStartResult::cursor, "The turn's events come after it.");
  }
};

struct TurnRef {
  std::string turn_id;
  std::optional<std::string> session_id;

  template <typename D>
  static void describe(D& d) {
    d.about("TurnRef", "");
    d.field("turnId", &TurnRef::turn_id, "", {.min_length = 1, .max_length = 64});
    d.field("sessionId", &TurnRef::session_id, "");
  }
};

struct TurnWait {
  std::string turn_id;
  uint64_t timeout_ms = 3'600'000;

  template <typename D>
  static void describe(D& d) {
    d.about("TurnWait", "Answers when the turn is over, or with its present state after the time.");
    d.field("turnId", &TurnWait::turn_id, "", {.min_length = 1, .max_length = 64});
    d.defaulted("timeoutMs", &TurnWait::timeout_ms, "", {.max = 86'400'000});
  }
};

/// Turn state as clients see it. status: running, waiting_approval, completed, failed, cancelled, interrupted.
/// stopReason: end_turn, max_tokens, max_turn_requests, refusal, cancelled, denied, loop_detected, error.
struct TurnState {
  std::string turn_id;
  std::string session_id;
  std::string status;
  std::optional<std::string> stop_reason;
  std::optional<std::string> output;   // the last agent message, or the JSON text of the structured answer
  std::optional<Json> structured;
  std::optional<bool> incomplete;
  std::optional<Json> error;           // a wire error object
  Usage usage;
  uint32_t model_calls = 0;
  uint32_t tool_calls = 0;
  uint32_t denied_calls = 0;           // calls whose permission was refused
  uint32_t failed_calls = 0;

  template <typename D>
  static void describe(D& d) {
    d.about("TurnState", "");
    d.field("turnId", &TurnState::turn_id, "");
    d.field("sessionId", &TurnState::session_id, "");
    d.field("status", &TurnState::status, "running, waiting_approval, completed, failed, cancelled or interrupted.");
    d.field("stopReason", &TurnState::stop_reason, "");
    d.field("output", &TurnState::output, "");
    d.field("structured", &TurnState::structured, "");
    d.field("incomplete", &TurnState::incomplete, "");
    d.field("error", &TurnState::error, "");
    d.defaulted("usage", &TurnState::usage, "");
    d.defaulted("modelCalls", &TurnState::model_calls, "");
    d.defaulted("toolCalls", &TurnState::tool_calls, "");
    d.defaulted("deniedCalls", &TurnState::denied_calls, "");
    d.defaulted("failedCalls", &TurnState::failed_calls, "");
  }
};

}  // namespace hob::wire
