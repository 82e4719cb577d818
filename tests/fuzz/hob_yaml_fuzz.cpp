// The owner's configuration: refusals say where they are; what was read stays the same when the
// model's path is written into it.
#include <algorithm>

#include "daemon/config/config.h"
#include "daemon/config/model_choice.h"
#include "daemon/config/yaml.h"
#include "schemas/base/utf8.h"
#include "tests/fuzz/target.h"

namespace hob::fuzz {
namespace {

Json without_path(config::Config config) {
  config.model.path.clear();
  return describe::write(config);
}

void run(std::string_view bytes) {
  const auto config = config::parse(bytes, "hob.yaml");
  const auto document = config::yaml::parse(bytes, "hob.yaml");
  if (document) {
    const long lines = std::count(bytes.begin(), bytes.end(), '\n') +
                       std::count(bytes.begin(), bytes.end(), '\r') + 1;
    for (const auto& [pointer, place] : document->places) {
      expect(document->value.contains(Json::json_pointer(pointer)), "a place belongs to a value");
      expect(place.line >= 1 && place.line <= lines && place.column >= 1, "a place is in the file");
    }
  } else {
    expect(!config, "what is no YAML is no configuration");
  }
  if (!config) {
    const std::string& message = config.error().message();
    expect(config.error().code() == Code::invalid_params, "a refusal is invalid_params");
    expect(message.rfind("hob.yaml:", 0) == 0, "a refusal begins with the file");
    expect(message.size() < 4000, "a refusal is not the whole file");
    expect(utf8::valid(message), "a message is UTF-8, whatever was read");
    return;
  }
  expect(config->policy.rules.size() <= config::yaml::kMaxValues, "limits hold");
  const auto changed = config::with_model_path(bytes, "/models/\"é\"", "hob.yaml");
  if (!changed) return;  // written in a way that is refused by name
  const auto again = config::parse(*changed, "hob.yaml");
  expect(again.ok(), "a file with another model's path can be read");
  expect(again->model.path == "/models/\"é\"", "the path is the one that was written");
  expect(without_path(*again) == without_path(*config), "nothing else has changed");
}

std::vector<std::string> seeds() {
  return {
      "model:\n  path: /models/gemma # mine\n  threads: 8\nlog: {level: debug}\n",
      "policy:\n  rules:\n    - {tool: \"run_command\", match: '*rm -rf*', action: deny}\n    - "
      "tool: write_file\n      mode: plan\n"
      "      action: allow\n  on_ask: deny\n  allow_bypass: true\n",
      "plugins:\n  directories: [/home/me/plugins]\n  plugins:\n    command:\n      grants: {read: "
      "true, exec: false}\n"
      "      settings: {shell: \"/bin/sh\", n: 0x10, t: 1.5e3}\n  call_timeout_ms: 1000\n",
      "limits: {max_tokens: 100, max_model_calls: 3}\r\n---\r\n",
      "model: &a {path: *a}\n",
      "a: |\n  x\n y: >-\n",
      "",
      "model:\n  path: \"x\"\n  path: 'y'\n",
      "model: !!map {}\n",
      "\xEF\xBB\xBF"
      "log:\n  level: info\n",
      "? [a]\n: b\n",
      "limits:\n  max_tokens: 2048\nmodel:\n\n  # a word\n  dtype: bf16\n"};
}

const Target kTarget({"hob_yaml", run, seeds, 2500});

}  // namespace
}  // namespace hob::fuzz
