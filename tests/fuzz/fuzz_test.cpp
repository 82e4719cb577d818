// All targets without a fuzzer: their seeds, and a fixed number of seeded changes of them. HOB_SEED
// plays others, HOB_FUZZ_CHANGES tries another number of them, HOB_FUZZ_TARGETS="json masks" takes
// these targets alone.
#include <catch2/catch.hpp>
#include <cstdint>
#include <cstdlib>
#include <iostream>

#include "schemas/base/json.h"
#include "tests/fuzz/changes.h"
#include "tests/fuzz/target.h"

namespace hob::fuzz {
namespace {

/// Whether the property holds; if not, says for which input.
bool holds(const About& target, const std::string& input) {
  std::string what;
  try {
    target.run(input);
    return true;
  } catch (const std::exception& error) {
    what = error.what();
  }
  std::string shown;
  for (const char c : input.substr(0, 3000)) {
    const char* const hex = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 32 && byte < 127 && c != '\\') {
      shown += c;
    } else {
      shown += std::string("\\x") + hex[byte / 16] + hex[byte % 16];
    }
  }
  FAIL_CHECK(target.name << ": " << what << "\ninput of " << input.size() << " bytes: " << shown);
  return false;
}

TEST_CASE("what reads from outside keeps its promises for its seeds") {
  REQUIRE(targets().size() > 10);
  for (const About& target : targets()) {
    CHECK(holds(target, ""));
    for (const std::string& seed : target.seeds()) CHECK(holds(target, seed));
  }
}

uint64_t number(const char* name, uint64_t otherwise) {
  const char* const given = std::getenv(name);
  return given != nullptr ? std::strtoull(given, nullptr, 10) : otherwise;
}

bool wanted(const About& target) {
  const char* const given = std::getenv("HOB_FUZZ_TARGETS");
  return given == nullptr ||
         (" " + std::string(given) + " ").find(" " + std::string(target.name) + " ") !=
             std::string::npos;
}

#ifdef __SANITIZE_ADDRESS__
constexpr uint64_t kPart = 8;  // an instrumented program is as much slower
#else
constexpr uint64_t kPart = 1;
#endif

TEST_CASE("what reads from outside keeps its promises for changed seeds") {
  const uint64_t seed = number("HOB_SEED", 5);
  std::cout << "fuzz: HOB_SEED=" << seed << "\n";
  for (const About& target : targets()) {
    if (!wanted(target)) continue;
    Changes changes(target.seeds(), seed);
    const uint64_t rounds =
        number("HOB_FUZZ_CHANGES", static_cast<uint64_t>(target.changes) / kPart);
    uint64_t failed = 0, round = 0;
    for (; round < rounds && failed < 3; ++round) failed += !holds(target, changes.next());
    std::cout << "fuzz: " << target.name << ": " << round << " changes, " << failed << " found\n";
  }
}

}  // namespace
}  // namespace hob::fuzz
