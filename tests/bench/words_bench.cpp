// words_bench: masks under grammars and regular expressions, on a real vocabulary.
//
//   words_bench tokenizer.json      -> one JSON object a line
//
// {"name": .., "tokens": .., "compile_ms": .., "first": {"p50_us", "p99_us", "max_us"}, "again": {..}, "commit_p50_us": ..}: `first`
// are the masks of a text's every token with nothing kept yet, `again` those of the same text once more.
#include <algorithm>
#include <chrono>
#include <iostream>
#include <memory>

#include "model/constrain/step.h"
#include "model/constrain/walk.h"
#include "model/grammar/test_grammars.h"
#include "model/text/tokenizer.h"
#include "schemas/base/json.h"

namespace {

using namespace hob;
using constrain::Token;

double now_us() {
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Row {
  std::string name, regex, grammar, text;
};

std::string repeated(const std::string& text, int count) {
  std::string out;
  while (count-- > 0) out += text;
  return out;
}

std::vector<Row> rows() {
  const auto grammar = [](std::string_view name) {
    for (const auto& one : grammar::testing::kGrammars) {
      if (one.name == name) return std::string(one.text);
    }
    return std::string();
  };
  const std::string prose = "It was the best of times, it was the worst of times, it was the age of wisdom. ";
  return {
      {"GBNF: JSON", "", grammar("JSON"),
       "{\"name\": \"Anna Berg\", \"age\": 31, \"tags\": [\"red\", \"gr\xc3\xbcn\", \"a \\\"quoted\\\" word\"], \"nested\": {\"a\": {\"b\": [[1, 2.5e3], "
       "[true, false, null]]}}, \"text\": \"" + repeated(prose, 6) + "\"}"},
      {"GBNF: arithmetic", "", grammar("arithmetic"), repeated("a1 +(b *(3 -c_2))/17=x\n", 12)},
      {"GBNF: chess", "", grammar("chess"), "1. e4 e5\n2. Nf3 Nc6\n3. Bb5 a6\n4. Ba4 Nf6\n5. O-O Be7\n6. Re1 b5\n7. Bb3 d6\n"},
      {"GBNF: list of lines", "", "root ::= item+\nitem ::= \"- \" [^\\n]+ \"\\n\"", repeated("- " + prose + "\n", 10)},
      {"regex: free text of 1 to 2000 characters", "[^\\n]{1,2000}", "", repeated(prose, 12)},
      {"regex: lower-case words", "([a-z]+[ ,.]+)+", "", repeated("it was the best of times, it was the worst of times.", 8)},
      {"regex: date, time and a code", "\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}Z [A-Z]{2}-\\d{4}", "", "2024-02-29T23:59:00Z AB-1234"},
      {"regex: names of letters", "\\p{Lu}\\p{L}+( \\p{Lu}\\p{L}+){1,5}", "", "Anna Sofia B\xc3\xa9renger \xc3\x85str\xc3\xb6m"},
  };
}

Json spread(std::vector<double> us) {
  std::sort(us.begin(), us.end());
  const auto at = [&](double share) { return us[std::min(us.size() - 1, static_cast<size_t>(share * static_cast<double>(us.size())))]; };
  return {{"p50_us", at(0.5)}, {"p99_us", at(0.99)}, {"max_us", us.back()}};
}

/// The masks' times, and those of accept(); false where the text does not fit.
bool walk(const std::shared_ptr<const constrain::CompiledStep>& step, const std::vector<Token>& tokens, size_t words,
          std::vector<double>& masks, std::vector<double>& commits) {
  constrain::Matcher matcher(step);
  constrain::Bits bits(words);
  std::vector<constrain::Event> events;
  for (size_t i = 0; i <= tokens.size(); ++i) {
    double start = now_us();
    matcher.mask(bits);
    masks.push_back(now_us() - start);
    if (i == tokens.size()) return matcher.can_stop();
    if (!constrain::get_bit(bits, tokens[i])) return false;
    start = now_us();
    if (!matcher.accept(tokens[i], events)) return false;
    commits.push_back(now_us() - start);
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: words_bench tokenizer.json\n";
    return 2;
  }
  auto tokenizer = text::Tokenizer::load(argv[1]);
  if (!tokenizer) {
    std::cerr << tokenizer.error().message() << '\n';
    return 1;
  }
  constrain::Vocabulary vocabulary;
  for (Token id = 0; id < tokenizer->size(); ++id) {
    vocabulary.bytes.emplace_back(tokenizer->bytes(id));
    vocabulary.special.push_back(tokenizer->is_special(id));
  }
  const auto eos = tokenizer->control().eos;
  vocabulary.control.eos = eos;
  auto trie = constrain::TokenTrie::make(std::move(vocabulary));
  if (!trie || !eos) {
    std::cerr << (trie ? "the tokenizer has no <eos>" : trie.error().message()) << '\n';
    return 1;
  }
  for (const Row& row : rows()) {
    constrain::StepSpec spec;
    spec.stop_ids = {*eos};
    if (!row.regex.empty()) spec.regex = row.regex;
    if (!row.grammar.empty()) spec.grammar = row.grammar;
    const double start = now_us();
    const auto step = constrain::compile(*trie, spec);
    const double compiled = now_us() - start;
    if (!step) {
      std::cerr << row.name << ": " << step.error().message() << '\n';
      return 1;
    }
    const std::vector<Token> tokens = tokenizer->encode(row.text, text::Control::as_text);
    std::vector<double> first, again, commits, unused;
    if (!walk(*step, tokens, (*trie)->words(), first, commits) || !walk(*step, tokens, (*trie)->words(), again, unused)) {
      std::cerr << row.name << ": the text does not fit\n";
      return 1;
    }
    std::cout << json::dump(Json{{"name", row.name}, {"tokens", tokens.size()}, {"compile_ms", compiled / 1000}, {"first", spread(first)},
                                 {"again", spread(again)}, {"commit_p50_us", spread(commits)["p50_us"]}})
              << std::endl;
  }
  return 0;
}
