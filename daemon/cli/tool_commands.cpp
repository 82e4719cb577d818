// hob tools, hob plugin.
#include <climits>
#include <cstdio>
#include <cstdlib>

#include "daemon/cli/app.h"
#include "daemon/cli/json_argument.h"
#include "daemon/cli/last_session.h"
#include "daemon/cli/reach.h"
#include "daemon/cli/table.h"
#include "schemas/wire/client/session.h"
#include "schemas/wire/client/tools.h"

namespace hob::cli {
namespace {

Result<void> list_tools(Shared& shared) {
  HOB_TRY(daemon, reach(shared, Need::running));
  HOB_TRY(result, daemon.client.call<wire::ToolsListResult>("tools/list", wire::ToolsList{}));
  if (shared.json) {
    std::printf("%s\n", json::dump(describe::write(result)).c_str());
    return {};
  }
  Table table({"TOOL", "EFFECT", "FROM", "DESCRIPTION"});
  for (const wire::ToolInfo& tool : result.tools) {
    const auto& notes = tool.annotations;
    const std::string effect = notes.open_world ? "reaches out" : notes.read_only ? "reads" : "changes";
    table.row({tool.name, effect, tool.source, one_line(tool.description, 80)});
  }
  table.print(shared.terminal);
  return {};
}

struct CallOptions {
  std::string name, arguments = "{}", session;
  bool allow = false;
};

/// Without a session the tool sees this directory, through a session that is gone afterwards.
std::string own_session(Client& client) {
  char cwd[PATH_MAX];
  if (::realpath(".", cwd) == nullptr) return "";
  wire::SessionNew wanted;
  wanted.cwd = cwd;
  wanted.ephemeral = true;
  auto made = client.call<wire::SessionNewResult>("session/new", wanted);
  return made ? made->session_id : "";  // a tool that needs no files can do without
}

Result<void> call_tool(Shared& shared, const CallOptions& options) {
  auto arguments = json_argument(options.arguments, json::kWire);
  if (!arguments || !arguments->is_object()) {
    fail_usage(shared, arguments ? "The arguments of a tool are a JSON object; this is " + json::brief(*arguments) + "."
                                 : arguments.error().message());
    return {};
  }
  HOB_TRY(daemon, reach(shared, Need::running));
  wire::ToolsCall call;
  call.name = options.name;
  call.arguments = *std::move(arguments);
  if (options.allow) call.allow.emplace().push_back(options.name);
  std::string own;
  if (options.session.empty()) {
    own = own_session(daemon.client);
    if (!own.empty()) call.session_id = own;
  } else {
    HOB_TRY(id, session_named(daemon.client, options.session));
    call.session_id = id;
  }
  auto result = daemon.client.call<wire::ToolsCallResult>("tools/call", call, std::chrono::minutes(10));
  if (!own.empty()) (void)daemon.client.call<wire::Nothing>("session/delete", wire::SessionRef{own});
  if (!result) {
    Error error = std::move(result).error();
    if (error.code() == Code::tool_denied && !options.allow) {
      error = Error(Code::tool_denied, error.message() + " Allow this one call with --allow.");
    }
    return error;
  }
  shared.exit = result->is_error ? kToolFailed : kDone;
  std::printf("%s\n", shared.json ? json::dump(describe::write(*result)).c_str()
                                  : shared.terminal.for_output(json::pretty(result->structured_content)).c_str());
  return {};
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

Result<void> list_plugins(Shared& shared) {
  HOB_TRY(daemon, reach(shared, Need::running));
  HOB_TRY(result, daemon.client.call<wire::PluginListResult>("plugin/list", wire::Nothing{}));
  if (shared.json) {
    std::printf("%s\n", json::dump(describe::write(result)).c_str());
    return {};
  }
  Table table({"PLUGIN", "VERSION", "STATE", "HOSTS", "RESTARTS", "TOOLS"});
  for (const wire::PluginInfo& plugin : result.plugins) {
    table.row({plugin.name, plugin.version, plugin.state, std::to_string(plugin.hosts), std::to_string(plugin.restarts),
               plugin.state == "ready" ? joined(plugin.tools) : plugin.reason.value_or("")});
  }
  if (table.empty()) shared.terminal.note("There are no plugins.");
  else table.print(shared.terminal);
  return {};
}

}  // namespace

void add_tool_commands(Command& app, Shared& shared) {
  const auto listing = [&shared] {
    if (auto result = list_tools(shared); !result) fail(shared, result.error());
  };
  Command& tools = app.add("tools", "Lists the tools, or calls one by hand");
  tools.wants_subcommand(false);
  add_common(tools, shared);
  tools.examples("  hob tools\n  hob tools call calculate '{\"expression\": \"17 * 23\"}'");
  tools.run(listing);
  Command& list_app = tools.add("list", "All tools that the agent knows");
  add_common(list_app, shared);
  list_app.examples("  hob tools list --json");
  list_app.run(listing);

  Command& call_app = tools.add("call", "Calls a tool, under the same policy and sandbox as the agent's calls");
  auto options = std::make_shared<CallOptions>();
  call_app.option("name", options->name, "The tool").required().shown_as("NAME");
  call_app.option("arguments", options->arguments, "Its arguments: JSON, or a file with JSON").shown_as("JSON|FILE").says_default();
  call_app.option("--session", options->session, "Use this session's directories instead of this one").shown_as("ID|last");
  call_app.flag("--allow", options->allow, "Allow it where policy would ask");
  add_common(call_app, shared);
  call_app.examples("  hob tools call calculate '{\"expression\": \"17 * 23\"}'\n"
           "  hob tools call write_file '{\"path\": \"a.txt\", \"content\": \"hello\"}' --allow\n"
           "Exit status: 0; 5 when it is not allowed; 8 when the tool failed.");
  call_app.run([&shared, options] {
    if (auto result = call_tool(shared, *options); !result) fail(shared, result.error());
  });

  Command& plugin = app.add("plugin", "Shows the tool plugins");
  plugin.wants_subcommand(true);
  plugin.examples("  hob plugin list");
  Command& plugins = plugin.add("list", "Tool plugins and their state");
  add_common(plugins, shared);
  plugins.examples("  hob plugin list --json");
  plugins.run([&shared] {
    if (auto result = list_plugins(shared); !result) fail(shared, result.error());
  });
}

}  // namespace hob::cli
