// hob-plugin-host: one tool plugin in one sandboxed process. Started by hobd, never by hand.
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstring>

#include "plugins/host/host.h"
#include "schemas/base/log.h"
#include "schemas/sandbox/hygiene.h"

int main(int count, char** arguments) {
  int fd = -1;
  if (count == 3 && std::strcmp(arguments[1], "--fd") == 0) {
    const char* end = arguments[2] + std::strlen(arguments[2]);
    if (std::from_chars(arguments[2], end, fd).ptr != end) fd = -1;
  }
  int kind = 0;
  socklen_t size = sizeof kind;
  if (fd < 3 || ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &kind, &size) != 0) {
    std::fputs(
      "hob-plugin-host runs one tool plugin for hobd, over an inherited socket: hob-plugin-host --fd N.\n"
      "It is not started by hand.\n",
      stderr
    );
    return 2;
  }
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  ::signal(SIGPIPE, SIG_IGN);
  (void)hob::sandbox::die_with_parent();
  // What a plugin prints goes nowhere; standard error stays for the log and for last words.
  int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null >= 0) {
    ::dup2(null, 0);
    ::dup2(null, 1);
  }
  const int keep[] = {fd};
  (void)hob::sandbox::close_others(keep);
  hob::log::open(hob::log::Level::info, "hob-plugin-host");
  hob::plugins::host::run(hob::UniqueFd(fd));
}
