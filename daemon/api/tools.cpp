// tools/list, tools/call, plugin/list.
#include "daemon/api/house.h"
#include "schemas/base/ids.h"
#include "schemas/schema/validator.h"

namespace hob::api {
namespace {

constexpr char kMethod[] = "tools/call";

wire::ToolsCallResult as_mcp(const wire::CallResult& result) {
  return {Json::array({{{"type", "text"}, {"text", json::dump(result.result)}}}), result.result, !result.ok};
}

/// The same policy and sandbox as the model's calls. Nobody is asked: what policy would ask about is denied here, unless
/// the owner says `allow`.
Async<Result<wire::ToolsCallResult>> call(House& house, wire::ToolsCall params, rpc::Request request) {
  auto& s = house.surroundings;
  const auto tool = s.tools.find(params.name);
  if (!tool) co_return Error(Code::not_found, "There is no tool " + params.name + ".").with("what", "tool").with("id", params.name);
  Json written = describe::write(params);
  HOB_CO_TRY(claim, co_await s.once.enter(kMethod, params.idempotency_key, std::move(written), request.context,
                                          params.session_id.value_or("")));
  if (claim.answer()) co_return describe::read<wire::ToolsCallResult>(*claim.answer());
  HOB_CO_TRY(validator, schema::Validator::compile(tool->input_schema));
  if (const auto violation = validator.validate(params.arguments)) {
    co_return invalid_params("/arguments" + violation->instance, "arguments that fit the tool's schema", schema::to_string(*violation));
  }
  tools::Call request_call{.name = params.name, .arguments = json::dump(params.arguments)};
  request_call.call_id = new_id(s.clock, s.random);
  policy::Context context;
  if (params.allow) context.turn_allow = *params.allow;
  if (params.session_id) {
    auto session = co_await s.store.session(*params.session_id);
    if (!session) co_return std::move(session).error();
    request_call.session_id = session->id;
    request_call.roots.push_back({session->cwd, true});
    context.mode = session->mode;
    if (auto filter = describe::read<wire::ToolsFilter>(session->settings.value("tools", Json::object())); filter) context.filter = *filter;
  }
  const policy::Decision decision = s.policy.decide(*tool, params.arguments, context);
  store::Commit before;
  before.audit.push_back({who(request), std::string(describe::word(decision.action)) + " " + params.name, {{"rule", decision.rule}}});
  if (decision.action == config::Action::allow) claim.begin(before);
  HOB_CO_TRY(journalled, co_await s.store.commit(std::move(before)));
  (void)journalled;
  if (decision.action != config::Action::allow) {
    co_return Error(Code::tool_denied, "The call of " + params.name + " is not allowed: " + decision.rule + ".");
  }
  request_call.timeout_ms = s.call_timeout_ms;
  const auto result = co_await s.tools.call(std::move(request_call), request.context);
  store::Commit after;
  if (result) {
    claim.keep(after, describe::write(as_mcp(*result)));
  } else if (result.error().code() != Code::cancelled) {
    claim.keep_error(after, result.error());  // of a cancelled call nobody knows how far it came
  }
  if (!after.put_idempotency.empty()) {
    HOB_CO_TRY(kept, co_await s.store.commit(std::move(after)));
    (void)kept;
  }
  if (!result) co_return result.error();
  co_return as_mcp(*result);
}

}  // namespace

void bind_tools(rpc::Dispatcher& dispatcher, House* house) {
  dispatcher.bind<wire::ToolsList, wire::ToolsListResult>(
      "tools/list", "All tools.", [house](wire::ToolsList, rpc::Request) -> Async<Result<wire::ToolsListResult>> {
        co_return wire::ToolsListResult{house->surroundings.tools.list(), std::nullopt};
      });
  dispatcher.bind<wire::ToolsCall, wire::ToolsCallResult>(
      kMethod, "Calls a tool by hand.",
      [house](wire::ToolsCall params, rpc::Request request) { return call(*house, std::move(params), std::move(request)); });
  dispatcher.bind<wire::Nothing, wire::PluginListResult>(
      "plugin/list", "Tool plugins and their state.", [house](wire::Nothing, rpc::Request) -> Async<Result<wire::PluginListResult>> {
        co_return wire::PluginListResult{house->plugins()};
      });
}

}  // namespace hob::api
