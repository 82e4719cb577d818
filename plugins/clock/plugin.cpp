// The tool `current_time`. Configuration: {"now_ms": N} stops the clock at N milliseconds since
// 1970, for demonstrations and tests; {"tz": NAME} is the zone that is meant when a call names
// none.
#include "plugins/sdk/plugin.h"

#include <chrono>
#include <optional>

#include "plugins/clock/zone.h"
#include "schemas/base/clock.h"

namespace hob::plugins::clock {
namespace {

using namespace hob::sdk;

Result<Tools> make(const Host&, const Json& config) {
  Arguments settings(config);
  std::optional<int64_t> fixed;
  if (settings.has("now_ms")) fixed = settings.integer("now_ms", 0);
  // The machine's zone, read once: read_clock changes TZ.
  std::string home = settings.text("tz");
  HOB_TRY(here, read_clock(home, 0));
  home = here.zone;
  Tools tools;
  tools.add("current_time", [fixed, home](const Arguments& arguments, Call&) {
    auto now = read_clock(arguments.text("tz", home), fixed ? *fixed : SystemClock().wall_ms());
    if (!now.ok()) return Observation::from(now.error(), "Use an IANA name such as Europe/Berlin.");
    return Observation::result(
        {{"date", now->date}, {"time", now->time}, {"tz", now->zone}, {"weekday", now->weekday}}
    );
  });
  return tools;
}

}  // namespace
}  // namespace hob::plugins::clock

HOB_PLUGIN(hob::plugins::clock::make)
