#include "tests/harness/transcript.h"

#include <fstream>

#include "tests/harness/raw_client.h"

namespace hob::tests {
namespace {

bool is_name(const std::string& text) { return text.size() > 1 && text[0] == '$'; }

/// $names inside the strings of what goes in.
std::string filled(std::string text, const std::map<std::string, std::string>& names) {
  for (auto it = names.rbegin(); it != names.rend(); ++it) {  // $10 before $1
    const std::string word = "$" + it->first;
    for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + it->second.size())) {
      text.replace(at, word.size(), it->second);
    }
  }
  return text;
}

}  // namespace

bool fits(const Json& pattern, const Json& value, std::map<std::string, std::string>& names) {
  if (pattern.is_string()) {
    const std::string word = pattern.get<std::string>();
    if (word == "*") return true;
    if (is_name(word) && value.is_string()) {
      const auto [it, fresh] = names.emplace(word.substr(1), value.get<std::string>());
      return fresh || it->second == value.get<std::string>();
    }
    return pattern == value;
  }
  if (pattern.is_object()) {
    if (!value.is_object()) return false;
    for (const auto& [key, member] : pattern.items()) {
      const auto it = value.find(key);
      if (it == value.end() || !fits(member, *it, names)) return false;
    }
    return true;
  }
  if (pattern.is_array()) {
    if (!value.is_array() || value.size() != pattern.size()) return false;
    for (size_t i = 0; i < pattern.size(); ++i) {
      if (!fits(pattern[i], value[i], names)) return false;
    }
    return true;
  }
  return pattern == value;
}

Played play_transcript(const std::string& file, const std::string& socket, std::map<std::string, std::string> names) {
  constexpr int kMostPassed = 500;
  Played played;
  RawClient client(socket);
  std::ifstream lines(file);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    const auto differ = [&](const std::string& what) {
      played.difference += file + ":" + std::to_string(number) + ": " + what + "\n";
    };
    if (line.rfind("-->! ", 0) == 0) {
      client.send_bytes(filled(line.substr(5), names) + "\n");
    } else if (line.rfind("--> ", 0) == 0) {
      client.send_bytes(filled(line.substr(4), names) + "\n");
    } else if (line == "<-- end") {
      while (client.read()) {
      }
    } else if (line.rfind("<-- ", 0) == 0) {
      auto pattern = json::parse(line.substr(4), json::kWire);
      if (!pattern) {
        differ("the pattern is not JSON: " + pattern.error().message());
        return played;
      }
      std::optional<Json> message;
      bool found = false;
      for (int passed = 0; passed < kMostPassed && !found; ++passed) {
        message = client.read();
        if (!message) break;
        auto tried = names;
        found = fits(*pattern, *message, tried);
        if (found) names = std::move(tried);
        // The answer to this very request, but another one: no use to wait further.
        if (!found && pattern->contains("id") && !message->contains("method") && message->value("id", Json()) == (*pattern)["id"]) break;
      }
      played.actual += message ? "<-- " + json::dump(*message) + "\n" : "<-- end\n";
      if (!found) {
        differ("wanted " + line.substr(4) + "\n  came " + (message ? json::dump(*message) : "the end"));
        return played;
      }
      continue;
    }
    played.actual += line + "\n";
  }
  return played;
}

}  // namespace hob::tests
