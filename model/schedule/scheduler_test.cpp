// Several steps in one engine: who is served when, and that nobody notices the others.
#include "model/schedule/scheduler.h"

#include <catch2/catch.hpp>

#include "model/schedule/test_model.h"

namespace hob::schedule {
namespace {

using namespace testing;
using engine::Fault;
using wire::StepStop;

struct Several : Model {
  explicit Several(uint32_t rows) : Model(1u << 20, 2, 400, rows) {}

  struct Watched {
    std::vector<uint64_t> prefilled;       // as progress came
    std::string text;
    std::optional<Result<wire::StepResult>> outcome;
    CancelFlag cancelled;
  };
  /// Submits a step and follows it.
  std::shared_ptr<Watched> begin(const std::string& session, std::vector<Token> prompt) {
    auto out = std::make_shared<Watched>();
    Request request = this->request(session, std::move(prompt));
    request.progress = [out](const wire::StepProgress& p) {
      if (p.kind == wire::StepProgressKind::prefill) out->prefilled.push_back(p.done);
      out->text += p.text;
    };
    request.done = [out](Result<wire::StepResult> result) { out->outcome = std::move(result); };
    out->cancelled = request.cancelled;
    REQUIRE(scheduler.submit(std::move(request)).ok());
    return out;
  }
  void finish() {
    while (!scheduler.idle()) scheduler.work();
  }
};

std::vector<Token> long_prompt(size_t length, Token last) {
  std::vector<Token> out(length, 10);
  for (size_t i = 0; i < length; ++i) out[i] = static_cast<Token>(10 + i % 29);
  out.push_back(last);
  return out;
}

TEST_CASE("a forward has the rows of all steps that speak") {
  Several model(4);
  for (const Token last : {Token{20}, Token{21}, Token{22}}) model.replies[last] = {{11, 12, 13, 14, 15, 16, kStop}};
  const auto a = model.begin("a", {20}), b = model.begin("b", {21}), c = model.begin("c", {22});
  for (int i = 0; i < 3; ++i) model.scheduler.work();  // three prompts, one chunk a forward
  CHECK(model.engine.last_rows() == 3);
  model.scheduler.work();
  CHECK(model.engine.last_rows() == 3);
  CHECK(a->text == "11 12 13 14 ");
  CHECK(b->text == "11 12 13 ");
  CHECK(c->text == "11 12 ");
  model.finish();
  for (const auto& one : {a, b, c}) CHECK(one->outcome->value().items.at(0).text == "11 12 13 14 15 16 ");
  CHECK(model.engine.forwards() == 9);  // 21 rows
}

TEST_CASE("a long prompt stops nobody for more than a chunk, with one row and with several") {
  for (const uint32_t rows : {1u, 2u, 4u}) {
    INFO("rows " << rows);
    Several model(rows);
    model.replies[20] = {{11, 12, 13, 14, 15, 16, 17, 18, kStop}};
    const auto speaker = model.begin("speaker", {20});
    model.scheduler.work();
    const auto reader = model.begin("reader", long_prompt(80, 21));
    const auto other = model.begin("other", long_prompt(80, 22));
    size_t chunks = 0;  // since the speaker's last token
    while (!speaker->outcome) {
      const size_t said = speaker->text.size();
      const size_t read = reader->prefilled.size() + other->prefilled.size();
      model.scheduler.work();
      const size_t more = reader->prefilled.size() + other->prefilled.size() - read;
      CHECK(more <= 1);
      chunks = speaker->text.size() > said || speaker->outcome ? 0 : chunks + more;
      CHECK(chunks <= (rows == 1 ? 2 : 1));  // one row: each of the three has its turn
    }
    // Both prompts went on meanwhile, and alike.
    CHECK(reader->prefilled.size() >= 3);
    CHECK(other->prefilled.size() + 1 >= reader->prefilled.size());
    model.finish();
    CHECK(reader->outcome->ok());
  }
}

TEST_CASE("more speakers than rows take turns") {
  Several model(2);
  std::vector<std::shared_ptr<Several::Watched>> all;
  for (const Token last : {Token{20}, Token{21}, Token{22}, Token{23}}) {
    model.replies[last] = {std::vector<Token>(20, last)};
    all.push_back(model.begin(std::to_string(last), {last}));
  }
  for (int i = 0; i < 20; ++i) {
    model.scheduler.work();
    size_t least = 1000, most = 0;
    for (const auto& one : all) {
      least = std::min(least, one->text.size());
      most = std::max(most, one->text.size());
    }
    CHECK(most - least <= 4 * 3);  // "20 " four times
  }
}

TEST_CASE("what a step says does not depend on its neighbours") {
  const auto alone = [](Token last) {
    Several model(1);
    model.replies[last] = {{last, 11, last, 12, last, 13, kStop}};
    return model.run("s", long_prompt(last, last))->items.at(0).produced->ids;
  };
  Several model(4);
  std::vector<std::pair<Token, std::shared_ptr<Several::Watched>>> all;
  for (Token last = 20; last < 30; ++last) {
    model.replies[last] = {{last, 11, last, 12, last, 13, kStop}};
    all.emplace_back(last, model.begin(std::to_string(last), long_prompt(last, last)));
    model.scheduler.work();
  }
  model.finish();
  for (const auto& [last, one] : all) CHECK(one->outcome->value().items.at(0).produced->ids == alone(last));
}

TEST_CASE("a forward that fails costs the step alone whose row is to blame") {
  Several model(4);
  model.replies[20] = {{11, 12}, Fault::nan};
  for (const Token last : {Token{21}, Token{22}}) model.replies[last] = {{11, 12, 13, 14, 15, kStop}};
  const auto bad = model.begin("bad", {20}), one = model.begin("one", {21}), two = model.begin("two", {22});
  model.finish();
  CHECK(bad->outcome->error().code() == Code::model_failed);
  for (const auto& good : {one, two}) CHECK(good->outcome->value().items.at(0).text == "11 12 13 14 15 ");
  CHECK(model.engine.sequences() == 0);
}

TEST_CASE("a cancelled step is over at the next forward, and the others go on") {
  Several model(4);
  for (const Token last : {Token{20}, Token{21}}) model.replies[last] = {{11, 12, 13, 14, 15, 16, 17, kStop}};
  const auto a = model.begin("a", {20}), b = model.begin("b", {21});
  const auto reader = model.begin("reader", long_prompt(80, 22));
  for (int i = 0; i < 4; ++i) model.scheduler.work();
  *a->cancelled = true;
  *reader->cancelled = true;
  const uint64_t before = model.engine.tokens_forwarded();
  model.scheduler.work();
  REQUIRE(a->outcome);
  CHECK(a->outcome->value().stop == StepStop::cancelled);
  REQUIRE(reader->outcome);
  CHECK(reader->outcome->value().items.empty());
  CHECK(model.engine.tokens_forwarded() - before == 1);  // b's
  model.finish();
  CHECK(b->outcome->value().items.at(0).text == "11 12 13 14 15 16 17 ");
}

}  // namespace
}  // namespace hob::schedule
