#include "schemas/schema/validator.h"

#include "schemas/schema/checker.h"
#include "schemas/schema/compile.h"

namespace hob::schema {

std::string to_string(const Violation& violation) {
  return "At " + (violation.instance.empty() ? std::string("the top") : violation.instance) + ": " +
         violation.sentence;
}

Result<Validator> Validator::compile(const json::Document& schema, const Options& options) {
  HOB_TRY(
      program, compile_program(schema, {options.draft, options.format_assertion, options.known})
  );
  return Validator(std::move(program));
}

Result<Validator> Validator::compile(const Json& schema, const Options& options) {
  return compile(json::to_document(schema), options);
}

std::optional<Violation> Validator::validate(const json::Document& value) const {
  return Checker(*program_).run(value);
}

std::optional<Violation> Validator::validate(const Json& value) const {
  return validate(json::to_document(value));
}

}  // namespace hob::schema
