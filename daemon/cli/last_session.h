// last_session: the session that was used last, which people call "last".
#pragma once

#include <string>

#include "daemon/cli/client.h"

namespace hob::cli {

/// not_found when there is none.
Result<std::string> last_session(Client& client);
/// `word` itself, or the last session's id for "last".
Result<std::string> session_named(Client& client, const std::string& word);

}  // namespace hob::cli
