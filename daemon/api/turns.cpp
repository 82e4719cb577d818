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

/// ACP's session/request_permission. Whoever answers first wins; the others' answers come too late and are dropped.
Async<void> ask_client(House& house, std::shared_ptr<rpc::Connection> connection, wire::Approval approval) {
  Json params = {{"sessionId", approval.session_id},
                 {"toolCall",
                  {{"toolCallId", approval.call_id},
                   {"title", approval.tool},
                   {"status", "pending"},
                   {"rawInput", approval.arguments}}},
                 {"options", approval.options},
                 {"_meta", {{"hob", {{"approvalId", approval.approval_id}}}}}};
  const std::string asked = "peer uid " + std::to_string(connection->peer().uid) + " pid " + std::to_string(connection->peer().pid);
  auto answer = co_await connection->ask("session/request_permission", std::move(params), {});
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
  house.surroundings.approvals.on_request([&house](const wire::Approval& approval) {
    for (const auto& connection : house.server.all()) {
      if (attached(*connection, approval.session_id)) {
        spawn(house.surroundings.io, ask_client(house, connection, approval), "approval.ask");
      }
    }
  });
}

}  // namespace hob::api
