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

void add_memory_commands(CLI::App& app, Shared& shared) {
  CLI::App* memory = app.add_subcommand("memory", "Keeps and finds facts that sessions share");
  memory->require_subcommand(1);
  examples(*memory, "  hob memory put \"The door code is 4711\"\n  hob memory search \"door code\"");
  CLI::App* put_app = memory->add_subcommand("put", "Keeps a fact");
  auto options = std::make_shared<MemoryOptions>();
  put_app->add_option("text", options->text, "The fact")->required()->type_name("TEXT");
  put_app->add_option("--key", options->key, "Replaces what was kept under this key")->type_name("KEY");
  put_app->add_option("--tags", options->tags, "Words to find it by")->delimiter(',')->type_name("TAG,...");
  CLI::App* search_app = memory->add_subcommand("search", "Finds facts by their words");
  search_app->add_option("query", options->text, "What to look for")->required()->type_name("TEXT");
  search_app->add_option("--limit", options->limit, "At most so many")->check(CLI::Range(1, 100))->capture_default_str();
  for (CLI::App* command : {put_app, search_app}) {
    command->add_option("--scope", options->scope, "user, workspace or session")
        ->check(CLI::IsMember({"user", "workspace", "session"}))->type_name("SCOPE");
    command->add_option("--session", options->session, "Whose workspace or session")->type_name("ID|last");
    add_common(*command, shared);
  }
  examples(*put_app, "  hob memory put --key door \"The door code is 4711\"");
  examples(*search_app, "  hob memory search \"door code\" --limit 1");
  put_app->callback([&shared, options] {
    if (auto result = put(shared, *options); !result) fail(shared, result.error());
  });
  search_app->callback([&shared, options] {
    if (auto result = search(shared, *options); !result) fail(shared, result.error());
  });
}

}  // namespace hob::cli
