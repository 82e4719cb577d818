#include "schemas/wire/handshake.h"

#ifndef HOB_BUILD_ID
#define HOB_BUILD_ID "unknown"
#endif

namespace hob::wire {

const std::string& build_id() {
  static const std::string id = HOB_BUILD_ID;
  return id;
}

}  // namespace hob::wire
