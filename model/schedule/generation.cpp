#include "model/schedule/generation.h"

#include <algorithm>

namespace hob::schedule {
namespace {

double seconds(std::chrono::steady_clock::duration time) { return std::chrono::duration<double>(time).count(); }

/// Where the next turn's prompt may part from this one: before the generation prompt (the model turn just opened, which
/// may hold an empty thought channel), and after the last tool response (what follows is thought, dropped later).
size_t turn_boundary(const std::vector<Token>& prompt, const ControlTokens& control) {
  for (size_t at = prompt.size(); at > 0; --at) {
    if (control.response_close == prompt[at - 1]) return at;
    if (control.turn_open == prompt[at - 1]) return at - 1;
  }
  return 0;
}

}  // namespace

Generation::Generation(Request request, Tools tools)
    : request_(std::move(request)), tools_(tools), sampler_(request_.sampling, tools.control.suppressed) {}

void Generation::begin() {
  started_ = prefilled_ = tools_.clock.now();
  const std::vector<Token>& prompt = request_.prompt;
  result_.usage.prompt_tokens = prompt.size();
  const uint32_t context = tools_.engine.info().context;
  if (prompt.empty()) return end(Error(Code::invalid_params, "The prompt is empty."));
  if (prompt.size() + 1 > context) {
    return end(Error(Code::context_exceeded, "The prompt has " + std::to_string(prompt.size()) +
                                                 " tokens; the model's context has " + std::to_string(context) +
                                                 " and one must be left for the answer.")
                   .with("needed", static_cast<long long>(prompt.size() + 1))
                   .with("available", static_cast<long long>(context)));
  }
  auto kept = tools_.cache.acquire(request_.session, prompt);
  if (!kept) return end(std::move(kept).error());
  kept_ = *kept;
  if (request_.automaton) automaton_ = request_.automaton();
  result_.usage.cached_tokens = kept_->tokens.size();
  if (request_.prefix > 0 && request_.prefix < prompt.size()) boundaries_.push_back(request_.prefix);
  if (const size_t turn = turn_boundary(prompt, tools_.control); turn > 0 && turn != request_.prefix) {
    boundaries_.push_back(turn);
  }
  std::sort(boundaries_.begin(), boundaries_.end());
}

size_t Generation::next_boundary(size_t from) const {
  for (const size_t boundary : boundaries_) {
    if (boundary > from) return boundary;
  }
  return request_.prompt.size();
}

void Generation::look_at_cancel() {
  if (!done_ && request_.cancelled->load(std::memory_order_relaxed)) close(Stop::cancelled);
}

engine::Row Generation::next_row() {
  engine::Row row;
  row.seq = kept_->seq;
  if (prefilling()) {
    const std::vector<Token>& prompt = request_.prompt;
    const size_t from = kept_->tokens.size();
    const size_t chunk = std::max<size_t>(tools_.engine.info().prefill_chunk, 1);
    const size_t to = std::min(from + chunk, next_boundary(from));
    row.ids.assign(prompt.begin() + static_cast<ptrdiff_t>(from), prompt.begin() + static_cast<ptrdiff_t>(to));
    row.logits_from = to == prompt.size() && automaton_ ? row.ids.size() - 1 : row.ids.size();
  } else {
    row.ids = {produced_.back()};
  }
  row_ids_ = row.ids;
  return row;
}

void Generation::at_boundary() {
  const size_t length = kept_->tokens.size();
  if (std::find(boundaries_.begin(), boundaries_.end(), length) == boundaries_.end()) return;
  if (length != request_.prefix) return tools_.cache.mark(*kept_);
  if (!tools_.cache.has_shared(request_.prompt, length)) tools_.cache.share(*kept_);
}

void Generation::take(Result<engine::RowOutput> output) {
  if (!output) {
    // An interrupted forward is tried again, unless it was this step that was to be interrupted: look_at_cancel() sees that.
    if (output.error().code() == Code::cancelled) return;
    return fail(std::move(output).error());
  }
  const bool was_prefilling = prefilling();
  tools_.cache.appended(*kept_, row_ids_);
  if (was_prefilling) {
    at_boundary();
    wire::StepProgress progress;
    progress.kind = wire::StepProgressKind::prefill;
    progress.done = kept_->tokens.size();
    progress.total = request_.prompt.size();
    request_.progress(std::move(progress));
    if (prefilling()) return;
    prefilled_ = tools_.clock.now();
    if (!automaton_) return finish(Stop::end_turn);
  }
  if (auto taken = take_logits(output->logits); !taken) fail(std::move(taken).error());
}

Result<Token> Generation::choose(const std::vector<float>& logits) {
  HOB_TRY(mask, automaton_->mask());
  if (close_thought_ && tools_.control.channel_close && sample::allows(mask, *tools_.control.channel_close)) {
    close_thought_ = false;
    return *tools_.control.channel_close;
  }
  return sampler_.choose(logits, mask, request_.prompt.size() + produced_.size());
}

Result<void> Generation::take_logits(const std::vector<float>& logits) {
  HOB_TRY(token, choose(logits));
  ++result_.usage.output_tokens;
  if (const auto& stops = tools_.control.stops; std::find(stops.begin(), stops.end(), token) != stops.end()) {
    // Whatever the stop token is, a step with calls waits for their results.
    const bool calls = std::any_of(result_.items.begin(), result_.items.end(), [](const wire::Item& item) {
      return item.kind == wire::ItemKind::tool_call;
    });
    close(calls ? Stop::tool_calls : Stop::end_turn, token);
    return {};
  }
  HOB_TRY_VOID(accept(token));
  const Where where = automaton_->where();
  const bool loop = guard_.push(token) && where != Where::string;
  if (loop && where == Where::thought && !close_thought_ && tools_.control.channel_close) {
    close_thought_ = true;
    guard_.reset();
  } else if (loop) {
    close(Stop::repetition);
    return {};
  }
  const size_t positions = request_.prompt.size() + produced_.size();
  if (produced_.size() >= request_.max_tokens || positions > tools_.engine.info().context) close(Stop::max_tokens);
  return {};
}

Result<void> Generation::accept(Token token) {
  const Where before = automaton_->where();
  produced_.push_back(token);
  std::vector<Event> events;
  HOB_TRY_VOID(automaton_->accept(token, events));
  const auto in_value = [](Where where) { return where == Where::value || where == Where::string; };
  if (!in_value(before) && in_value(automaton_->where())) value_begins_ = produced_.size() - 1;
  report(std::move(events));
  return {};
}

void Generation::add_text(wire::ItemKind kind, std::string text) {
  if (result_.items.empty() || result_.items.back().kind != kind) {
    result_.items.emplace_back();
    result_.items.back().kind = kind;
  }
  result_.items.back().text += text;
}

void Generation::report(std::vector<Event> events) {
  using wire::ItemKind;
  using wire::StepProgressKind;
  for (Event& event : events) {
    wire::StepProgress progress;
    progress.text = event.text;
    progress.name = event.name;
    switch (event.kind) {
      case Event::Kind::text:
        progress.kind = StepProgressKind::text;
        add_text(ItemKind::agent_message, std::move(event.text));
        break;
      case Event::Kind::thought:
        progress.kind = StepProgressKind::thought;
        add_text(ItemKind::thought, std::move(event.text));
        break;
      case Event::Kind::answer:
        progress.kind = StepProgressKind::answer;
        add_text(ItemKind::structured_output, std::move(event.text));
        if (closing_) result_.incomplete = result_.items.back().incomplete.emplace(true);
        break;
      case Event::Kind::call_begin:
        progress.kind = StepProgressKind::call_begin;
        break;
      case Event::Kind::call: {
        if (closing_) {  // cut by a limit: never executed
          result_.incomplete = true;
          drop_open_value();
          continue;
        }
        progress.kind = StepProgressKind::call;
        progress.arguments = event.arguments;
        wire::Item item;
        item.kind = ItemKind::tool_call;
        item.name = std::move(event.name);
        item.arguments = std::move(event.arguments);
        result_.items.push_back(std::move(item));
        break;
      }
    }
    request_.progress(std::move(progress));
  }
}

void Generation::close(Stop stop, std::optional<Token> stop_token) {
  if (!automaton_) return finish(stop);
  const bool limited = stop == Stop::max_tokens || stop == Stop::repetition;
  if (limited) {
    closing_ = true;
    for (const Token token : automaton_->closing()) {
      if (auto accepted = accept(token); !accepted) return fail(std::move(accepted).error());
    }
  }
  const Where where = automaton_->where();
  std::vector<Event> events;
  automaton_->finish(stop_token, events);
  report(std::move(events));
  if (where == Where::value || where == Where::string) {
    result_.incomplete = result_.incomplete || limited;
    drop_open_value();
  }
  finish(stop);
}

void Generation::drop_open_value() {
  if (value_begins_) produced_.resize(*value_begins_);  // the history must not hold what never happened
  if (!result_.items.empty() && result_.items.back().kind == wire::ItemKind::structured_output) {
    result_.items.pop_back();
  }
}

void Generation::finish(Stop stop) {
  const auto now = tools_.clock.now();
  if (prefilling()) prefilled_ = now;
  result_.stop = stop;
  result_.usage.prefill_seconds = seconds(prefilled_ - started_);
  result_.usage.decode_seconds = seconds(now - prefilled_);
  if (!result_.items.empty()) {
    result_.items.front().produced =
        wire::Produced{tools_.engine.info().fingerprint, produced_, request_.inside_thought};
  }
  tools_.cache.release(*kept_);
  kept_ = nullptr;
  end(std::move(result_));
}

void Generation::fail(Error error) {
  tools_.cache.discard(*kept_);
  kept_ = nullptr;
  end(std::move(error));
}

void Generation::end(Result<wire::StepResult> result) {
  done_ = true;
  request_.done(std::move(result));
}

}  // namespace hob::schedule
