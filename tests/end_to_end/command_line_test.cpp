// The program `hob` as scripts see it: exit codes, output, and daemons that it starts and stops.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "tests/harness/running.h"

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

TEST_CASE_METHOD(Running, "every ending of a run has its exit code") {
  const auto exit_of = [this](std::vector<std::string> arguments) {
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

TEST_CASE("a daemon that dies while it is greeted is not taken for one that lives") {
  PrivateDaemon daemon;
  daemon.start();
  const std::string socket = daemon.socket();
  daemon.kill_hard();
  std::filesystem::remove(socket);
  // What a killed daemon leaves for a moment: a socket that takes a connection and closes it.
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  REQUIRE(socket.size() < sizeof address.sun_path);
  std::copy(socket.begin(), socket.end(), address.sun_path);
  const int door = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(::bind(door, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(door, 4) == 0);
  std::thread dying([door] {
    const int connection = ::accept(door, nullptr, nullptr);
    ::close(door);
    ::close(connection);
  });
  const Ran ran = daemon.hob({"run", "please say hello"});
  dying.join();
  INFO(ran.err);
  CHECK(ran.exit == 0);
  CHECK(ran.out == "Hello there.\n");
  daemon.hob({"daemon", "stop"});
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

TEST_CASE_METHOD(Running, "the JSON outputs are JSON and nothing else") {
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

TEST_CASE_METHOD(Running, "quiet prints the answer alone; with a schema only JSON reaches standard output") {
  const Ran quiet = daemon.hob({"run", "-q", "what is the sum"});
  CHECK(quiet.out == "It is 391.\n");
  CHECK(quiet.err.empty());
  const Ran structured = daemon.hob({"run", "--schema", kPerson, "the sum as a person"});
  INFO(structured.err);
  CHECK(structured.exit == 0);
  CHECK(parsed(structured.out) == Json({{"city", "Oslo"}, {"age", 7}}));
  CHECK(structured.err.find("calculate") != std::string::npos);
}

TEST_CASE_METHOD(Running, "piped text joins the prompt, within its limits") {
  CHECK(daemon.hob({"run", "-q", "do this:"}, {.input = "please say hello\n"}).out == "Hello there.\n");
  CHECK(daemon.hob({"run", "-q"}, {.input = "please say hello\n"}).out == "Hello there.\n");
  const Ran large = daemon.hob({"run", "hello"}, {.input = std::string((1u << 20) + 1, 'a')});
  CHECK(large.exit == 2);
  CHECK(large.err.find("1 MiB") != std::string::npos);
  CHECK(daemon.hob({"run", "hello"}, {.input = "\xff\xfe"}).exit == 2);
}

TEST_CASE_METHOD(Running, "a session goes on, shows itself and is deleted") {
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

TEST_CASE_METHOD(Running, "tools are called by hand under the same policy") {
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

TEST_CASE_METHOD(Running, "facts are kept and found") {
  CHECK(daemon.hob({"memory", "put", "The door code is 4711"}).exit == 0);
  const Ran found = daemon.hob({"memory", "search", "door code"});
  CHECK(found.out.find("The door code is 4711") == 0);
}

TEST_CASE_METHOD(Running, "a schema is checked before it is used") {
  CHECK(daemon.hob({"schema", "check", kPerson}).exit == 0);
  const Ran unsupported = daemon.hob({"schema", "check", R"({"type":"object","unevaluatedProperties":{"$dynamicRef":"#x"}})", "--json"});
  CHECK(unsupported.exit == 1);
  CHECK(parsed(unsupported.out)["supported"] == false);
  CHECK(daemon.hob({"schema", "check", "{"}).exit == 2);
}

TEST_CASE("a schema is checked by a daemon that is started for it, and what is missing is told") {
  {
    PrivateDaemon daemon;
    CHECK(daemon.hob({"daemon", "status"}).exit == 3);
    const Ran ran = daemon.hob({"schema", "check", kPerson});
    INFO(ran.err);
    CHECK(ran.exit == 0);
    CHECK(ran.out.find("every keyword is enforced") == 0);
    CHECK(daemon.hob({"daemon", "status"}).exit == 0);
  }
  Setup setup;
  setup.rules = Json("not rules");
  PrivateDaemon daemon(setup);
  const Ran ran = daemon.hob({"schema", "check", kPerson});
  INFO(ran.err);
  CHECK(ran.exit == 4);
  CHECK(ran.err.find("The schema was not checked") != std::string::npos);
  CHECK(ran.err.find("script.json") != std::string::npos);
}

TEST_CASE_METHOD(Running, "who stops reading ends the program without a word, with SIGPIPE and without") {
  const std::vector<std::vector<std::string>> commands = {
      {"--help"}, {"version"}, {"schema", "--openrpc"}, {"completion", "bash"}, {"tools"}, {"daemon", "status"},
      {"run", "-q", "please say hello"}, {"run", "--json", "what is the sum"}, {"run", "-q", "slowly"}};
  for (const std::vector<std::string>& command : commands) {
    INFO(command[0]);
    const Ran ended = daemon.hob(command, {.output_closed = true});
    CHECK(ended.exit == 128 + SIGPIPE);
    CHECK(ended.err.empty());
    const Ran ignored = daemon.hob(command, {.output_closed = true, .without_sigpipe = true});
    CHECK(ignored.exit == 1);
    CHECK(ignored.err.empty());
  }
  // Only the reader has gone: the turn goes on, and the daemon has noticed nothing.
  const std::string last = parsed(daemon.hob({"sessions", "list", "--json"}).out)["sessions"][0]["sessionId"];
  CHECK(daemon.hob({"sessions", "show", last}).exit == 0);
}

TEST_CASE("a disk that is full is not silent") {
  if (!std::filesystem::exists("/dev/full")) return;
  PrivateDaemon daemon;
  const Ran ran = run_process({"sh", "-c", "exec \"$0\" completion bash > /dev/full", binary("hob")});
  CHECK(ran.exit == 1);
  CHECK(ran.err == "hob: Not everything could be written to standard output.\n");
}

TEST_CASE_METHOD(Conversation, "a question is answered from another command line") {
  listen();
  const std::string turn = begin("write it");
  const std::string id = asked();
  CHECK(daemon.hob({"approvals", "list"}).out.find(id) != std::string::npos);
  CHECK(daemon.hob({"approvals", "allow", id}).exit == 0);
  CHECK(end_of(turn)["status"] == "completed");
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

TEST_CASE_METHOD(Running, "doctor finds what hob needs") {
  const Ran ran = daemon.hob({"doctor", "--json"});
  const Json report = parsed(ran.out);
  CHECK(report.contains("sandbox"));
  CHECK((ran.exit == 0) == report["well"].get<bool>());
}

/// An example client: `command` with the socket and a text behind it.
void check_client(const Running& running, std::vector<std::string> command) {
  const auto run = [&](const std::string& socket, const std::string& text) {
    std::vector<std::string> words = command;
    words.insert(words.end(), {socket, text});
    const Ran ran = run_process(words, {.directory = running.daemon.work()});
    UNSCOPED_INFO(ran.out << ran.err);
    return ran;
  };
  const Ran hello = run(running.daemon.socket(), "please say hello");
  CHECK(hello.exit == 0);
  CHECK(hello.out.find("Hello there.") != std::string::npos);
  const Ran sum = run(running.daemon.socket(), "what is the sum");
  CHECK(sum.exit == 0);
  CHECK(sum.out.find("calculate") != std::string::npos);
  CHECK(sum.out.find("It is 391.") != std::string::npos);
  CHECK(run(running.daemon.socket(), "crash now").exit == 1);
  CHECK(run(running.daemon.work() + "/nobody.sock", "please say hello").exit == 1);
}

TEST_CASE_METHOD(Running, "Python's example client runs a turn") {
  if (run_process({"python3", "--version"}).exit != 0) {
    WARN("skipped: there is no python3");
    return;
  }
  check_client(*this, {"python3", std::string(HOB_SOURCE_DIR) + "/examples/clients/python/turn.py"});
}

TEST_CASE_METHOD(Running, "TypeScript's example client runs a turn") {
  // What a node that is too old says to this flag is an error.
  if (run_process({"node", "--experimental-strip-types", "--eval", "1"}).exit != 0) {
    WARN("skipped: there is no node, or one older than 22.6");
    return;
  }
  check_client(*this, {"node", "--no-warnings", "--experimental-strip-types",
                       std::string(HOB_SOURCE_DIR) + "/examples/clients/typescript/turn.ts"});
}

TEST_CASE("the model that is hosted is listed and chosen, and the rest of the configuration stays") {
  PrivateDaemon daemon;
  const auto hosted = [&] {
    const Json listed = parsed(daemon.hob({"model", "list", "--json"}).out);
    for (const Json& one : listed["models"]) {
      if (one["default"] == true) return one;
    }
    return Json();
  };
  CHECK(hosted()["name"] == "script");
  CHECK(daemon.hob({"model", "use", "no-such-model"}).exit != 0);
  CHECK(hosted()["name"] == "script");
  const std::string file = std::string(HOB_SOURCE_DIR) + "/tests/fixtures/gemma/gguf/gemma3.gguf";
  CHECK(daemon.hob({"model", "use", file}).exit == 0);
  CHECK(hosted()["path"] == file);
  CHECK(hosted()["builtIn"] == false);
  CHECK(daemon.hob({"model", "use", "tiny"}).exit == 0);
  CHECK(hosted()["name"] == "tiny");
  CHECK(hosted()["builtIn"] == true);
  std::stringstream text;
  text << std::ifstream(daemon.config() + "/hob.yaml").rdbuf();
  CHECK(text.str().find("log:\n  level: debug\n") != std::string::npos);
}

TEST_CASE("hob bench tells what the engine does, and the time to the first token through a daemon of its own") {
  if (!std::filesystem::exists(binary("hob-model"))) {
    WARN("skipped: this build has no hob-model");
    return;
  }
  PrivateDaemon daemon;
  const Ran ran = daemon.hob({"bench", "--weights", "f32", "--prompt", "8", "--depth", "0", "--generate", "2", "--repeat", "1"});
  INFO(ran.err);
  REQUIRE(ran.exit == 0);
  std::vector<Json> rows;
  std::istringstream lines(ran.out);
  for (std::string line; std::getline(lines, line);) rows.push_back(parsed(line));
  REQUIRE(rows.size() == 6);
  const std::vector<std::string> wanted{"load", "prefill", "decode", "memory", "ttft", "ttft"};
  for (size_t i = 0; i < wanted.size(); ++i) CHECK(rows[i]["what"] == wanted[i]);
  CHECK(rows[4]["turn"] == "first");
  CHECK(rows[5]["turn"] == "follow_up");
  for (const Json& row : {rows[4], rows[5]}) {
    CHECK(row["seconds"].size() == 1);
    CHECK(row["seconds"][0] > 0);
    CHECK(row["commit"] == rows[0]["commit"]);
  }
  CHECK(rows[5]["cached_tokens"] >= rows[4]["tokens"]);  // a follow-up only reads what is new
  const Ran without = daemon.hob({"bench", "--no-ttft", "--prompt", "8", "--depth", "0", "--generate", "2", "--repeat", "1"});
  CHECK(without.exit == 0);
  CHECK(without.out.find("ttft") == std::string::npos);
  const auto schema = std::filesystem::path(daemon.work()) / "person.json";
  std::ofstream(schema) << kPerson;
  const Ran masks = daemon.hob({"bench", "--no-ttft", "--prompt", "8", "--depth", "0", "--generate", "40", "--repeat", "2", "--schema",
                                schema.string()});
  INFO(masks.err);
  REQUIRE(masks.exit == 0);
  const Json mask = parsed(masks.out.substr(masks.out.rfind('\n', masks.out.size() - 2) + 1));
  CHECK(mask["what"] == "mask");
  CHECK(mask["seconds"].size() == 2);
  CHECK(mask["decode_seconds"][0] > mask["seconds"][0]);
  CHECK(mask["share_of_decode"] < 1);
  CHECK(mask["max_us"] >= mask["p50_us"]);
  std::ofstream(schema, std::ios::trunc) << R"({"type": "strange"})";
  const Ran bad = daemon.hob({"bench", "--no-ttft", "--prompt", "8", "--depth", "0", "--generate", "2", "--repeat", "1", "--schema",
                              schema.string()});
  CHECK(bad.exit == 1);
  CHECK(bad.err.find("person.json: at \"\": type must be") != std::string::npos);
  const Ran random = daemon.hob({"bench", "--synthetic", "e2b", "--schema", "no/such.json"});
  CHECK(random.exit == 1);
  CHECK(random.err.find("--model") != std::string::npos);
  CHECK(daemon.hob({"bench", "--weights", "int8"}).exit == 1);
}

}  // namespace
}  // namespace hob::tests
