// LookupDrafter: the last tokens stood somewhere before; what followed there may follow here.
//
//   LookupDrafter drafter;
//   drafter.propose({history}, 8);     // history ends in "edit the fi": what came after the last "edit the fi"
//
// The longest run of kLongest to kShortest last tokens that the history has elsewhere decides, of several places the newest.
// It finds names, numbers and lines that a tool's output, the user or the model itself has said. An index of about
// 64 bytes a token, brought up to date at each call. Thread [model].
#pragma once

#include <array>

#include "model/schedule/draft.h"

namespace hob::schedule {

class LookupDrafter final : public Drafter {
 public:
  static constexpr size_t kLongest = 5, kShortest = 2;

  std::string_view name() const override { return "lookup"; }
  std::vector<Token> propose(const DraftInput& input, size_t most) override;

 private:
  static constexpr size_t kLengths = kLongest - kShortest + 1;
  // Where a run of tokens ends last, by its hash; another run may have taken the place.
  using Table = std::vector<uint32_t>;

  void index(std::span<const Token> history);
  size_t slot(std::span<const Token> run) const;

  std::array<Table, kLengths> tables_;
  size_t indexed_ = 0;  // runs that end at or before this length are in the tables
};

}  // namespace hob::schedule
