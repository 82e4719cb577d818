// items: a session's log and its items, there and back.
//
//   commit.events.push_back(session::item_event(session_id, item));        // data for all, token ids for the model
//   HOB_TRY(items, session::items(events));                                // what the next step sends to the model
//   HOB_CO_TRY(events, co_await session::history(store, id, true));        // the whole log, page by page
//
// Pure, but for history(), which belongs to [io].
#pragma once

#include <string>
#include <vector>

#include "daemon/store/store.h"
#include "schemas/wire/client/session.h"
#include "schemas/wire/item.h"

namespace hob::session {

/// The item.completed event of an item, with its token ids where no client sees them.
store::NewEvent item_event(const std::string& session_id, const wire::Item& item);
/// The items among the events, in order. store_failed when one cannot be understood: a damaged row is not skipped.
Result<std::vector<wire::Item>> items(const std::vector<store::Event>& events);
/// The log of a session; `with_hidden` also what is journal only.
Async<Result<std::vector<store::Event>>> history(store::Store& store, std::string session_id, bool with_hidden);

wire::SessionInfo session_info(const store::SessionRow& row);

}  // namespace hob::session
