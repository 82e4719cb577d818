// Observation: what a tool call comes to, for the model to read: a result or an error it can act on.
//
//   return Observation::result({{"bytes", 10}, {"path", "notes.txt"}});
//   return Observation::failure(Kind::not_found, "There is no file notes.txt.", "List the directory.");
//
// A value; any thread.
#pragma once

#include <string>
#include <string_view>

#include "schemas/base/json.h"

namespace hob::sdk {

enum class Kind { not_found, denied, invalid_argument, timeout, no_match, failed };
std::string_view word(Kind kind);

class Observation {
 public:
  static Observation result(Json value);
  /// One sentence what failed, one what to do (may be empty).
  static Observation failure(Kind kind, std::string message, std::string hint = "");
  /// An ordinary error of hob's rooms, told in a tool's words.
  static Observation from(const Error& error, std::string hint = "");

  bool ok() const { return ok_; }
  const Json& value() const { return value_; }
  Kind kind() const { return kind_; }
  const std::string& message() const { return message_; }
  const std::string& hint() const { return hint_; }

 private:
  bool ok_ = false;
  Json value_;
  Kind kind_ = Kind::failed;
  std::string message_, hint_;
};

}  // namespace hob::sdk
