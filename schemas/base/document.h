// Document: a JSON value that keeps what nlohmann's type loses: every number's lexeme ("1e400", 20 digits) and the
// order of keys. The JSON Schema validator works on it. Built only by json::parse_document. Immutable; any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schemas/base/json.h"

namespace hob::json {

struct Document {
  enum class Kind { null, boolean, number, string, array, object };

  // Said, so that no compiler looks into `members` to find out, while the pair in it is not complete.
  Document() noexcept {}
  explicit Document(Kind of, std::string spelt = {}) : kind(of), text(std::move(spelt)) {}

  Kind kind = Kind::null;
  bool boolean = false;
  std::string text;                                       // number: the lexeme; string: the value
  std::vector<Document> items;                            // array
  std::vector<std::pair<std::string, Document>> members;  // object, in order, keys unique

  const Document* find(std::string_view key) const;
};

Result<Document> parse_document(std::string_view text, const Limits& limits);
/// From a Json value (numbers print as nlohmann prints them).
Document to_document(const Json& value);
/// To Json; numbers beyond a double are an error.
Result<Json> to_json(const Document& value);
/// Compact text with the lexemes as they were.
std::string dump(const Document& value);

}  // namespace hob::json
