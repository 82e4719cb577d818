// Clock and randomness, injected everywhere: tests turn the hands themselves.
//
//   SystemClock clock;  ManualClock clock(1'700'000'000'000);  clock.advance(5s);
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <string>

namespace hob {

using Milliseconds = std::chrono::milliseconds;

class Clock {
 public:
  virtual ~Clock() = default;
  /// Milliseconds since 1970, for people and for the store.
  virtual int64_t wall_ms() const = 0;
  /// Never goes back; for deadlines and spans.
  virtual std::chrono::steady_clock::time_point now() const = 0;
};

class SystemClock final : public Clock {
 public:
  int64_t wall_ms() const override;
  std::chrono::steady_clock::time_point now() const override;
};

class ManualClock final : public Clock {
 public:
  explicit ManualClock(int64_t wall_ms) : wall_ms_(wall_ms) {}
  int64_t wall_ms() const override { return wall_ms_; }
  std::chrono::steady_clock::time_point now() const override { return now_; }
  void advance(Milliseconds by) { wall_ms_ += by.count(), now_ += by; }

 private:
  int64_t wall_ms_;
  std::chrono::steady_clock::time_point now_{};
};

class Random {
 public:
  virtual ~Random() = default;
  virtual uint64_t next() = 0;
};

/// The kernel's randomness (getrandom).
class SystemRandom final : public Random {
 public:
  uint64_t next() override;
};

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : engine_(seed) {}
  uint64_t next() override { return engine_(); }

 private:
  std::mt19937_64 engine_;
};

/// "2026-11-24T21:15:03.042Z" (RFC 3339, UTC).
std::string rfc3339(int64_t wall_ms);

}  // namespace hob
