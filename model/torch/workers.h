// Workers: the threads that share one product's rows with the [model] thread, with little to pay for each hand-over.
//
//   workers(threads).run(parts, [&](size_t part) { ... });     // returns when every part is done
//
// Parts are claimed one by one: a helper that the system has put aside costs the part it holds, not its whole share, and
// one that sleeps is not waited for. Helpers spin for some microseconds after a job, then sleep. When the caller has had to wait
// long for helpers, the machine is busy with something else: the next jobs then run on the caller's thread alone, more
// of them each time. Parts must not throw. One caller at a time; nothing is allocated by run().
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

namespace hob::torch_engine {

inline constexpr size_t kMostParts = 0xffff;

class Workers {
 public:
  explicit Workers(int threads);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  int threads() const { return static_cast<int>(helpers_.size()) + 1; }

  template <typename Work>
  void run(size_t parts, const Work& work) {
    run_parts(parts, [](const void* context, size_t part) { (*static_cast<const Work*>(context))(part); }, &work);
  }

 private:
  using Call = void (*)(const void* context, size_t part);

  void run_parts(size_t parts, Call call, const void* context);
  /// Claims and runs parts of the job until none is left; false when there was none.
  bool help();
  void helper(std::stop_token stop);
  void wait_for(size_t parts);

  // The job. `ticket_` holds its number, its parts and the next part (32, 16 and 16 bits): a claim that succeeds proves that
  // the fields read before it are that job's, because they change only when all parts of the job before are done.
  std::atomic<uint64_t> ticket_{0};
  std::atomic<Call> call_{nullptr};
  std::atomic<const void*> context_{nullptr};
  std::atomic<uint32_t> done_{0};
  std::atomic<uint32_t> jobs_{0};      // what sleeping helpers watch
  std::atomic<int> sleeping_{0};

  uint32_t alone_ = 0;    // jobs to run without helpers
  uint32_t penalty_ = 0;  // how many after the next long wait
  std::vector<std::jthread> helpers_;
};

/// The process's workers, made anew when another number of threads is asked for. [model] thread.
Workers& workers(int threads);

}  // namespace hob::torch_engine
