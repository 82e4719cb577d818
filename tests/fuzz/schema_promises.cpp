#include "tests/fuzz/schema_promises.h"

#include <memory>
#include <optional>

#include "model/constrain/arguments.h"
#include "model/grammar/machine.h"
#include "model/grammar/schema.h"
#include "schemas/schema/validator.h"
#include "tests/fuzz/target.h"

namespace hob::fuzz {
namespace {

using grammar::Dialect;
using grammar::Machine;
using grammar::Symbol;
using grammar::Threads;

struct Probe {
  json::Document value;
  std::string text;
  std::vector<Symbol> symbols;
};

const std::vector<Probe>& probes() {
  static const std::vector<Probe> kProbes = [] {
    std::vector<Probe> out;
    for (const char* text :
         {"null",
          "true",
          "0",
          "-1",
          "3",
          "2.5",
          "100",
          "\"\"",
          "\"a\"",
          "\"2024-02-29\"",
          "\"a b-c\"",
          "[]",
          "[null]",
          "[1,2]",
          "[1,1]",
          "[\"a\",2]",
          "{}",
          R"({"a":1})",
          R"({"a":"a","b":null})",
          R"({"b":[1],"c":{"a":true}})"}) {
      Probe& probe = out.emplace_back();
      probe.value = json::parse_document(text, json::kGenerated).value();
      probe.text = text;
      for (const char c : probe.text) probe.symbols.push_back(static_cast<unsigned char>(c));
    }
    return out;
  }();
  return kProbes;
}

void check_refusal(const Error& error) {
  expect(
      error.code() == Code::schema_unsupported || error.code() == Code::schema_unsatisfiable,
      "a refusal says which kind it is"
  );
  expect(
      error.code() == Code::schema_unsatisfiable || error.data().contains("pointer"),
      "what is not supported is said where"
  );
  expect(error.message().size() < 4000, "a refusal is not the whole schema");
}

struct Compiled {
  std::shared_ptr<grammar::Ir> ir = std::make_shared<grammar::Ir>();
  grammar::NodeId root = 0;
};

Result<Compiled> compile(const json::Document& schema, Dialect dialect) {
  Compiled out;
  grammar::SchemaBuilder builder(*out.ir, dialect);
  HOB_TRY(root, dialect == Dialect::json ? builder.add(schema) : builder.add_arguments(schema));
  out.ir->settle();
  HOB_TRY_VOID(builder.check());
  out.root = root;
  return out;
}

Threads read(const Machine& machine, grammar::NodeId root, const std::vector<Symbol>& symbols) {
  Threads now{machine.start(root)}, next;
  for (const Symbol symbol : symbols) {
    machine.step(now, symbol, next);
    std::swap(now, next);
    if (now.empty()) break;
  }
  return now;
}

std::string json_of(const std::vector<Symbol>& symbols, Dialect dialect) {
  if (dialect == Dialect::gemma) {
    constrain::ArgumentWriter writer;
    for (const Symbol symbol : symbols) {
      if (symbol == grammar::kQuote) {
        writer.quote();
      } else {
        const char byte = static_cast<char>(symbol);
        writer.bytes({&byte, 1});
      }
    }
    return writer.text();
  }
  std::string out;
  for (const Symbol symbol : symbols) out += static_cast<char>(symbol);
  return out;
}

/// The shortest value is one that the machine takes, byte by byte, and that the validator finds
/// valid; the same of the way to the end from its middle.
void check_shortest(
    const Compiled& compiled, Dialect dialect, const std::optional<schema::Validator>& validator
) {
  const Machine machine(compiled.ir, dialect);
  std::vector<Symbol> symbols;
  machine.shortest(compiled.root, symbols);
  expect(
      Machine::done(read(machine, compiled.root, symbols)), "the shortest value is one that is read"
  );
  std::vector<Symbol> half(
      symbols.begin(), symbols.begin() + static_cast<long>(symbols.size() / 2)
  );
  const Threads middle = read(machine, compiled.root, half);
  expect(!middle.empty(), "the shortest value can be begun");
  for (const Symbol symbol : machine.completion(middle.front())) half.push_back(symbol);
  expect(
      Machine::done(read(machine, compiled.root, half)),
      "what was begun is completed to a value that is read"
  );
  for (const std::vector<Symbol>& one : {symbols, half}) {
    const std::string text = json_of(one, dialect);
    const auto value = json::parse_document(text, json::kGenerated);
    if (!value) broken("this is not JSON: " + text);
    if (!validator) continue;
    if (const auto violation = validator->validate(*value))
      broken("not valid: " + text + ": " + schema::to_string(*violation));
  }
}

void check_probes(const Compiled& compiled, const schema::Validator& validator) {
  const Machine machine(compiled.ir, Dialect::json);
  for (const auto& [value, text, symbols] : probes()) {
    const bool read_by_grammar = Machine::done(read(machine, compiled.root, symbols));
    const auto violation = validator.validate(value);
    if (violation && read_by_grammar)
      broken(
          "the grammar takes " + text + ", the validator does not: " + schema::to_string(*violation)
      );
    if (!violation && !read_by_grammar)
      broken("the validator takes " + text + ", the grammar does not");
  }
}

}  // namespace

void check_schema(const json::Document& schema) {
  const auto compiled_validator = schema::Validator::compile(schema);
  std::optional<schema::Validator> validator;
  if (compiled_validator) {
    validator = *compiled_validator;
  } else {
    check_refusal(compiled_validator.error());
  }
  for (const Dialect dialect : {Dialect::json, Dialect::gemma}) {
    const auto compiled = compile(schema, dialect);
    if (compiled) {
      check_shortest(*compiled, dialect, validator);
      if (dialect == Dialect::json && validator) check_probes(*compiled, *validator);
      continue;
    }
    check_refusal(compiled.error());
    if (dialect != Dialect::json || !validator ||
        compiled.error().code() != Code::schema_unsatisfiable)
      continue;
    for (const auto& [value, text, symbols] : probes()) {
      if (!validator->validate(value))
        broken(text + " is valid, but: " + compiled.error().message());
    }
  }
}

}  // namespace hob::fuzz
