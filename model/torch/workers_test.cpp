#include "model/torch/workers.h"

#include <catch2/catch.hpp>
#include <vector>

namespace hob::torch_engine {

TEST_CASE("every part of every job runs once, before run() returns, whatever the number of threads") {
  for (const int threads : {1, 2, 3, 8}) {
    Workers workers(threads);
    CHECK(workers.threads() == threads);
    for (size_t job = 0; job < 3000; ++job) {
      const size_t parts = job % 37;
      std::vector<int> runs(parts);  // plain numbers: a part that ran twice or late would show
      workers.run(parts, [&](size_t part) { runs[part] += 1 + static_cast<int>(job % 3); });
      for (size_t part = 0; part < parts; ++part) {
        if (runs[part] != 1 + static_cast<int>(job % 3)) FAIL(threads << " threads, job " << job << ", part " << part);
      }
    }
  }
}

TEST_CASE("workers that sleep come back for the next job, and end with their owner") {
  for (int round = 0; round < 20; ++round) {
    Workers workers(4);
    std::atomic<size_t> sum{0};
    workers.run(100, [&](size_t part) { sum += part; });
    std::this_thread::yield();
    workers.run(kMostParts, [&](size_t) { sum += 1; });
    CHECK(sum == 4950 + kMostParts);
  }
}

TEST_CASE("the process's workers are made anew when another number of threads is asked for") {
  CHECK(workers(2).threads() == 2);
  Workers* two = &workers(2);
  CHECK(&workers(2) == two);
  CHECK(workers(1).threads() == 1);
  CHECK(workers(0).threads() == 1);
}

}  // namespace hob::torch_engine
