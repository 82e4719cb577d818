// words: what a text is about, as a list of folded words. "My cats lived in Rome" and "the cat lives in rome" share
// theirs, and the index and the query of `recall` are both made of them.
//
//   words("My cats' Favourite colours")  ->  my, cat, favorit, color
//
// A word is a run of letters, digits and bytes beyond ASCII; Han, Kana and Hangul characters stand alone, since their
// texts have no spaces. Folding is small on purpose: case, British "our", plurals, -ing and -ed, a last "e". It may
// fold two words together that are not kin; it never parts equal ones. Invalid UTF-8 separates words. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hob::memory {

inline constexpr size_t kMaxWordBytes = 64;  // longer ones are cut

/// The folded words of a text, in order.
std::vector<std::string> words(std::string_view text);

/// One lower-case word, folded: "lives", "lived", "living" and "live" are all "liv".
std::string fold(std::string word);

/// Function words that say little of what a text is about ("my", "is", "the"); takes a folded word.
bool is_common(std::string_view folded);

}  // namespace hob::memory
