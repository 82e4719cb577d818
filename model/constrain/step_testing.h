// step_testing: what the tests of this room share: a step over the test vocabulary, its mask, and writing through it.
#pragma once

#include <catch2/catch.hpp>
#include <string_view>
#include <vector>

#include "model/constrain/step.h"
#include "model/constrain/test_vocabulary.h"
#include "model/constrain/walk.h"

namespace hob::constrain::testing {

inline StepSpec base_spec() {
  StepSpec spec;
  spec.stop_ids = {kEos, kTurnClose, kResponseOpen};
  return spec;
}

inline Matcher matcher(const StepSpec& spec) {
  auto step = compile(trie(), spec);
  if (!step) FAIL(step.error().message());
  return Matcher(*step);
}

inline Bits mask_of(const Matcher& m) {
  Bits bits(trie()->words());
  m.mask(bits);
  return bits;
}

/// Reads ordinary text, by the longest pieces or byte by byte, checking that the mask and accept() agree; false at the first
/// token that does not fit.
inline bool write(Matcher& m, std::string_view text, std::vector<Event>& out, bool bytewise = false) {
  std::vector<Token> tokens;
  if (bytewise) {
    for (const char c : text) tokens.push_back(kFirstOrdinary + static_cast<unsigned char>(c));
  } else {
    tokens = trie()->spell(text);
  }
  for (const Token token : tokens) {
    const bool allowed = get_bit(mask_of(m), token);
    const bool taken = m.accept(token, out).ok();
    REQUIRE(allowed == taken);
    if (!taken) return false;
  }
  return true;
}

}  // namespace hob::constrain::testing
