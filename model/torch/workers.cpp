#include "model/torch/workers.h"

#include <algorithm>
#include <chrono>

#include "schemas/base/result.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace hob::torch_engine {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::microseconds kSpin{50};       // about what lies between two products of a layer
constexpr std::chrono::microseconds kLongWait{500};  // a part takes a tenth of this
constexpr uint32_t kLeastPenalty = 64, kMostPenalty = 4096;

void relax() {
#if defined(__x86_64__)
  _mm_pause();
#endif
}

}  // namespace

Workers::Workers(int threads) : penalty_(kLeastPenalty) {
  for (int i = 1; i < threads; ++i) helpers_.emplace_back([this](std::stop_token stop) { helper(std::move(stop)); });
}

Workers::~Workers() {
  for (auto& thread : helpers_) thread.request_stop();
  jobs_.fetch_add(1);
  jobs_.notify_all();
}

bool Workers::help() {
  bool any = false;
  uint64_t ticket = ticket_.load(std::memory_order_acquire);
  for (;;) {
    const size_t part = ticket & kMostParts, parts = ticket >> 16 & kMostParts;
    const Call call = call_.load(std::memory_order_relaxed);
    const void* context = context_.load(std::memory_order_relaxed);
    if (part >= parts) return any;
    if (!ticket_.compare_exchange_weak(ticket, ticket + 1, std::memory_order_acq_rel, std::memory_order_acquire)) continue;
    call(context, part);
    done_.fetch_add(1, std::memory_order_release);
    any = true;
    ticket = ticket_.load(std::memory_order_acquire);
  }
}

void Workers::helper(std::stop_token stop) {
  while (!stop.stop_requested()) {
    const uint32_t seen = jobs_.load(std::memory_order_acquire);
    const auto until = Clock::now() + kSpin;
    bool helped = help();
    while (!helped && Clock::now() < until) {
      for (int i = 0; i < 32; ++i) relax();
      helped = help();
    }
    if (helped) continue;
    sleeping_.fetch_add(1);
    // A job that was posted since `seen` was read ends the wait at once.
    if (!stop.stop_requested()) jobs_.wait(seen);
    sleeping_.fetch_sub(1);
  }
}

void Workers::wait_for(size_t parts) {
  if (done_.load(std::memory_order_acquire) == parts) return;
  const auto start = Clock::now();
  while (done_.load(std::memory_order_acquire) != parts) {
    for (int i = 0; i < 32; ++i) relax();
    if (Clock::now() - start > kSpin) std::this_thread::yield();
  }
  if (Clock::now() - start > kLongWait) {
    alone_ = penalty_;
    penalty_ = std::min(2 * penalty_, kMostPenalty);
  }
}

void Workers::run_parts(size_t parts, Call call, const void* context) {
  if (helpers_.empty() || parts <= 1 || alone_ > 0) {
    if (alone_ > 0 && parts > 1) --alone_;
    for (size_t part = 0; part < parts; ++part) call(context, part);
    return;
  }
  const uint64_t number = (ticket_.load(std::memory_order_relaxed) >> 32) + 1;
  HOB_CHECK(parts <= kMostParts, "a job of more parts than a ticket can count");
  // All parts of the job before are claimed, so nobody can claim one with what is written here until the ticket is out.
  done_.store(0, std::memory_order_relaxed);
  call_.store(call, std::memory_order_relaxed);
  context_.store(context, std::memory_order_relaxed);
  ticket_.store(number << 32 | uint64_t{parts} << 16, std::memory_order_release);
  jobs_.fetch_add(1);
  if (sleeping_.load() > 0) jobs_.notify_all();
  help();
  wait_for(parts);
  if (alone_ == 0 && number % 1024 == 0) penalty_ = std::max(penalty_ / 2, kLeastPenalty);
}

Workers& workers(int threads) {
  static std::unique_ptr<Workers> all;
  if (!all || all->threads() != std::max(threads, 1)) {
    all.reset();
    all = std::make_unique<Workers>(threads);
  }
  return *all;
}

}  // namespace hob::torch_engine
