// The JSON gate: every byte of JSON that comes from outside passes here.
//
//   HOB_TRY(message, json::parse(line, json::kWire));
//
// One strict reader (RFC 8259; UTF-8 checked; duplicate keys refused; depth and size limited while reading, never
// after) feeds two builders: `Json` (nlohmann's ordered_json: key order kept; numbers as int64, uint64 or double)
// and `Document` (document.h: number lexemes kept, for values that a schema judges). Pure; any thread.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "schemas/base/result.h"

namespace hob::json {

/// Limits of one kind of source.
struct Limits {
  size_t max_bytes;
  int max_depth;
  size_t max_nodes = 4'000'000;
};

inline constexpr Limits kWire{16u << 20, 64};         // the front door
inline constexpr Limits kChild{64u << 20, 80};        // frames between our own processes (wraps wire values)
inline constexpr Limits kGenerated{16u << 20, 48};    // what the model wrote; the automaton keeps it too
inline constexpr Limits kSchema{4u << 20, 64};        // JSON Schemas
inline constexpr Limits kModelFile{256u << 20, 32, 40'000'000};  // config.json, tokenizer.json
inline constexpr Limits kManifest{1u << 20, 32};      // plugin manifests

/// What the reader reports, in document order. Return an error to stop.
class Events {
 public:
  virtual ~Events() = default;
  virtual Result<void> null() = 0;
  virtual Result<void> boolean(bool value) = 0;
  /// `lexeme` is the number as written, valid by the JSON grammar.
  virtual Result<void> number(std::string_view lexeme) = 0;
  virtual Result<void> string(std::string value) = 0;
  virtual Result<void> begin_object() = 0;
  virtual Result<void> key(std::string value) = 0;
  virtual Result<void> end_object() = 0;
  virtual Result<void> begin_array() = 0;
  virtual Result<void> end_array() = 0;
};

/// Reads one JSON value (white space around it allowed). Errors are parse_error with `offset` in data;
/// duplicate keys, depth and size are parse_error too and say which limit.
Result<void> read(std::string_view text, const Limits& limits, Events& events);

/// One value as Json. A number that is neither a 64-bit integer nor a finite double is refused.
Result<Json> parse(std::string_view text, const Limits& limits);

/// Compact text, keys in order, UTF-8 (invalid bytes inside strings become U+FFFD).
std::string dump(const Json& value);
/// Indented by two, for people.
std::string pretty(const Json& value);
/// Canonical text: keys sorted by code point, compact; equal values have equal text. For hashes.
std::string canonical(const Json& value);

/// "a string", "an object", "the number 3": for messages. Long values are cut.
std::string brief(const Json& value);

/// Escapes one reference token of a JSON Pointer (~ and /).
std::string pointer_token(std::string_view key);

}  // namespace hob::json
