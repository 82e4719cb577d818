// hob sessions: list, show, delete.
#include <cstdio>

#include "daemon/cli/app.h"
#include "daemon/cli/last_session.h"
#include "daemon/cli/reach.h"
#include "daemon/cli/table.h"
#include "schemas/base/json.h"
#include "schemas/wire/client/events.h"
#include "schemas/wire/client/session.h"

namespace hob::cli {
namespace {

constexpr uint32_t kPage = 500;

struct ListOptions {
  std::string cwd, query;
  uint32_t limit = 50;
};

Result<void> list(Shared& shared, const ListOptions& options) {
  HOB_TRY(daemon, reach(shared, Need::running));
  wire::SessionList wanted;
  if (!options.cwd.empty()) wanted.cwd = options.cwd;
  if (!options.query.empty()) wanted.query = options.query;
  wanted.limit = options.limit;
  HOB_TRY(page, daemon.client.call<wire::SessionListResult>("session/list", wanted));
  if (shared.json) {
    std::printf("%s\n", json::dump(describe::write(page)).c_str());
    return {};
  }
  Table table({"SESSION", "UPDATED", "TURNS", "MODE", "DIRECTORY", "TITLE"});
  for (const wire::SessionInfo& info : page.sessions) {
    table.row({info.session_id, info.updated_at.substr(0, 19), std::to_string(info.turns), info.mode, info.cwd,
               one_line(info.title.value_or(""), 60)});
  }
  if (table.empty()) {
    shared.terminal.note("There are no sessions yet. Begin one: hob run \"...\"");
  } else {
    table.print(shared.terminal);
    if (page.next_cursor) shared.terminal.note("(there are more: --limit)");
  }
  return {};
}

std::string summary_of(const wire::EventMessage& event) {
  if (event.type == "item.completed") {
    const std::string kind = event.data.value("kind", "");
    const std::string name = event.data.value("name", "");
    std::string text = event.data.value("text", "");
    if (kind == "tool_call") text = event.data.value("arguments", "");
    if (kind == "tool_result") text = json::dump(event.data.value("result", Json()));
    return kind + (name.empty() ? "" : " " + name) + " " + text;
  }
  if (event.type == "turn.completed") return event.data.value("status", "") + " " + event.data.value("stopReason", "");
  return json::dump(event.data);
}

Result<void> show_events(Shared& shared, Client& client, const std::string& id) {
  wire::EventsRead page;
  page.limit = kPage;
  page.session_ids = {id};
  for (bool more = true; more;) {
    HOB_TRY(result, client.call<wire::EventsReadResult>("events/read", page));
    for (const wire::EventMessage& event : result.events) {
      if (shared.json) {
        std::printf("%s\n", json::dump(describe::write(event)).c_str());
      } else {
        const std::string line = event.at.substr(11, 12) + "  " + event.type + "  " + summary_of(event);
        std::printf("%s\n", shared.terminal.for_output(one_line(line, shared.terminal.columns() * 2)).c_str());
      }
    }
    page.after = result.cursor;
    more = result.more;
  }
  return {};
}

void show_item(const Shared& shared, const wire::Item& item) {
  const auto line = [&shared](const std::string& text) { std::printf("%s\n", shared.terminal.for_output(text).c_str()); };
  switch (item.kind) {
    case wire::ItemKind::user_message:
      return line("\n# " + item.text);
    case wire::ItemKind::agent_message:
    case wire::ItemKind::structured_output:
      return line(item.text + (item.incomplete.value_or(false) ? " (cut at a limit)" : ""));
    case wire::ItemKind::thought:
      return line("  (thought) " + one_line(item.text, 200));
    case wire::ItemKind::tool_call:
      return line("  > " + item.name.value_or("") + " " + item.arguments.value_or(""));
    case wire::ItemKind::tool_result:
      return line("  < " + one_line(json::dump(item.result.value_or(Json())), 400));
    case wire::ItemKind::notice:
      return line("  (" + item.text + ")");
  }
}

Result<void> show(Shared& shared, const std::string& word, bool events) {
  HOB_TRY(daemon, reach(shared, Need::running));
  HOB_TRY(id, session_named(daemon.client, word));
  wire::SessionGet wanted;
  wanted.session_id = id;
  wanted.include_items = true;
  HOB_TRY(got, daemon.client.call<wire::SessionGetResult>("session/get", wanted));
  if (events) return show_events(shared, daemon.client, id);
  if (shared.json) {
    std::printf("%s\n", json::dump(describe::write(got)).c_str());
    return {};
  }
  std::printf("%s\n", shared.terminal.for_output("session " + got.session.session_id + "  " + got.session.cwd + "  " +
                                                 got.session.mode + "  " + std::to_string(got.session.turns) + " turns").c_str());
  for (const wire::Item& item : got.items.value_or(std::vector<wire::Item>{})) show_item(shared, item);
  if (got.active_turn_id) shared.terminal.note("\n(turn " + *got.active_turn_id + " is not over)");
  return {};
}

Result<void> erase(Shared& shared, const std::vector<std::string>& ids) {
  HOB_TRY(daemon, reach(shared, Need::running));
  Json deleted = Json::array();
  for (const std::string& id : ids) {
    HOB_TRY_VOID(daemon.client.call<wire::Nothing>("session/delete", wire::SessionRef{id}));
    deleted.push_back(id);
    if (!shared.json) std::printf("deleted %s\n", id.c_str());
  }
  if (shared.json) std::printf("%s\n", json::dump({{"deleted", deleted}}).c_str());
  return {};
}

}  // namespace

void add_session_commands(Command& app, Shared& shared) {
  Command& sessions = app.add("sessions", "Lists, shows and deletes sessions");
  sessions.wants_subcommand(true);
  sessions.examples("  hob sessions list\n  hob sessions show last\n  hob sessions show last --events --json");

  Command& list_app = sessions.add("list", "Sessions, newest first");
  auto list_options = std::make_shared<ListOptions>();
  list_app.option("--cwd", list_options->cwd, "Only sessions of this directory").shown_as("DIR");
  list_app.option("--query", list_options->query, "Words of the title").shown_as("TEXT");
  list_app.option("--limit", list_options->limit, "At most so many").between(1, 500).says_default();
  add_common(list_app, shared);
  list_app.examples("  hob sessions list --limit 10\n  hob sessions list --json | python3 -m json.tool");
  list_app.run([&shared, list_options] {
    if (auto result = list(shared, *list_options); !result) fail(shared, result.error());
  });

  Command& show_app = sessions.add("show", "What was said and done in a session");
  auto id = std::make_shared<std::string>();
  auto events = std::make_shared<bool>(false);
  show_app.option("id", *id, "The session, or last").required().shown_as("ID|last");
  show_app.flag("--events", *events, "The event log (with --json: one object a line)");
  add_common(show_app, shared);
  show_app.examples("  hob sessions show last\n  hob sessions show last --events --json");
  show_app.run([&shared, id, events] {
    if (auto result = show(shared, *id, *events); !result) fail(shared, result.error());
  });

  Command& delete_app = sessions.add("delete", "Erases sessions truly; there is no way back");
  auto ids = std::make_shared<std::vector<std::string>>();
  delete_app.option("ids", *ids, "The sessions").required().shown_as("ID...");
  add_common(delete_app, shared);
  delete_app.examples("  hob sessions delete 019aa6c3-8f2e-7b1d-9c55-0d6a3e1f7b42");
  delete_app.run([&shared, ids] {
    if (auto result = erase(shared, *ids); !result) fail(shared, result.error());
  });
}

}  // namespace hob::cli
