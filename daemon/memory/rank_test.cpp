#include "daemon/memory/rank.h"

#include <catch2/catch.hpp>

#include "daemon/memory/words.h"

namespace hob::memory {
namespace {

/// The texts in the order of rank(), all with the same bm25.
std::vector<std::string> order(const std::string& query, const std::vector<std::string>& texts, size_t limit = 5) {
  std::vector<Candidate> candidates;
  for (const auto& text : texts) candidates.push_back({words(text), 1.0, 0});
  std::vector<std::string> out;
  for (const auto& ranked : rank(words(query), candidates, limit)) out.push_back(texts[ranked.index]);
  return out;
}

using Texts = std::vector<std::string>;

TEST_CASE("the text that has the word is found, and no other") {
  CHECK(order("cat", {"my dog is called Rex", "my cat is called Mia", "I live in Rome"}) == Texts{"my cat is called Mia"});
  CHECK(order("live", {"my cat is called Mia", "I live in Rome"}) == Texts{"I live in Rome"});
}

TEST_CASE("more of the query beats less of it") {
  const auto got = order("favorite color", {"my favourite food is soup", "blue is a color", "my favourite colour is green"});
  REQUIRE(got.size() == 3);
  CHECK(got[0] == "my favourite colour is green");
}

TEST_CASE("function words neither find a text nor outweigh a word that tells") {
  CHECK(order("what is my cat called", {"what is my name", "is it the one", "cat food is in the cupboard"}) ==
        Texts{"cat food is in the cupboard"});
  CHECK(order("the cat", {"the the the the", "a cat"}) == Texts{"a cat"});
  CHECK(order("who am I", {"I am Bob", "soup"}) == Texts{"I am Bob"});
}

TEST_CASE("the beginning of a word counts half") {
  CHECK(order("allergy", {"I am allergic to nuts", "soup"}) == Texts{"I am allergic to nuts"});
  CHECK(order("vegetar", {"I have a vegetar", "I am a vegetarian"}) == Texts{"I have a vegetar", "I am a vegetarian"});
  CHECK(order("car", {"I love carrots"}).empty());
}

TEST_CASE("bm25 decides between equal shares, then the newer one") {
  std::vector<Candidate> candidates = {{{"cat"}, 1.0, 5}, {{"cat"}, 3.0, 1}, {{"cat"}, 1.0, 9}};
  const auto got = rank({"cat"}, candidates, 10);
  REQUIRE(got.size() == 3);
  CHECK(got[0].index == 1);
  CHECK(got[1].index == 2);
  CHECK(got[2].index == 0);
}

TEST_CASE("a limit and an empty query are respected") {
  CHECK(order("cat", {"cat a", "cat b", "cat c"}, 2).size() == 2);
  CHECK(order("", {"cat"}).empty());
  CHECK(order("?", {"cat"}).empty());
}

}  // namespace
}  // namespace hob::memory
