#include "model/schedule/generation.h"

#include <algorithm>
#include <cmath>
#include <utility>

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
  auto lease = tools_.cache.acquire(prompt);
  if (!lease) return end(std::move(lease).error());
  lease_ = *std::move(lease);
  if (request_.automaton) automaton_ = request_.automaton();
  add_drafters();
  result_.usage.cached_tokens = lease_.tokens.size();
  if (request_.prefix > 0 && request_.prefix < prompt.size()) boundaries_.push_back(request_.prefix);
  const size_t turn = request_.session.empty() ? 0 : turn_boundary(prompt, tools_.control);
  if (turn > 0 && turn != request_.prefix) boundaries_.push_back(turn);
  std::sort(boundaries_.begin(), boundaries_.end());
}

void Generation::add_drafters() {
  if (!automaton_ || !request_.drafters) return;
  for (auto& drafter : request_.drafters(*automaton_)) {
    DraftCounts& counts = tools_.counts;
    const auto is_it = [&](const DraftCount& count) { return count.name == drafter->name(); };
    auto at = std::find_if(counts.begin(), counts.end(), is_it);
    if (at == counts.end()) at = counts.insert(counts.end(), DraftCount{drafter->name()});
    const DraftTrust trust(drafter->prior());
    guessers_.push_back({std::move(drafter), trust, static_cast<size_t>(at - counts.begin())});
  }
  if (!guessers_.empty()) history_ = request_.prompt;
}

std::vector<Token> Generation::draft(const Beside& beside) {
  pieces_.clear();
  if (guessers_.empty() || beside.baseline || std::exchange(skip_draft_, false)) return {};
  const engine::Info& info = tools_.engine.info();
  const size_t said = transcript_.ids().size();
  const size_t most = std::min({kMostDrafted, size_t{info.max_truncate}, request_.max_tokens - said - 1,
                                info.context - lease_.tokens.size() - 1});
  std::vector<Token> out;
  for (size_t i = 0; i < guessers_.size() && out.size() < most; ++i) {
    auto& [drafter, trust, count] = guessers_[i];
    const size_t left = most - out.size();
    size_t wanted = beside.prefill ? std::min(left, kBesidePrefill)
                                   : tools_.pace.length(beside.positions + out.size(), trust.rate(), left);
    tools_.counts[count].resting = wanted == 0;
    if (wanted == 0 && trust.probe()) wanted = std::min(left, DraftTrust::kProbeLength);
    if (wanted == 0) continue;
    std::vector<Token> guess = drafter->propose({history_, out, lease_.seq, hidden_}, wanted);
    if (guess.empty()) continue;
    guess.resize(std::min(guess.size(), wanted));
    pieces_.push_back({i, guess.size()});
    out.insert(out.end(), guess.begin(), guess.end());
  }
  // What the grammar forbids is cut here, so that nobody computes it. What is no token would fail the forward.
  const auto unknown = std::find_if(out.begin(), out.end(), [&](Token token) { return token >= info.vocab; });
  out.erase(unknown, out.end());
  out.resize(automaton_->legal(out));
  size_t begin = 0;
  for (Piece& piece : pieces_) {
    piece.count = std::min(piece.count, out.size() - std::min(begin, out.size()));
    begin += piece.count;
  }
  return out;
}

bool Generation::wants_hidden() const {
  return std::any_of(guessers_.begin(), guessers_.end(),
                     [](const Guesser& guesser) { return guesser.drafter->wants_hidden(); });
}

size_t Generation::next_boundary(size_t from) const {
  for (const size_t boundary : boundaries_) {
    if (boundary > from) return boundary;
  }
  return request_.prompt.size();
}

void Generation::look_at_cancel() {
  if (!done_ && cancelled()) close({Stop::cancelled});
}

engine::Row Generation::next_row(const Beside& beside) {
  engine::Row row;
  row.seq = lease_.seq;
  if (prefilling()) {
    const std::vector<Token>& prompt = request_.prompt;
    const size_t from = lease_.tokens.size();
    const size_t chunk = std::max<size_t>(tools_.engine.info().prefill_chunk, 1);
    const size_t to = std::min(from + chunk, next_boundary(from));
    row.ids.assign(prompt.begin() + static_cast<ptrdiff_t>(from), prompt.begin() + static_cast<ptrdiff_t>(to));
    row.logits_from = to == prompt.size() && automaton_ ? row.ids.size() - 1 : row.ids.size();
  } else {
    row.ids = {transcript_.ids().back()};
    const std::vector<Token> guess = draft(beside);
    row.ids.insert(row.ids.end(), guess.begin(), guess.end());
  }
  row.want_hidden = row.logits_from < row.ids.size() && wants_hidden();
  row_ids_ = row.ids;
  return row;
}

void Generation::at_boundary() {
  const auto here = std::find(boundaries_.begin(), boundaries_.end(), lease_.tokens.size());
  if (here != boundaries_.end()) tools_.cache.remember(lease_);
}

bool Generation::will_keep_prefix_of(const std::vector<Token>& prompt) const {
  return std::any_of(boundaries_.begin(), boundaries_.end(), [&](size_t boundary) {
    const auto end = request_.prompt.begin() + static_cast<ptrdiff_t>(boundary);
    return boundary > lease_.tokens.size() && boundary < prompt.size() && std::equal(request_.prompt.begin(), end, prompt.begin());
  });
}

void Generation::take(Result<engine::RowOutput> output) {
  const bool was_prefilling = prefilling();
  if (!output) {
    // An interrupted forward is tried again, unless it was this step that was to be interrupted: look_at_cancel() sees that.
    if (output.error().code() == Code::cancelled) return;
    if (was_prefilling || row_ids_.size() == 1) return fail(std::move(output).error());
    skip_draft_ = true;  // what fails in a draft might never have been said
    return;
  }
  if (!was_prefilling) return take_choices(*std::move(output));
  tools_.cache.appended(lease_, row_ids_);
  at_boundary();
  wire::StepProgress progress;
  progress.kind = wire::StepProgressKind::prefill;
  progress.done = lease_.tokens.size();
  progress.total = request_.prompt.size();
  request_.progress(std::move(progress));
  if (prefilling()) return;
  prefilled_ = tools_.clock.now();
  if (!automaton_) return finish(Stop::end_turn);
  hidden_ = std::move(output->hidden);
  auto ending = read(output->logits);
  if (!ending) return fail(std::move(ending).error());
  if (*ending) close(**ending);
}

void Generation::take_choices(engine::RowOutput output) {
  const size_t vocab = tools_.engine.info().vocab;
  const size_t drafted = row_ids_.size() - 1;
  if (output.logits.size() != row_ids_.size() * vocab) {
    return fail(Error(Code::model_failed, "The engine gave logits of another size than was asked for."));
  }
  size_t accepted = 0;
  std::optional<Ending> ending;
  bool refused = false;
  for (;;) {
    auto taken = read(std::span<const float>(output.logits).subspan(accepted * vocab, vocab));
    if (!taken) return fail(std::move(taken).error());
    ending = *taken;
    if (ending || accepted == drafted) break;
    refused = transcript_.ids().back() != row_ids_[accepted + 1];
    if (refused) break;
    ++accepted;
  }
  if (!output.hidden.empty()) {
    const size_t width = output.hidden.size() / row_ids_.size();
    const auto from = output.hidden.begin() + static_cast<ptrdiff_t>(accepted * width);
    hidden_.assign(from, from + static_cast<ptrdiff_t>(width));
  }
  settle_draft(accepted, refused);
  // The state that the next forward begins with: all that was said but the newest token.
  row_ids_.resize(accepted + 1);
  tools_.cache.appended(lease_, row_ids_);
  if (drafted > accepted) {
    auto back = tools_.engine.truncate(lease_.seq, static_cast<uint32_t>(drafted - accepted));
    if (!back) return fail(std::move(back).error());
  }
  if (ending) close(*ending);
}

void Generation::settle_draft(size_t accepted, bool refused) {
  size_t begin = 0;
  for (const Piece& piece : pieces_) {
    Guesser& guesser = guessers_[piece.drafter];
    DraftCount& count = tools_.counts[guesser.count];
    const size_t right = std::min(piece.count, accepted - std::min(begin, accepted));
    const bool refused_here = refused && accepted >= begin && accepted < begin + piece.count;
    count.drafted += piece.count;
    count.accepted += right;
    result_.usage.drafted_tokens += piece.count;
    result_.usage.accepted_tokens += right;
    if (right > 0 || refused_here) {
      guesser.trust.observe(right, refused_here);
      guesser.drafter->observe(right + (refused_here ? 1 : 0), right);
    }
    begin += piece.count;
  }
  pieces_.clear();
}

Result<Token> Generation::choose(std::span<const float> logits) {
  const auto asked = tools_.clock.now();
  HOB_TRY(mask, automaton_->mask());
  result_.usage.mask_seconds += seconds(tools_.clock.now() - asked);
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
  ++said_;
  if (const auto& stops = tools_.control.stops; std::find(stops.begin(), stops.end(), token) != stops.end()) {
    // Whatever the stop token is, a step with calls waits for their results.
    return std::optional(Ending{transcript_.has_calls() ? Stop::tool_calls : Stop::end_turn, token});
  }
  const bool asked = std::find(request_.stop_ids.begin(), request_.stop_ids.end(), token) != request_.stop_ids.end();
  if (asked && automaton_->where() == Where::outside) {
    result_.stop_id = static_cast<uint32_t>(token);
    return std::optional(Ending{Stop::stop_id});
  }
  HOB_TRY(logprob, judge(logits, token));
  HOB_TRY_VOID(accept(token, std::move(logprob)));
  if (transcript_.stop_string()) return std::optional(Ending{Stop::stop_string});
  const Where where = automaton_->where();
  const bool loop = request_.repetition_guard && guard_.push(token) && where != Where::string;
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
  if (!guessers_.empty()) history_.push_back(token);
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
  result_.usage.output_tokens = said_;
  result_.usage.prefill_seconds = seconds(prefilled_ - started_);
  result_.usage.decode_seconds = seconds(now - prefilled_);
  transcript_.finish(tools_.engine.info().fingerprint, request_.inside_thought, result_);
  if (!request_.session.empty()) tools_.cache.remember(lease_);
  tools_.cache.release(lease_);
  end(std::move(result_));
}

void Generation::fail(Error error) {
  tools_.cache.release(lease_);
  end(std::move(error));
}

void Generation::end(Result<wire::StepResult> result) {
  done_ = true;
  request_.done(std::move(result));
}

}  // namespace hob::schedule
