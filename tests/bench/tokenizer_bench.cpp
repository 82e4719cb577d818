// tokenizer_bench: hob's half of tests/bench/tokenizer.py, which drives it line by line.
//
//   tokenizer_bench tokenizer.json
//   load                 -> {"seconds": .., "peak_MiB": .., "held_MiB": .., "pieces": ..}
//   encode LINES         -> {"seconds": .., "tokens": ..}        (every line of the file is a JSON string)
//   ids LINES OUT        -> {"strings": .., "returned": ..}      (one array of ids a line)
//
// `returned` counts the strings that decode back to themselves. Reading and writing files is not in the seconds.
#include <chrono>
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>

#include "model/text/tokenizer.h"
#include "schemas/base/json.h"

namespace {

using hob::Json;
using hob::text::Control;
using hob::text::Specials;
using hob::text::Tokenizer;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// A line of /proc/self/status such as "VmHWM:  1234 kB", in MiB.
double memory(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name + ":")) return std::stod(line.substr(name.size() + 1)) / 1024;
  }
  return 0;
}

std::vector<std::string> read_lines(const std::string& path) {
  std::vector<std::string> out;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const auto text = hob::json::parse(line, hob::json::kModelFile);
    if (!text || !text->is_string()) {
      std::cerr << path << ": a line is no JSON string\n";
      std::exit(2);
    }
    out.push_back(text->get<std::string>());
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: tokenizer_bench tokenizer.json < commands\n";
    return 2;
  }
  std::optional<Tokenizer> tokenizer;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string command, path, out_path;
    words >> command >> path >> out_path;
    Json row;
    if (command == "load") {
      tokenizer.reset();
      const double start = now();
      auto loaded = Tokenizer::load(argv[1]);
      row["seconds"] = now() - start;
      if (!loaded) {
        std::cerr << loaded.error().message() << '\n';
        return 1;
      }
      tokenizer = std::move(loaded).value();
      row["peak_MiB"] = memory("VmHWM");
      row["held_MiB"] = memory("VmRSS");
      row["pieces"] = tokenizer->size();
    } else if (tokenizer && command == "encode") {
      const std::vector<std::string> texts = read_lines(path);
      size_t tokens = 0;
      const double start = now();
      for (const std::string& text : texts) tokens += tokenizer->encode(text, Control::match).size();
      row["seconds"] = now() - start;
      row["tokens"] = tokens;
    } else if (tokenizer && command == "ids") {
      const std::vector<std::string> texts = read_lines(path);
      std::ofstream out(out_path);
      size_t returned = 0;
      for (const std::string& text : texts) {
        const auto ids = tokenizer->encode(text, Control::match);
        if (tokenizer->decode(ids, Specials::keep) == text) ++returned;
        out << hob::json::dump(Json(ids)) << '\n';
      }
      row["strings"] = texts.size();
      row["returned"] = returned;
    } else {
      std::cerr << "load first; then encode LINES, or ids LINES OUT\n";
      return 2;
    }
    std::cout << hob::json::dump(row) << std::endl;
  }
  return 0;
}
