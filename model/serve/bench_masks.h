// The mask row of `hob bench --schema FILE`: what keeping answers to a schema costs beside the forward passes that make them.
//
//   hob bench --model DIR --schema person.json --generate 64
//
// The model answers greedily under the schema, answer after answer until `generate` tokens are there, one sequence, as a turn
// would: the row has the time of masks and of reading what was chosen, and its share of the whole.
#pragma once

#include <string>

#include "schemas/base/document.h"
#include "schemas/base/json.h"
#include "schemas/base/result.h"

namespace hob::serve {

struct MaskBench {
  std::string model;   // a checkpoint's directory, or a GGUF file
  json::Document schema;
  std::string schema_name;  // what the row calls it
  std::string weights = "auto";
  uint32_t threads = 0;
  uint32_t generate = 32;
  uint32_t repeat = 3;
  std::string commit;
};

/// A file with a JSON Schema; the error says what is wrong with it.
Result<json::Document> read_schema(const std::string& path);

/// {"what": "mask", "tokens", "seconds": [of masks, each repeat], "p50_us", "p99_us", "max_us", "compile_ms",
/// "decode_seconds": [forwards and masks, each repeat], "share_of_decode", ...}.
Result<Json> bench_masks(const MaskBench& options);

}  // namespace hob::serve
