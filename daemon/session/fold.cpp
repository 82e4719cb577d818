#include "daemon/session/fold.h"

#include <algorithm>

namespace hob::session {
namespace {

Error damaged(const store::Event& event, const std::string& why) {
  return Error(Code::store_failed,
               "Event " + std::to_string(event.row) + " (" + event.type + ") cannot be understood: " + why);
}

Result<std::string> member(const store::Event& event, const char* name) {
  const auto found = event.data.find(name);
  if (found == event.data.end() || !found->is_string()) return damaged(event, std::string(name) + " is missing.");
  return found->get<std::string>();
}

std::string word_or(const Json& data, const char* name, const std::string& otherwise) {
  const auto found = data.find(name);
  return found != data.end() && found->is_string() ? found->get<std::string>() : otherwise;
}

}  // namespace

std::vector<const CallFold*> TurnFold::open_calls() const {
  std::vector<const CallFold*> out;
  for (const auto& call : calls) {
    if (!call.intent.is_null() && call.result.is_null()) out.push_back(&call);
  }
  return out;
}

std::vector<const CallFold*> TurnFold::waiting_calls() const {
  std::vector<const CallFold*> out;
  for (const auto& call : calls) {
    if (!call.approval_id.empty() && call.outcome.empty()) out.push_back(&call);
  }
  return out;
}

const CallFold* TurnFold::call(const std::string& call_id) const {
  const auto found = std::find_if(calls.begin(), calls.end(), [&](const auto& call) { return call.call_id == call_id; });
  return found == calls.end() ? nullptr : &*found;
}

const TurnFold* Fold::turn(const std::string& turn_id) const {
  const auto found = turn_index_.find(turn_id);
  return found == turn_index_.end() ? nullptr : &turns_[found->second];
}

TurnFold& Fold::turn_of(const store::Event& event) {
  const auto [at, fresh] = turn_index_.try_emplace(event.turn_id, turns_.size());
  if (fresh) turns_.push_back({.turn_id = event.turn_id});
  return turns_[at->second];
}

CallFold& Fold::call_of(const store::Event& event, const std::string& call_id) {
  TurnFold& turn = turn_of(event);
  for (auto& call : turn.calls) {
    if (call.call_id == call_id) return call;
  }
  turn.calls.push_back({.call_id = call_id});
  return turn.calls.back();
}

Result<void> Fold::add_item(const store::Event& event) {
  auto item = describe::read<wire::Item>(event.data);
  if (!item) return damaged(event, item.error().message());
  if (event.secret.is_object() && event.secret.contains("produced")) {
    auto produced = describe::read<wire::Produced>(event.secret["produced"]);
    if (!produced) return damaged(event, "its token ids: " + produced.error().message());
    item->produced = std::move(*produced);
  }
  if (!event.turn_id.empty()) {
    TurnFold& turn = turn_of(event);
    turn.steps = std::max(turn.steps, item->step);
    if (item->kind == wire::ItemKind::tool_result && item->call_id) call_of(event, *item->call_id).observed = true;
  }
  items_.push_back(std::move(*item));
  return {};
}

Result<void> Fold::add(const store::Event& event) {
  last_row_ = std::max(last_row_, event.row);
  if (event.type == "item.completed") return add_item(event);
  if (event.type == "turn.started") {
    turn_of(event).started = event.data;
  } else if (event.type == "journal.intent") {
    HOB_TRY(call_id, member(event, "callId"));
    call_of(event, call_id).intent = event.data;
  } else if (event.type == "journal.result") {
    HOB_TRY(call_id, member(event, "callId"));
    call_of(event, call_id).result = event.data;
  } else if (event.type == "approval.requested") {
    HOB_TRY(approval_id, member(event, "approvalId"));
    CallFold& call = call_of(event, word_or(event.data, "callId", approval_id));
    call.approval_id = std::move(approval_id);
    call.outcome.clear();
  } else if (event.type == "approval.resolved") {
    HOB_TRY(approval_id, member(event, "approvalId"));
    for (auto& call : turn_of(event).calls) {
      if (call.approval_id == approval_id) call.outcome = word_or(event.data, "outcome", "resolved");
    }
  } else if (event.type == "turn.completed") {
    auto state = describe::read<wire::TurnState>(event.data);
    if (!state) return damaged(event, state.error().message());
    turn_of(event).state = std::move(*state);
  }
  return {};
}

Result<std::vector<wire::Item>> items(const std::vector<store::Event>& events) {
  Fold fold;
  for (const auto& event : events) {
    if (event.type == "item.completed") HOB_TRY_VOID(fold.add(event));
  }
  return fold.items();
}

store::NewEvent completed(const std::string& session_id, const wire::Item& item) {
  store::NewEvent event;
  event.session_id = session_id;
  event.turn_id = item.turn_id;
  event.item_id = item.id;
  event.type = "item.completed";
  wire::Item shown = item;
  shown.produced.reset();
  event.data = describe::write(shown);
  if (item.produced) event.secret = {{"produced", describe::write(*item.produced)}};
  return event;
}

wire::SessionInfo session_info(const store::SessionRow& row) {
  wire::SessionInfo info;
  info.session_id = row.id;
  info.cwd = row.cwd;
  info.title = row.title;
  info.updated_at = rfc3339(row.updated_ms);
  info.created_at = rfc3339(row.created_ms);
  info.turns = row.turns;
  info.mode = row.mode;
  return info;
}

}  // namespace hob::session
