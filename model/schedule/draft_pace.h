// DraftPace: how far ahead a draft should reach, from what forwards were measured to cost and drafts to bring.
//
//   const size_t most = pace.length(beside, trust.rate(), 8);     // 0: a draft would lose
//   pace.measured({positions, rows, tokens}, time);               // after each forward that only decodes
//   trust.observe(accepted, refused);
//
// A draft of k tokens, each right with probability a, brings 1 + a + ... + a^k tokens for one forward over k + 1 positions;
// the length with the most tokens a second is taken, and none where none is faster than going without. Costs are moving
// means by number of positions; some forwards are kept free of drafts, so that there is something to compare with. Only
// speed depends on what is measured, never what is said. Thread [model].
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace hob::schedule {

class DraftPace {
 public:
  using Duration = std::chrono::steady_clock::duration;
  static constexpr size_t kMostPositions = 64;
  static constexpr size_t kBaselineEvery = 64;  // forwards
  static constexpr size_t kFirstBaselines = 2;

  struct Forward {
    size_t positions;  // of all rows
    size_t rows;
    size_t tokens;     // that came of it
  };

  /// The best length, at most `most`, of a draft beside `beside` other positions.
  size_t length(size_t beside, double rate, size_t most) const;
  /// Whether the next forward over so many rows should go without drafts, to be compared with.
  bool wants_baseline(size_t rows) const;
  void measured(const Forward& forward, Duration time);

  /// Time that decoding would have taken without drafts, over the time it took; none before both are known.
  std::optional<double> speed_up() const;
  uint64_t steps() const { return steps_; }    // decoding rows that ran
  uint64_t tokens() const { return tokens_; }  // that came of them

 private:
  struct Mean {
    double seconds = 0;
    uint64_t count = 0;
  };
  double cost(size_t positions) const;

  std::array<Mean, kMostPositions + 1> means_;
  uint64_t forwards_ = 0;
  std::array<uint64_t, kMostPositions + 1> last_baseline_{};  // by rows: forwards_ at that time
  uint64_t steps_ = 0, tokens_ = 0;
  double without_ = 0, with_ = 0;  // seconds
};

/// How often one drafter's guesses of one step were right.
class DraftTrust {
 public:
  static constexpr size_t kProbeEvery = 64;  // tokens
  static constexpr size_t kProbeLength = 2;

  explicit DraftTrust(double prior) : rate_(prior) {}
  double rate() const { return rate_; }
  void observe(size_t accepted, bool refused);

  /// A drafter that is out of favour is tried now and then.
  bool probe() { return ++idle_ % kProbeEvery == 0; }

 private:
  double rate_;
  size_t idle_ = 0;
};

}  // namespace hob::schedule
