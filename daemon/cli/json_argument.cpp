#include "daemon/cli/json_argument.h"

#include <iostream>
#include <iterator>

#include "schemas/base/fd.h"

namespace hob::cli {
namespace {

bool looks_like_json(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return false;
  return text == "true" || text == "false" || text == "null" || std::string_view("{[\"").find(text[first]) != std::string_view::npos;
}

std::string standard_input(size_t most) {
  std::string text;
  char bytes[4096];
  while (std::cin.read(bytes, sizeof bytes) || std::cin.gcount() > 0) {
    text.append(bytes, static_cast<size_t>(std::cin.gcount()));
    if (text.size() > most) break;
  }
  return text;
}

}  // namespace

Result<std::string> text_argument(const std::string& argument, size_t most) {
  if (argument != "-") return read_file(argument, most);
  std::string text = standard_input(most);
  if (text.size() > most) return Error(Code::invalid_params, "Standard input has more than " + std::to_string(most) + " bytes.");
  return text;
}

Result<Json> json_argument(const std::string& argument, const json::Limits& limits) {
  std::string text, name;
  if (argument == "-") {
    name = "standard input";
    text = standard_input(limits.max_bytes);
  } else if (looks_like_json(argument)) {
    name = "the argument";
    text = argument;
  } else {
    name = argument;
    auto file = read_file(argument, limits.max_bytes);
    if (!file) return Error(Code::invalid_params, file.error().message() + " (Wanted: a file with JSON, or JSON itself.)");
    text = *std::move(file);
  }
  auto value = json::parse(text, limits);
  if (!value) return Error(Code::invalid_params, name + " is not JSON: " + value.error().message());
  return value;
}

}  // namespace hob::cli
