// failpoint: lets a test end the process right after a certain commit, as a power cut would: HOB_FAILPOINT=TYPE:N in
// the environment of hobd, and the Nth event of this type that is on disk is the last thing that happened.
//
//   HOB_FAILPOINT=journal.intent:1 hobd
//
// Without the variable this costs one comparison. [store]
#pragma once

#include <vector>

#include "daemon/store/store.h"

namespace hob::store {

/// Called with what has just become durable, before anybody is told. May not return.
void pass_failpoint(const std::vector<Event>& events);

}  // namespace hob::store
