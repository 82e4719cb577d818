// events/*: every durable event has a cursor; deltas are ephemeral and name itemId and offset.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "schemas/describe/describe.h"

namespace hob::wire {

struct EventsSubscribe {
  std::optional<std::vector<std::string>> session_ids;  // missing: all
  std::optional<std::vector<std::string>> types;
  std::optional<std::string> after;
  bool deltas = true;

  template <typename D>
  static void describe(D& d) {
    d.about("EventsSubscribe", "Notifications `event` follow, from `after` on (missing: from now on).");
    d.field("sessionIds", &EventsSubscribe::session_ids, "Missing: all sessions.");
    d.field("types", &EventsSubscribe::types, "");
    d.field("after", &EventsSubscribe::after, "Cursor; \"\" is the beginning.");
    d.defaulted("deltas", &EventsSubscribe::deltas, "");
  }
};

struct OpenItem {
  std::string item_id;
  std::string text;

  template <typename D>
  static void describe(D& d) {
    d.about("OpenItem", "An item that is being written, as far as it is.");
    d.field("itemId", &OpenItem::item_id, "");
    d.field("text", &OpenItem::text, "");
  }
};

struct EventsSubscribeResult {
  std::string subscription_id;
  std::string cursor;
  bool fresh = false;  // the cursor given was of another store; everything is sent again
  std::vector<OpenItem> open;

  template <typename D>
  static void describe(D& d) {
    d.about("EventsSubscribeResult", "");
    d.field("subscriptionId", &EventsSubscribeResult::subscription_id, "");
    d.field("cursor", &EventsSubscribeResult::cursor, "");
    d.defaulted("fresh", &EventsSubscribeResult::fresh, "");
    d.defaulted("open", &EventsSubscribeResult::open, "");
  }
};

struct EventsUnsubscribe {
  std::string subscription_id;

  template <typename D>
  static void describe(D& d) {
    d.about("EventsUnsubscribe", "");
    d.field("subscriptionId", &EventsUnsubscribe::subscription_id, "");
  }
};

struct EventsRead {
  std::string after;
  uint32_t limit = 200;
  std::optional<std::vector<std::string>> session_ids;
  std::optional<std::vector<std::string>> types;

  template <typename D>
  static void describe(D& d) {
    d.about("EventsRead", "A page of durable events.");
    d.defaulted("after", &EventsRead::after, "Cursor; \"\" is the beginning.");
    d.defaulted("limit", &EventsRead::limit, "", {.min = 1, .max = 1000});
    d.field("sessionIds", &EventsRead::session_ids, "");
    d.field("types", &EventsRead::types, "");
  }
};

struct EventMessage {
  std::optional<std::string> subscription_id;  // in notifications
  std::optional<std::string> cursor;           // durable events only
  std::string session_id;
  std::optional<std::string> turn_id;
  std::optional<std::string> item_id;
  std::string at;                              // RFC 3339
  std::string type;
  Json data;

  template <typename D>
  static void describe(D& d) {
    d.about("EventMessage", "");
    d.field("subscriptionId", &EventMessage::subscription_id, "");
    d.field("cursor", &EventMessage::cursor, "Durable events only.");
    d.field("sessionId", &EventMessage::session_id, "");
    d.field("turnId", &EventMessage::turn_id, "");
    d.field("itemId", &EventMessage::item_id, "");
    d.field("at", &EventMessage::at, "RFC 3339.");
    d.field("type", &EventMessage::type, "");
    d.field("data", &EventMessage::data, "");
  }
};

struct EventsReadResult {
  std::vector<EventMessage> events;
  std::string cursor;
  bool more = false;

  template <typename D>
  static void describe(D& d) {
    d.about("EventsReadResult", "");
    d.field("events", &EventsReadResult::events, "");
    d.field("cursor", &EventsReadResult::cursor, "");
    d.field("more", &EventsReadResult::more, "");
  }
};

}  // namespace hob::wire
