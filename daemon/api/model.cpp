// model/status, generate, schema/check.
#include "daemon/api/house.h"
#include "schemas/base/at_most_one.h"
#include "schemas/base/ids.h"
#include "schemas/schema/validator.h"

namespace hob::api {
namespace {

/// An answer is held to one thing.
template <typename Params>
Result<void> check_one(const Params& params) {
  return at_most_one({{"schema", params.schema.has_value()}, {"regex", params.regex.has_value()}, {"grammar", params.grammar.has_value()}});
}

Result<wire::StepParams> step_of(const wire::Generate& params, uint32_t default_tokens) {
  HOB_TRY_VOID(check_one(params));
  if (params.messages.has_value() == params.prompt.has_value()) {
    return invalid_params("/messages", "either messages or prompt", params.prompt ? "both" : "neither");
  }
  wire::StepParams step;
  step.prompt = params.prompt;
  if (params.messages) {
    for (size_t i = 0; i < params.messages->size(); ++i) {
      const wire::ChatMessage& message = (*params.messages)[i];
      wire::Item item;
      item.text = message.content;
      if (message.role == "system" && i == 0) {
        step.system = message.content;
        continue;
      }
      if (message.role == "user") {
        item.kind = wire::ItemKind::user_message;
      } else if (message.role == "assistant") {
        item.kind = wire::ItemKind::agent_message;
      } else {
        return invalid_params("/messages/" + std::to_string(i) + "/role",
                              i == 0 ? "system, user or assistant" : "user or assistant", "\"" + message.role.substr(0, 40) + "\"");
      }
      step.items.push_back(std::move(item));
    }
    if (step.items.empty() || step.items.back().kind != wire::ItemKind::user_message) {
      return invalid_params("/messages", "a last message of the user", "another end");
    }
    step.items.back().response_schema = params.schema;
  }
  if (params.tools) {
    step.tools = *params.tools;
    for (const wire::ToolDecl& tool : step.tools) step.allowed.push_back(tool.name);
  }
  if (params.tool_choice.is_object() && params.tool_choice.value("name", Json()).is_string()) {
    step.tool_choice = wire::ToolChoiceMode::named;
    step.tool_name = params.tool_choice.at("name").get<std::string>();
  } else {
    const auto mode = params.tool_choice.is_string() ? describe::of_word<wire::ToolChoiceMode>(params.tool_choice.get<std::string>()) : std::nullopt;
    if (!mode || *mode == wire::ToolChoiceMode::named) {
      return invalid_params("/toolChoice", "\"auto\", \"none\", \"required\" or {\"name\": tool}", json::brief(params.tool_choice));
    }
    step.tool_choice = *mode;
  }
  step.response_schema = params.schema;
  step.regex = params.regex;
  step.grammar = params.grammar;
  if (params.thinking) step.thinking = *params.thinking;
  if (params.sampling) step.sampling = *params.sampling;
  step.max_tokens = params.max_tokens.value_or(default_tokens);
  step.stop = params.stop;
  step.stop_ids = params.stop_ids;
  step.logprobs = params.logprobs;
  step.top_logprobs = params.top_logprobs;
  step.draft = params.draft;
  return step;
}

/// A request that failed, or that nobody waited for, leaves nothing behind: its key is free.
Async<Result<wire::GenerateResult>> generate(House& house, wire::Generate params, rpc::Request request) {
  auto& s = house.surroundings;
  Json written = describe::write(params);
  HOB_CO_TRY(claim, co_await s.once.enter("generate", params.idempotency_key, std::move(written), request.context));
  if (claim.answer()) co_return describe::read<wire::GenerateResult>(*claim.answer());
  HOB_CO_TRY(step, step_of(params, house.config.limits.max_tokens));
  const bool stream = params.stream;
  const auto progress = [stream, connection = request.connection, id = request.id](const wire::StepProgress& p) {
    const bool spoken = p.kind == wire::StepProgressKind::text || p.kind == wire::StepProgressKind::answer;
    const bool compiles = p.kind == wire::StepProgressKind::compile;
    if (!stream || (!spoken && !compiles)) return;
    const auto there = connection.lock();
    if (there && spoken) there->notify("generate/delta", {{"requestId", id}, {"text", p.text}});
    if (there && compiles) there->notify("generate/progress", {{"requestId", id}, {"what", "compile"}});
  };
  HOB_CO_TRY(result, co_await s.backend.step(std::move(step), progress, request.context));
  if (result.stop == wire::StepStop::cancelled) co_return Error(Code::cancelled, "The request was cancelled.");
  wire::GenerateResult out;
  out.stop_reason = std::string(describe::word(result.stop));
  out.stop_string = std::move(result.stop_string);
  out.stop_id = result.stop_id;
  out.logprobs = std::move(result.logprobs);
  out.usage = result.usage;
  if (result.incomplete) out.incomplete = true;
  for (const wire::Item& item : result.items) {
    if (item.kind == wire::ItemKind::agent_message) out.output += item.text;
    if (item.kind == wire::ItemKind::tool_call) {
      HOB_CO_TRY(arguments, json::parse(item.arguments.value_or("{}"), json::kGenerated));
      out.tool_calls.push_back({item.name.value_or(""), std::move(arguments)});
    }
    if (item.kind == wire::ItemKind::structured_output) {
      out.output = item.text;
      HOB_CO_TRY(value, json::parse_document(item.text, json::kGenerated));
      HOB_CO_TRY(validator, schema::Validator::compile(*params.schema));
      if (const auto violation = validator.validate(value)) {
        co_return Error(Code::internal, "The answer does not fit its schema, which the automaton should have held: " + schema::to_string(*violation));
      }
      if (auto json = json::to_json(value); json) out.structured = *std::move(json);
    }
  }
  store::Commit answer;
  claim.keep(answer, describe::write(out));
  if (!answer.put_idempotency.empty()) {
    HOB_CO_TRY(kept, co_await s.store.commit(std::move(answer)));
    (void)kept;
  }
  co_return out;
}

Async<Result<wire::SchemaCheckResult>> check(House& house, wire::SchemaCheck params, rpc::Request request) {
  wire::SchemaCheckResult out;
  HOB_CO_TRY_VOID(check_one(params));
  if (!params.schema && !params.regex && !params.grammar) {
    co_return invalid_params("/schema", "a schema, or regex or grammar instead", "none");
  }
  wire::CheckSchemaParams asked{std::move(params.schema), std::move(params.regex), std::move(params.grammar)};
  auto result = co_await house.surroundings.backend.check_schema(std::move(asked), request.context);
  if (result) {
    out.supported = true;
    out.compiled_ms = result->value("compiledMs", 0.0);
    for (const Json& one : result->value("untold", Json::array())) {
      out.untold.push_back({one.value("pointer", ""), one.value("keyword", ""), one.value("message", "")});
    }
    co_return out;
  }
  const Error& error = result.error();
  if (error.code() == Code::schema_unsupported && error.data().contains("keyword")) {
    out.unsupported_keywords.push_back({error.data().value("pointer", ""), error.data().value("keyword", ""), error.message()});
  } else if (error.code() == Code::schema_unsupported || error.code() == Code::schema_unsatisfiable || error.code() == Code::invalid_params) {
    out.error = error.to_json();
  } else {
    co_return std::move(result).error();
  }
  co_return out;
}

}  // namespace

void bind_model(rpc::Dispatcher& dispatcher, House* house) {
  dispatcher.bind<wire::Nothing, wire::ModelStatus>(
      "model/status", "What the model is doing.", [house](wire::Nothing, rpc::Request) -> Async<Result<wire::ModelStatus>> {
        co_return house->surroundings.backend.status();
      });
  dispatcher.bind<wire::Generate, wire::GenerateResult>(
      "generate", "Text or JSON without a session.",
      [house](wire::Generate params, rpc::Request request) { return generate(*house, std::move(params), std::move(request)); });
  dispatcher.bind<wire::SchemaCheck, wire::SchemaCheckResult>(
      "schema/check", "Whether a JSON Schema, a regular expression or a grammar can be enforced.",
      [house](wire::SchemaCheck params, rpc::Request request) { return check(*house, std::move(params), std::move(request)); });
}

}  // namespace hob::api
