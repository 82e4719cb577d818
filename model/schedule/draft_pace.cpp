#include "model/schedule/draft_pace.h"

#include <algorithm>

namespace hob::schedule {
namespace {

constexpr double kNew = 0.1;            // weight of a new measurement
constexpr double kOutlier = 3.0;        // times the mean; beyond, something else had the machine
constexpr double kUnknownSlope = 0.05;  // of one more position, before anything is known
constexpr double kWorthwhile = 1.02;
constexpr double kLeastTrust = 0.02, kMostTrust = 0.98;

}  // namespace

double DraftPace::cost(size_t positions) const {
  positions = std::min(positions, kMostPositions);
  if (means_[positions].count > 0) return means_[positions].seconds;
  size_t below = positions, above = positions;
  while (below > 0 && means_[below].count == 0) --below;
  while (above <= kMostPositions && means_[above].count == 0) ++above;
  const bool has_above = above <= kMostPositions;
  if (below == 0) return has_above ? means_[above].seconds : 0;
  const double low = means_[below].seconds;
  if (has_above) {
    const double share = static_cast<double>(positions - below) / static_cast<double>(above - below);
    return low + (std::max(means_[above].seconds, low) - low) * share;
  }
  return low * (1 + kUnknownSlope * static_cast<double>(positions - below));
}

size_t DraftPace::length(size_t beside, double rate, size_t most) const {
  if (beside + 1 >= kMostPositions) return 0;
  most = std::min(most, kMostPositions - beside - 1);
  const double alone = cost(beside + 1);
  if (alone <= 0) return most;  // nothing is known, or positions cost nothing
  double tokens = static_cast<double>(beside) + 1, power = 1;
  double best = kWorthwhile * tokens / alone;
  size_t out = 0;
  for (size_t k = 1; k <= most; ++k) {
    power *= rate;
    tokens += power;
    const double speed = tokens / cost(beside + 1 + k);
    if (speed > best) best = speed, out = k;
  }
  return out;
}

bool DraftPace::wants_baseline(size_t rows) const {
  if (rows > kMostPositions) return true;
  return means_[rows].count < kFirstBaselines || forwards_ - last_baseline_[rows] >= kBaselineEvery;
}

void DraftPace::measured(const Forward& forward, Duration time) {
  ++forwards_;
  steps_ += forward.rows;
  tokens_ += forward.tokens;
  if (forward.positions > kMostPositions || forward.rows == 0) return;
  const double seconds = std::chrono::duration<double>(time).count();
  Mean& mean = means_[forward.positions];
  if (forward.positions == forward.rows) last_baseline_[forward.rows] = forwards_;
  const double taken = mean.count >= kFirstBaselines ? std::min(seconds, kOutlier * mean.seconds) : seconds;
  if (mean.count < kFirstBaselines) {  // the first forward of all is slow
    mean.seconds = mean.count == 0 ? seconds : std::min(mean.seconds, seconds);
  } else {
    mean.seconds += (taken - mean.seconds) * kNew;
  }
  ++mean.count;
  if (means_[forward.rows].count > 0) {
    without_ += means_[forward.rows].seconds * static_cast<double>(forward.tokens) / static_cast<double>(forward.rows);
    with_ += taken;
  }
}

std::optional<double> DraftPace::speed_up() const {
  if (without_ <= 0 || with_ <= 0) return std::nullopt;
  return without_ / with_;
}

void DraftTrust::observe(size_t accepted, bool refused) {
  idle_ = 0;
  for (size_t i = 0; i < accepted; ++i) rate_ += (1 - rate_) * kNew;
  if (refused) rate_ -= rate_ * kNew;
  rate_ = std::clamp(rate_, kLeastTrust, kMostTrust);
}

}  // namespace hob::schedule
