#include "schemas/base/error.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "schemas/base/result.h"

namespace hob {
namespace {

constexpr std::array kTable = {
    CodeInfo{Code::parse_error, -32700, "parse_error", false, "Send one JSON value a line, in UTF-8."},
    CodeInfo{Code::invalid_request, -32600, "invalid_request", false, "See rpc.discover for the limits and shapes."},
    CodeInfo{Code::method_not_found, -32601, "method_not_found", false, "rpc.discover lists the methods."},
    CodeInfo{Code::invalid_params, -32602, "invalid_params", false, ""},
    CodeInfo{Code::internal, -32603, "internal", false, "This is a fault of hob; the log has the trace id."},
    CodeInfo{Code::cancelled, -32800, "cancelled", false, ""},
    CodeInfo{Code::authentication_required, -32000, "authentication_required", false, ""},
    CodeInfo{Code::overloaded, -32001, "overloaded", true, "Wait for retryAfterMs and try again."},
    CodeInfo{Code::not_found, -32002, "not_found", false, ""},
    CodeInfo{Code::model_not_loaded, 1, "model_not_loaded", true, "`hob daemon status` tells what the model is doing."},
    CodeInfo{Code::model_failed, 2, "model_failed", true, "The session is kept; start the turn again."},
    CodeInfo{Code::context_exceeded, 3, "context_exceeded", false, "Start a new session or shorten the input."},
    CodeInfo{Code::schema_unsupported, 4, "schema_unsupported", false, "Remove the keyword, or check with `hob schema check`."},
    CodeInfo{Code::schema_unsatisfiable, 5, "schema_unsatisfiable", false, "No value fits this schema."},
    CodeInfo{Code::output_truncated, 6, "output_truncated", false, "Raise the token limit."},
    CodeInfo{Code::tool_denied, 7, "tool_denied", false, "Allow the tool with --allow or in the configuration."},
    CodeInfo{Code::tool_failed, 8, "tool_failed", false, ""},
    CodeInfo{Code::plugin_crashed, 9, "plugin_crashed", true, ""},
    CodeInfo{Code::turn_active, 10, "turn_active", true, "Wait for the running turn or cancel it."},
    CodeInfo{Code::no_active_turn, 11, "no_active_turn", false, ""},
    CodeInfo{Code::cursor_expired, 12, "cursor_expired", false, "Read from the start again."},
    CodeInfo{Code::deadline, 13, "deadline", true, ""},
    CodeInfo{Code::quota, 14, "quota", true, ""},
    CodeInfo{Code::store_failed, 15, "store_failed", false, "Look at the disk and at `hob daemon logs`."},
    CodeInfo{Code::draining, 16, "draining", true, "The daemon is stopping; start it again."},
    CodeInfo{Code::unsupported_content, 17, "unsupported_content", false, ""},
    CodeInfo{Code::outcome_unknown, 18, "outcome_unknown", false, "Check by hand whether the effect took place."},
    CodeInfo{Code::interrupted, 19, "interrupted", true, ""},
    CodeInfo{Code::backend_lacks, 20, "backend_lacks", false, ""},
    CodeInfo{Code::version_skew, 21, "version_skew", false, "Restart the daemon: `hob daemon stop`, then try again."},
};

const Json& empty_object() {
  static const Json empty = Json::object();
  return empty;
}

}  // namespace

const CodeInfo& info(Code code) {
  for (const CodeInfo& row : kTable) {
    if (row.code == code) return row;
  }
  return kTable[4];
}

Code code_of_kind(std::string_view kind) {
  for (const CodeInfo& row : kTable) {
    if (row.kind == kind) return row.code;
  }
  return Code::internal;
}

Code code_of_number(int number) {
  for (const CodeInfo& row : kTable) {
    if (row.number == number) return row.code;
  }
  return Code::internal;
}

Error::Error(Code code, std::string message) : code_(code), message_(std::move(message)) {}

const Json& Error::data() const { return data_ ? *data_ : empty_object(); }

Error Error::with(std::string_view key, const Json& value) && {
  auto data = std::make_shared<Json>(this->data());
  (*data)[std::string(key)] = value;
  data_ = std::move(data);
  return std::move(*this);
}

Error Error::with(std::string_view key, std::string_view value) && {
  return std::move(*this).with(key, Json(std::string(value)));
}

Error Error::with(std::string_view key, long long value) && { return std::move(*this).with(key, Json(value)); }

Error Error::in(std::string_view where) && {
  message_ = std::string(where) + ": " + message_;
  return std::move(*this);
}

Json Error::to_json() const {
  const CodeInfo& row = info(code_);
  Json data = {{"kind", row.kind}, {"retryable", row.retryable}};
  if (!row.hint.empty()) data["hint"] = row.hint;
  for (const auto& [key, value] : this->data().items()) data[key] = value;
  return {{"code", row.number}, {"message", message_}, {"data", std::move(data)}};
}

Error Error::from_json(const Json& object) {
  if (!object.is_object()) return {Code::internal, "The peer sent an error that is not an object."};
  Code code = Code::internal;
  const auto number = object.find("code");
  if (number != object.end() && number->is_number_integer()) code = code_of_number(number->get<int>());
  const auto text = object.find("message");
  Error error(code, text != object.end() && text->is_string() ? text->get<std::string>() : "The peer gave no message.");
  if (const auto data = object.find("data"); data != object.end() && data->is_object()) {
    auto copy = std::make_shared<Json>(Json::object());
    for (const auto& [key, value] : data->items()) {
      if (key != "kind" && key != "retryable" && (key != "hint" || value != info(code).hint)) (*copy)[key] = value;
    }
    error.data_ = std::move(copy);
  }
  return error;
}

Error invalid_params(std::string_view pointer, std::string_view expected, std::string_view got) {
  std::string message = "At " + (pointer.empty() ? std::string("the top") : std::string(pointer)) + ": expected " +
                        std::string(expected) + ", got " + std::string(got) + ".";
  return Error(Code::invalid_params, std::move(message))
      .with("pointer", pointer)
      .with("expected", expected)
      .with("got", got);
}

void check_failed(const char* file, int line, const char* condition, const char* sentence) {
  std::fprintf(stderr, "hob: %s (%s, %s:%d)\n", sentence, condition, file, line);
  std::abort();
}

}  // namespace hob
