#include "model/schedule/scheduler.h"

#include <algorithm>

namespace hob::schedule {

Scheduler::Scheduler(engine::Engine& engine, ControlTokens control, uint64_t cache_bytes, const Clock& clock)
    : engine_(engine), control_(std::move(control)), clock_(clock), cache_(engine, cache_bytes) {}

Result<void> Scheduler::submit(Request request) {
  if (waiting_.size() >= kMaxWaiting) {
    return Error(Code::overloaded, std::to_string(kMaxWaiting) + " model steps are waiting already.");
  }
  waiting_.push_back(
      std::make_unique<Generation>(std::move(request), Generation::Tools{engine_, cache_, control_, clock_}));
  return {};
}

void Scheduler::activate() {
  for (auto next = waiting_.begin(); next != waiting_.end() && active_.size() < kMaxActive;) {
    const std::string& session = (*next)->session();
    const bool taken = !session.empty() && std::any_of(active_.begin(), active_.end(), [&](const auto& other) {
      return other->session() == session;
    });
    if (taken) {
      ++next;
      continue;
    }
    std::unique_ptr<Generation> generation = std::move(*next);
    next = waiting_.erase(next);
    generation->begin();
    if (!generation->done()) active_.push_back(std::move(generation));
  }
}

void Scheduler::work() {
  activate();
  for (const auto& generation : active_) generation->look_at_cancel();
  active_.remove_if([](const auto& generation) { return generation->done(); });
  if (active_.empty()) return;
  std::vector<Generation*> running;
  engine::Batch batch;
  const size_t rows = std::max<size_t>(engine_.info().max_rows, 1);
  for (const auto& generation : active_) {
    if (batch.rows.size() == rows) break;
    batch.rows.push_back(generation->next_row());
    running.push_back(generation.get());
  }
  auto output = engine_.forward(batch);
  for (size_t i = 0; i < running.size(); ++i) {
    if (output) {
      running[i]->take(std::move(output->rows[i]));
    } else {
      running[i]->take(output.error());
    }
    active_.splice(active_.end(), active_, active_.begin());  // those that ran stand at the front: to the end
  }
  active_.remove_if([](const auto& generation) { return generation->done(); });
}

}  // namespace hob::schedule
