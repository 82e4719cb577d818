#include "daemon/memory/words.h"

#include <catch2/catch.hpp>

namespace hob::memory {
namespace {

using Words = std::vector<std::string>;

TEST_CASE("case, plurals, endings and British spelling fold together") {
  const std::vector<Words> kin = {
      {"cat", "cats", "CAT", "cat's", "cats'"},
      {"live", "lives", "lived", "living", "Lives"},
      {"favourite", "favorite", "favourites", "FAVORITE"},
      {"colour", "color", "colours", "colors"},
      {"city", "cities"},
      {"box", "boxes"},
      {"glass", "glasses"},
      {"run", "running", "runs"},
      {"call", "called", "calls", "calling"},
      {"name", "named", "names"},
      {"address", "addresses"},
      {"\xC3\x89tienne", "\xC3\xA9tienne"},
      {"\xD0\x9C\xD0\xBE\xD1\x81\xD0\xBA\xD0\xB2\xD0\xB0", "\xD0\xBC\xD0\xBE\xD1\x81\xD0\xBA\xD0\xB2\xD0\xB0"},
  };
  for (const auto& group : kin) {
    for (const auto& word : group) {
      INFO(word);
      CHECK(words(word) == words(group[0]));
    }
  }
}

TEST_CASE("different short words stay different") {
  const Words distinct = {"cat", "car", "dog", "rome", "bus", "red", "king", "is", "his", "us", "mia", "2024", "7"};
  for (const auto& a : distinct) {
    for (const auto& b : distinct) {
      if (a != b) CHECK(words(a) != words(b));
    }
  }
}

TEST_CASE("punctuation, spaces and bad bytes part words") {
  CHECK(words("a-b,c.d\xFF" "e\xE2\x80\xA6" "f") == Words{"a", "b", "c", "d", "e", "f"});
  CHECK(words("").empty());
  CHECK(words(" ?!\n\t ").empty());
  CHECK(words("don't") == Words{"dont"});
  CHECK(words("'quoted'") == words("quoted"));
}

TEST_CASE("characters of texts without spaces stand alone") {
  CHECK(words("\xE7\x8C\xAB\xE3\x81\xAE" "Mia") == Words{"\xE7\x8C\xAB", "\xE3\x81\xAE", "mia"});
}

TEST_CASE("a word that never ends is cut at a character") {
  std::string odd;
  while (odd.size() < 63) odd += "a1b";
  const auto got = words(std::string(5000, 'q') + " " + odd + "\xC3\xA9");
  REQUIRE(got.size() == 2);
  CHECK(got[0].size() <= kMaxWordBytes);
  CHECK(got[1] == odd);
}

TEST_CASE("function words are known in their folded form") {
  for (const char* word : {"my", "is", "the", "what", "where", "this", "have", "does", "his", "are", "tell"}) {
    INFO(word);
    CHECK(is_common(words(word).at(0)));
  }
  for (const char* word : {"cat", "live", "name", "color"}) CHECK_FALSE(is_common(words(word).at(0)));
}

}  // namespace
}  // namespace hob::memory
