#include "daemon/store/failpoint.h"

#include <unistd.h>

#include <cstdlib>
#include <string>

namespace hob::store {
namespace {

constexpr int kKilled = 137;  // what a shell says of SIGKILL

struct Failpoint {
  std::string type;
  long left = 0;
};

Failpoint from_environment() {
  const char* text = std::getenv("HOB_FAILPOINT");
  if (text == nullptr) return {};
  const std::string all = text;
  const size_t colon = all.rfind(':');
  if (colon == std::string::npos) return {};
  return {all.substr(0, colon), std::strtol(all.c_str() + colon + 1, nullptr, 10)};
}

}  // namespace

void pass_failpoint(const std::vector<Event>& events) {
  static Failpoint failpoint = from_environment();
  if (failpoint.left <= 0) return;
  for (const Event& event : events) {
    if (event.type == failpoint.type && --failpoint.left == 0) ::_exit(kKilled);
  }
}

}  // namespace hob::store
