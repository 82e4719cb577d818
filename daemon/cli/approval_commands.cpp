// hob approvals: questions of the agent that wait for a person.
#include <cstdio>

#include "daemon/cli/app.h"
#include "daemon/cli/reach.h"
#include "daemon/cli/table.h"
#include "schemas/base/json.h"
#include "schemas/wire/client/tools.h"

namespace hob::cli {
namespace {

Result<void> list(Shared& shared) {
  HOB_TRY(daemon, reach(shared, Need::running));
  HOB_TRY(result, daemon.client.call<wire::ApprovalListResult>("approval/list", wire::ApprovalList{}));
  if (shared.json) {
    std::printf("%s\n", json::dump(describe::write(result)).c_str());
    return {};
  }
  Table table({"APPROVAL", "SINCE", "SESSION", "TOOL", "ARGUMENTS"});
  for (const wire::Approval& approval : result.approvals) {
    table.row({approval.approval_id, approval.requested_at.substr(0, 19), approval.session_id, approval.tool,
               one_line(json::dump(approval.arguments), 100)});
  }
  if (table.empty()) shared.terminal.note("Nothing waits for an answer.");
  else table.print(shared.terminal);
  return {};
}

struct AnswerOptions {
  std::string id, note;
  bool always = false;
};

Result<void> answer(Shared& shared, const AnswerOptions& options, const std::string& word) {
  HOB_TRY(daemon, reach(shared, Need::running));
  wire::ApprovalRespond respond;
  respond.approval_id = options.id;
  respond.option_id = word + (options.always ? "_always" : "_once");
  if (!options.note.empty()) respond.note = options.note;
  HOB_TRY_VOID(daemon.client.call<wire::Nothing>("approval/respond", respond));
  if (shared.json) std::printf("%s\n", json::dump({{"approvalId", options.id}, {"optionId", respond.option_id}}).c_str());
  return {};
}

}  // namespace

void add_approval_commands(Command& app, Shared& shared) {
  Command& approvals = app.add("approvals", "Answers the agent's questions for permission");
  approvals.wants_subcommand(true);
  approvals.examples("  hob approvals list\n  hob approvals allow 019aa6c3-8f2e-7b1d-9c55-0d6a3e1f7b42");
  Command& list_app = approvals.add("list", "Questions that wait");
  add_common(list_app, shared);
  list_app.examples("  hob approvals list --json");
  list_app.run([&shared] {
    if (auto result = list(shared); !result) fail(shared, result.error());
  });
  for (const std::string word : {"allow", "reject"}) {
    Command& command = approvals.add(word, word == "allow" ? "Lets the call run" : "Refuses the call");
    auto options = std::make_shared<AnswerOptions>();
    command.option("id", options->id, "From hob approvals list").required().shown_as("ID");
    command.flag("--always", options->always, "For this tool, as long as the session lives");
    if (word == "reject") command.option("--note", options->note, "Told to the model").shown_as("TEXT");
    add_common(command, shared);
    command.examples("  hob approvals " + word + " 019aa6c3-8f2e-7b1d-9c55-0d6a3e1f7b42");
    command.run([&shared, options, word] {
      if (auto result = answer(shared, *options, word); !result) fail(shared, result.error());
    });
  }
}

}  // namespace hob::cli
