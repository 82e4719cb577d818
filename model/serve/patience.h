// Patience: how long a step's schemas may take to compile.
//
//   grammar::Watch watch = patience(clock, kBrisk, cancelled);
//   auto made = maker.make(params, &watch);
//   if (!made && watch.why() && !*cancelled) ...      // begin it anew on [slow], with kLongest
//
// A schema is compiled on [compile] first, where all requests pass; one that takes longer than kBrisk is begun anew on a
// thread of its own, so that nobody waits behind it.
#pragma once

#include <string>

#include "model/grammar/watch.h"
#include "model/schedule/generation.h"
#include "schemas/base/clock.h"

namespace hob::serve {

inline constexpr Milliseconds kBrisk{50}, kLongest{10'000};

/// Over once `cancelled` is set or, by `clock`, `longest` has gone by; says which.
inline grammar::Watch patience(const Clock& clock, Milliseconds longest, schedule::CancelFlag cancelled) {
  return grammar::Watch([&clock, longest, end = clock.now() + longest, cancelled = std::move(cancelled)]() -> std::optional<Error> {
    if (*cancelled) return Error(Code::cancelled, "The step was cancelled while its schemas were compiled.");
    if (clock.now() < end) return std::nullopt;
    return Error(Code::schema_unsupported, "the schemas take longer than " + std::to_string(longest.count()) +
                                               " ms to compile; ask for fewer alternatives and simpler patterns at once")
        .with("pointer", "")
        .with("keyword", "")
        .with("limit", "time");
  });
}

}  // namespace hob::serve
