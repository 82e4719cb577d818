#include "model/schedule/transcript.h"

#include <algorithm>

namespace hob::schedule {
namespace {

bool in_value(Where where) { return where == Where::value || where == Where::string; }

}  // namespace

Transcript::Transcript(std::vector<std::string> stop_strings, bool logprobs, Progress progress)
    : progress_(std::move(progress)), stops_(std::move(stop_strings)) {
  if (logprobs) logprobs_.emplace();
}

void Transcript::add(Added added, std::vector<Event> events) {
  if (logprobs_ && added.logprob) {
    logprobs_->push_back(*std::move(added.logprob));
    places_.push_back({added.before, text_});
  }
  ids_.push_back(added.token);
  const bool words = std::any_of(events.begin(), events.end(), [](const Event& e) { return e.kind == Event::Kind::words; });
  // Words may be over at several places; they begin once.
  const bool begins = words || (!in_value(added.before) && in_value(added.after));
  if (begins && !words_) value_begins_ = ids_.size() - 1;
  words_ = words_ || words;
  report(std::move(events));
}

void Transcript::report(std::vector<Event> events) {
  for (Event& event : events) {
    if (event.kind != Event::Kind::text) end_text();
    if (stop_string()) return;
    report_one(std::move(event));
  }
}

void Transcript::end_text() { show_text(stops_.finish()); }

void Transcript::show_text(std::string text) {
  if (text.empty()) return;
  shown_ += text.size();
  wire::StepProgress progress;
  progress.kind = wire::StepProgressKind::text;
  progress.text = text;
  add_text(wire::ItemKind::agent_message, std::move(text));
  progress_(std::move(progress));
}

void Transcript::add_text(wire::ItemKind kind, std::string text) {
  if (items_.empty() || items_.back().kind != kind) {
    items_.emplace_back();
    items_.back().kind = kind;
  }
  items_.back().text += text;
}

void Transcript::report_one(Event event) {
  using wire::ItemKind;
  using wire::StepProgressKind;
  wire::StepProgress progress;
  progress.text = event.text;
  progress.name = event.name;
  switch (event.kind) {
    case Event::Kind::text:
      text_ += event.text.size();
      return show_text(stops_.push(event.text));
    case Event::Kind::thought:
      progress.kind = StepProgressKind::thought;
      add_text(ItemKind::thought, std::move(event.text));
      break;
    case Event::Kind::answer:
      progress.kind = StepProgressKind::answer;
      add_text(ItemKind::structured_output, std::move(event.text));
      if (closing_) incomplete_ = items_.back().incomplete.emplace(true);
      break;
    case Event::Kind::words:
      progress.kind = StepProgressKind::text;
      add_text(ItemKind::agent_message, std::move(event.text));
      if (closing_) incomplete_ = items_.back().incomplete.emplace(true);
      break;
    case Event::Kind::call_begin:
      progress.kind = StepProgressKind::call_begin;
      break;
    case Event::Kind::call: {
      if (closing_) {  // cut by a limit: never executed
        incomplete_ = true;
        return drop_open_value();
      }
      progress.kind = StepProgressKind::call;
      progress.arguments = event.arguments;
      wire::Item item;
      item.kind = ItemKind::tool_call;
      item.name = std::move(event.name);
      item.arguments = std::move(event.arguments);
      items_.push_back(std::move(item));
      break;
    }
  }
  progress_(std::move(progress));
}

void Transcript::drop_open_value() {
  if (value_begins_) {
    ids_.resize(*value_begins_);
    if (logprobs_ && logprobs_->size() > ids_.size()) logprobs_->resize(ids_.size());
  }
  const wire::ItemKind open = words_ ? wire::ItemKind::agent_message : wire::ItemKind::structured_output;
  if (!items_.empty() && items_.back().kind == open) items_.pop_back();
}

bool Transcript::has_calls() const {
  return std::any_of(items_.begin(), items_.end(),
                     [](const wire::Item& item) { return item.kind == wire::ItemKind::tool_call; });
}

void Transcript::cut_logprobs() {
  while (!logprobs_->empty()) {
    const Place& last = places_[logprobs_->size() - 1];
    if (last.where != Where::outside || last.text < shown_) return;
    logprobs_->pop_back();
  }
}

void Transcript::finish(const std::string& fingerprint, bool inside_thought, wire::StepResult& result) {
  result.incomplete = incomplete_;
  result.items = std::move(items_);
  result.stop_string = stop_string();
  if (stop_string() && logprobs_) cut_logprobs();
  result.logprobs = std::move(logprobs_);
  // Where a stop string cut the text, the ids say more than the items: a history must make its own.
  if (result.items.empty() || stop_string()) return;
  result.items.front().produced = wire::Produced{fingerprint, std::move(ids_), inside_thought};
}

}  // namespace hob::schedule
