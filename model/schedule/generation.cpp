#include "model/schedule/generation.h"

#include <algorithm>
#include <cmath>

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
    : request_(std::move(request)),
      tools_(tools),
      sampler_(request_.sampling, tools.control.suppressed),
      transcript_(std::move(request_.stop_strings), request_.logprobs.has_value(), request_.progress) {}

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
  if (!done_ && request_.cancelled->load(std::memory_order_relaxed)) close({Stop::cancelled});
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
    row.ids = {transcript_.ids().back()};
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
  auto ending = read(output->logits);
  if (!ending) return fail(std::move(ending).error());
  if (*ending) close(**ending);
}

Result<Token> Generation::choose(std::span<const float> logits) {
  HOB_TRY(mask, automaton_->mask());
  if (close_thought_ && tools_.control.channel_close && sample::allows(mask, *tools_.control.channel_close)) {
    close_thought_ = false;
    return *tools_.control.channel_close;
  }
  return sampler_.choose(logits, mask, request_.prompt.size() + transcript_.ids().size());
}

Result<std::optional<wire::TokenLogprob>> Generation::judge(std::span<const float> logits, Token token) const {
  if (!request_.logprobs) return std::optional<wire::TokenLogprob>();
  wire::TokenLogprob out{token, request_.spell(token), 0, {}};
  HOB_TRY(own, sample::log_probability(logits, token));
  out.logprob = own;
  if (*request_.logprobs > 0) {
    HOB_TRY(top, sample::top_log_probabilities(logits, *request_.logprobs));
    for (const sample::LogProbability& one : top) {
      if (std::isfinite(one.value)) out.top.push_back({one.token, request_.spell(one.token), one.value});
    }
  }
  return std::optional(std::move(out));
}

Result<std::optional<Generation::Ending>> Generation::read(std::span<const float> logits) {
  HOB_TRY(token, choose(logits));
  ++result_.usage.output_tokens;
  if (const auto& stops = tools_.control.stops; std::find(stops.begin(), stops.end(), token) != stops.end()) {
    // Whatever the stop token is, a step with calls waits for their results.
    return std::optional(Ending{transcript_.has_calls() ? Stop::tool_calls : Stop::end_turn, token});
  }
  HOB_TRY(logprob, judge(logits, token));
  HOB_TRY_VOID(accept(token, std::move(logprob)));
  if (transcript_.stop_string()) return std::optional(Ending{Stop::stop_string});
  const Where where = automaton_->where();
  const bool loop = guard_.push(token) && where != Where::string;
  if (loop && where == Where::thought && !close_thought_ && tools_.control.channel_close) {
    close_thought_ = true;
    guard_.reset();
  } else if (loop) {
    return std::optional(Ending{Stop::repetition});
  }
  const size_t produced = transcript_.ids().size();
  if (produced >= request_.max_tokens || request_.prompt.size() + produced > tools_.engine.info().context) {
    return std::optional(Ending{Stop::max_tokens});
  }
  return std::optional<Ending>();
}

Result<void> Generation::accept(Token token, std::optional<wire::TokenLogprob> logprob) {
  const Where before = automaton_->where();
  std::vector<Event> events;
  HOB_TRY_VOID(automaton_->accept(token, events));
  transcript_.add({token, before, automaton_->where(), std::move(logprob)}, std::move(events));
  return {};
}

void Generation::close(Ending ending) {
  if (!automaton_) return finish(ending.stop);
  const bool limited = ending.stop == Stop::max_tokens || ending.stop == Stop::repetition;
  if (limited) {
    transcript_.begin_closing();
    for (const Token token : automaton_->closing()) {
      if (auto accepted = accept(token); !accepted) return fail(std::move(accepted).error());
    }
  }
  const Where where = automaton_->where();
  std::vector<Event> events;
  automaton_->finish(ending.token, events);
  transcript_.report(std::move(events));
  transcript_.end_text();
  if (where == Where::value || where == Where::string) {
    if (limited) transcript_.mark_incomplete();
    transcript_.drop_open_value();
  }
  const bool stopped = transcript_.stop_string() && ending.stop != Stop::cancelled;
  finish(stopped ? Stop::stop_string : ending.stop);
}

void Generation::finish(Stop stop) {
  const auto now = tools_.clock.now();
  if (prefilling()) prefilled_ = now;
  result_.stop = stop;
  result_.usage.prefill_seconds = seconds(prefilled_ - started_);
  result_.usage.decode_seconds = seconds(now - prefilled_);
  transcript_.finish(tools_.engine.info().fingerprint, request_.inside_thought, result_);
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
