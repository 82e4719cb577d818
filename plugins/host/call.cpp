#include "plugins/host/call.h"

#include <algorithm>
#include <array>
#include <limits>

#include "plugins/host/cut.h"
#include "schemas/base/utf8.h"

namespace hob::plugins::host {
namespace {

constexpr size_t kMaxResultBytes = 16u << 20;  // what is parsed at all; cut to the limit afterwards
constexpr size_t kMaxProgressPiece = 4096;
constexpr size_t kMaxProgressTotal = 256u << 10;
constexpr size_t kMaxSentence = 8192;
constexpr std::array<std::string_view, 6> kKinds{"not_found", "denied",   "invalid_argument",
                                                 "timeout",   "no_match", "failed"};

CallSlot& slot_of(const hob_call* call) { return *static_cast<CallSlot*>(call->context); }

std::string sentence(hob_text text) {
  if (text.data == nullptr) return "";
  return utf8::repair(std::string_view(text.data, std::min(text.size, kMaxSentence)));
}

wire::CallResult failure(const std::string& kind, const std::string& message, const std::string& hint = "") {
  return {false, error_observation(kind, message, hint), false};
}

}  // namespace

Json error_observation(const std::string& kind, const std::string& message, const std::string& hint) {
  return Json{{"ok", false}, {"kind", kind}, {"message", message}, {"hint", hint}};
}

CallSlot::CallSlot(uint64_t id, wire::CallParams params, size_t max_output, std::function<void(const Json&)> progress)
    : id_(id),
      params_(std::move(params)),
      max_output_(max_output),
      deadline_(std::chrono::steady_clock::now() + std::chrono::milliseconds(params_.timeout_ms)),
      progress_(std::move(progress)) {
  table_.size = sizeof table_;
  table_.version = HOB_PLUGIN_VERSION;
  table_.context = this;
  table_.tool = {params_.tool.data(), params_.tool.size()};
  table_.arguments = {params_.arguments.data(), params_.arguments.size()};
  table_.cancelled = [](const hob_call* call) { return slot_of(call).cancelled_.load() ? 1 : 0; };
  table_.remaining_ms = [](const hob_call* call) -> int64_t {
    auto left = slot_of(call).deadline_ - std::chrono::steady_clock::now();
    return std::max<int64_t>(0, std::chrono::duration_cast<std::chrono::milliseconds>(left).count());
  };
  table_.progress = [](const hob_call* call, hob_text text) {
    if (text.data != nullptr) slot_of(call).report({text.data, text.size});
  };
  table_.result = [](const hob_call* call, hob_text json) {
    CallSlot& slot = slot_of(call);
    slot.accept(slot.read_result(json.data ? std::string_view(json.data, json.size) : std::string_view()));
  };
  table_.error = [](const hob_call* call, hob_text kind, hob_text message, hob_text hint) {
    std::string word = sentence(kind);
    if (std::find(kKinds.begin(), kKinds.end(), word) == kKinds.end()) word = "failed";
    std::string what = sentence(message);
    slot_of(call).accept(failure(word, what.empty() ? "The tool failed and did not say why." : what, sentence(hint)));
  };
}

wire::CallResult CallSlot::read_result(std::string_view text) const {
  if (text.size() > kMaxResultBytes)
    return failure("failed", "The tool's result has " + std::to_string(text.size()) + " bytes, more than can be read.",
                   "Ask for less.");
  auto value = json::parse(text, {kMaxResultBytes, json::kGenerated.max_depth});
  if (!value.ok())
    return failure("failed", "The tool's result is not valid JSON: " + value.error().message());
  wire::CallResult out;
  out.truncated = cut_to(*value, max_output_);
  out.result = std::move(*value);
  return out;
}

void CallSlot::accept(wire::CallResult answer) {
  std::lock_guard lock(mutex_);
  if (open_ && !answer_) answer_ = std::move(answer);
}

void CallSlot::report(std::string_view text) {
  text = utf8::prefix(text, kMaxProgressPiece);
  {
    std::lock_guard lock(mutex_);
    if (!open_ || text.empty() || progress_bytes_ >= kMaxProgressTotal) return;
    progress_bytes_ += text.size();
  }
  progress_(Json{{"message", utf8::repair(text)}});
}

void CallSlot::cancel() {
  std::lock_guard lock(mutex_);
  if (!cancelled_at_) cancelled_at_ = std::chrono::steady_clock::now();
  cancelled_ = true;
}

std::optional<Instant> CallSlot::cancelled_at() const {
  std::lock_guard lock(mutex_);
  return cancelled_at_;
}

std::optional<wire::CallResult> CallSlot::take() {
  std::lock_guard lock(mutex_);
  if (!open_) return std::nullopt;
  open_ = false;
  if (!answer_) return failure("failed", "The tool " + params_.tool + " returned without an answer.");
  return std::move(answer_);
}

std::optional<wire::CallResult> CallSlot::take(wire::CallResult instead) {
  std::lock_guard lock(mutex_);
  if (!open_) return std::nullopt;
  open_ = false;
  return instead;
}

}  // namespace hob::plugins::host
