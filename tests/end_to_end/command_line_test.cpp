// The program `hob` as scripts see it: exit codes, output, and daemons that it starts and stops.
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "tests/harness/private_daemon.h"

namespace hob::tests {
namespace {

Json parsed(const std::string& text) {
  auto value = json::parse(text, json::kChild);
  INFO(text);
  REQUIRE(value.ok());
  return *value;
}

const std::string kPerson =
    R"({"type":"object","properties":{"city":{"type":"string"},"age":{"type":"integer"}},"required":["city","age"],"additionalProperties":false})";

TEST_CASE("the first command starts the daemon and answers") {
  PrivateDaemon daemon;
  const Ran ran = daemon.hob({"run", "please say hello"});
  INFO(ran.err);
  CHECK(ran.exit == 0);
  CHECK(ran.out == "Hello there.\n");
  CHECK(daemon.hob({"daemon", "status"}).exit == 0);
  CHECK(daemon.hob({"daemon", "stop"}).exit == 0);
  CHECK(daemon.hob({"daemon", "status"}).exit == 3);
  CHECK(daemon.hob({"daemon", "stop"}).exit == 0);
}

TEST_CASE("every ending of a run has its exit code") {
  PrivateDaemon daemon;
  daemon.start();
  const auto exit_of = [&daemon](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "run");
    const Ran ran = daemon.hob(arguments);
    UNSCOPED_INFO(ran.out << ran.err);
    return ran.exit;
  };
  CHECK(exit_of({"please say hello"}) == 0);
  CHECK(exit_of({"--session", "019aa6c3-8f2e-7b1d-9c55-0d6a3e1f7b42", "please say hello"}) == 1);
  CHECK(exit_of({"--no-such-option", "please say hello"}) == 2);
  CHECK(exit_of({""}) == 2);
  CHECK(exit_of({"--schema", "{\"type\":", "as a person"}) == 2);
  CHECK(exit_of({"--schema", "no/such/file.json", "as a person"}) == 2);
  CHECK(exit_of({"--cwd", "no/such/directory", "please say hello"}) == 2);
  CHECK(exit_of({"not a number"}) == 4);
  CHECK(exit_of({"write it"}) == 5);
  CHECK(exit_of({"--on-ask", "fail", "write it"}) == 5);
  CHECK(exit_of({"--allow", "write_file", "write it"}) == 0);
  CHECK(exit_of({"--max-tokens", "4", "write a lot"}) == 7);
  CHECK(exit_of({"for ever"}) == 7);
  CHECK(exit_of({"read what is not there"}) == 8);
  CHECK(exit_of({"--timeout", "0.5", "hang now"}) == 124);
  CHECK(daemon.hob({"run", "slowly"}, {.interrupt_after_output = 3}).exit == 130);
  CHECK(daemon.hob({"rnu", "hello"}).exit == 2);
  CHECK(daemon.hob({}).exit == 2);
  CHECK(daemon.hob({"--help"}).exit == 0);
  CHECK(daemon.hob({"run", "--help"}).exit == 0);
}

TEST_CASE("a model that is not there is exit 4, and the reason is told") {
  Setup setup;
  setup.rules = Json("not rules");
  PrivateDaemon daemon(setup);
  const Ran ran = daemon.hob({"run", "please say hello"});
  INFO(ran.err);
  CHECK(ran.exit == 4);
  CHECK(ran.err.find("script.json") != std::string::npos);
  const Ran status = daemon.hob({"model", "status", "--json"});
  CHECK(status.exit == 4);
  CHECK(parsed(status.out)["state"] == "failed");
}

TEST_CASE("a daemon that cannot start is exit 3, with its own words") {
  PrivateDaemon daemon;
  std::ofstream(daemon.state() + "/state.db") << "this is no database, and hob must leave it alone";
  const Ran ran = daemon.hob({"run", "please say hello"});
  INFO(ran.err);
  CHECK(ran.exit == 3);
  CHECK(ran.err.find("state.db") != std::string::npos);
  std::ifstream file(daemon.state() + "/state.db");
  std::string text;
  std::getline(file, text);
  CHECK(text == "this is no database, and hob must leave it alone");
}

TEST_CASE("a configuration with a mistake is told with its place") {
  Setup setup;
  setup.more_config = "limits:\n  max_tokens: many\n";
  PrivateDaemon daemon(setup);
  const Ran ran = daemon.hob({"run", "please say hello"});
  CHECK(ran.exit == 3);
  INFO(ran.err);
  CHECK(ran.err.find("hob.yaml:") != std::string::npos);
  CHECK(ran.err.find("max_tokens") != std::string::npos);
}

TEST_CASE("the JSON outputs are JSON and nothing else") {
  PrivateDaemon daemon;
  daemon.start();
  const Ran one = daemon.hob({"run", "--json", "what is the sum"});
  CHECK(one.exit == 0);
  CHECK(one.err.empty());
  const Json state = parsed(one.out);
  CHECK(state["output"] == "It is 391.");
  CHECK(state.contains("sessionId"));
  const Ran stream = daemon.hob({"run", "--jsonl", "what is the sum"});
  CHECK(stream.err.empty());
  std::istringstream lines(stream.out);
  std::string line, last;
  while (std::getline(lines, line)) last = parsed(line)["type"];
  CHECK(last == "turn.completed");
  const Ran error = daemon.hob({"sessions", "show", "nothing", "--json"});
  CHECK(error.exit == 1);
  CHECK(parsed(error.out)["error"]["code"] == -32002);
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"sessions", "list", "--json"}, {"tools", "--json"}, {"plugin", "list", "--json"}, {"approvals", "list", "--json"},
        {"model", "status", "--json"}, {"daemon", "status", "--json"}, {"version", "--json"}, {"schema", "--openrpc"},
        {"schema", "--json-schema"}}) {
    const Ran ran = daemon.hob(command);
    INFO(command[0] << ran.err);
    CHECK(ran.exit == 0);
    parsed(ran.out);
  }
}

TEST_CASE("quiet prints the answer alone; with a schema only JSON reaches standard output") {
  PrivateDaemon daemon;
  daemon.start();
  const Ran quiet = daemon.hob({"run", "-q", "what is the sum"});
  CHECK(quiet.out == "It is 391.\n");
  CHECK(quiet.err.empty());
  const Ran structured = daemon.hob({"run", "--schema", kPerson, "the sum as a person"});
  INFO(structured.err);
  CHECK(structured.exit == 0);
  CHECK(parsed(structured.out) == Json({{"city", "Oslo"}, {"age", 7}}));
  CHECK(structured.err.find("calculate") != std::string::npos);
}

TEST_CASE("piped text joins the prompt, within its limits") {
  PrivateDaemon daemon;
  daemon.start();
  CHECK(daemon.hob({"run", "-q", "do this:"}, {.input = "please say hello\n"}).out == "Hello there.\n");
  CHECK(daemon.hob({"run", "-q"}, {.input = "please say hello\n"}).out == "Hello there.\n");
  const Ran large = daemon.hob({"run", "hello"}, {.input = std::string((1u << 20) + 1, 'a')});
  CHECK(large.exit == 2);
  CHECK(large.err.find("1 MiB") != std::string::npos);
  CHECK(daemon.hob({"run", "hello"}, {.input = "\xff\xfe"}).exit == 2);
}

TEST_CASE("a session goes on, shows itself and is deleted") {
  PrivateDaemon daemon;
  daemon.start();
  REQUIRE(daemon.hob({"run", "please say hello"}).exit == 0);
  REQUIRE(daemon.hob({"run", "--session", "last", "what is the sum"}).exit == 0);
  const Json list = parsed(daemon.hob({"sessions", "list", "--json"}).out);
  REQUIRE(list["sessions"].size() == 1);
  CHECK(list["sessions"][0]["turns"] == 2);
  const std::string id = list["sessions"][0]["sessionId"];
  const Ran shown = daemon.hob({"sessions", "show", id});
  CHECK(shown.out.find("# please say hello") != std::string::npos);
  CHECK(shown.out.find("It is 391.") != std::string::npos);
  CHECK(daemon.hob({"run", "--session", id, "--mode", "plan", "hello"}).exit == 2);
  CHECK(daemon.hob({"sessions", "delete", id}).exit == 0);
  CHECK(daemon.hob({"sessions", "show", id}).exit == 1);
  CHECK(daemon.hob({"run", "--session", "last", "hello"}).exit == 1);
}

TEST_CASE("tools are called by hand under the same policy") {
  PrivateDaemon daemon;
  daemon.start();
  const Ran sum = daemon.hob({"tools", "call", "calculate", R"({"expression":"6*7"})"});
  INFO(sum.err);
  CHECK(sum.exit == 0);
  CHECK(parsed(sum.out)["result"] == "42");
  CHECK(daemon.hob({"tools", "call", "calculate", "{}"}).exit == 1);
  CHECK(daemon.hob({"tools", "call", "no_such_tool", "{}"}).exit == 1);
  CHECK(daemon.hob({"tools", "call", "calculate", "[1]"}).exit == 2);
  const std::string write = R"({"path":"by-hand.txt","content":"x"})";
  CHECK(daemon.hob({"tools", "call", "write_file", write}).exit == 5);
  CHECK_FALSE(std::filesystem::exists(daemon.work() + "/by-hand.txt"));
  CHECK(daemon.hob({"tools", "call", "write_file", write, "--allow"}).exit == 0);
  CHECK(std::filesystem::exists(daemon.work() + "/by-hand.txt"));
  CHECK(daemon.hob({"tools", "call", "read_file", R"({"path":"absent.txt"})"}).exit == 8);
  CHECK(parsed(daemon.hob({"sessions", "list", "--json"}).out)["sessions"].empty());
}

TEST_CASE("facts are kept and found") {
  PrivateDaemon daemon;
  daemon.start();
  CHECK(daemon.hob({"memory", "put", "The door code is 4711"}).exit == 0);
  const Ran found = daemon.hob({"memory", "search", "door code"});
  CHECK(found.out.find("The door code is 4711") == 0);
}

TEST_CASE("a schema is checked before it is used") {
  PrivateDaemon daemon;
  daemon.start();
  CHECK(daemon.hob({"schema", "check", kPerson}).exit == 0);
  const Ran unsupported = daemon.hob({"schema", "check", R"({"type":"object","unevaluatedProperties":{"$dynamicRef":"#x"}})", "--json"});
  CHECK(unsupported.exit == 1);
  CHECK(parsed(unsupported.out)["supported"] == false);
  CHECK(daemon.hob({"schema", "check", "{"}).exit == 2);
}

TEST_CASE("a question is answered from another command line") {
  PrivateDaemon daemon;
  daemon.start();
  RawClient client = daemon.connect();
  const std::string session = daemon.new_session(client);
  client.must("events/subscribe", {{"sessionIds", {session}}});
  const std::string turn = daemon.start_turn(client, session, "write it");
  const std::string id = client.wait_event("approval.requested")["data"]["approvalId"];
  CHECK(daemon.hob({"approvals", "list"}).out.find(id) != std::string::npos);
  CHECK(daemon.hob({"approvals", "allow", id}).exit == 0);
  CHECK(client.must("turn/wait", {{"turnId", turn}})["status"] == "completed");
  CHECK(daemon.hob({"approvals", "allow", id}).exit == 1);
}

TEST_CASE("a run survives the death of the daemon in its middle") {
  PrivateDaemon daemon;
  daemon.set_environment("HOB_FAILPOINT", "journal.result:1");
  daemon.start();
  // `hob` starts the next daemon with this environment, too; the failpoint lies before what is left of the turn.
  const Ran ran = daemon.hob({"run", "-q", "what is the sum"});
  CHECK(daemon.wait_end() == 137);
  INFO(ran.err);
  CHECK(ran.exit == 0);
  CHECK(ran.out == "It is 391.\n");
}

TEST_CASE("doctor finds what hob needs") {
  PrivateDaemon daemon;
  daemon.start();
  const Ran ran = daemon.hob({"doctor", "--json"});
  const Json report = parsed(ran.out);
  CHECK(report.contains("sandbox"));
  CHECK((ran.exit == 0) == report["well"].get<bool>());
}

TEST_CASE("Python's example client runs a turn") {
  PrivateDaemon daemon;
  daemon.start();
  const Ran python = run_process({"python3", "--version"});
  if (python.exit != 0) return;
  const Ran ran = run_process({"python3", std::string(HOB_SOURCE_DIR) + "/examples/clients/python/turn.py", daemon.socket(), "please say hello"},
                              {.directory = daemon.work()});
  INFO(ran.err);
  CHECK(ran.exit == 0);
  CHECK(ran.out.find("Hello there.") != std::string::npos);
}

}  // namespace
}  // namespace hob::tests
