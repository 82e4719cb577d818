#include "schemas/base/log.h"

#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>

#include "schemas/base/clock.h"

namespace hob::log {
namespace {

std::atomic<Level> g_level{Level::warn};
std::shared_ptr<spdlog::logger> g_logger;  // set once by open(), before threads start
std::string g_program = "hob";

constexpr std::string_view kNames[] = {"debug", "info", "warn", "error", "off"};

}  // namespace

void open(Level level, const std::string& program, const std::string& path) {
  g_program = program;
  g_level = level;
  try {
    if (path.empty()) {
      g_logger = std::make_shared<spdlog::logger>(program, std::make_shared<spdlog::sinks::stderr_sink_mt>());
    } else {
      g_logger = std::make_shared<spdlog::logger>(
          program, std::make_shared<spdlog::sinks::rotating_file_sink_mt>(path, 10u << 20, 3));
    }
  } catch (const spdlog::spdlog_ex& e) {
    g_logger = std::make_shared<spdlog::logger>(program, std::make_shared<spdlog::sinks::stderr_sink_mt>());
    write(Level::error, "log.open_failed", {{"path", path}, {"message", e.what()}});
  }
  g_logger->set_pattern("%v");
  g_logger->set_level(spdlog::level::trace);
  g_logger->flush_on(spdlog::level::trace);
}

void set_level(Level level) { g_level = level; }
Level level() { return g_level; }

Result<Level> level_of(std::string_view name) {
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (kNames[i] == name) return static_cast<Level>(i);
  }
  return Error(Code::invalid_params, "There is no log level \"" + std::string(name) +
                                         "\"; the levels are debug, info, warn, error and off.");
}

void write(Level level, std::string_view event, const Json& fields) {
  if (level < g_level.load(std::memory_order_relaxed) || !g_logger) return;
  Json line = {{"at", rfc3339(SystemClock().wall_ms())},
               {"level", kNames[static_cast<size_t>(level)]},
               {"program", g_program},
               {"event", event}};
  for (const auto& [key, value] : fields.items()) line[key] = value;
  g_logger->log(spdlog::level::info, "{}", json::dump(line));
}

Span::Span(std::string_view name) : name_(name), on_(level() == Level::debug) {
  if (on_) start_ = std::chrono::steady_clock::now();
}

Span::~Span() {
  if (!on_) return;
  const auto took = std::chrono::steady_clock::now() - start_;
  debug("span", {{"name", name_}, {"ms", std::chrono::duration<double, std::milli>(took).count()}});
}

}  // namespace hob::log
