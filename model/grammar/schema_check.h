// For tests of schemas: compiled alone, and texts read through the machine.
//
//   check(R"({"type":"integer"})", {"1"}, {"1.5", "null"});
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "model/grammar/machine.h"
#include "model/grammar/schema.h"
#include "schemas/base/json.h"

namespace hob::grammar::testing {

struct Compiled {
  std::shared_ptr<const Ir> ir;
  NodeId root = 0;
};

inline Result<Compiled> compile(std::string_view text, Dialect dialect = Dialect::json) {
  const json::Document schema = json::parse_document(text, json::kSchema).value();
  auto ir = std::make_shared<Ir>();
  SchemaBuilder builder(*ir, dialect);
  HOB_TRY(root, builder.add(schema));
  ir->settle();
  HOB_TRY_VOID(builder.check());
  return Compiled{ir, root};
}

/// The ways to go on after `text`; in the call dialect a backquote stands for the quote token.
inline Threads read(const Compiled& schema, const Machine& machine, std::string_view text, Dialect dialect) {
  Threads now{machine.start(schema.root)}, next;
  for (const char c : text) {
    const Symbol symbol = dialect == Dialect::gemma && c == '`' ? kQuote : static_cast<unsigned char>(c);
    machine.step(now, symbol, next);
    std::swap(now, next);
    if (now.empty()) break;
  }
  return now;
}

inline bool accepts(const Compiled& schema, std::string_view text, Dialect dialect = Dialect::json) {
  const Machine machine(schema.ir, dialect);
  return Machine::done(read(schema, machine, text, dialect));
}

/// Whether some value begins so.
inline bool reads(const Compiled& schema, std::string_view text, Dialect dialect = Dialect::json) {
  const Machine machine(schema.ir, dialect);
  return !read(schema, machine, text, dialect).empty();
}

inline void check(std::string_view schema, const std::vector<const char*>& good, const std::vector<const char*>& bad,
                  Dialect dialect = Dialect::json) {
  INFO(schema);
  auto compiled = compile(schema, dialect);
  if (!compiled) FAIL(compiled.error().message());
  for (const char* text : good) {
    INFO(text);
    CHECK(accepts(*compiled, text, dialect));
  }
  for (const char* text : bad) {
    INFO(text);
    CHECK_FALSE(accepts(*compiled, text, dialect));
  }
}

}  // namespace hob::grammar::testing
