// compile: a schema document becomes a Program. Reads every keyword through one table; a keyword
// that is malformed, a reference that leads nowhere, a pattern that cannot be run and a schema that
// refers to itself without getting anywhere are refused with pointer and keyword. One thread.
#pragma once

#include <memory>

#include "schemas/base/document.h"
#include "schemas/base/result.h"
#include "schemas/schema/node.h"

namespace hob::schema {

struct CompileSettings {
  Draft default_draft;
  bool format_assertion;
  const Registry* known;  // may be null
};

Result<std::shared_ptr<const Program>> compile_program(
    const json::Document& schema, const CompileSettings& settings
);

/// An error when some schema applies itself to the same value again ("$ref": "#" and longer rings).
Result<void> refuse_rings(const Program& program);

}  // namespace hob::schema
