#include "daemon/cli/app.h"

#include <cstdio>

#include "schemas/base/json.h"

namespace hob::cli {

void add_common(Command& command, Shared& shared) {
  command.option("--socket", shared.socket, "The daemon's socket, instead of the usual place").shown_as("PATH");
  command.flag("--json", shared.json, "Print one JSON object");
}

void fail_usage(Shared& shared, const std::string& message) {
  shared.exit = kUsage;
  if (shared.json) {
    std::printf("%s\n", json::dump({{"error", {{"message", message}}}, {"exitCode", shared.exit}}).c_str());
  } else {
    shared.terminal.warn(message);
  }
}

void fail(Shared& shared, const Error& error) {
  shared.exit = exit_of(error);
  if (shared.json) {
    std::printf("%s\n", json::dump({{"error", error.to_json()}, {"exitCode", shared.exit}}).c_str());
    return;
  }
  shared.terminal.warn(error.message());
  const Json wire = error.to_json();
  const std::string hint = wire.value("data", Json::object()).value("hint", "");
  if (!hint.empty()) shared.terminal.note("  " + hint);
}

void fail_or_usage(Shared& shared, const Error& error) {
  if (error.code() == Code::invalid_request) return fail_usage(shared, error.message());
  fail(shared, error);
}

}  // namespace hob::cli
