#include "model/engine/scripted.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <thread>

#include "model/engine/script_file.h"
#include "schemas/base/json.h"

namespace hob::engine {
namespace {

constexpr uint32_t kVocab = 10;

Info info(uint32_t context = 64) {
  Info out;
  out.vocab = kVocab;
  out.context = context;
  out.max_truncate = 2;
  return out;
}

/// Says 7, 8, 9 after everything; counts how often it was asked.
struct Fixture {
  explicit Fixture(ScriptedReply reply = {{7, 8, 9}})
      : engine(info(), [this, reply](std::span<const Token> history) {
          asked.emplace_back(history.begin(), history.end());
          return reply;
        }, interrupt) {}

  std::vector<std::vector<Token>> asked;
  Interrupt interrupt;
  ScriptedEngine engine;
};

Batch row(SeqId seq, std::vector<Token> ids, bool logits = true) {
  Batch batch;
  Row row;
  row.seq = seq;
  row.logits_from = logits ? ids.size() - 1 : ids.size();
  row.ids = std::move(ids);
  batch.rows.push_back(std::move(row));
  return batch;
}

Token peak(const Output& output) {
  const std::vector<float>& logits = output.rows[0].logits;
  REQUIRE(logits.size() == kVocab);
  return static_cast<Token>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

TEST_CASE("a reply comes token by token and is chosen once for each prompt") {
  Fixture f;
  const SeqId seq = *f.engine.open();
  REQUIRE(f.engine.forward(row(seq, {1, 2}, false)).ok());  // a first chunk: no logits wanted
  CHECK(f.asked.empty());
  CHECK(peak(*f.engine.forward(row(seq, {3}))) == 7);
  CHECK(peak(*f.engine.forward(row(seq, {7}))) == 8);
  CHECK(peak(*f.engine.forward(row(seq, {8}))) == 9);
  CHECK(f.asked == std::vector<std::vector<Token>>{{1, 2, 3}});
  CHECK(peak(*f.engine.forward(row(seq, {9, 4, 5}))) == 7);
  CHECK(f.asked.back() == std::vector<Token>{1, 2, 3, 7, 8, 9, 4, 5});
  CHECK(f.engine.tokens_forwarded() == 8);
}

TEST_CASE("a forced token moves the reply behind its next occurrence, or leaves it where it is") {
  Fixture f({{7, 8, 9, 6}});
  const SeqId seq = *f.engine.open();
  CHECK(peak(*f.engine.forward(row(seq, {1}))) == 7);
  CHECK(peak(*f.engine.forward(row(seq, {3}))) == 7);  // not in the reply
  CHECK(peak(*f.engine.forward(row(seq, {9}))) == 6);  // jumped
}

TEST_CASE("truncate, snapshot, restore and fork keep the promises of the interface") {
  Fixture f;
  const SeqId seq = *f.engine.open();
  REQUIRE(f.engine.forward(row(seq, {1, 2, 3})).ok());
  const SnapshotId snapshot = *f.engine.snapshot(seq);
  REQUIRE(f.engine.forward(row(seq, {7})).ok());
  REQUIRE(f.engine.forward(row(seq, {8})).ok());
  CHECK(f.engine.truncate(seq, 3).error().code() == Code::invalid_params);  // max_truncate is 2
  REQUIRE(f.engine.truncate(seq, 1).ok());
  CHECK(f.engine.length(seq) == 4);
  const SeqId copy = *f.engine.fork(seq);
  REQUIRE(f.engine.forward(row(copy, {5})).ok());
  CHECK(f.engine.length(copy) == 5);
  CHECK(f.engine.length(seq) == 4);
  f.engine.close(seq);
  CHECK(f.engine.length(seq) == 0);
  REQUIRE(f.engine.restore(copy, snapshot).ok());  // it outlives its sequence
  CHECK(f.engine.length(copy) == 3);
  REQUIRE(f.engine.forward(row(copy, {4})).ok());
  CHECK(f.asked.back() == std::vector<Token>{1, 2, 3, 4});
  constexpr uint64_t kPage = ScriptedEngine::kPageTokens * sizeof(Token);
  CHECK(f.engine.cache_bytes() == 2 * kPage);  // its own of [1, 2, 3, 4] and the snapshot's of [1, 2, 3]
  f.engine.drop(snapshot);
  CHECK(f.engine.restore(copy, snapshot).error().code() == Code::invalid_params);
  CHECK(f.engine.cache_bytes() == kPage);
}

TEST_CASE("pages are counted once, however many hold them, and the one that is written to is copied") {
  Fixture f;
  constexpr uint64_t kPage = ScriptedEngine::kPageTokens * sizeof(Token);
  const SeqId seq = *f.engine.open();
  REQUIRE(f.engine.forward(row(seq, {1, 2, 3, 4, 5, 6, 7, 8, 9, 1})).ok());
  CHECK(f.engine.cache_bytes() == 3 * kPage);
  const SeqId one = *f.engine.fork(seq), two = *f.engine.fork(seq);
  const SnapshotId snapshot = *f.engine.snapshot(seq);
  CHECK(f.engine.cache_bytes() == 3 * kPage);
  for (const SeqId copy : {one, two}) REQUIRE(f.engine.forward(row(copy, {2})).ok());
  CHECK(f.engine.cache_bytes() == 5 * kPage);
  REQUIRE(f.engine.forward(row(one, {3, 4})).ok());
  CHECK(f.engine.cache_bytes() == 6 * kPage);
  REQUIRE(f.engine.truncate(one, 2).ok());
  CHECK(f.engine.cache_bytes() == 5 * kPage);
  f.engine.close(seq);
  f.engine.close(one);
  f.engine.close(two);
  CHECK(f.engine.cache_bytes() == 3 * kPage);
  f.engine.drop(snapshot);
  CHECK(f.engine.cache_bytes() == 0);
}

TEST_CASE("a sequence longer than the context is refused with the numbers, and nothing changes") {
  Fixture f;
  const SeqId seq = *f.engine.open();
  REQUIRE(f.engine.forward(row(seq, std::vector<Token>(60, 1))).ok());
  const auto refused = f.engine.forward(row(seq, std::vector<Token>(5, 1)));
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code() == Code::context_exceeded);
  CHECK(refused.error().data()["needed"] == 65);
  CHECK(refused.error().data()["available"] == 64);
  CHECK(f.engine.length(seq) == 60);
}

TEST_CASE("NaN is model_failed after the words before it, and the cache is as it was") {
  Fixture f({{7}, Fault::nan});
  const SeqId seq = *f.engine.open();
  CHECK(peak(*f.engine.forward(row(seq, {1, 2}))) == 7);
  const auto failed = f.engine.forward(row(seq, {7}));
  REQUIRE_FALSE(failed.ok());
  CHECK(failed.error().code() == Code::model_failed);
  CHECK(f.engine.length(seq) == 2);
}

TEST_CASE("a hang ends when it is interrupted, also by a trip that came before") {
  Fixture f({{}, Fault::hang});
  const SeqId seq = *f.engine.open();
  f.interrupt.trip();
  CHECK(f.engine.forward(row(seq, {1, 2})).error().code() == Code::cancelled);
  std::thread other([&] { f.interrupt.trip(); });
  CHECK(f.engine.forward(row(seq, {1, 2})).error().code() == Code::cancelled);
  other.join();
  CHECK(f.engine.length(seq) == 0);
}

/// The peaks of all positions of one row.
std::vector<Token> peaks(const RowOutput& row) {
  std::vector<Token> out;
  for (auto at = row.logits.begin(); at != row.logits.end(); at += kVocab) {
    out.push_back(static_cast<Token>(std::max_element(at, at + kVocab) - at));
  }
  return out;
}

TEST_CASE("a draft is read like rows of one id, and what is taken back of it is said again") {
  Fixture f({{7, 8, 9, 6}});
  const SeqId seq = *f.engine.open();
  REQUIRE(f.engine.forward(row(seq, {1, 2})).ok());
  Batch draft = row(seq, {7, 8, 3});
  draft.rows[0].logits_from = 0;
  const auto verified = f.engine.forward(draft);
  REQUIRE(verified.ok());
  CHECK(peaks(verified->rows[0]) == std::vector<Token>{8, 9, 9});
  REQUIRE(f.engine.truncate(seq, 2).ok());
  CHECK(peak(*f.engine.forward(row(seq, {8}))) == 9);
  CHECK(f.asked.size() == 1);
}

TEST_CASE("a fault inside a draft fails the forward, and happens when its token comes alone") {
  Fixture f({{7, 8}, Fault::hang});
  const SeqId seq = *f.engine.open();
  REQUIRE(f.engine.forward(row(seq, {1, 2})).ok());
  Batch draft = row(seq, {7, 8});
  draft.rows[0].logits_from = 0;
  CHECK(f.engine.forward(draft).error().code() == Code::model_failed);
  CHECK(peak(*f.engine.forward(row(seq, {7}))) == 8);
  f.interrupt.trip();
  CHECK(f.engine.forward(row(seq, {8})).error().code() == Code::cancelled);
}

TEST_CASE("a forward with several rows fails as a whole and leaves all of them as they were") {
  Info three = info();
  three.max_rows = 3;
  Interrupt interrupt;
  ScriptedEngine engine(three, [](std::span<const Token> history) {
    return history.front() == 5 ? ScriptedReply{{7}, Fault::nan} : ScriptedReply{{8, 9}};
  }, interrupt);
  const SeqId good = *engine.open(), bad = *engine.open();
  Batch both = row(good, {1});
  both.rows.push_back(row(bad, {5}).rows[0]);
  const auto first = engine.forward(both);
  REQUIRE(first.ok());
  CHECK(peaks(first->rows[0]) == std::vector<Token>{8});
  CHECK(peaks(first->rows[1]) == std::vector<Token>{7});
  both.rows[0].ids = {8};
  both.rows[1].ids = {7};
  const auto failed = engine.forward(both);
  CHECK(failed.error().code() == Code::model_failed);
  CHECK(failed.error().data()["row"] == 1);
  CHECK(engine.length(good) == 1);
  CHECK(engine.length(bad) == 1);
  CHECK(peak(*engine.forward(row(good, {8}))) == 9);
  both.rows[1].seq = good;
  CHECK(engine.forward(both).error().code() == Code::invalid_params);
  both.rows.resize(1);
  both.rows.insert(both.rows.end(), 3, both.rows[0]);
  CHECK(engine.forward(both).error().code() == Code::invalid_params);
}

TEST_CASE("a function of the history can take the place of replies") {
  Interrupt interrupt;
  ScriptedEngine engine(info(), [](std::span<const Token> history, std::span<float> logits) {
    logits[(history.back() + 1) % kVocab] = 1;
  }, interrupt);
  const SeqId seq = *engine.open();
  Batch batch = row(seq, {1, 2, 5});
  batch.rows[0].logits_from = 0;
  CHECK(peaks(engine.forward(batch)->rows[0]) == std::vector<Token>{2, 3, 6});
}

std::shared_ptr<const text::Tokenizer> tokenizer() {
  static const auto loaded = std::make_shared<const text::Tokenizer>(
      *text::Tokenizer::load(HOB_SOURCE_DIR "/tests/fixtures/tokenizer/hand.json"));
  return loaded;
}

/// What a script says after a prompt, stop token included.
std::string answer(const std::string& script, const std::string& prompt) {
  auto read = parse_script(script, "test");
  REQUIRE(read.ok());
  Interrupt interrupt;
  auto engine = play(*read, tokenizer(), interrupt);
  const SeqId seq = *engine->open();
  std::vector<Token> ids = tokenizer()->encode(prompt, text::Control::match);
  std::vector<Token> said;
  const auto& control = tokenizer()->control();
  while (said.empty() || (control.turn_close != said.back() && control.response_open != said.back())) {
    const auto output = engine->forward(row(seq, ids));
    REQUIRE(output.ok());
    const auto& logits = output->rows[0].logits;
    said.push_back(static_cast<Token>(std::max_element(logits.begin(), logits.end()) - logits.begin()));
    ids = {said.back()};
  }
  return tokenizer()->decode(said, text::Specials::keep);
}

TEST_CASE("the first rule that fits is said: `when` in the turn, `after` at its end") {
  const std::string script = R"({"rules": [
      {"when": "17 * 23", "after": "response:calculate", "say": "391"},
      {"when": "17 * 23", "say": "<|tool_call>call:calculate{}<tool_call|>"},
      {"when": "", "say": "What?"}]})";
  const std::string ask = "<bos><|turn>user\nWhat is 17 * 23?<turn|>\n<|turn>model\n";
  CHECK(answer(script, ask) == "<|tool_call>call:calculate{}<tool_call|><|tool_response>");
  const std::string after = ask + "<|tool_call>call:calculate{}<tool_call|><|tool_response>response:calculate{v:1}<tool_response|>";
  CHECK(answer(script, after) == "391<turn|>");
  CHECK(answer(script, after + "391<turn|>\n<|turn>user\nThanks<turn|>\n<|turn>model\n") == "What?<turn|>");
}

TEST_CASE("a script that is wrong is refused with the file and the field") {
  const auto unknown = parse_script(R"({"rules": [{"wen": "x"}]})", "s.json");
  REQUIRE_FALSE(unknown.ok());
  CHECK(unknown.error().code() == Code::model_not_loaded);
  CHECK(unknown.error().message().find("s.json") == 0);
  CHECK(unknown.error().message().find("wen") != std::string::npos);
  CHECK_FALSE(parse_script(R"({"rules": [{"fault": "burn"}]})", "s.json").ok());
  CHECK_FALSE(parse_script("{", "s.json").ok());
  CHECK_FALSE(parse_script(R"({"rules": [], "context": 0})", "s.json").ok());
  const auto missing = read_script("/nowhere/s.json");
  REQUIRE_FALSE(missing.ok());
  CHECK(missing.error().message().find("/nowhere/s.json") != std::string::npos);
}

}  // namespace
}  // namespace hob::engine
