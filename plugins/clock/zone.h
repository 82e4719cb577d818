// zone: what the clock on the wall says in a place with an IANA name.
//
//   HOB_TRY(now, read_clock("Europe/Berlin", 1'700'000'000'000));   // 2023-11-14, 23:13, Tuesday
//
// Zones are the system's files under /usr/share/zoneinfo. A name is also found without regard to
// case and by its last part alone ("berlin", "New York") where that is not ambiguous. An empty name
// is the machine's own zone. Uses the process's TZ variable: one thread only.
#pragma once

#include <cstdint>
#include <string>

#include "schemas/base/result.h"

namespace hob::plugins::clock {

struct WallClock {
  std::string date;     // 2026-11-24
  std::string time;     // 21:15
  std::string zone;     // the IANA name
  std::string weekday;  // Tuesday
};

/// invalid_params for a zone that there is not.
Result<WallClock> read_clock(const std::string& zone, int64_t wall_ms);

}  // namespace hob::plugins::clock
