// Subscription: one listener's view of the log: what it wants, how far it is, and what waits for room. Used by the hub.
//
//   catching_up: rows come from the store; publish() only keeps what arrives during the last page
//   live:        publish() sends at once
//   stopped:     the listener was too slow; a gap is sent when there is room, then nothing more
//
// [io]
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/events/hub.h"

namespace hob::events {

inline constexpr size_t kMaxMergedBytes = 64u << 10;  // of waiting deltas; more are dropped

class Subscription {
 public:
  Subscription(std::string id, wire::EventsSubscribe wanted, std::weak_ptr<Sink> sink, int64_t row,
               const store::Store& store, const Clock& clock)
      : id_(std::move(id)), sink_(std::move(sink)), store_(store), clock_(clock), deltas_(wanted.deltas), row_(row) {
    owner_ = sink_.lock().get();
    if (wanted.session_ids) sessions_.emplace(wanted.session_ids->begin(), wanted.session_ids->end());
    if (wanted.types) types_.emplace(wanted.types->begin(), wanted.types->end());
    filter_.session_ids = std::move(wanted.session_ids);
    filter_.types = std::move(wanted.types);
  }

  const std::string& id() const { return id_; }
  const Sink* owner() const { return owner_; }
  bool gone() const { return ended_ || sink_.expired(); }
  /// Nothing is sent any more.
  void end() { ended_ = true; }
  bool wants_session(const std::string& session_id) const { return !sessions_ || sessions_->count(session_id) > 0; }
  const store::EventFilter& filter() const { return filter_; }
  /// The newest row that was sent.
  int64_t row() const { return row_; }
  bool stopped() const { return state_ == State::stopped; }

  /// An event that publish() brought.
  void published(const store::Event& event);
  /// A page of the log, in order; the events of publish() are kept from now until it is there.
  void page_asked() { kept_.clear(); }
  void page(const std::vector<store::Event>& events);
  /// The last page was the end of the log: sends what was kept, and is live.
  void go_live();
  /// The log could not be read: as if there had been no room.
  void cannot_catch_up() { stop(); }

  void ephemeral(const Ephemeral& event);
  /// Sends what waits for room; false when there is none yet.
  bool flush();

 private:
  enum class State { catching_up, live, stopped };

  bool wants(const std::string& session_id, const std::string& type) const {
    return wants_session(session_id) && (!types_ || types_->count(type) > 0);
  }
  void durable(const store::Event& event);
  void merge(wire::EventMessage message);
  void stop();
  bool send(wire::EventMessage message);

  const std::string id_;
  const std::weak_ptr<Sink> sink_;
  const Sink* owner_ = nullptr;  // only compared: the sink may be gone
  const store::Store& store_;
  const Clock& clock_;
  std::optional<std::set<std::string>> sessions_;
  std::optional<std::set<std::string>> types_;
  store::EventFilter filter_;
  const bool deltas_;

  State state_ = State::catching_up;
  bool ended_ = false;
  int64_t row_;
  int64_t covered_ = 0;  // up to here the log was read: what publish() brings of it was sent
  std::vector<store::Event> kept_;
  bool gap_waits_ = false;
  std::vector<wire::EventMessage> merged_;  // deltas without room, one for each item
  std::set<std::string> broken_items_;      // a delta of theirs was dropped: no more until they are completed
};

}  // namespace hob::events
