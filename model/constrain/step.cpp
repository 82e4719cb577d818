#include "model/constrain/step.h"

#include <algorithm>

#include "model/constrain/compiled_step.h"
#include "model/grammar/gbnf_reader.h"
#include "model/grammar/language.h"
#include "model/grammar/schema.h"
#include "schemas/base/at_most_one.h"

namespace hob::constrain {
namespace {

constexpr size_t kMaxNameBytes = 128;

bool good_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxNameBytes) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.' || c == '/' || c == ':';
  });
}

Result<void> add_tools(CompiledStep& step, const StepSpec& spec, grammar::Watch* watch) {
  auto ir = std::make_shared<grammar::Ir>();
  ir->languages().watch(watch);
  std::vector<std::pair<std::string, grammar::NodeId>> tools;
  std::vector<std::pair<std::string, std::unique_ptr<grammar::SchemaBuilder>>> builders;
  for (const ToolSpec& tool : spec.tools) {
    if (spec.choice == Choice::named && tool.name != spec.named) continue;
    if (!good_name(tool.name)) {
      return Error(Code::invalid_params,
                   "the tool name \"" + tool.name + "\" cannot be called; a name has 1 to 128 of A-Z a-z 0-9 _ - . / :");
    }
    if (!tool.parameters) {
      tools.emplace_back(tool.name, ir->any_object());
      continue;
    }
    auto builder = std::make_unique<grammar::SchemaBuilder>(*ir, grammar::Dialect::gemma);
    auto node = builder->add_arguments(*tool.parameters);
    if (!node) return std::move(node).error().in("tool " + tool.name).with("tool", std::string_view(tool.name));
    tools.emplace_back(tool.name, *node);
    builders.emplace_back(tool.name, std::move(builder));
  }
  if (tools.empty() && spec.choice == Choice::named) {
    return Error(Code::invalid_params, "the tool \"" + spec.named + "\" must be called, but it is not an allowed one");
  }
  if (tools.empty() && spec.choice == Choice::required) {
    return Error(Code::invalid_params, "a tool must be called, but no tool is allowed");
  }
  if (tools.empty()) return {};
  const ControlIds& control = step.trie->vocabulary().control;
  if (!control.call_open || !control.call_close || !control.quote) {
    return Error(Code::backend_lacks, "the vocabulary has no tool call tokens, so tools cannot be called");
  }
  std::sort(tools.begin(), tools.end());
  for (size_t i = 0; i < tools.size(); ++i) {
    if (i > 0 && tools[i].first == tools[i - 1].first) {
      return Error(Code::invalid_params, "two tools have the name \"" + tools[i].first + "\"");
    }
  }
  // The brace sorts after every letter of a name, so heads are sorted by themselves.
  for (auto& [name, node] : tools) step.heads.push_back("call:" + name + "{");
  std::sort(step.heads.begin(), step.heads.end());
  for (const std::string& head : step.heads) {
    step.names.push_back(head.substr(5, head.size() - 6));
    step.nodes.push_back(std::lower_bound(tools.begin(), tools.end(), std::make_pair(step.names.back(), 0u))->second);
  }
  ir->settle();
  for (const auto& [name, builder] : builders) {
    if (auto possible = builder->check(); !possible) {
      return std::move(possible).error().in("tool " + name).with("tool", std::string_view(name));
    }
  }
  ir->languages().watch(nullptr);
  step.call_masker =
      std::make_unique<Masker>(step.trie, std::make_shared<grammar::Machine>(ir, grammar::Dialect::gemma));
  step.calls = true;
  step.must_call = spec.choice == Choice::required || spec.choice == Choice::named;
  return {};
}

Result<void> add_answer(CompiledStep& step, const json::Document& schema, grammar::Watch* watch) {
  auto ir = std::make_shared<grammar::Ir>();
  ir->languages().watch(watch);
  grammar::SchemaBuilder builder(*ir, grammar::Dialect::json);
  HOB_TRY(node, builder.add(schema));
  ir->settle();
  HOB_TRY_VOID(builder.check());
  ir->languages().watch(nullptr);
  step.answer = node;
  step.answer_masker =
      std::make_unique<Masker>(step.trie, std::make_shared<grammar::Machine>(ir, grammar::Dialect::json));
  return {};
}

Result<void> add_words(CompiledStep& step, const StepSpec& spec, grammar::Watch* watch) {
  const char* const name = spec.regex ? "regex" : "grammar";
  auto rules = spec.regex ? grammar::read_regex(*spec.regex, watch) : grammar::read_grammar(*spec.grammar, watch);
  if (!rules) return std::move(rules).error().in(name).with("pointer", "/" + std::string(name)).with("keyword", name);
  step.words_masker = std::make_unique<RuleMasker>(step.trie, std::make_shared<grammar::RuleMachine>(*std::move(rules)));
  return {};
}

Result<void> add_grammars(CompiledStep& step, const StepSpec& spec, grammar::Watch* watch) {
  if (spec.choice != Choice::none) HOB_TRY_VOID(add_tools(step, spec, watch));
  if (spec.response_schema) HOB_TRY_VOID(add_answer(step, *spec.response_schema, watch));
  if (spec.regex || spec.grammar) HOB_TRY_VOID(add_words(step, spec, watch));
  return {};
}

}  // namespace

size_t CompiledStep::bytes() const {
  size_t total = sizeof(*this);
  for (const auto* masker : {call_masker.get(), answer_masker.get()}) {
    if (masker) total += masker->bytes() + masker->machine().bytes();
  }
  if (words_masker) total += words_masker->bytes();
  return total;
}

Result<std::shared_ptr<const CompiledStep>> compile(std::shared_ptr<const TokenTrie> trie, const StepSpec& spec,
                                                    grammar::Watch* watch) {
  HOB_TRY_VOID(at_most_one({{"schema", spec.response_schema.has_value()}, {"regex", spec.regex.has_value()}, {"grammar", spec.grammar.has_value()}}));
  auto step = std::make_shared<CompiledStep>();
  step->trie = std::move(trie);
  const Vocabulary& vocabulary = step->trie->vocabulary();
  step->parallel = spec.parallel;
  step->thinking = spec.thinking && vocabulary.control.channel_open && vocabulary.control.channel_close;
  step->starts_in_thought = spec.starts_in_thought;
  step->thought_budget = spec.thought_budget;
  if (spec.starts_in_thought && !vocabulary.control.channel_close) {
    return Error(Code::backend_lacks, "the vocabulary has no channel token to end a thought with");
  }
  for (const Token token : spec.stop_ids) {
    if (token >= vocabulary.bytes.size()) {
      return Error(Code::invalid_params, "the stop token " + std::to_string(token) + " is not in the vocabulary of " +
                                             std::to_string(vocabulary.bytes.size()) + " tokens");
    }
    if (vocabulary.control.response_open == token) {
      step->call_stop = token;
    } else {
      step->stops.push_back(token);
    }
  }
  if (step->stops.empty()) {
    return Error(Code::invalid_params, "no stop token ends a turn; give the model's end tokens");
  }
  auto added = add_grammars(*step, spec, watch);
  if (watch && watch->why()) return *watch->why();  // what else is said then is for lack of time
  HOB_TRY_VOID(std::move(added));
  if (step->must_call) {  // the answer is a later step's
    step->answer.reset();
    step->words_masker.reset();
  }
  return std::shared_ptr<const CompiledStep>(std::move(step));
}

}  // namespace hob::constrain
