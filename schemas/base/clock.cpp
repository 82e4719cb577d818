#include "schemas/base/clock.h"

#include <sys/random.h>

#include <cstdio>
#include <ctime>

#include "schemas/base/result.h"

namespace hob {

int64_t SystemClock::wall_ms() const {
  return std::chrono::duration_cast<Milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::chrono::steady_clock::time_point SystemClock::now() const { return std::chrono::steady_clock::now(); }

uint64_t SystemRandom::next() {
  uint64_t value = 0;
  HOB_CHECK(getrandom(&value, sizeof value, 0) == sizeof value, "the kernel gave no randomness");
  return value;
}

std::string rfc3339(int64_t wall_ms) {
  int64_t seconds = wall_ms / 1000;
  int64_t rest = wall_ms % 1000;
  if (rest < 0) rest += 1000, --seconds;
  const std::time_t time = seconds;
  std::tm parts{};
  gmtime_r(&time, &parts);
  char text[80];
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", parts.tm_year + 1900, parts.tm_mon + 1,
                parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, static_cast<int>(rest));
  return text;
}

}  // namespace hob
