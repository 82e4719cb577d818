#include "daemon/policy/question.h"

#include <algorithm>

#include "schemas/base/clock.h"

namespace hob::policy {
namespace {

Json options() {
  return Json::array({{{"optionId", "allow_once"}, {"name", "Allow once"}, {"kind", "allow_once"}},
                      {{"optionId", "allow_always"}, {"name", "Allow for this session"}, {"kind", "allow_always"}},
                      {{"optionId", "reject_once"}, {"name", "Reject"}, {"kind", "reject_once"}},
                      {{"optionId", "reject_always"}, {"name", "Reject for this session"}, {"kind", "reject_always"}}});
}

/// Who knows of one call only still sees what all of them would do.
Json arguments(const Question& question) {
  if (question.calls.size() == 1) return question.calls.front().arguments;
  Json all = Json::array();
  for (const auto& call : question.calls) all.push_back(call.arguments);
  return all;
}

std::string text_of(const Json& data, const char* key) {
  const auto it = data.find(key);
  return it != data.end() && it->is_string() ? it->get<std::string>() : "";
}

}  // namespace

std::string Question::tools() const {
  std::vector<std::string> names;
  std::string out;
  for (const auto& call : calls) {
    if (std::find(names.begin(), names.end(), call.tool) != names.end()) continue;
    names.push_back(call.tool);
    out += (out.empty() ? "" : ", ") + call.tool;
  }
  return out;
}

wire::Approval to_wire(const Question& question) {
  wire::Approval out;
  out.approval_id = question.id;
  out.session_id = question.session_id;
  out.turn_id = question.turn_id;
  out.call_id = question.calls.front().call_id;
  out.tool = question.tools();
  out.arguments = arguments(question);
  out.requested_at = rfc3339(question.requested_ms);
  out.options = options();
  if (question.calls.size() > 1) out.calls = question.calls;
  return out;
}

store::ApprovalRow to_row(const Question& question, const std::string& outcome) {
  return {.id = question.id,
          .session_id = question.session_id,
          .turn_id = question.turn_id,
          .call_id = question.calls.front().call_id,
          .tool = question.tools(),
          .arguments = arguments(question),
          .requested_ms = question.requested_ms,
          .outcome = outcome};
}

store::NewEvent requested_event(const Question& question) {
  return {.session_id = question.session_id,
          .turn_id = question.turn_id,
          .type = "approval.requested",
          .data = describe::write(to_wire(question))};
}

store::NewEvent resolved_event(const Question& question, const std::string& option, const std::string& note) {
  Json data = {{"approvalId", question.id},
               {"callId", question.calls.front().call_id},
               {"tool", question.tools()},
               {"optionId", option},
               {"note", note}};
  if (question.calls.size() > 1) {
    Json calls = Json::array();
    for (const auto& call : question.calls) calls.push_back({{"callId", call.call_id}, {"tool", call.tool}});
    data["calls"] = std::move(calls);
  }
  return {.session_id = question.session_id, .turn_id = question.turn_id, .type = "approval.resolved", .data = std::move(data)};
}

std::optional<Question> question_of(const store::Event& requested) {
  auto approval = describe::read<wire::Approval>(requested.data);
  if (!approval) return std::nullopt;
  Question out;
  out.id = approval->approval_id;
  out.session_id = requested.session_id;
  out.turn_id = requested.turn_id;
  out.requested_ms = requested.at_ms;
  if (approval->calls && !approval->calls->empty()) {
    out.calls = *std::move(approval->calls);
  } else {
    out.calls.push_back({approval->call_id, approval->tool, std::move(approval->arguments), ""});
  }
  return out;
}

std::vector<wire::ApprovalCall> decided_by(const store::Event& resolved) {
  std::vector<wire::ApprovalCall> out;
  for (const Json& call : resolved.data.value("calls", Json::array())) {
    if (call.is_object()) out.push_back({text_of(call, "callId"), text_of(call, "tool"), Json::object(), ""});
  }
  if (out.empty()) out.push_back({text_of(resolved.data, "callId"), text_of(resolved.data, "tool"), Json::object(), ""});
  return out;
}

}  // namespace hob::policy
