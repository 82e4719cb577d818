// A whole tool plugin: `count_words{path, longest?}` reads a file of the session's directory and counts.
//
// What the tool is called, says and takes stands in plugin.json; this file is what it does. It runs in a process of its
// own that can read the session's directories and nothing else, since that is what plugin.json asks for.
#include <sstream>
#include <string>

#include "plugins/sdk/plugin.h"
#include "schemas/base/beneath.h"

namespace {

using namespace hob::sdk;

constexpr size_t kMaxBytes = 16u << 20;

Observation count_words(const Roots& roots, const Arguments& arguments, Call& call) {
  const std::string path = arguments.text("path");

  // Which directory of the session the path lies in. The kernel decides when it is opened whether that is true.
  auto at = roots.find(path);
  if (!at.ok()) return Observation::from(at.error(), "Use a path inside the session's directory.");
  auto text = hob::beneath::read_file(at->root->fd, at->path, kMaxBytes);
  if (!text.ok()) return Observation::from(text.error(), "List the directory.");

  std::istringstream words(*text);
  std::string word, longest;
  int64_t count = 0;
  while (words >> word) {
    ++count;
    if (word.size() > longest.size()) longest = word;
    // Somebody may have stopped waiting.
    if (count % 10'000 == 0 && call.cancelled()) return Observation::failure(Kind::timeout, "The counting was stopped.");
  }

  hob::Json result{{"words", count}};
  if (arguments.flag("longest", false)) result["longest"] = longest;
  return Observation::result(std::move(result));
}

/// Once, when the plugin is loaded. `config` is what the owner configured for it; `host` lives as long as the tools.
hob::Result<Tools> make(const Host& host, const hob::Json& config) {
  (void)config;
  Tools tools;
  tools.add("count_words", [&host](const Arguments& arguments, Call& call) {
    return count_words(host.roots(), arguments, call);
  });
  return tools;
}

}  // namespace

HOB_PLUGIN(make)
