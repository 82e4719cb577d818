// hob doctor: what hob needs on this machine, and whether it is there.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "daemon/cli/app.h"
#include "daemon/cli/reach.h"
#include "schemas/base/json.h"
#include "schemas/sandbox/probe.h"
#include "schemas/wire/client/tools.h"
#include "schemas/wire/handshake.h"

#ifndef HOB_VERSION
#define HOB_VERSION "0"
#endif

namespace hob::cli {
namespace {

namespace fs = std::filesystem;

enum class Finding { good, note, bad };

struct Check {
  std::string what;
  Finding finding;
  std::string detail;
};

std::string word(Finding finding) { return finding == Finding::good ? "ok" : finding == Finding::note ? "note" : "missing"; }

Check program(const config::Places& places, const std::string& name, Finding when_missing) {
  const std::string path = places.bin_dir + "/" + name;
  if (::access(path.c_str(), X_OK) == 0) return {"program " + name, Finding::good, path};
  return {"program " + name, when_missing, path + ": " + errno_text(errno)};
}

Check private_directory(const std::string& what, const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return {what, Finding::note, path + " (made at the first start)"};
    return {what, Finding::bad, path + ": " + errno_text(errno)};
  }
  if (!S_ISDIR(status.st_mode)) return {what, Finding::bad, path + " is not a directory"};
  if (status.st_uid != ::getuid()) return {what, Finding::bad, path + " belongs to another user (uid " + std::to_string(status.st_uid) + ")"};
  if ((status.st_mode & 0022) != 0) return {what, Finding::bad, path + " can be written by others: chmod 700 it"};
  if (::access(path.c_str(), W_OK | X_OK) != 0) return {what, Finding::bad, path + " cannot be written: " + errno_text(errno)};
  return {what, Finding::good, path};
}

Check built_in_model(const config::Places& places) {
  for (const char* file : {"config.json", "tokenizer.json", "model.safetensors"}) {
    const std::string path = places.model_dir + "/" + file;
    if (::access(path.c_str(), R_OK) != 0) return {"built-in model", Finding::bad, path + ": " + errno_text(errno)};
  }
  return {"built-in model", Finding::good, places.model_dir};
}

Check plugin_folder(const config::Places& places) {
  std::error_code failed;
  size_t count = 0;
  for (const auto& entry : fs::directory_iterator(places.plugin_dir, failed)) {
    if (fs::exists(entry.path() / "plugin.json", failed)) ++count;
  }
  if (count == 0) return {"plugins", Finding::bad, "no plugin in " + places.plugin_dir};
  return {"plugins", Finding::good, std::to_string(count) + " in " + places.plugin_dir};
}

/// What the running daemon itself says; nothing is started for this.
void ask_daemon(Shared& shared, const config::Places& places, std::vector<Check>& checks) {
  auto client = Client::connect(places.socket);
  if (!client) {
    const bool nobody = client.error().code() == Code::not_found;
    checks.push_back({"daemon", nobody ? Finding::note : Finding::bad,
                      nobody ? "does not run; a command starts it (" + places.socket + ")" : client.error().message()});
    return;
  }
  auto status = client->call<wire::DaemonStatus>("daemon/status", wire::Nothing{}, std::chrono::seconds(5));
  if (!status) {
    checks.push_back({"daemon", Finding::bad, "does not answer: " + status.error().message()});
    return;
  }
  const bool same = status->build == wire::build_id();
  checks.push_back({"daemon", same ? Finding::good : Finding::note,
                    "pid " + std::to_string(status->pid) + ", build " + status->build + (same ? "" : " (this is " + wire::build_id() + "; hob daemon restart)")});
  checks.push_back({"store", status->store == "ok" ? Finding::good : status->store == "checking" ? Finding::note : Finding::bad, status->store});
  const std::string state = status->model.value("state", "");
  checks.push_back({"model", state == "failed" ? Finding::bad : Finding::good, state + (status->model.contains("reason") ? ": " + status->model.value("reason", "") : "")});
  auto plugins = client->call<wire::PluginListResult>("plugin/list", wire::Nothing{}, std::chrono::seconds(5));
  if (!plugins) return;
  for (const wire::PluginInfo& plugin : plugins->plugins) {
    const bool refused = plugin.state == "refused";
    checks.push_back({"plugin " + plugin.name, refused ? Finding::note : Finding::good, plugin.state + (plugin.reason ? ": " + *plugin.reason : "")});
  }
  (void)shared;
}

Result<void> doctor(Shared& shared) {
  HOB_TRY(places, shared.places());
  std::vector<Check> checks;
  checks.push_back({"hob", Finding::good, std::string(HOB_VERSION) + ", build " + wire::build_id()});
  for (const char* name : {"hobd", "hob-plugin-host"}) checks.push_back(program(places, name, Finding::bad));
  checks.push_back(program(places, "hob-model", Finding::bad));
  checks.push_back(program(places, "hob-model-lite", Finding::note));
  checks.push_back(private_directory("state directory", places.state_dir));
  checks.push_back(private_directory("socket directory", places.runtime_dir));
  checks.push_back(built_in_model(places));
  checks.push_back(plugin_folder(places));
  const sandbox::Report report = sandbox::probe();
  checks.push_back({"sandbox", report.enough_for_third_party() ? Finding::good : Finding::bad,
                    report.enough_for_third_party() ? "enough for plugins of others"
                                                    : "too little for plugins of others; see below"});
  ask_daemon(shared, places, checks);
  bool well = true;
  for (const Check& check : checks) well = well && check.finding != Finding::bad;
  shared.exit = well ? kDone : kFailed;
  if (shared.json) {
    Json rows = Json::array();
    for (const Check& check : checks) rows.push_back({{"what", check.what}, {"finding", word(check.finding)}, {"detail", check.detail}});
    std::printf("%s\n", json::dump({{"well", well}, {"checks", rows}, {"sandbox", sandbox::to_json(report)}}).c_str());
    return {};
  }
  for (const Check& check : checks) {
    std::printf("%-8s %-24s %s\n", word(check.finding).c_str(), check.what.c_str(), shared.terminal.for_output(check.detail).c_str());
  }
  std::printf("\nsandbox\n%s", sandbox::describe(report).c_str());
  std::printf("\n%s\n", well ? "hob has all that it needs." : "Something that hob needs is missing.");
  return {};
}

}  // namespace

void add_doctor_command(Command& app, Shared& shared) {
  Command& command = app.add("doctor", "Looks whether hob has what it needs on this machine");
  add_common(command, shared);
  command.examples("  hob doctor\n  hob doctor --json\nExit status: 1 when something needed is missing.");
  command.run([&shared] {
    if (auto result = doctor(shared); !result) fail(shared, result.error());
  });
}

}  // namespace hob::cli
