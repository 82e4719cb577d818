#include <charconv>

#include "daemon/events/hub.h"

namespace hob::events {

std::string cursor_of(const store::Store& store, int64_t row) { return store.epoch() + "." + std::to_string(row); }

Result<CursorRow> row_of(const store::Store& store, std::string_view cursor) {
  if (cursor.empty()) return CursorRow{};
  const size_t dot = cursor.find('.');
  int64_t row = -1;
  if (dot != std::string_view::npos && dot > 0) {
    const char* end = cursor.data() + cursor.size();
    const auto [rest, failure] = std::from_chars(cursor.data() + dot + 1, end, row);
    if (failure != std::errc() || rest != end) row = -1;
  }
  if (row < 0) {
    return invalid_params("/after", "a cursor that this daemon gave", json::brief(Json(std::string(cursor))));
  }
  // A row that is still to come means that the file was put back to an older copy.
  if (cursor.substr(0, dot) != store.epoch() || row > store.last_row()) return CursorRow{0, true};
  return CursorRow{row, false};
}

wire::EventMessage to_message(const store::Store& store, const store::Event& event) {
  wire::EventMessage message;
  message.cursor = cursor_of(store, event.row);
  message.session_id = event.session_id;
  if (!event.turn_id.empty()) message.turn_id = event.turn_id;
  if (!event.item_id.empty()) message.item_id = event.item_id;
  message.at = rfc3339(event.at_ms);
  message.type = event.type;
  message.data = event.data;
  return message;
}

}  // namespace hob::events
