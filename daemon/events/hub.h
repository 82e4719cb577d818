// Hub: hands events to those who listen. Durable events come from the store's log and have cursors; deltas are
// ephemeral. The hub never waits for a slow listener: over a listener's byte budget deltas are merged or dropped, a
// `gap` is queued, durable events stop, and the client catches up with events/read and subscribes again.
//
//   hub.publish(events);                                     // after each commit, in order
//   hub.ephemeral({.session_id = s, .turn_id = t, .item_id = i, .type = "item.delta",
//                  .data = {{"kind", "agent_message"}, {"text", " wor"}, {"offset", 5}}});
//   HOB_CO_TRY(reply, co_await hub.subscribe(params, sink)); // sink takes wire::EventMessage
//
// A subscription is made before subscribe() returns, but what is in the log already is sent afterwards, from a coroutine
// of its own, so that the reply goes out first. Then every durable event comes once, in the order of the log: those of
// the log up to a moment, and from that moment on those that publish() brings. All of it on [io].
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/store/store.h"
#include "schemas/wire/client/events.h"

namespace hob::events {

/// "EPOCH.ROW", opaque to clients.
std::string cursor_of(const store::Store& store, int64_t row);
/// The row of a cursor; "" is 0. `fresh` when the cursor is of another store (row 0 then). Malformed: invalid_params.
struct CursorRow {
  int64_t row = 0;
  bool fresh = false;
};
Result<CursorRow> row_of(const store::Store& store, std::string_view cursor);

/// A stored event as clients see it (no secrets).
wire::EventMessage to_message(const store::Store& store, const store::Event& event);

/// Where a subscription's messages go. send() queues the message, or returns false and queues nothing when the listener's
/// budget is used up. The hub then merges deltas of the same item, sends a `gap` {fromCursor, toCursor} in the place of
/// the first durable event that found no room, and is silent on that subscription from there on. It tries again when the
/// sink's owner calls Hub::on_room, and before anything else that it wants to send there.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual bool send(const wire::EventMessage& message) = 0;
};

struct Ephemeral {
  std::string session_id, turn_id, item_id;
  std::string type;   // "item.delta", "progress", "model.state", "session.deleted"
  Json data;          // item.delta: {kind, text, offset}; others: anything
};

class Hub {
 public:
  virtual ~Hub() = default;
  virtual void publish(const std::vector<store::Event>& events) = 0;
  /// To the subscriptions of its session; one without a session goes to all. `types` of a subscription apply.
  virtual void ephemeral(const Ephemeral& event) = 0;
  /// The text so far of an item that is being written; told to those who subscribe in its middle. Empty text ends it.
  virtual void open_item(const std::string& session_id, const std::string& item_id, const std::string& text) = 0;

  virtual Async<Result<wire::EventsSubscribeResult>> subscribe(wire::EventsSubscribe params, std::weak_ptr<Sink> sink) = 0;
  virtual Result<void> unsubscribe(const std::string& subscription_id, const Sink* owner) = 0;
  /// The connection is gone.
  virtual void forget(const Sink* owner) = 0;
  /// The sink can take messages again.
  virtual void on_room(const Sink* owner) = 0;
  /// A page of the log, cut at 8 MiB. A cursor of another store is `cursor_expired`.
  virtual Async<Result<wire::EventsReadResult>> read(wire::EventsRead params) = 0;
};

/// The store and the clock outlive the hub and the coroutines that it started on `io`.
std::unique_ptr<Hub> make_hub(store::Store& store, const Clock& clock, asio::any_io_executor io);

}  // namespace hob::events
