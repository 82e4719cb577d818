// Validator: judges finished values (tool arguments, structured answers) by a JSON Schema. It
// shares nothing with the automaton that guides the model but the JSON parser, so that one's
// mistake is not the other's.
//
//   HOB_TRY(validator, Validator::compile(schema));
//   if (auto violation = validator.validate(value)) log(to_string(*violation));
//
// Drafts 2020-12, 2019-09 and 7, by "$schema". Works on json::Document: numbers are compared as
// decimals, exactly. compile() refuses (schema_unsupported, with pointer and keyword) what it
// cannot enforce: malformed keywords, look-around in patterns, references to unknown documents,
// references that run in a ring. Unknown keywords and unknown formats are annotations, as the
// drafts say. Immutable after compile(); any thread; copies share.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "schemas/base/document.h"
#include "schemas/base/result.h"
#include "schemas/schema/dialect.h"
#include "schemas/schema/registry.h"

namespace hob::schema {

struct Options {
  Draft draft = Draft::draft_2020_12;  // for documents without "$schema"
  bool format_assertion =
      true;  // off: "format" is an annotation, unless the metaschema asks otherwise
  const Registry* known = nullptr;  // documents that "$ref" may name; read during compile() only
};

/// The first thing that is wrong with a value.
struct Violation {
  std::string instance;  // JSON Pointer into the value; empty: the value itself
  std::string
      schema;  // JSON Pointer of the keyword; "URI#pointer" in documents other than the schema
  std::string keyword;   // "limit" when checking had to give up: such a value counts as wrong
  std::string sentence;  // what was wanted and what arrived
};

/// "At /age: wanted at least 0, got -1." for people and for models.
std::string to_string(const Violation& violation);

struct Program;

class Validator {
 public:
  static Result<Validator> compile(const json::Document& schema, const Options& options = {});
  static Result<Validator> compile(const Json& schema, const Options& options = {});

  /// Nothing when the value fits.
  std::optional<Violation> validate(const json::Document& value) const;
  std::optional<Violation> validate(const Json& value) const;

 private:
  explicit Validator(std::shared_ptr<const Program> program) : program_(std::move(program)) {}
  std::shared_ptr<const Program> program_;
};

}  // namespace hob::schema
