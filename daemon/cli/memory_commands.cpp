// hob memory: facts that sessions share.
#include <cstdio>

#include "daemon/cli/app.h"
#include "daemon/cli/last_session.h"
#include "daemon/cli/reach.h"
#include "schemas/base/json.h"
#include "schemas/wire/client/memory.h"

namespace hob::cli {
namespace {

struct MemoryOptions {
  std::string text, scope, key, session;
  std::vector<std::string> tags;
  uint32_t limit = 5;
};

Result<void> put(Shared& shared, const MemoryOptions& options) {
  HOB_TRY(daemon, reach(shared, Need::running));
  wire::MemoryPut wanted;
  wanted.text = options.text;
  wanted.tags = options.tags;
  if (!options.scope.empty()) wanted.scope = options.scope;
  if (!options.key.empty()) wanted.key = options.key;
  if (!options.session.empty()) {
    HOB_TRY(id, session_named(daemon.client, options.session));
    wanted.session_id = id;
  }
  HOB_TRY(result, daemon.client.call<wire::MemoryPutResult>("memory/put", wanted));
  std::printf("%s\n", shared.json ? json::dump(describe::write(result)).c_str() : result.id.c_str());
  return {};
}

Result<void> search(Shared& shared, const MemoryOptions& options) {
  HOB_TRY(daemon, reach(shared, Need::running));
  wire::MemorySearch wanted;
  wanted.query = options.text;
  wanted.limit = options.limit;
  if (!options.scope.empty()) wanted.scope = options.scope;
  if (!options.session.empty()) {
    HOB_TRY(id, session_named(daemon.client, options.session));
    wanted.session_id = id;
  }
  HOB_TRY(result, daemon.client.call<wire::MemorySearchResult>("memory/search", wanted));
  if (shared.json) {
    std::printf("%s\n", json::dump(describe::write(result)).c_str());
    return {};
  }
  for (const wire::MemoryHit& hit : result.memories) {
    std::string source = hit.created_at.substr(0, 10);
    if (hit.session_id) source += ", session " + *hit.session_id;
    std::printf("%s\n", shared.terminal.for_output(hit.text + "  (" + source + ")").c_str());
  }
  if (result.memories.empty()) shared.terminal.note("Nothing is remembered about that.");
  return {};
}

}  // namespace

void add_memory_commands(Command& app, Shared& shared) {
  Command& memory = app.add("memory", "Keeps and finds facts that sessions share");
  memory.wants_subcommand(true);
  memory.examples("  hob memory put \"The door code is 4711\"\n  hob memory search \"door code\"");
  Command& put_app = memory.add("put", "Keeps a fact");
  auto options = std::make_shared<MemoryOptions>();
  put_app.option("text", options->text, "The fact").required().shown_as("TEXT");
  put_app.option("--key", options->key, "Replaces what was kept under this key").shown_as("KEY");
  put_app.option("--tags", options->tags, "Words to find it by").with_commas().shown_as("TAG,...");
  Command& search_app = memory.add("search", "Finds facts by their words");
  search_app.option("query", options->text, "What to look for").required().shown_as("TEXT");
  search_app.option("--limit", options->limit, "At most so many").between(1, 100).says_default();
  for (Command* each : {&put_app, &search_app}) {
    Command& command = *each;
    command.option("--scope", options->scope, "user, workspace or session")
        .one_of({"user", "workspace", "session"}).shown_as("SCOPE");
    command.option("--session", options->session, "Whose workspace or session").shown_as("ID|last");
    add_common(command, shared);
  }
  put_app.examples("  hob memory put --key door \"The door code is 4711\"");
  search_app.examples("  hob memory search \"door code\" --limit 1");
  put_app.run([&shared, options] {
    if (auto result = put(shared, *options); !result) fail(shared, result.error());
  });
  search_app.run([&shared, options] {
    if (auto result = search(shared, *options); !result) fail(shared, result.error());
  });
}

}  // namespace hob::cli
