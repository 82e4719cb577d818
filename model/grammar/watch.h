// Watch: whether a compilation should go on, asked now and then from deep inside it.
//
//   Watch watch([&]() -> std::optional<Error> {
//     if (*cancelled) return Error(Code::cancelled, "The step was cancelled.");
//     return std::nullopt;
//   });
//   auto step = constrain::compile(trie, spec, &watch);
//   if (watch.why()) ...                      // it was given up, and `step` is this error
//
// Once it says no it goes on saying so, and what was being made is of no use. One thread; the look may be costly, for it
// is taken once in many questions.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>

#include "schemas/base/error.h"

namespace hob::grammar {

class Watch {
 public:
  using Look = std::function<std::optional<Error>()>;
  explicit Watch(Look look) : look_(std::move(look)) {}

  bool over() {
    constexpr size_t kEach = 64;
    if (!why_ && asked_++ % kEach == 0) why_ = look_();
    return why_.has_value();
  }
  const std::optional<Error>& why() const { return why_; }

 private:
  Look look_;
  size_t asked_ = 0;
  std::optional<Error> why_;
};

}  // namespace hob::grammar
