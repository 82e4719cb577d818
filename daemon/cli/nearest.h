// nearest: the word that was probably meant, for "did you mean".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hob::cli {

/// The candidate with the fewest edits (insertions, deletions, substitutions, swaps of neighbours), when it is near
/// enough to be a slip: at most a third of the word, and at least one edit is allowed.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace hob::cli
