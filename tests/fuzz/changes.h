// Changes: endlessly many inputs made of a few good ones, the same ones for the same seed.
//
//   Changes changes(seeds, 5);
//   const std::string input = changes.next();
//
// Bytes changed, dropped and doubled, parts moved between seeds, and words that readers trip over.
// What a fuzzer that sees the code does better; this needs none. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace hob::fuzz {

class Changes {
 public:
  Changes(std::vector<std::string> seeds, uint64_t seed) : seeds_(std::move(seeds)), random_(seed) {
    if (seeds_.empty()) seeds_.emplace_back();
  }

  std::string next() {
    std::string out = seeds_[below(seeds_.size())];
    for (size_t count = 1 + below(4); count > 0; --count) change(out);
    return out;
  }

 private:
  size_t below(size_t count) { return count == 0 ? 0 : static_cast<size_t>(random_() % count); }

  void change(std::string& text) {
    static constexpr std::array<std::string_view, 24> kWords{
        "null",
        "true",
        "{}",
        "[]",
        "\"\"",
        "\"",
        "\\",
        "0",
        "-1",
        "1e999",
        "18446744073709551616",
        "9223372036854775807",
        "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF",
        std::string_view("\0\0\0\0\0\0\0\0", 8),
        "\xED\xA0\x80",
        "\xC3",
        "\\ud800",
        "\n",
        ": ",
        ",",
        "{\"\":",
        "[[[[[[[[",
        "\xF0\x9F\x98\x80",
        "&a"};
    const size_t at = below(text.size() + 1), length = 1 + below(below(4) == 0 ? 64 : 4);
    switch (below(7)) {
      case 0:
      case 1:
        if (at < text.size()) text[at] = static_cast<char>(random_());
        break;
      case 2:
        text.erase(at, length);
        break;
      case 3:
        text.insert(at, kWords[below(kWords.size())]);
        break;
      case 4:
        text.insert(at, text.substr(below(text.size()), length));
        break;
      case 5: {
        const std::string& other = seeds_[below(seeds_.size())];
        text.replace(at, length, other.substr(below(other.size()), 1 + below(64)));
        break;
      }
      default:
        if (at < text.size()) text[at] = static_cast<char>(text[at] + (below(2) == 0 ? 1 : -1));
    }
    if (text.size() > 64u << 10) text.resize(64u << 10);
  }

  std::vector<std::string> seeds_;
  std::mt19937_64 random_;
};

}  // namespace hob::fuzz
