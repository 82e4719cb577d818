// JSON Schemas as text.
#include "tests/fuzz/schema_promises.h"
#include "tests/fuzz/schemas.h"
#include "tests/fuzz/target.h"

namespace hob::fuzz {
namespace {

void run(std::string_view bytes) {
  const auto schema = json::parse_document(bytes, {16u << 10, 20, 2000});
  if (schema) check_schema(*schema);
}

std::vector<std::string> seeds() { return {kSchemas.begin(), kSchemas.end()}; }

const Target kTarget({"schema_text", run, seeds, 2500});

}  // namespace
}  // namespace hob::fuzz
