// UUIDv7 (RFC 9562, 5.7): sortable by time of making. Time and randomness are injected.
#pragma once

#include <string>
#include <string_view>

#include "schemas/base/clock.h"

namespace hob {

/// A new id such as "019aa6c3-8f2e-7b1d-9c55-0d6a3e1f7b42".
std::string new_id(const Clock& clock, Random& random);

/// Whether `text` has the shape of an id. Ids from outside never become part of a path before this.
bool is_id(std::string_view text);

}  // namespace hob
