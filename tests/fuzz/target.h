// Target: something that reads what strangers write, with a property that must hold for any bytes.
//
//   void run(std::string_view bytes) {
//     const auto value = json::parse(bytes, json::kWire);
//     if (value) expect(json::parse(json::dump(*value), json::kWire).ok(), "what is written can be
//     read");
//   }
//   const Target kTarget({"json", run, seeds, 2000});
//
// Each NAME_fuzz.cpp is one. fuzz_test runs them all over their seeds and over seeded changes of
// these; the preset `fuzz` builds fuzz_NAME of each, with libFuzzer (libfuzzer.cpp). A target keeps
// no state that a later input could see, but caches. One thread.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace hob::fuzz {

struct About {
  std::string_view name;
  void (*run)(std::string_view bytes);
  std::vector<std::string> (*seeds)();
  int changes = 1000;  // of the seeds, that fuzz_test tries
};

/// A property does not hold. Nothing catches it in a fuzzer, which ends there and keeps the input.
struct Broken : std::runtime_error {
  using std::runtime_error::runtime_error;
};

[[noreturn]] inline void broken(const std::string& sentence) { throw Broken(sentence); }
inline void expect(bool holds, const char* sentence) {
  if (!holds) broken(std::string("it does not hold that ") + sentence);
}

/// All targets of this program.
inline std::vector<About>& targets() {
  static std::vector<About> all;
  return all;
}

class Target {
 public:
  explicit Target(const About& about) { targets().push_back(about); }
};

/// Decisions read off the input, 0 once it is over: for inputs that are choices instead of text.
class Choices {
 public:
  explicit Choices(std::string_view bytes) : left_(bytes) {}
  bool over() const { return left_.empty(); }
  unsigned byte() {
    if (left_.empty()) return 0;
    const auto out = static_cast<unsigned char>(left_.front());
    left_.remove_prefix(1);
    return out;
  }
  size_t below(size_t count) {
    const size_t low = byte();
    return (count > 256 ? low + 256 * byte() : low) % count;
  }
  std::string_view take(size_t most) {
    const std::string_view out = left_.substr(0, most);
    left_.remove_prefix(out.size());
    return out;
  }
  std::string_view rest() { return take(left_.size()); }

 private:
  std::string_view left_;
};

}  // namespace hob::fuzz
