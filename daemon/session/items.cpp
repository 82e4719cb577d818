#include "daemon/session/items.h"

namespace hob::session {
namespace {

constexpr char kItemCompleted[] = "item.completed";

Error damaged(const store::Event& event, const std::string& why) {
  return Error(Code::store_failed,
               "Event " + std::to_string(event.row) + " (" + event.type + ") cannot be understood: " + why);
}

}  // namespace

store::NewEvent item_event(const std::string& session_id, const wire::Item& item) {
  store::NewEvent event{.session_id = session_id, .turn_id = item.turn_id, .item_id = item.id, .type = kItemCompleted};
  wire::Item shown = item;
  shown.produced.reset();
  event.data = describe::write(shown);
  if (item.produced) event.secret = {{"produced", describe::write(*item.produced)}};
  return event;
}

Result<std::vector<wire::Item>> items(const std::vector<store::Event>& events) {
  std::vector<wire::Item> out;
  for (const store::Event& event : events) {
    if (event.type != kItemCompleted) continue;
    auto item = describe::read<wire::Item>(event.data);
    if (!item) return damaged(event, item.error().message());
    if (event.secret.is_object() && event.secret.contains("produced")) {
      auto produced = describe::read<wire::Produced>(event.secret["produced"]);
      if (!produced) return damaged(event, "its token ids: " + produced.error().message());
      item->produced = *std::move(produced);
    }
    out.push_back(*std::move(item));
  }
  return out;
}

Async<Result<std::vector<store::Event>>> history(store::Store& store, std::string session_id, bool with_hidden) {
  constexpr uint32_t kPage = 1000;
  std::vector<store::Event> all;
  for (size_t got = kPage; got == kPage;) {
    const int64_t after = all.empty() ? 0 : all.back().row;
    HOB_CO_TRY(page, co_await store.events(after, kPage, store::session_log(session_id, with_hidden)));
    got = page.size();
    std::move(page.begin(), page.end(), std::back_inserter(all));
  }
  co_return all;
}

wire::SessionInfo session_info(const store::SessionRow& row) {
  wire::SessionInfo info;
  info.session_id = row.id;
  info.cwd = row.cwd;
  info.title = row.title;
  info.updated_at = rfc3339(row.updated_ms);
  info.created_at = rfc3339(row.created_ms);
  info.turns = row.turns;
  info.mode = row.mode;
  return info;
}

}  // namespace hob::session
