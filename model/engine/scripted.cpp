#include "model/engine/scripted.h"

#include <algorithm>
#include <cstdlib>
#include <set>

namespace hob::engine {
namespace {

constexpr float kPeak = 40.0f;  // over zeros: certain at temperature 1 with any vocabulary

Error no_sequence(SeqId seq) {
  return {Code::invalid_params, "There is no sequence " + std::to_string(seq) + "."};
}

}  // namespace

void Interrupt::trip() {
  const std::lock_guard lock(mutex_);
  tripped_ = true;
  changed_.notify_all();
}

bool Interrupt::wait(std::optional<std::chrono::milliseconds> limit) {
  std::unique_lock lock(mutex_);
  if (limit) {
    changed_.wait_for(lock, *limit, [this] { return tripped_; });
  } else {
    changed_.wait(lock, [this] { return tripped_; });
  }
  return std::exchange(tripped_, false);
}

ScriptedEngine::ScriptedEngine(Info info, Choose choose, Interrupt& interrupt)
    : info_(std::move(info)), choose_(std::move(choose)), interrupt_(interrupt) {
  info_.kv_bytes_per_token = sizeof(Token);
}

ScriptedEngine::ScriptedEngine(Info info, Judge judge, Interrupt& interrupt)
    : info_(std::move(info)), judge_(std::move(judge)), interrupt_(interrupt) {
  info_.kv_bytes_per_token = sizeof(Token);
}

void ScriptedEngine::Pages::resize(size_t before, size_t after) {
  const size_t count = (after + kPageTokens - 1) / kPageTokens;
  if (after > before && before % kPageTokens != 0 && pages_.back().use_count() > 1) pages_.pop_back();
  if (count < pages_.size()) pages_.resize(count);
  while (pages_.size() < count) pages_.push_back(std::make_shared<const char>());
}

Result<SeqId> ScriptedEngine::open() {
  if (sequences_.size() >= kMaxSequences) {
    return Error(Code::overloaded, "The engine holds " + std::to_string(kMaxSequences) + " sequences already.");
  }
  const SeqId id = next_seq_++;
  sequences_[id];
  return id;
}

void ScriptedEngine::close(SeqId seq) { sequences_.erase(seq); }

uint32_t ScriptedEngine::length(SeqId seq) const {
  const auto it = sequences_.find(seq);
  return it == sequences_.end() ? 0 : static_cast<uint32_t>(it->second.tokens.size());
}

Result<ScriptedEngine::Sequence*> ScriptedEngine::find(SeqId seq) {
  const auto it = sequences_.find(seq);
  if (it == sequences_.end()) return no_sequence(seq);
  return &it->second;
}

void ScriptedEngine::follow(Speaking& speaking, Token token) {
  const std::vector<Token>& tokens = speaking.reply.tokens;
  const auto found = std::find(tokens.begin() + static_cast<ptrdiff_t>(speaking.said), tokens.end(), token);
  if (found != tokens.end()) speaking.said = static_cast<size_t>(found - tokens.begin()) + 1;
}

Result<void> ScriptedEngine::say_next(const Speaking& speaking, bool drafted, std::span<float> logits) {
  const ScriptedReply& reply = speaking.reply;
  const bool at_end = speaking.said >= reply.tokens.size();
  // A faulty reply has no stop token to say: its fault stands there.
  if (at_end && drafted && reply.fault != Fault::none && reply.fault != Fault::slow) {
    return Error(Code::model_failed, "The script's fault lies inside a draft.");
  }
  if (at_end) {
    switch (reply.fault) {
      case Fault::crash:
        std::abort();
      case Fault::hang:
        interrupt_.wait();
        return Error(Code::cancelled, "The scripted engine was interrupted.");
      case Fault::nan:
        return Error(Code::model_failed, "The logits are not numbers (NaN), as the script asked.");
      case Fault::none:
      case Fault::slow:
        break;
    }
  }
  if (reply.tokens.empty()) return {};
  const Token next = at_end ? reply.tokens.back() : reply.tokens[speaking.said];
  if (next < logits.size()) logits[next] = kPeak;
  return {};
}

Result<RowOutput> ScriptedEngine::speak(Sequence& sequence, const Row& row) {
  const size_t wanted = row.ids.size() - row.logits_from;
  const size_t before = sequence.tokens.size();
  RowOutput out;
  out.logits.assign(wanted * info_.vocab, 0.0f);
  if (row.want_hidden) out.hidden.assign(wanted * info_.hidden, 0.0f);
  sequence.tokens.insert(sequence.tokens.end(), row.ids.begin(), row.ids.end());
  const auto history = [&](size_t at) { return std::span<const Token>(sequence.tokens).first(before + at + 1); };
  const auto logits = [&](size_t at) {
    return std::span<float>(out.logits).subspan((at - row.logits_from) * info_.vocab, info_.vocab);
  };
  if (judge_) {
    for (size_t at = row.logits_from; at < row.ids.size(); ++at) judge_(history(at), logits(at));
    return out;
  }
  const bool fresh = !sequence.speaking || (row.ids.size() > 1 && row.logits_from > 0);
  if (fresh) sequence.speaking = Speaking{choose_(sequence.tokens), sequence.tokens.size(), 0};
  if (sequence.speaking->reply.fault == Fault::slow && interrupt_.wait(sequence.speaking->reply.delay)) {
    return Error(Code::cancelled, "The scripted engine was interrupted.");
  }
  if (fresh) {
    HOB_TRY_VOID(say_next(*sequence.speaking, false, logits(row.ids.size() - 1)));
    return out;
  }
  for (size_t at = 0; at < row.ids.size(); ++at) {
    follow(*sequence.speaking, row.ids[at]);
    HOB_TRY_VOID(say_next(*sequence.speaking, at > 0, logits(at)));
  }
  return out;
}

Result<void> ScriptedEngine::check(const Row& row) {
  HOB_TRY(sequence, find(row.seq));
  if (row.ids.empty()) return Error(Code::invalid_params, "A row needs at least one id.");
  if (row.soft) return Error(Code::backend_lacks, "The scripted engine takes no audio and no pictures.");
  if (row.logits_from > row.ids.size()) return Error(Code::invalid_params, "logits_from lies behind the row's end.");
  const size_t needed = sequence->tokens.size() + row.ids.size();
  if (needed > info_.context) {
    return Error(Code::context_exceeded, "The sequence would have " + std::to_string(needed) +
                                             " positions and the context has " + std::to_string(info_.context) + ".")
        .with("needed", static_cast<long long>(needed))
        .with("available", static_cast<long long>(info_.context));
  }
  for (const Token id : row.ids) {
    if (id >= info_.vocab) return Error(Code::invalid_params, "There is no token " + std::to_string(id) + ".");
  }
  return {};
}

Result<Output> ScriptedEngine::forward(const Batch& batch) {
  ++forwards_;
  last_rows_ = batch.rows.size();
  if (batch.rows.size() > info_.max_rows) {
    return Error(Code::invalid_params, "One forward takes " + std::to_string(info_.max_rows) + " rows, not " +
                                           std::to_string(batch.rows.size()) + ".");
  }
  std::map<SeqId, Sequence> after;
  const auto blame = [](Error error, size_t row) { return std::move(error).with("row", static_cast<long long>(row)); };
  for (size_t i = 0; i < batch.rows.size(); ++i) {
    const Row& row = batch.rows[i];
    if (auto sound = check(row); !sound) return blame(std::move(sound).error(), i);
    if (!after.emplace(row.seq, sequences_.at(row.seq)).second) {
      return Error(Code::invalid_params, "A batch has two rows of sequence " + std::to_string(row.seq) + ".");
    }
  }
  Output out;
  for (size_t i = 0; i < batch.rows.size(); ++i) {
    const Row& row = batch.rows[i];
    Sequence& sequence = after.at(row.seq);
    RowOutput said;
    if (row.logits_from < row.ids.size()) {
      auto spoken = speak(sequence, row);
      if (!spoken) return blame(std::move(spoken).error(), i);
      said = *std::move(spoken);
    } else {
      sequence.tokens.insert(sequence.tokens.end(), row.ids.begin(), row.ids.end());
      sequence.speaking.reset();
    }
    out.rows.push_back(std::move(said));
  }
  for (const Row& row : batch.rows) {
    Sequence& sequence = sequences_.at(row.seq) = std::move(after.at(row.seq));
    sequence.pages.resize(sequence.tokens.size() - row.ids.size(), sequence.tokens.size());
    tokens_forwarded_ += row.ids.size();
  }
  return out;
}

Result<SeqId> ScriptedEngine::fork(SeqId seq) {
  HOB_TRY(sequence, find(seq));
  const Sequence copy{sequence->tokens, sequence->pages};
  HOB_TRY(id, open());
  sequences_[id] = copy;
  return id;
}

Result<void> ScriptedEngine::truncate(SeqId seq, uint32_t count) {
  HOB_TRY(sequence, find(seq));
  const size_t most = std::min<size_t>(sequence->tokens.size(), info_.max_truncate);
  if (count > most) {
    return Error(Code::invalid_params, "truncate can take back " + std::to_string(most) + " positions here, not " +
                                           std::to_string(count) + ".");
  }
  sequence->tokens.resize(sequence->tokens.size() - count);
  sequence->pages.resize(sequence->tokens.size() + count, sequence->tokens.size());
  if (auto& speaking = sequence->speaking) {
    if (speaking->begun > sequence->tokens.size()) {
      speaking.reset();
    } else {  // a way back inside the reply: it goes on from there
      speaking->said = 0;
      for (size_t at = speaking->begun; at < sequence->tokens.size(); ++at) follow(*speaking, sequence->tokens[at]);
    }
  }
  return {};
}

Result<SnapshotId> ScriptedEngine::snapshot(SeqId seq) {
  HOB_TRY(sequence, find(seq));
  const SnapshotId id = next_snapshot_++;
  snapshots_[id] = {sequence->tokens, sequence->pages};
  return id;
}

Result<void> ScriptedEngine::restore(SeqId seq, SnapshotId snapshot) {
  HOB_TRY(sequence, find(seq));
  const auto it = snapshots_.find(snapshot);
  if (it == snapshots_.end()) {
    return Error(Code::invalid_params, "There is no snapshot " + std::to_string(snapshot) + ".");
  }
  *sequence = {it->second.tokens, it->second.pages};
  return {};
}

void ScriptedEngine::drop(SnapshotId snapshot) { snapshots_.erase(snapshot); }

Result<Donor> ScriptedEngine::donor(LayerType, SeqId) const {
  return Error(Code::backend_lacks, "The scripted engine has no keys and values to give.");
}

uint64_t ScriptedEngine::cache_bytes() const {
  std::set<const char*> pages;
  const auto add = [&](const Pages& held) {
    for (const auto& page : held.all()) pages.insert(page.get());
  };
  for (const auto& [id, sequence] : sequences_) add(sequence.pages);
  for (const auto& [id, snapshot] : snapshots_) add(snapshot.pages);
  return pages.size() * kPageTokens * sizeof(Token);
}

}  // namespace hob::engine
