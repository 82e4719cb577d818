#include "daemon/events/subscription.h"

#include <algorithm>

namespace hob::events {

bool Subscription::send(wire::EventMessage message) {
  const auto sink = sink_.lock();
  if (!sink || ended_) return false;
  message.subscription_id = id_;
  return sink->send(message);
}

void Subscription::published(const store::Event& event) {
  if (event.hidden || !wants(event.session_id, event.type)) return;
  if (state_ == State::stopped) {
    flush();
  } else if (state_ == State::catching_up) {
    kept_.push_back(event);
  } else {
    durable(event);
  }
}

void Subscription::page(const std::vector<store::Event>& events) {
  for (const auto& event : events) durable(event);
}

void Subscription::go_live() {
  if (state_ != State::catching_up) return;
  state_ = State::live;
  covered_ = row_;
  for (const auto& event : std::exchange(kept_, {})) durable(event);
}

void Subscription::durable(const store::Event& event) {
  if (state_ == State::stopped || event.row <= covered_) return;
  if (event.type == "item.completed") {
    // It is authoritative: deltas that still wait say nothing new.
    std::erase_if(merged_, [&](const auto& delta) { return delta.item_id == event.item_id; });
    broken_items_.erase(event.item_id);
  }
  if (!flush() || !send(to_message(store_, event))) return stop();
  row_ = std::max(row_, event.row);
}

void Subscription::stop() {
  if (state_ == State::stopped) return;
  state_ = State::stopped;
  kept_.clear();
  merged_.clear();
  gap_waits_ = true;
  flush();
}

bool Subscription::flush() {
  while (!merged_.empty()) {
    if (!send(merged_.front())) return false;
    merged_.erase(merged_.begin());
  }
  if (!gap_waits_) return true;
  wire::EventMessage gap;
  gap.type = "gap";
  gap.at = rfc3339(clock_.wall_ms());
  gap.data = {{"fromCursor", cursor_of(store_, row_)}, {"toCursor", cursor_of(store_, store_.last_row())}};
  if (!send(std::move(gap))) return false;
  gap_waits_ = false;
  return true;
}

void Subscription::ephemeral(const Ephemeral& event) {
  const bool delta = event.type == "item.delta";
  if (state_ == State::stopped || (delta && !deltas_)) return;
  if (!event.session_id.empty() && !wants_session(event.session_id)) return;
  if (types_ && types_->count(event.type) == 0) return;
  if (delta && broken_items_.count(event.item_id) > 0) return;
  wire::EventMessage message;
  message.session_id = event.session_id;
  if (!event.turn_id.empty()) message.turn_id = event.turn_id;
  if (!event.item_id.empty()) message.item_id = event.item_id;
  message.at = rfc3339(clock_.wall_ms());
  message.type = event.type;
  message.data = event.data;
  const bool behind = std::any_of(
      merged_.begin(), merged_.end(), [&](const auto& waiting) { return waiting.item_id == event.item_id; });
  if (!(delta && behind) && send(message)) return;
  if (delta) merge(std::move(message));
}

void Subscription::merge(wire::EventMessage message) {
  const auto text = message.data.find("text");
  if (text == message.data.end() || !text->is_string()) return;
  const auto& bytes = text->get_ref<const std::string&>();
  size_t waiting_bytes = 0;
  for (auto& waiting : merged_) waiting_bytes += waiting.data["text"].get_ref<std::string&>().size();
  if (waiting_bytes + bytes.size() > kMaxMergedBytes) {
    broken_items_.insert(message.item_id.value_or(""));
    return;
  }
  for (auto& waiting : merged_) {
    if (waiting.item_id != message.item_id || waiting.data["kind"] != message.data["kind"]) continue;
    waiting.data["text"].get_ref<std::string&>() += bytes;
    return;
  }
  merged_.push_back(std::move(message));
}

}  // namespace hob::events
