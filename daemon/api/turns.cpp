// turn/start, turn/cancel, turn/get, turn/wait, approval/list, approval/respond, and the question to attached clients.
#include "daemon/api/house.h"
#include "schemas/base/log.h"

namespace hob::api {
namespace {

Async<Result<wire::Nothing>> cancel(House& house, wire::TurnRef params) {
  auto result = house.turns.cancel(params.turn_id);
  if (!result) {
    HOB_CO_TRY(state, co_await house.turns.get(params.turn_id));  // not_found for an unknown turn
    (void)state;
    co_return std::move(result).error();
  }
  co_return wire::Nothing{};
}

/// ACP's words for a question. ACP asks about one call: several are the first of them, with the input of all.
Json permission_params(const wire::Approval& approval) {
  Json about = {{"approvalId", approval.approval_id}};
  Json input = approval.arguments;
  if (approval.calls) {
    about["calls"] = describe::write(*approval.calls);
    input = Json::object();
    input["calls"] = Json::array();
    for (const wire::ApprovalCall& call : *approval.calls) input["calls"].push_back({{"tool", call.tool}, {"arguments", call.arguments}});
  }
  return {{"sessionId", approval.session_id},
          {"toolCall",
           {{"toolCallId", approval.call_id},
            {"title", approval.tool},
            {"status", "pending"},
            {"rawInput", std::move(input)}}},
          {"options", approval.options},
          {"_meta", {{"hob", std::move(about)}}}};
}

/// ACP's session/request_permission. Whoever answers first wins; from the others the question is taken back.
Async<void> ask_client(House& house, std::shared_ptr<rpc::Connection> connection, wire::Approval approval, CallContext context) {
  Json params = permission_params(approval);
  const std::string asked = "peer uid " + std::to_string(connection->peer().uid) + " pid " + std::to_string(connection->peer().pid);
  auto answer = co_await connection->ask("session/request_permission", std::move(params), context);
  if (!answer || !answer->is_object()) co_return;
  const Json outcome = answer->value("outcome", Json::object());
  if (!outcome.is_object() || outcome.value("outcome", "") != "selected") co_return;
  auto result = co_await house.surroundings.approvals.respond(approval.approval_id, outcome.value("optionId", ""), "", asked);
  if (!result) log::debug("approval.late", {{"approvalId", approval.approval_id}, {"message", result.error().message()}});
}

}  // namespace

void bind_turns(rpc::Dispatcher& dispatcher, House* house) {
  dispatcher.bind<wire::TurnStart, wire::TurnStartResult>(
      "turn/start", "Starts a turn; answers when it is durable.",
      [house](wire::TurnStart params, rpc::Request request) {
        const std::string asked = who(request);
        attach(request, params.session_id);
        return house->turns.start(std::move(params), asked);
      });
  dispatcher.bind<wire::TurnRef, wire::Nothing>(
      "turn/cancel", "Cancels a running turn; it still ends with turn.completed.",
      [house](wire::TurnRef params, rpc::Request) { return cancel(*house, std::move(params)); });
  dispatcher.bind<wire::TurnRef, wire::TurnState>(
      "turn/get", "A turn as it is.", [house](wire::TurnRef params, rpc::Request) { return house->turns.get(params.turn_id); });
  dispatcher.bind<wire::TurnWait, wire::TurnState>(
      "turn/wait", "Waits until a turn is over.", [house](wire::TurnWait params, rpc::Request request) {
        return house->turns.wait(params.turn_id, Milliseconds(params.timeout_ms), request.context);
      });
  dispatcher.bind<wire::ApprovalList, wire::ApprovalListResult>(
      "approval/list", "Questions that wait for a person.",
      [house](wire::ApprovalList params, rpc::Request) -> Async<Result<wire::ApprovalListResult>> {
        HOB_CO_TRY(approvals, co_await house->surroundings.approvals.list(params.session_id));
        co_return wire::ApprovalListResult{std::move(approvals)};
      });
  dispatcher.bind<wire::ApprovalRespond, wire::Nothing>(
      "approval/respond", "Answers a question; the first answer wins.",
      [house](wire::ApprovalRespond params, rpc::Request request) -> Async<Result<wire::Nothing>> {
        HOB_CO_TRY_VOID(co_await house->surroundings.approvals.respond(params.approval_id, params.option_id,
                                                                      params.note.value_or(""), who(request)));
        co_return wire::Nothing{};
      });
}

void connect_approvals(House& house) {
  house.surroundings.approvals.on_request([&house](const policy::Question& question, const CancelToken& settled) {
    const wire::Approval approval = policy::to_wire(question);
    CallContext context;
    context.cancel = settled;
    for (const auto& connection : house.server.all()) {
      if (attached(*connection, approval.session_id)) {
        spawn(house.surroundings.io, ask_client(house, connection, approval, context), "approval.ask");
      }
    }
  });
}

}  // namespace hob::api
