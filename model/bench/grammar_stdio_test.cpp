#include "model/bench/grammar_stdio.h"

#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "schemas/base/json.h"

namespace hob::bench {
namespace {

// A tokenizer.json with control tokens, all bytes, and characters and pieces of JSON.
std::string tokenizer_file() {
  static const std::string kPath = std::string(HOB_BINARY_DIR) + "/grammar_stdio_test_tokenizer.json";
  Json vocab = Json::object(), added = Json::array();
  const auto add = [&](const std::string& text) {
    if (!vocab.contains(text)) vocab[text] = vocab.size();
  };
  for (const char* special : {"<pad>", "<eos>", "<bos>", "<unk>"}) {
    added.push_back({{"id", vocab.size()}, {"content", special}, {"special", true}, {"normalized", false},
                     {"single_word", false}, {"lstrip", false}, {"rstrip", false}});
    add(special);
  }
  for (int byte = 0; byte < 256; ++byte) {
    char name[8];
    std::snprintf(name, sizeof name, "<0x%02X>", byte);
    add(name);
  }
  for (char c = 0x21; c < 0x7F; ++c) add(std::string(1, c));
  for (const char* piece : {"\xE2\x96\x81", "\n", "{\"", "\":", "\",", "\"}", "},", "na", "me", "tr", "ue", "12"}) add(piece);
  Json merges = Json::array();
  for (const char* merge : {"{ \"", "\" :", "\" ,", "\" }", "} ,", "n a", "m e", "t r", "u e", "1 2"}) merges.push_back(merge);
  Json file = {{"version", "1.0"},
               {"added_tokens", added},
               {"normalizer", {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", "\xE2\x96\x81"}}},
               {"decoder",
                {{"type", "Sequence"},
                 {"decoders", {{{"type", "Replace"}, {"pattern", {{"String", "\xE2\x96\x81"}}}, {"content", " "}},
                               {{"type", "ByteFallback"}},
                               {{"type", "Fuse"}}}}}},
               {"model",
                {{"type", "BPE"}, {"byte_fallback", true}, {"fuse_unk", true}, {"unk_token", "<unk>"}, {"vocab", vocab},
                 {"merges", merges}}}};
  std::ofstream(kPath) << json::dump(file);
  return kPath;
}

std::vector<Json> talk(const std::vector<Json>& requests, const std::string& raw = "") {
  std::stringstream in, out;
  for (const Json& request : requests) in << json::dump(request) << "\n";
  in << raw;
  REQUIRE(run_grammar_stdio(in, out) == 0);
  std::vector<Json> replies;
  std::string line;
  while (std::getline(out, line)) replies.push_back(json::parse(line, json::kWire).value());
  return replies;
}

Json schema() { return json::parse(R"({"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]})", json::kWire).value(); }

TEST_CASE("the door answers the protocol's example in its shape") {
  const auto replies = talk({{{"op", "hello"}},
                             {{"op", "tokenizer"}, {"path", tokenizer_file()}},
                             {{"op", "compile"}, {"schema", schema()}, {"cold", true}},
                             {{"op", "mask_walk"}, {"instance", "{\"n\":1}"}, {"want", {"popcount"}}},
                             {{"op", "mask_walk"}, {"instance", "{\"n\":1}"}, {"want", {"popcount"}}},
                             {{"op", "compile"}, {"schema", {{"type", "string"}, {"pattern", "(?=a)b"}}}, {"cold", true}},
                             {{"op", "floor"}},
                             {{"op", "stats"}},
                             {{"op", "quit"}},
                             {{"op", "hello"}}});
  REQUIRE(replies.size() == 8);
  REQUIRE(replies[0]["protocol"] == 1);
  REQUIRE(replies[0]["name"] == "hob");
  INFO(json::dump(replies[1]));
  REQUIRE(replies[1]["ok"] == true);
  REQUIRE(replies[1]["special"] == 4);
  REQUIRE(replies[2]["ok"] == true);
  REQUIRE(replies[2]["warnings"] == Json::array());
  REQUIRE(replies[3]["accepted"] == true);
  REQUIRE(replies[3]["at"].is_null());
  REQUIRE(replies[3]["mask_us"].size() == replies[3]["n"].get<size_t>() + 1);
  REQUIRE(replies[3]["commit_us"].size() == replies[3]["n"].get<size_t>());
  REQUIRE(replies[3]["popcount"] == replies[4]["popcount"]);
  REQUIRE(replies[5]["ok"] == false);
  REQUIRE(replies[5]["refused"] == true);
  REQUIRE(replies[5]["error"]["keyword"] == "pattern");
  REQUIRE(replies[6]["us"].is_number());
  REQUIRE(replies[7]["ok"] == true);
}

TEST_CASE("a walk says where and why it ended") {
  const auto replies = talk({{{"op", "tokenizer"}, {"path", tokenizer_file()}},
                             {{"op", "compile"}, {"schema", schema()}},
                             {{"op", "mask_walk"}, {"instance", "{\"n\":x"}},
                             {{"op", "mask_walk"}, {"instance", "{\"n\":1"}},
                             {{"op", "mask_walk"}, {"tokens", {99999999}}},
                             {{"op", "mask_walk"}, {"instance", "{\"n\":\"\"}"}}});
  REQUIRE(replies[1]["ok"] == true);
  REQUIRE(replies[2]["reason"] == "mask");
  REQUIRE(replies[3]["reason"] == "end");
  REQUIRE(replies[3]["at"] == replies[3]["n"]);
  REQUIRE(replies[4]["reason"] == "mask");
  REQUIRE(replies[5]["accepted"] == false);
}

TEST_CASE("samples end or are cut, never stuck") {
  std::vector<Json> requests{{{"op", "tokenizer"}, {"path", tokenizer_file()}}, {{"op", "compile"}, {"schema", schema()}}};
  for (int seed = 0; seed < 30; ++seed) requests.push_back({{"op", "sample"}, {"seed", seed}, {"max_tokens", 64}});
  const auto replies = talk(requests);
  for (size_t i = 2; i < replies.size(); ++i) {
    REQUIRE(replies[i]["dead_end"] == false);
    REQUIRE(replies[i]["mismatch"] == false);
    if (replies[i]["done"] == true) REQUIRE(json::parse(replies[i]["text"].get<std::string>(), json::kGenerated).ok());
  }
}

TEST_CASE("what cannot be understood is answered, and the door stays open") {
  const auto replies = talk({{{"op", "compile"}, {"schema", true}}, {{"op", "mask_walk"}}, {{"op", "dance"}},
                             {{"op", "tokenizer"}, {"path", "/nowhere"}}},
                            "not json\n[]\n{\"op\":\"hello\"}");
  REQUIRE(replies.size() == 7);
  for (size_t i = 0; i < 6; ++i) {
    REQUIRE(replies[i]["ok"] == false);
    REQUIRE(replies[i]["error"]["message"].is_string());
  }
  REQUIRE(replies[6]["ok"] == true);
}

}  // namespace
}  // namespace hob::bench
