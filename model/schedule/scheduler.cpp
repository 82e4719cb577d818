#include "model/schedule/scheduler.h"

#include <algorithm>

namespace hob::schedule {
namespace {

/// To each row its own, or to all of them the error.
void hand_out(Result<engine::Output>& output, const std::vector<Generation*>& to) {
  for (size_t i = 0; i < to.size(); ++i) {
    if (output) {
      to[i]->take(std::move(output->rows[i]));
    } else {
      to[i]->take(output.error());
    }
  }
}

}  // namespace

Scheduler::Scheduler(engine::Engine& engine, ControlTokens control, uint64_t cache_bytes, const Clock& clock)
    : engine_(engine), control_(std::move(control)), clock_(clock), cache_(engine, cache_bytes) {}

Result<void> Scheduler::submit(Request request) {
  if (waiting_.size() >= kMaxWaiting) {
    return Error(Code::overloaded, std::to_string(kMaxWaiting) + " model steps are waiting already.");
  }
  waiting_.push_back(
      std::make_unique<Generation>(std::move(request), Generation::Tools{engine_, cache_, control_, clock_, pace_, counts_}));
  return {};
}

bool Scheduler::must_wait(const Generation& generation) const {
  if (generation.cancelled()) return false;  // it only has to end
  const std::string& session = generation.session();
  return std::any_of(active_.begin(), active_.end(), [&](const auto& other) {
    return (!session.empty() && other->session() == session) || other->will_keep_prefix_of(generation.prompt());
  });
}

void Scheduler::activate() {
  for (auto next = waiting_.begin(); next != waiting_.end() && active_.size() < std::max(kMaxActive, rows());) {
    if (must_wait(**next)) {
      ++next;
      continue;
    }
    std::unique_ptr<Generation> generation = std::move(*next);
    next = waiting_.erase(next);
    generation->begin();
    if (!generation->done()) active_.push_back(std::move(generation));
  }
}

std::vector<Generation*> Scheduler::choose() {
  std::vector<Generation*> chosen;
  Active waiting;
  bool prefill = false;
  const size_t most = rows();
  for (auto next = active_.begin(); next != active_.end() && chosen.size() < most;) {
    const auto here = next++;
    if ((*here)->prefilling()) {
      if (prefill) continue;
      prefill = true;
    }
    chosen.push_back(here->get());
    waiting.splice(waiting.end(), active_, here);
  }
  active_.splice(active_.end(), waiting);
  return chosen;
}

void Scheduler::run(std::vector<Generation*> chosen) {
  Generation::Beside beside;
  beside.prefill = std::any_of(chosen.begin(), chosen.end(), [](const Generation* one) { return one->prefilling(); });
  const size_t speaking = chosen.size() - (beside.prefill ? 1 : 0);
  beside.baseline = !beside.prefill && pace_.wants_baseline(speaking);
  engine::Batch batch;
  DraftPace::Forward forward{0, speaking, 0};
  size_t behind = speaking;
  for (Generation* one : chosen) {
    const bool speaks = !one->prefilling();
    if (speaks) --behind;
    beside.positions = forward.positions + behind;  // with what those before drafted; those behind need one at least
    batch.rows.push_back(one->next_row(beside));
    if (speaks) forward.positions += batch.rows.back().ids.size();
  }
  const auto began = clock_.now();
  auto output = engine_.forward(batch);
  const auto time = clock_.now() - began;
  if (!output && chosen.size() > 1 && output.error().code() != Code::cancelled) {
    return run_without(std::move(output).error(), std::move(chosen), std::move(batch));
  }
  const auto said = [&] {
    uint64_t sum = 0;
    for (const Generation* one : chosen) sum += one->said();
    return sum;
  };
  const uint64_t before = said();
  hand_out(output, chosen);
  forward.tokens = said() - before;
  if (output && !beside.prefill) pace_.measured(forward, time);
}

void Scheduler::run_without(Error error, std::vector<Generation*> chosen, engine::Batch batch) {
  const Json row = error.data().is_object() ? error.data().value("row", Json()) : Json();
  if (row.is_number_unsigned() && row.get<uint64_t>() < chosen.size()) {
    const auto at = static_cast<ptrdiff_t>(row.get<uint64_t>());
    chosen[static_cast<size_t>(at)]->take(std::move(error));
    chosen.erase(chosen.begin() + at);
    batch.rows.erase(batch.rows.begin() + at);
    auto output = engine_.forward(batch);
    if (!output && chosen.size() > 1 && output.error().code() != Code::cancelled) {
      return run_without(std::move(output).error(), std::move(chosen), std::move(batch));
    }
    return hand_out(output, chosen);
  }
  for (size_t i = 0; i < chosen.size(); ++i) {
    engine::Batch alone;
    alone.rows.push_back(std::move(batch.rows[i]));
    auto own = engine_.forward(alone);
    if (own) {
      chosen[i]->take(std::move(own->rows[0]));
    } else {
      chosen[i]->take(std::move(own).error());
    }
  }
}

void Scheduler::work() {
  activate();
  for (const auto& generation : active_) generation->look_at_cancel();
  active_.remove_if([](const auto& generation) { return generation->done(); });
  if (active_.empty()) return;
  run(choose());
  active_.remove_if([](const auto& generation) { return generation->done(); });
}

}  // namespace hob::schedule
