// load: the fold of a whole session, read from the store page by page.
//
//   HOB_CO_TRY(fold, co_await session::load(store, session_id));
//
// [io]
#pragma once

#include "daemon/session/fold.h"

namespace hob::session {

/// not_found when there is no such session.
Async<Result<Fold>> load(store::Store& store, std::string session_id);

}  // namespace hob::session
