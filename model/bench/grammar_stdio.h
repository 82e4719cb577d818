// The grammar benchmark's door: one JSON request per line in, one reply per line out (protocol 1).
//
//   return hob::bench::run_grammar_stdio(std::cin, std::cout);
//
// hello, tokenizer, compile, mask_walk, sample, floor, stats, quit. It compiles and walks with the code that a turn
// uses, CompiledStep and Matcher with a response schema, on the calling thread alone; times are microseconds of a
// monotonic clock around that work. It answers until `quit` or the end of input and returns the exit status.
#pragma once

#include <iosfwd>

namespace hob::bench {

int run_grammar_stdio(std::istream& in, std::ostream& out);

}  // namespace hob::bench
