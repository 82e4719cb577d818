// `hob run` as a person at a terminal has it: asked, answering, seeing a tool at work.
#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/harness/running.h"

namespace hob::tests {
namespace {

OnTerminal run(const PrivateDaemon& daemon, const std::string& prompt) {
  return OnTerminal({binary("hob"), "run", prompt}, daemon.environment(), daemon.work());
}

bool wrote(const PrivateDaemon& daemon, const char* file) { return std::filesystem::exists(daemon.work() + "/" + file); }

TEST_CASE_METHOD(Running, "a person at the terminal is asked, and yes lets the tool run") {
  OnTerminal hob = run(daemon, "write it");
  hob.wait("write_file");
  hob.wait("note.txt");
  hob.wait("Allow?");
  CHECK_FALSE(wrote(daemon, "note.txt"));
  hob.type("perhaps\n");
  hob.wait("Please answer y, n, always or never");
  hob.type("y\n");
  CHECK(hob.end() == 0);
  CHECK(wrote(daemon, "note.txt"));
}

TEST_CASE_METHOD(Running, "no at the terminal denies the call, and the run says so") {
  OnTerminal hob = run(daemon, "write it");
  hob.wait("Allow?");
  hob.type("n\n");
  hob.wait("1 call was not allowed");
  hob.end();
  CHECK_FALSE(wrote(daemon, "note.txt"));
}

TEST_CASE("calls of one step are shown together at the terminal and answered once") {
  Setup setup;
  setup.rules = calling_rules("write both", {"write_file{content:<|\"|>one<|\"|>,path:<|\"|>1.txt<|\"|>}",
                                             "write_file{content:<|\"|>two<|\"|>,path:<|\"|>2.txt<|\"|>}"}, "I wrote both.");
  PrivateDaemon daemon(std::move(setup));
  daemon.start();
  OnTerminal hob = run(daemon, "write both");
  hob.wait("1.txt");
  hob.wait("2.txt");
  hob.wait("Allow all 2?");
  hob.type("y\n");
  hob.wait("I wrote both.");
  CHECK(hob.end() == 0);
  CHECK((wrote(daemon, "1.txt") && wrote(daemon, "2.txt")));
}

TEST_CASE("what a running tool says is seen while it runs") {
  Setup setup;
  setup.rules = calling_rules("build it", {"run_command{command:<|\"|>echo step one; echo 9 of 9<|\"|>}"}, "It is built.");
  PrivateDaemon daemon(std::move(setup));
  daemon.start();
  OnTerminal hob = run(daemon, "build it");
  hob.wait("Allow?");
  hob.type("y\n");
  hob.wait("~ 9 of 9");
  hob.wait("It is built.");
  CHECK(hob.end() == 0);
}

}  // namespace
}  // namespace hob::tests
