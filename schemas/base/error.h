// Error: what every room of hob returns when something ordinary goes wrong.
//
//   return Error(Code::not_found, "There is no session 42.").with("what", "session");
//
// One table (error.cpp) gives each code its wire number, its stable `kind`, whether a retry can help, and a
// hint. Messages say what was wanted, what arrived and what to do. Pure values: any thread.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace hob {

using Json = nlohmann::ordered_json;

enum class Code {
  // JSON-RPC and ACP
  parse_error,
  invalid_request,
  method_not_found,
  invalid_params,
  internal,
  cancelled,
  authentication_required,
  overloaded,
  not_found,
  // hob's own (docs: schemas/wire/README.md)
  model_not_loaded,
  model_failed,
  context_exceeded,
  schema_unsupported,
  schema_unsatisfiable,
  output_truncated,
  tool_denied,
  tool_failed,
  plugin_crashed,
  turn_active,
  no_active_turn,
  cursor_expired,
  deadline,
  quota,
  store_failed,
  draining,
  unsupported_content,
  outcome_unknown,
  interrupted,
  backend_lacks,
  version_skew,
};

struct CodeInfo {
  Code code;
  int number;             // the JSON-RPC error code on the wire
  std::string_view kind;  // stable word, never translated
  bool retryable;
  std::string_view hint;  // one sentence; may be empty
};

/// The row of `code` in the one table.
const CodeInfo& info(Code code);
/// The code with this stable kind; `internal` when there is none.
Code code_of_kind(std::string_view kind);
/// The code with this wire number; `internal` when there is none.
Code code_of_number(int number);

class [[nodiscard]] Error {
 public:
  Error(Code code, std::string message);

  Code code() const { return code_; }
  const std::string& message() const { return message_; }
  /// Extra members of the wire error's `data`; an empty object when there are none.
  const Json& data() const;

  /// Adds one member to `data`.
  Error with(std::string_view key, const Json& value) &&;
  Error with(std::string_view key, std::string_view value) &&;
  Error with(std::string_view key, const std::string& value) && { return std::move(*this).with(key, std::string_view(value)); }
  Error with(std::string_view key, const char* value) && { return std::move(*this).with(key, std::string_view(value)); }
  Error with(std::string_view key, long long value) &&;
  /// Puts "where: " before the message.
  Error in(std::string_view where) &&;

  /// The JSON-RPC error object {code, message, data{kind, retryable, hint, ...}}.
  Json to_json() const;
  /// Reads an error object back (from a child or a daemon).
  static Error from_json(const Json& object);

 private:
  Code code_;
  std::string message_;
  std::shared_ptr<const Json> data_;  // shared between copies, never changed
};

/// -32602 with the pointer of the field, what was expected and what arrived.
Error invalid_params(std::string_view pointer, std::string_view expected, std::string_view got);

}  // namespace hob
