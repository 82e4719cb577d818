// Structured logging: one JSON object a line on standard error (or a file), and spans.
//
//   log::info("turn.started", {{"turnId", id}});
//   log::Span span("store.commit");            // logs its milliseconds at level debug when it ends
//
// Prompts, arguments and results are never logged; their sizes and hashes are. Thread-safe.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "schemas/base/json.h"

namespace hob::log {

enum class Level { debug, info, warn, error, off };

/// Sets up the one sink of the process. `path` empty: standard error. Rotates a file at 10 MiB, keeps three.
void open(Level level, const std::string& program, const std::string& path = "");
void set_level(Level level);
Level level();
Result<Level> level_of(std::string_view name);

void write(Level level, std::string_view event, const Json& fields);
inline void debug(std::string_view event, const Json& fields = Json::object()) { write(Level::debug, event, fields); }
inline void info(std::string_view event, const Json& fields = Json::object()) { write(Level::info, event, fields); }
inline void warn(std::string_view event, const Json& fields = Json::object()) { write(Level::warn, event, fields); }
inline void error(std::string_view event, const Json& fields = Json::object()) { write(Level::error, event, fields); }

/// Costs two clock readings when the level is debug, one comparison else.
class Span {
 public:
  explicit Span(std::string_view name);
  ~Span();
  Span(const Span&) = delete;
  Span& operator=(const Span&) = delete;

 private:
  std::string_view name_;
  bool on_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace hob::log
