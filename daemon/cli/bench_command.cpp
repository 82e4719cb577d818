// hob bench: the rows of hob-model, and of a model on disk the time to the first token through a private daemon.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>

#include "daemon/cli/first_token.h"
#include "schemas/base/fd.h"

namespace hob::cli {
namespace {

/// What of hob-model's command line the rows through the daemon need as well.
struct Asked {
  FirstTokenOptions first_token;
  bool through_daemon = true;
  bool names_model = false;
};

/// A value that is no number is hob-model's to refuse, which has run before.
uint32_t number(const std::string& text) {
  uint32_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

Asked read(std::vector<std::string>& arguments) {
  Asked out;
  std::vector<uint32_t> prompts;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    const size_t equals = argument.find('=');
    const std::string name = argument.substr(0, equals);
    const std::string value = equals != std::string::npos    ? argument.substr(equals + 1)
                              : i + 1 < arguments.size() ? arguments[i + 1]
                                                         : std::string();
    if (name == "--model") out.first_token.model = value;
    if (name == "--weights") out.first_token.dtype = value;
    if (name == "--threads") out.first_token.threads = number(value);
    if (name == "--repeat") out.first_token.repeat = number(value);
    if (name == "--prompt") prompts.push_back(number(value));
    const bool other = name == "--synthetic" || name == "--print-config" || name == "--help" || name == "-h";
    out.names_model = out.names_model || other || name == "--model";
    if (other || name == "--no-ttft") out.through_daemon = false;
  }
  if (!prompts.empty()) out.first_token.prompts = std::move(prompts);
  std::erase(arguments, "--no-ttft");
  return out;
}

/// Runs a program to its end, with our own input and output; its exit status.
Result<int> run_program(const std::string& path, std::vector<std::string> arguments) {
  std::vector<char*> argv = {const_cast<char*>(path.c_str())};
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  std::fflush(stdout);
  const pid_t pid = ::fork();
  if (pid < 0) return Error(Code::internal, "Cannot start a process: " + errno_text(errno) + ".");
  if (pid == 0) {
    ::execv(path.c_str(), argv.data());
    _exit(127);
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return Error(Code::internal, "Cannot wait for " + path + ": " + errno_text(errno) + ".");
  }
  if (WIFSIGNALED(status)) return 128 + WTERMSIG(status);
  if (WEXITSTATUS(status) == 127) return Error(Code::internal, "Cannot run " + path + ". It belongs beside hob.");
  return WEXITSTATUS(status);
}

Result<void> bench(Shared& shared, std::vector<std::string> arguments) {
  HOB_TRY(places, shared.places());
  Asked asked = read(arguments);
  if (!asked.names_model) {
    asked.first_token.model = places.model_dir;
    arguments.insert(arguments.end(), {"--model", places.model_dir});
  }
  arguments.insert(arguments.begin(), "bench");
  HOB_TRY(status, run_program(places.bin_dir + "/hob-model", std::move(arguments)));
  shared.exit = status;
  if (status != 0 || !asked.through_daemon) return {};
  return measure_first_token(shared, asked.first_token);
}

}  // namespace

void add_bench_command(Command& app, Shared& shared) {
  Command& bench_app = app.add("bench", "Measures the engine on this machine: loading, prefill, decoding, first token, memory");
  bench_app.pass_on([&shared](std::vector<std::string> arguments) {
    if (auto result = bench(shared, std::move(arguments)); !result) fail(shared, result.error());
  });
}

}  // namespace hob::cli
