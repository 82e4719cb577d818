#include "daemon/session/load.h"

namespace hob::session {
namespace {

constexpr uint32_t kPage = 500;

}  // namespace

Async<Result<Fold>> load(store::Store& store, std::string session_id) {
  HOB_CO_TRY(row, co_await store.session(session_id));
  Fold fold;
  store::EventFilter filter;
  filter.session_ids = std::vector<std::string>{row.id};
  filter.with_hidden = true;
  for (int64_t after = 0;;) {
    HOB_CO_TRY(events, co_await store.events(after, kPage, filter));
    for (const auto& event : events) HOB_CO_TRY_VOID(fold.add(event));
    if (events.size() < kPage) co_return fold;
    after = events.back().row;
  }
}

}  // namespace hob::session
