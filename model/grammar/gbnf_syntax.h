// GBNF as a tree: what stands in the text of a grammar, and where. See gbnf_reader.h.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/grammar/char_set.h"
#include "model/grammar/ir.h"
#include "schemas/base/result.h"

namespace hob::grammar {

struct GbnfNode {
  enum class Kind : uint8_t { text, set, sequence, choice, loop, rule };
  Kind kind = Kind::sequence;
  size_t at = 0;                // where it begins in the text
  std::string text;             // text
  CharSet set;
  std::vector<GbnfNode> parts;  // sequence, choice, loop (one)
  uint32_t least = 1, most = 1; // loop
  uint32_t rule = 0;            // index into Gbnf::rules
};

struct Gbnf {
  struct Rule {
    std::string name;
    size_t at = 0;
    GbnfNode body;
  };
  std::vector<Rule> rules;
  uint32_t root = 0;
};

/// An Error about this place of a grammar's text: its line and column (in characters) are told and put into the data.
Error grammar_error(std::string_view text, size_t at, const std::string& sentence, Code code = Code::invalid_params);

Result<Gbnf> parse_gbnf(std::string_view text);

}  // namespace hob::grammar
