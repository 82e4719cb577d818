#include "model/serve/step_maker.h"

#include <algorithm>

#include "model/schedule/step_automaton.h"
#include "model/text/fit.h"
#include "model/text/gemma3_prompt.h"
#include "model/text/prompt.h"
#include "model/text/untold.h"
#include "schemas/base/sha256.h"
#include "schemas/base/utf8.h"

namespace hob::serve {
namespace {

constexpr size_t kMaxStopBytes = 256;
constexpr uint32_t kMaxLogprobs = 150'000;  // of one step, each about 60 bytes

constrain::ControlIds control_ids(const text::Tokenizer& tokenizer) {
  const text::ControlTokens& control = tokenizer.control();
  constrain::ControlIds out;
  out.eos = control.eos;
  out.turn_close = control.turn_close;
  out.channel_open = control.channel_open;
  out.channel_close = control.channel_close;
  out.call_open = control.call_open;
  out.call_close = control.call_close;
  out.response_open = control.response_open;
  out.quote = control.quote;
  return out;
}

Result<std::shared_ptr<const constrain::TokenTrie>> make_trie(std::shared_ptr<const text::Tokenizer> shared) {
  const text::Tokenizer& tokenizer = *shared;
  constrain::Vocabulary vocabulary;
  vocabulary.bytes.reserve(tokenizer.size());
  vocabulary.special.reserve(tokenizer.size());
  for (uint32_t id = 0; id < tokenizer.size(); ++id) {
    vocabulary.bytes.emplace_back(tokenizer.bytes(id));
    vocabulary.special.push_back(tokenizer.is_special(id));
  }
  vocabulary.control = control_ids(tokenizer);
  vocabulary.spell = [shared](std::string_view text) { return shared->encode(text, text::Control::as_text); };
  return constrain::TokenTrie::make(std::move(vocabulary));
}

/// A value that came as Json, for those who read Documents.
Result<json::Document> document(const Json& value, const std::string& where) {
  auto read = json::parse_document(json::dump(value), json::kSchema);
  if (!read) return invalid_params(where, "a JSON Schema", read.error().message());
  return read;
}

constrain::Choice choice_of(wire::ToolChoiceMode mode) {
  switch (mode) {
    case wire::ToolChoiceMode::automatic:
      return constrain::Choice::automatic;
    case wire::ToolChoiceMode::none:
      return constrain::Choice::none;
    case wire::ToolChoiceMode::required:
      return constrain::Choice::required;
    case wire::ToolChoiceMode::named:
      return constrain::Choice::named;
  }
  return constrain::Choice::automatic;
}

Result<constrain::StepSpec> spec_of(const wire::StepParams& params, bool inside_thought,
                                    const std::vector<engine::Token>& stops) {
  constrain::StepSpec spec;
  for (const std::string& name : params.allowed) {
    const auto tool = std::find_if(params.tools.begin(), params.tools.end(),
                                   [&](const wire::ToolDecl& declared) { return declared.name == name; });
    if (tool == params.tools.end()) return invalid_params("/allowed", "names of declared tools", "\"" + name + "\"");
    constrain::ToolSpec allowed{name, std::nullopt};
    if (tool->parameters.is_object() && !tool->parameters.empty()) {
      HOB_TRY(schema, document(tool->parameters, "/tools/" + json::pointer_token(name) + "/parameters"));
      allowed.parameters = std::move(schema);
    }
    spec.tools.push_back(std::move(allowed));
  }
  spec.choice = choice_of(params.tool_choice);
  spec.named = params.tool_name.value_or("");
  spec.parallel = params.parallel;
  if (params.response_schema) {
    HOB_TRY(schema, document(*params.response_schema, "/responseSchema"));
    spec.response_schema = std::move(schema);
  }
  spec.regex = params.regex;
  spec.grammar = params.grammar;
  spec.thinking = params.thinking.on;
  spec.starts_in_thought = inside_thought;
  if (spec.thinking || inside_thought) {
    // A thought may never end: without a budget of its own it gets half of the step's.
    spec.thought_budget = params.thinking.budget.value_or(std::max(1u, params.max_tokens / 2));
  }
  spec.stop_ids = stops;
  return spec;
}

Result<void> check_stops(const std::vector<std::string>& stops) {
  for (size_t i = 0; i < stops.size(); ++i) {
    if (!stops[i].empty() && stops[i].size() <= kMaxStopBytes) continue;
    return invalid_params("/stop/" + std::to_string(i), "1 to " + std::to_string(kMaxStopBytes) + " bytes",
                          std::to_string(stops[i].size()) + " bytes");
  }
  return {};
}

Result<std::vector<engine::Token>> stop_ids_of(const std::vector<uint32_t>& ids, uint64_t vocab) {
  std::vector<engine::Token> out;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] >= vocab) {
      return invalid_params("/stopIds/" + std::to_string(i), "a token id below " + std::to_string(vocab),
                            std::to_string(ids[i]));
    }
    out.push_back(static_cast<engine::Token>(ids[i]));
  }
  return out;
}

/// A reply must fit a frame, and a line of the daemon's socket.
Result<void> check_logprobs(const wire::StepParams& params) {
  if (params.top_logprobs > 0 && !params.logprobs) {
    return invalid_params("/topLogprobs", "logprobs: true beside it", std::to_string(params.top_logprobs));
  }
  const uint32_t most = kMaxLogprobs / (params.top_logprobs + 1);
  if (params.logprobs && params.max_tokens > most) {
    return invalid_params("/maxTokens", "at most " + std::to_string(most) + " with these logprobs",
                          std::to_string(params.max_tokens));
  }
  return {};
}

/// What the checkpoint says, and over it what is asked.
Result<sample::Options> sampling_of(const wire::Sampling& asked, sample::Options out, uint32_t vocabulary) {
  out.temperature = asked.temperature.value_or(out.temperature);
  out.top_k = asked.top_k.value_or(out.top_k);
  out.top_p = asked.top_p.value_or(out.top_p);
  out.min_p = asked.min_p.value_or(out.min_p);
  if (!asked.logit_bias) return out;
  for (size_t i = 0; i < asked.logit_bias->size(); ++i) {
    const wire::LogitBias& bias = (*asked.logit_bias)[i];
    if (bias.token >= vocabulary) {
      return invalid_params("/sampling/logitBias/" + std::to_string(i) + "/token",
                            "a token id below " + std::to_string(vocabulary), std::to_string(bias.token));
    }
    out.bias.emplace_back(bias.token, static_cast<float>(bias.bias));
  }
  return out;
}

/// Everything of `params` that spec_of() looks at.
std::string key_of(const wire::StepParams& params, bool inside_thought) {
  Json key = Json::array();
  for (const wire::ToolDecl& tool : params.tools) {
    if (std::find(params.allowed.begin(), params.allowed.end(), tool.name) == params.allowed.end()) continue;
    key.push_back({tool.name, tool.parameters});
  }
  key.push_back({describe::word(params.tool_choice), params.tool_name.value_or(""), params.parallel, inside_thought,
                 params.thinking.on, params.thinking.budget.value_or(0), params.max_tokens / 2});
  if (params.response_schema) key.push_back({{"schema", *params.response_schema}});
  if (params.regex) key.push_back({{"regex", *params.regex}});
  if (params.grammar) key.push_back({{"grammar", *params.grammar}});
  return sha256_hex(json::dump(key));
}

/// Without what the model's chat format has no words for.
Result<wire::StepParams> speakable(const wire::StepParams& params, const text::Tokenizer& tokenizer) {
  if (tokenizer.format() == text::ChatFormat::gemma3) return text::gemma3_step(params);
  return params;
}

}  // namespace

Result<ModelFacts> facts_of(const Loaded& loaded) {
  HOB_TRY(trie, make_trie(loaded.tokenizer));
  return ModelFacts{loaded.tokenizer, loaded.engine->info(), loaded.control, loaded.sampling, loaded.size, std::move(trie)};
}

StepMaker::StepMaker(ModelFacts facts, Random& random) : facts_(std::move(facts)), random_(random) {}

text::PromptFormat StepMaker::format() const { return {facts_.size, facts_.info.fingerprint}; }

Result<schedule::Request> StepMaker::make_prefill(const wire::StepParams& params) {
  HOB_TRY(prompt, text::render_prompt(params, *facts_.tokenizer, format()));
  schedule::Request out;
  out.session = params.session_id;
  out.prompt = std::move(prompt.ids);
  out.prefix = prompt.prefix;
  out.inside_thought = prompt.inside_thought;
  return out;
}

Result<StepMaker::Compiled> StepMaker::compile(const wire::StepParams& params, bool inside_thought, grammar::Watch* watch) {
  std::string key = key_of(params, inside_thought);
  {
    const std::lock_guard lock(mutex_);
    for (auto kept = kept_.begin(); kept != kept_.end(); ++kept) {
      if (kept->key != key) continue;
      kept_.splice(kept_.begin(), kept_, kept);
      return kept->step;
    }
  }
  HOB_TRY(spec, spec_of(params, inside_thought, facts_.control.stops));
  HOB_TRY(step, constrain::compile(facts_.trie, spec, watch));
  const std::lock_guard lock(mutex_);
  kept_.push_front({std::move(key), step});
  if (kept_.size() > kMaxKept) kept_.pop_back();
  return step;
}

Result<schedule::Request> StepMaker::make(const wire::StepParams& asked, grammar::Watch* watch) {
  HOB_TRY(params, speakable(asked, *facts_.tokenizer));
  HOB_TRY_VOID(check_stops(params.stop));
  HOB_TRY_VOID(check_logprobs(params));
  HOB_TRY(out, make_prefill(params));
  HOB_TRY(compiled, compile(params, out.inside_thought, watch));
  HOB_TRY(sampling, sampling_of(params.sampling, facts_.sampling, facts_.info.vocab));
  out.sampling = std::move(sampling);
  out.sampling.seed = params.sampling.seed ? *params.sampling.seed : random_.next();
  out.repetition_guard = params.sampling.repetition_guard.value_or(true);
  out.max_tokens = params.max_tokens;
  out.stop_strings = params.stop;
  HOB_TRY(stop_ids, stop_ids_of(params.stop_ids, facts_.info.vocab));
  out.stop_ids = std::move(stop_ids);
  if (params.draft.value_or(facts_.draft) == wire::DraftKind::lookup) out.drafters = schedule::free_drafters;
  if (params.logprobs) {
    out.logprobs = params.top_logprobs;
    out.spell = [tokenizer = facts_.tokenizer](engine::Token token) { return utf8::repair(tokenizer->shown(token)); };
  }
  out.automaton = [compiled, control = control_ids(*facts_.tokenizer), stops = facts_.control.stops,
                   words = facts_.trie->words(),
                   inside = out.inside_thought]() -> std::unique_ptr<schedule::Automaton> {
    return std::make_unique<schedule::StepAutomaton>(compiled, control, stops, words, inside);
  };
  return out;
}

Result<Json> StepMaker::render(const wire::StepParams& params) const {
  HOB_TRY(prompt, text::render_prompt(params, *facts_.tokenizer, format()));
  return Json{{"prompt", facts_.tokenizer->decode(prompt.ids, text::Specials::keep)}, {"tokens", prompt.ids}};
}

Result<Json> StepMaker::tokenize(const wire::TokenizeParams& params) const {
  const auto control = params.untrusted ? text::Control::as_text : text::Control::match;
  return Json{{"tokens", facts_.tokenizer->encode(params.text, control)}};
}

Result<Json> StepMaker::fit(const wire::FitParams& params) const {
  return Json{{"result", text::fit(params.result, params.budget_tokens, *facts_.tokenizer)}};
}

Result<Json> StepMaker::check_schema(const wire::CheckSchemaParams& params, grammar::Watch* watch) {
  constrain::StepSpec spec;
  spec.stop_ids = facts_.control.stops;
  spec.regex = params.regex;
  spec.grammar = params.grammar;
  if (!params.schema && !params.regex && !params.grammar) {
    return invalid_params("/schema", "a schema, or regex or grammar instead", "none");
  }
  Json untold = Json::array();
  if (params.schema) {
    HOB_TRY(schema, document(*params.schema, "/schema"));
    for (text::Untold& one : text::untold_keywords(schema)) {
      untold.push_back({{"pointer", one.pointer}, {"keyword", one.keyword}, {"message", one.message}});
    }
    spec.response_schema = std::move(schema);
  }
  const auto begun = std::chrono::steady_clock::now();
  HOB_TRY(step, constrain::compile(facts_.trie, spec, watch));
  const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - begun;
  return Json{{"compiledMs", time.count()}, {"untold", std::move(untold)}};
}

}  // namespace hob::serve
