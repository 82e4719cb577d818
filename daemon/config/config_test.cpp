#include "daemon/config/config.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

namespace hob::config {
namespace {

TEST_CASE("an empty file is the defaults") {
  const auto config = parse("", "hob.yaml");
  REQUIRE(config);
  CHECK(config->model.path.empty());
  CHECK(config->limits.max_tool_calls == 100);
  CHECK(config->policy.on_ask == wire::OnAsk::wait);
}

TEST_CASE("a full file is read as it is written") {
  const auto config = parse(R"(
model: {path: /models/gemma, dtype: bf16, threads: 8, context: 8192, cache_mib: 512, draft: none, load_at_start: false}
policy:
  rules:
    - {tool: run_command, match: "*rm -rf*", action: deny}
    - {tool: write_file, mode: accept_edits, action: allow}
  on_ask: deny
  allow_bypass: true
plugins:
  directories: [/home/me/plugins]
  plugins:
    files: {enabled: false}
    command: {grants: {read: true, exec: true}, settings: {shell: "/bin/sh", depth: 3}}
  call_timeout_ms: 1000
limits: {max_tokens: 100, max_model_calls: 3, max_tool_calls: 0, max_wall_ms: 5, result_budget_tokens: 200}
log: {level: debug}
)", "hob.yaml");
  REQUIRE(config);
  CHECK(config->model.threads == 8);
  CHECK(config->model.draft == wire::DraftKind::none);
  CHECK(config->policy.rules.size() == 2);
  CHECK(config->policy.rules[0].action == Action::deny);
  CHECK(config->policy.rules[1].mode == "accept_edits");
  CHECK(config->plugins.plugins.at("command").grants->exec);
  CHECK_FALSE(config->plugins.plugins.at("command").grants->network);
  CHECK(config->plugins.plugins.at("command").settings["depth"] == 3);
  CHECK_FALSE(config->plugins.plugins.at("files").enabled);
  CHECK(config->limits.max_tool_calls == 0);
}

struct Broken {
  const char* text;
  const char* starts;    // "line:column: pointer"
  const char* contains;
};

TEST_CASE("each broken file is refused with line, column and key, and what was wanted") {
  const Broken files[] = {
      {"model:\n  threads: many\n", "2:3: /model/threads", "an integer"},
      {"model:\n  threads: -1\n", "2:3: /model/threads", "-1"},
      {"model:\n  threads: 1025\n", "2:3: /model/threads", "at most 1024"},
      {"model:\n  threads: 1.5\n", "2:3: /model/threads", "an integer"},
      {"model:\n  thraeds: 4\n", "2:3: /model/thraeds", "one of the keys path, dtype, threads"},
      {"model:\n  dtype: f16\n", "2:3: /model/dtype", "\"bf16\""},
      {"model:\n  load_at_start: yes\n", "2:3: /model/load_at_start", "true or false"},
      {"model: [1]\n", "1:1: /model", "an object"},
      {"model:\n  path: 5\n", "2:3: /model/path", "a string"},
      {"model:\n  context: 99999999999\n", "2:3: /model/context", "at most"},
      {"modle: {}\n", "1:1: /modle", "one of the keys model, policy, plugins, limits, log"},
      {"- model\n", "1:1: the file", "an object"},
      {"just text\n", "1:1: the file", "an object"},
      {"log:\n  level: loud\n", "2:3: /log/level", "debug, info, warn, error or off"},
      {"policy:\n  rules:\n    - tool: x\n", "3:7: /policy/rules/0/action", "it is required"},
      {"policy:\n  rules:\n    - {tool: x, action: permit}\n", "3:17: /policy/rules/0/action", "\"deny\""},
      {"policy:\n  rules:\n    - {tool: '', action: ask}\n", "3:8: /policy/rules/0/tool", "at least 1"},
      {"policy:\n  rules:\n    - {tool: x, action: ask, mode: root}\n", "3:30: /policy/rules/0/mode", "accept_edits"},
      {"policy:\n  rules: {tool: x}\n", "2:3: /policy/rules", "an array"},
      {"policy:\n  on_ask: maybe\n", "2:3: /policy/on_ask", "\"wait\""},
      {"policy:\n  rules:\n    - {tool: x, action: ask, allow: true}\n", "3:30: /policy/rules/0/allow", "one of the keys tool"},
      {"plugins:\n  directories: [relative/path]\n", "2:17: /plugins/directories/0", "an absolute path"},
      {"plugins:\n  plugins:\n    ../evil: {}\n", "3:5: /plugins/plugins/..~1evil", "a plugin's name"},
      {"plugins:\n  plugins:\n    Files: {}\n", "3:5: /plugins/plugins/Files", "a plugin's name"},
      {"plugins:\n  plugins:\n    files:\n      settings: 3\n", "4:7: /plugins/plugins/files/settings", "an object"},
      {"plugins:\n  plugins:\n    files:\n      grants: {root: true}\n", "4:16: /plugins/plugins/files/grants/root", "one of the keys read"},
      {"plugins:\n  call_timeout_ms: 0\n", "2:3: /plugins/call_timeout_ms", "at least 1"},
      {"limits:\n  max_tokens: 0\n", "2:3: /limits/max_tokens", "at least 1"},
      {"limits:\n  max_wall_ms: 15m\n", "2:3: /limits/max_wall_ms", "an integer"},
      {"limits:\n\tmax_tokens: 1\n", "2:", "not YAML"},
      {"limits: {max_tokens: 1\n", "", "not YAML"},
      {"a: b: c\n", "1:", "not YAML"},
      {"model: 'open\n", "1:1: /model", "an object"},
      {"log: {level: info}\nlog: {level: warn}\n", "2:1: the key", "twice"},
      {"log: &a {level: info}\n", "1:6: anchors", "write the value out"},
      {"model: {path: *x}\n", "1:15: ", ""},
  };
  for (const auto& file : files) {
    INFO(file.text);
    const auto config = parse(file.text, "hob.yaml");
    REQUIRE_FALSE(config);
    CHECK(config.error().code() == Code::invalid_params);
    INFO(config.error().message());
    CHECK(config.error().message().find(std::string("hob.yaml:") + file.starts) == 0);
    CHECK(config.error().message().find(file.contains) != std::string::npos);
    CHECK(config.error().data().contains("line"));
  }
}

TEST_CASE("a file cut anywhere, or with any one byte changed, is read or refused, never more") {
  const std::string whole = "model: {path: /m, threads: 8}\npolicy:\n  rules:\n    - {tool: \"a*\", action: deny}\nlog: {level: debug}\n";
  size_t read = 0;
  for (size_t i = 0; i <= whole.size(); ++i) read += parse(whole.substr(0, i), "f").ok();
  for (size_t i = 0; i < whole.size(); ++i) {
    for (const char c : std::string_view("\0\xff[]{}&*!|>'\"#:-?,\n\t %@`", 25)) {
      std::string changed = whole;
      changed[i] = c;
      const auto config = parse(changed, "f");
      read += config.ok();
      if (!config.ok()) REQUIRE(config.error().code() == Code::invalid_params);
    }
  }
  CHECK(read > 0);
}

struct Directory {
  Directory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "hob-config-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path = pattern;
  }
  ~Directory() { std::filesystem::remove_all(path); }
  void write(const std::string& text, mode_t mode) const {
    std::ofstream(path + "/hob.yaml") << text;
    ::chmod((path + "/hob.yaml").c_str(), mode);
  }
  std::string path;
};

TEST_CASE("only a file that nobody else can write decides") {
  Directory directory;
  CHECK(load(directory.path)->limits.max_tokens == 2048);
  CHECK(load(directory.path + "/nowhere")->limits.max_tokens == 2048);
  directory.write("limits: {max_tokens: 7}\n", 0644);
  REQUIRE(load(directory.path));
  CHECK(load(directory.path)->limits.max_tokens == 7);
  for (const mode_t mode : {0666u, 0664u, 0646u}) {
    directory.write("", mode);
    const auto refused = load(directory.path);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message().find("chmod go-w") != std::string::npos);
  }
  directory.write("", 0600);
  ::chmod(directory.path.c_str(), 0777);
  CHECK_FALSE(load(directory.path));
  ::chmod(directory.path.c_str(), 0700);
  REQUIRE(load(directory.path));
  std::filesystem::remove(directory.path + "/hob.yaml");
  REQUIRE(::mkfifo((directory.path + "/hob.yaml").c_str(), 0600) == 0);
  CHECK(load(directory.path).error().message().find("regular file") != std::string::npos);
  std::filesystem::remove(directory.path + "/hob.yaml");
  directory.write(std::string(2u << 20, '#'), 0600);
  CHECK_FALSE(load(directory.path));
  if (::geteuid() == 0) {
    directory.write("", 0644);
    REQUIRE(::chown((directory.path + "/hob.yaml").c_str(), 1234, 0) == 0);
    CHECK(load(directory.path).error().message().find("another user") != std::string::npos);
  }
}

TEST_CASE("the example that is shipped is valid, and with every comment taken away, too") {
  std::ifstream file(HOB_SOURCE_DIR "/config/hob.yaml");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  REQUIRE_FALSE(text.empty());
  const auto config = parse(text, "hob.yaml");
  if (!config) FAIL(config.error().message());
  CHECK(describe::write(*config) == describe::write(Config{}));
  // Lines that begin with "#:" are settings; the rest of the comments are words.
  std::string live;
  size_t settings = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    std::string line = text.substr(at, end - at);
    if (line.rfind("#:", 0) == 0) {
      line.erase(0, 2);
      ++settings;
    }
    live += line + "\n";
    at = end + 1;
  }
  CHECK(settings > 20);
  const auto woken = parse(live, "hob.yaml");
  if (!woken) FAIL(woken.error().message());
  CHECK(woken->policy.rules.size() >= 3);
  CHECK_FALSE(woken->plugins.plugins.empty());
}

}  // namespace
}  // namespace hob::config
