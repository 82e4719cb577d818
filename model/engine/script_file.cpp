#include "model/engine/script_file.h"

#include <filesystem>

#include "schemas/base/fd.h"
#include "schemas/base/sha256.h"
#include "schemas/describe/describe.h"

namespace hob::engine {

constexpr auto names(Fault*) {
  using Name = describe::EnumName<Fault>;
  return std::array{Name{Fault::none, "none"}, Name{Fault::crash, "crash"}, Name{Fault::hang, "hang"},
                    Name{Fault::nan, "nan"}, Name{Fault::slow, "slow"}};
}

namespace {

constexpr size_t kMaxScriptBytes = 4u << 20;
constexpr uint32_t kMaxPositions = 1u << 20;

struct RuleText {
  std::string when, after, say;
  Fault fault = Fault::none;
  uint32_t delay_ms = 50;

  template <typename D>
  static void describe(D& d) {
    d.about("ScriptRule", "What the scripted engine says, and when.");
    d.defaulted("when", &RuleText::when, "Stands in the text since the last <|turn>user.");
    d.defaulted("after", &RuleText::after, "Stands in the prompt since its last tool response or user turn.");
    d.defaulted("say", &RuleText::say, "Control tokens are read.");
    d.defaulted("fault", &RuleText::fault, "After the last token.");
    d.defaulted("delayMs", &RuleText::delay_ms, "With the fault slow.", {.max = 60'000});
  }
};

struct ScriptText {
  std::string tokenizer;
  uint32_t context = 4096, max_truncate = 8, prefill_chunk = 64, max_rows = 4;
  std::vector<RuleText> rules;

  template <typename D>
  static void describe(D& d) {
    d.about("Script", "What the scripted engine says.");
    d.defaulted("tokenizer", &ScriptText::tokenizer, "A tokenizer.json, from the script's folder.");
    d.defaulted("context", &ScriptText::context, "Positions.", {.min = 1, .max = kMaxPositions});
    d.defaulted("maxTruncate", &ScriptText::max_truncate, "", {.max = kMaxPositions});
    d.defaulted("prefillChunk", &ScriptText::prefill_chunk, "", {.min = 1, .max = kMaxPositions});
    d.defaulted("maxRows", &ScriptText::max_rows, "Sequences that one forward takes.", {.min = 1, .max = 64});
    d.field("rules", &ScriptText::rules, "", {.max_length = 4096});
  }
};

bool ends_with_call(const text::Tokenizer& tokenizer, const std::vector<Token>& tokens) {
  return !tokens.empty() && tokenizer.control().call_close == tokens.back();
}

ScriptedReply say(const text::Tokenizer& tokenizer, std::string_view words, Fault fault,
                  std::chrono::milliseconds delay) {
  ScriptedReply reply{tokenizer.encode(words, text::Control::match), fault, delay};
  if (fault == Fault::none || fault == Fault::slow) {
    const text::ControlTokens& control = tokenizer.control();
    const auto stop = ends_with_call(tokenizer, reply.tokens) ? control.response_open : control.turn_close;
    reply.tokens.push_back(stop ? *stop : control.eos.value_or(0));
  }
  return reply;
}

/// The text from the last `mark` on; all of it where there is none.
std::string_view since(std::string_view text, std::string_view mark) {
  const size_t at = text.rfind(mark);
  return at == std::string_view::npos ? text : text.substr(at);
}

}  // namespace

Result<Script> parse_script(std::string_view text, const std::string& name) {
  auto value = json::parse(text, json::kManifest);
  if (!value) return Error(Code::model_not_loaded, name + ": " + value.error().message());
  auto read = describe::read<ScriptText>(*value, describe::Strictness::strict);
  if (!read) return Error(Code::model_not_loaded, name + ": " + read.error().message());
  Script script{read->tokenizer, read->context, read->max_truncate, read->prefill_chunk, read->max_rows, {}};
  for (RuleText& rule : read->rules) {
    script.rules.push_back({std::move(rule.when), std::move(rule.after), std::move(rule.say), rule.fault,
                            std::chrono::milliseconds(rule.delay_ms)});
  }
  return script;
}

Result<Script> read_script(const std::string& path) {
  auto text = read_file(path, kMaxScriptBytes);
  if (!text) return Error(Code::model_not_loaded, "The script cannot be read: " + text.error().message());
  HOB_TRY(script, parse_script(*text, path));
  if (!script.tokenizer.empty()) {
    script.tokenizer = (std::filesystem::path(path).parent_path() / script.tokenizer).lexically_normal().string();
  }
  return script;
}

std::unique_ptr<ScriptedEngine> play(Script script, std::shared_ptr<const text::Tokenizer> tokenizer,
                                     Interrupt& interrupt) {
  Info info;
  info.name = "scripted (for tests)";
  info.fingerprint = sha256_hex("scripted engine\n" + tokenizer->fingerprint());
  info.device = "none";
  info.dtype = "none";
  info.vocab = tokenizer->size();
  info.context = script.context;
  info.prefill_chunk = script.prefill_chunk;
  info.max_truncate = script.max_truncate;
  info.max_rows = script.max_rows;
  auto choose = [rules = std::move(script.rules), tokenizer](std::span<const Token> history) {
    const std::string text = tokenizer->decode(history, text::Specials::keep);
    const std::string_view turn = since(text, "<|turn>user");
    const std::string_view tail = since(turn, "<|tool_response>");
    for (const Script::Rule& rule : rules) {
      if (turn.find(rule.when) == std::string_view::npos) continue;
      if (tail.find(rule.after) == std::string_view::npos) continue;
      return say(*tokenizer, rule.say, rule.fault, rule.delay);
    }
    return say(*tokenizer, "The script has no rule for this.", Fault::none, {});
  };
  return std::make_unique<ScriptedEngine>(std::move(info), std::move(choose), interrupt);
}

}  // namespace hob::engine
