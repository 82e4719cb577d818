#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "plugins/command/output.h"
#include "plugins/command/run.h"
#include "schemas/base/fd.h"

using namespace hob;
using namespace hob::plugins::command;
using namespace std::chrono_literals;

namespace {

Ran sh(
    const std::string& command,
    std::chrono::milliseconds timeout = 60s,
    const std::function<bool()>& cancelled = [] { return false; }
) {
  adopt_orphans();
  auto ran = run({command, -1, timeout}, cancelled, [](std::string_view) {});
  REQUIRE(ran.ok());
  return *ran;
}

bool alive(const std::string& file) {
  auto text = read_file(file, 100);
  REQUIRE(text.ok());
  return ::kill(std::stoi(*text), 0) == 0;
}

}  // namespace

TEST_CASE("a command's output and exit code come back as they were") {
  Ran ran = sh("echo out; echo err >&2; echo more; exit 3");
  CHECK(ran.how == Ended::itself);
  CHECK(ran.exit_code == 3);
  CHECK(ran.output == "out\nerr\nmore\n");
  CHECK_FALSE(ran.truncated);
  CHECK(sh("kill -9 $$").exit_code == 137);
  CHECK(sh("no-such-program-here 2>/dev/null").exit_code == 127);
  CHECK(sh("cat").output == "");  // standard input is empty
}

TEST_CASE("a command runs in the directory it was given") {
  UniqueFd fd(::open("/usr", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  auto ran = run(
      {"pwd", fd.get(), 60s}, [] { return false; }, [](std::string_view) {}
  );
  REQUIRE(ran.ok());
  CHECK(ran->output == "/usr\n");
}

TEST_CASE("a command that does not end is stopped at its timeout, with all it started") {
  const std::string file = "/tmp/hob-command-" + std::to_string(::getpid());
  Ran ran = sh("sleep 1000 & echo $! > " + file + "; echo begun; wait", 300ms);
  CHECK(ran.how == Ended::timeout);
  CHECK(ran.output == "begun\n");
  CHECK_FALSE(alive(file));
  std::filesystem::remove(file);
}

TEST_CASE("what a command leaves behind ends with it, even in a session of its own") {
  const std::string file = "/tmp/hob-command-" + std::to_string(::getpid());
  Ran ran =
      sh("setsid sh -c 'echo $$ > " + file + "; exec sleep 1000' & while [ ! -s " + file +
         " ]; do :; done; echo done");
  CHECK(ran.how == Ended::itself);
  CHECK(ran.output == "done\n");
  CHECK_FALSE(alive(file));
  std::filesystem::remove(file);
}

TEST_CASE("a cancelled command stops at once") {
  bool seen = false;
  auto ran = run(
      {"echo begun; sleep 1000", -1, 60s}, [&] { return seen; },
      [&](std::string_view) { seen = true; }
  );
  REQUIRE(ran.ok());
  CHECK(ran->how == Ended::cancelled);
  CHECK(ran->output == "begun\n");
}

TEST_CASE("a flood of output keeps its head and tail") {
  Ran ran =
      sh("i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done; head -c 2000000 /dev/zero "
         "| tr '\\0' '\\n'; echo last");
  CHECK(ran.truncated);
  CHECK(ran.output.starts_with("line 0\nline 1\n"));
  CHECK(ran.output.ends_with("\nlast\n"));
  CHECK(ran.output.find(" lines cut ...]\n") != std::string::npos);
  CHECK(ran.output.size() < 500'000);
}

TEST_CASE("the note of what was cut counts lines") {
  Output output(10, 10);
  for (int i = 0; i < 10; ++i) output.append("12345678\n");
  // 90 bytes: the head's first line, the tail's last, and eight between.
  CHECK(output.text() == "12345678\n[... 8 lines cut ...]\n12345678\n");
}

TEST_CASE("escape sequences, control characters and bytes that are no text go") {
  CHECK(plain("\x1b[31mred\x1b[0m \x1b]0;title\x07plain\x1b(B") == "red plain");
  CHECK(plain("a\r\nb\rc\x08\x7f\x01") == "a\nb\nc");
  CHECK(plain("\x1b[") == "");
  CHECK(plain("\x1b") == "");
  CHECK(plain("\x1b]unfinished") == "");
  CHECK(plain("caf\xe9 \xc3\xa4\tx") == "caf\xEF\xBF\xBD \xC3\xA4\tx");
}
