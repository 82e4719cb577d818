#include "daemon/cli/turn_view.h"

#include <cstdio>

#include "schemas/base/json.h"

namespace hob::cli {
namespace {

std::string word(const Json& data, const char* key) {
  const auto it = data.find(key);
  return it != data.end() && it->is_string() ? it->get<std::string>() : "";
}

/// What a tool said last.
std::string last_line(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text.substr(text.find_last_of("\r\n") + 1);
}

}  // namespace

TurnView::Where TurnView::where(const std::string& kind) const {
  if (view_ == View::json || view_ == View::jsonl) return Where::nowhere;
  if (kind == "structured_output") return Where::output;
  if (kind == "agent_message") {
    if (answer_ == Answer::text) return Where::output;
    return view_ == View::quiet ? Where::nowhere : Where::aside;
  }
  if (kind == "thought" && thoughts_ == Thoughts::shown && view_ == View::text) return Where::aside;
  if (kind == "notice" && view_ == View::text) return Where::aside;
  return Where::nowhere;
}

void TurnView::print(Where where, const std::string& text) {
  if (text.empty() || where == Where::nowhere) return;
  terminal_.end_progress();
  if (where == Where::output) {
    std::fputs(terminal_.for_output(text).c_str(), stdout);
    std::fflush(stdout);
  } else {
    std::fputs(terminal_.dim(visible(text)).c_str(), stderr);
  }
  at_line_start_ = text.back() == '\n';
}

void TurnView::end_line() {
  if (!at_line_start_) print(open_where_, "\n");
  open_item_.clear();
  at_line_start_ = true;
}

void TurnView::show_delta(const wire::EventMessage& event) {
  const std::string id = event.item_id.value_or("");
  const Where place = where(word(event.data, "kind"));
  if (place == Where::nowhere) return;
  const auto offset = event.data.find("offset");
  size_t& printed = printed_[id];
  // A delta that does not join on was dropped before; the completed item brings the rest.
  if (offset == event.data.end() || !offset->is_number_unsigned() || offset->get<size_t>() != printed) return;
  if (open_item_ != id) end_line();
  open_item_ = id;
  open_where_ = place;
  const std::string text = word(event.data, "text");
  print(place, text);
  printed += text.size();
}

void TurnView::show_item(const wire::EventMessage& event) {
  const Json& item = event.data;
  const std::string kind = word(item, "kind");
  if (kind == "tool_call" || kind == "tool_result") {
    if (view_ != View::text) return;
    terminal_.end_progress();
    end_line();
    const size_t room = terminal_.columns() - 8;
    if (kind == "tool_call") {
      terminal_.note("  > " + one_line(word(item, "name") + " " + word(item, "arguments"), room));
      return;
    }
    const Json result = item.value("result", Json::object());
    const bool ok = item.value("ok", true);
    const std::string text = ok ? json::dump(result) : word(result, "message");
    terminal_.note((ok ? "  < " : "  ! ") + one_line(text, room));
    return;
  }
  const Where place = where(kind);
  const std::string id = event.item_id.value_or("");
  if (place != Where::nowhere) {
    const std::string text = word(item, "text");
    const size_t printed = printed_[id];
    if (open_item_ != id) end_line();
    open_item_ = id;
    open_where_ = place;
    if (printed < text.size()) print(place, text.substr(printed));
    end_line();
  }
  printed_.erase(id);
}

void TurnView::show(const wire::EventMessage& event) {
  if (view_ == View::jsonl) {
    std::printf("%s\n", json::dump(describe::write(event)).c_str());
    std::fflush(stdout);
    return;
  }
  if (event.type == "item.delta") {
    show_delta(event);
  } else if (event.type == "item.completed") {
    show_item(event);
  } else if (event.type == "progress" && view_ == View::text && word(event.data, "what") == "prefill") {
    const double done = event.data.value("done", 0.0), total = event.data.value("total", 0.0);
    constexpr double kLongPrompt = 512;  // shorter ones are read before anybody could look
    if (total >= kLongPrompt && done < total && at_line_start_) terminal_.bar("reading the prompt", done / total);
  } else if (event.type == "progress" && view_ == View::text && word(event.data, "what") == "compile") {
    if (at_line_start_) terminal_.progress("  ~ compiling the schemas, which takes long");
  } else if (event.type == "progress" && view_ == View::text && word(event.data, "what") == "tool") {
    const std::string line = last_line(word(event.data, "text"));
    if (!line.empty() && at_line_start_) terminal_.progress("  ~ " + line);
  } else if (event.type == "approval.requested" && view_ == View::text && !terminal_.interactive()) {
    end_line();
    terminal_.note("  ? " + word(event.data, "tool") + " waits for an answer: hob approvals allow " + word(event.data, "approvalId"));
  }
}

void TurnView::finish(const wire::TurnState& state) {
  terminal_.end_progress();
  end_line();
  if (view_ == View::json) {
    std::printf("%s\n", json::dump(describe::write(state)).c_str());
    return;
  }
  if (view_ != View::text) return;
  const std::string stop = state.stop_reason.value_or("");
  if (state.error) {
    const Error error = Error::from_json(*state.error);
    terminal_.warn(error.message());
    const std::string hint = state.error->value("data", Json::object()).value("hint", "");
    if (!hint.empty()) terminal_.note("  " + hint);
  } else if (stop == "max_tokens") {
    terminal_.warn(state.incomplete.value_or(false) ? "The answer had to be closed at the limit of tokens; its last values are cut."
                                                    : "The answer is cut at the limit of tokens (--max-tokens).");
  } else if (stop == "loop_detected") {
    terminal_.warn("The agent went in a circle and was stopped.");
  } else if (state.status == "interrupted") {
    terminal_.warn("The turn was interrupted; the session keeps what was known.");
  }
  if (state.denied_calls > 0) {
    terminal_.warn(std::to_string(state.denied_calls) + (state.denied_calls == 1 ? " call was" : " calls were") +
                   " not allowed. Allow a tool with --allow NAME.");
  }
}

}  // namespace hob::cli
