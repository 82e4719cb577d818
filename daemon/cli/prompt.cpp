#include "daemon/cli/prompt.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "daemon/cli/interrupt.h"
#include "schemas/base/fd.h"
#include "schemas/base/utf8.h"

namespace hob::cli {
namespace {

/// "" where nothing is piped.
Result<std::string> read_piped(Terminal& terminal) {
  constexpr int kSayAfterMs = 2000;
  struct stat status {};
  if (::fstat(0, &status) != 0) return std::string();
  if (!S_ISFIFO(status.st_mode) && !S_ISREG(status.st_mode) && !S_ISSOCK(status.st_mode)) return std::string();
  std::string text;
  bool said = false;
  Interrupts& interrupts = Interrupts::install();
  for (;;) {
    pollfd fds[2] = {{0, POLLIN, 0}, {interrupts.fd(), POLLIN, 0}};
    const int ready = ::poll(fds, 2, said ? -1 : kSayAfterMs);
    if (interrupts.take()) return Error(Code::cancelled, "Interrupted.");
    if (ready == 0) {
      said = true;
      terminal.note("reading the rest of the prompt from standard input (</dev/null where there is none)");
    }
    if (ready <= 0 || fds[0].revents == 0) continue;
    char bytes[64 << 10];
    const ssize_t n = ::read(0, bytes, sizeof bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Error(Code::invalid_params, "Standard input cannot be read: " + errno_text(errno) + ".");
    if (n == 0) break;
    text.append(bytes, static_cast<size_t>(n));
    if (text.size() > kMaxPipedBytes) {
      return Error(Code::invalid_params, "Standard input has more than 1 MiB; give the agent the file's name instead.");
    }
  }
  if (!utf8::valid(text)) return Error(Code::invalid_params, "Standard input is not UTF-8 text; give the agent the file's name instead.");
  return text;
}

Result<std::string> whole_prompt(const std::string& prompt, const std::string& piped) {
  if (!utf8::valid(prompt)) return Error(Code::invalid_params, "The prompt is not UTF-8 text.");
  if (prompt.empty() && piped.find_first_not_of(" \t\r\n") == std::string::npos) {
    return Error(Code::invalid_params, "There is no prompt. Say what to do: hob run \"What is 17 * 23?\"");
  }
  if (prompt.empty()) return piped;
  if (piped.empty()) return prompt;
  return prompt + "\n\n" + piped;
}

}  // namespace

Result<std::string> asked(const std::string& prompt, Piped piped, Terminal& terminal) {
  const auto usage = [](const Error& error) { return Error(Code::invalid_request, error.message()); };
  auto input = piped == Piped::read ? read_piped(terminal) : Result<std::string>(std::string());
  if (!input) return input.error().code() == Code::cancelled ? input.error() : usage(input.error());
  auto whole = whole_prompt(prompt == "-" ? "" : prompt, *input);
  if (!whole) return usage(whole.error());
  return whole;
}

}  // namespace hob::cli
