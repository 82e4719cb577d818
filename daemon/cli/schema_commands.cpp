// hob schema: the protocol's own schema, and whether a JSON Schema can be enforced.
#include <cstdio>

#include "daemon/cli/app.h"
#include "daemon/cli/json_argument.h"
#include "daemon/cli/reach.h"

namespace hob::cli {
namespace {

Result<void> check(Shared& shared, const wire::SchemaCheck& wanted) {
  HOB_TRY(daemon, reach(shared, Need::running));
  auto checked = daemon.client.call<wire::SchemaCheckResult>("schema/check", wanted);
  // Whoever only wants to know about a schema does not expect that a model is missed.
  if (!checked && exit_of(checked.error()) == kNoModel) {
    const char* const what = wanted.schema ? "schema" : wanted.regex ? "regular expression" : "grammar";
    return std::move(checked).error().in(std::string("The ") + what + " was not checked, because the model's process checks it and does not run");
  }
  if (!checked) return std::move(checked).error();
  const wire::SchemaCheckResult& result = *checked;
  shared.exit = result.supported ? kDone : kFailed;
  if (shared.json) {
    std::printf("%s\n", json::dump(describe::write(result)).c_str());
    return {};
  }
  if (result.supported) {
    std::printf("%s while the answer is written (compiled in %.1f ms)\n", wanted.schema ? "every keyword is enforced" : "it is enforced",
                result.compiled_ms);
  }
  for (const wire::UnsupportedKeyword& keyword : result.unsupported_keywords) {
    if (wanted.schema) std::printf("%s: ", keyword.pointer.empty() ? "/" : keyword.pointer.c_str());
    std::printf("%s\n", keyword.message.c_str());
  }
  for (const wire::UnsupportedKeyword& keyword : result.untold) {
    std::printf("not told to the model: %s: %s\n", keyword.pointer.c_str(), keyword.message.c_str());
  }
  if (result.error) std::printf("%s\n", Error::from_json(*result.error).message().c_str());
  return {};
}

Result<void> check_schema(Shared& shared, const std::string& argument) {
  auto schema = json_argument(argument, json::kSchema);
  if (!schema) {
    fail_usage(shared, schema.error().message());
    return {};
  }
  wire::SchemaCheck wanted;
  wanted.schema = *std::move(schema);
  return check(shared, wanted);
}

Result<void> check_grammar(Shared& shared, const std::string& file, const std::optional<std::string>& regex) {
  wire::SchemaCheck wanted;
  if (regex.has_value() == !file.empty()) {
    fail_usage(shared, "Say what to check: hob grammar check FILE, or --regex REGEX");
    return {};
  }
  wanted.regex = regex;
  if (!regex) {
    auto text = text_argument(file, kMostGrammar);
    if (!text) {
      fail_usage(shared, text.error().message());
      return {};
    }
    wanted.grammar = *std::move(text);
  }
  return check(shared, wanted);
}

/// The messages' schemas, by method, out of the OpenRPC document.
Json json_schema_of(const Json& openrpc) {
  Json definitions = Json::object();
  for (const Json& method : openrpc.value("methods", Json::array())) {
    const std::string name = method.value("name", "");
    Json params = {{"type", "object"}, {"properties", Json::object()}};
    Json required = Json::array();
    for (const Json& param : method.value("params", Json::array())) {
      params["properties"][param.value("name", "")] = param.value("schema", Json::object());
      if (param.value("required", false)) required.push_back(param.value("name", ""));
    }
    if (!required.empty()) params["required"] = required;
    definitions[name + " params"] = params;
    definitions[name + " result"] = method.value("result", Json::object()).value("schema", Json::object());
  }
  return {{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", "hob"}, {"$defs", definitions}};
}

Result<void> print(Shared& shared, bool json_schema) {
  HOB_TRY(daemon, reach(shared, Need::running));
  HOB_TRY(document, daemon.client.call("rpc.discover", Json::object()));
  std::printf("%s\n", json::pretty(json_schema ? json_schema_of(document) : document).c_str());
  return {};
}

}  // namespace

void add_schema_commands(Command& app, Shared& shared) {
  Command& schema = app.add("schema", "Prints the protocol's schema; checks a JSON Schema");
  schema.wants_subcommand(false);
  auto openrpc = std::make_shared<bool>(false);
  auto json_schema = std::make_shared<bool>(false);
  Option first = schema.flag("--openrpc", *openrpc, "Every method, out of the running daemon (OpenRPC)");
  schema.flag("--json-schema", *json_schema, "The same as JSON Schemas by method").not_with(first);
  schema.option("--socket", shared.socket, "The daemon's socket, instead of the usual place").shown_as("PATH");
  schema.examples("  hob schema --openrpc > hob.openrpc.json\n  hob schema check person.json\n  hob schema check '{\"type\": \"integer\"}'");
  schema.run([&shared, openrpc, json_schema] {
    if (!*openrpc && !*json_schema) {
      fail_usage(shared, "Say what to print: hob schema --openrpc or --json-schema; or check one: hob schema check FILE");
      return;
    }
    if (auto result = print(shared, *json_schema); !result) fail(shared, result.error());
  });
  Command& check_app = schema.add("check", "Whether answers can be held to this JSON Schema");
  auto argument = std::make_shared<std::string>();
  check_app.option("schema", *argument, "A file, JSON itself, or - for standard input").required().shown_as("FILE|-|JSON");
  add_common(check_app, shared);
  check_app.examples("  hob schema check person.json\nExit status: 0 when every keyword is enforced, 1 when one is not.");
  check_app.run([&shared, argument] {
    if (auto result = check_schema(shared, *argument); !result) fail(shared, result.error());
  });
}

void add_grammar_check(Command& grammar, Shared& shared) {
  Command& app = grammar.add("check", "Whether answers can be held to this grammar or regular expression");
  const auto file = std::make_shared<std::string>();
  const auto regex = std::make_shared<std::optional<std::string>>();
  Option first = app.option("grammar", *file, "A file with a grammar (GBNF), or - for standard input").shown_as("FILE|-");
  app.option("--regex", *regex, "A regular expression instead").shown_as("REGEX").not_with(first);
  add_common(app, shared);
  app.examples("  hob grammar check moves.gbnf\n  hob grammar check --regex '[A-Z]{2}-\\d{4}'\n"
               "Exit status: 0 when it is enforced, 1 when it cannot be; the message says where and why.");
  app.run([&shared, file, regex] {
    if (auto result = check_grammar(shared, *file, *regex); !result) fail(shared, result.error());
  });
}

}  // namespace hob::cli
