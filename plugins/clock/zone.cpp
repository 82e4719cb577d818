#include "plugins/clock/zone.h"

#include <stdlib.h>
#include <time.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <vector>

namespace hob::plugins::clock {
namespace {

namespace fs = std::filesystem;
const char* const kZones = "/usr/share/zoneinfo";
constexpr const char* kDays[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

bool is_zone_file(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) return false;
  char magic[4] = {};
  std::ifstream(path, std::ios::binary).read(magic, sizeof magic);
  return std::string_view(magic, sizeof magic) == "TZif";
}

std::string folded(std::string_view text) {
  std::string out;
  for (char c : text) out += c == ' ' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

/// The names that equal `wanted` but for case, else those whose last part does.
std::vector<std::string> similar(const std::string& wanted) {
  const std::string want = folded(wanted);
  std::vector<std::string> whole, last;
  std::error_code problem;
  for (fs::recursive_directory_iterator it(kZones, problem), end; it != end && !problem; it.increment(problem)) {
    std::string name = it->path().lexically_relative(kZones).string();
    std::string fold = folded(name);
    if (fold == "posix" || fold == "right") {  // the same zones once more
      it.disable_recursion_pending();
      continue;
    }
    if (fold == want) whole.push_back(name);
    else if (fold.size() > want.size() && fold.ends_with("/" + want)) last.push_back(name);
  }
  auto usable = [](std::vector<std::string>& names) {
    std::erase_if(names, [](const std::string& name) { return !is_zone_file(fs::path(kZones) / name); });
    std::sort(names.begin(), names.end());
  };
  usable(whole);
  if (!whole.empty()) return whole;
  usable(last);
  return last;
}

std::string own_zone() {
  if (const char* variable = ::getenv("TZ"); variable && *variable) return variable[0] == ':' ? variable + 1 : variable;
  std::error_code problem;
  std::string target = fs::canonical("/etc/localtime", problem).string();
  const std::string prefix = std::string(kZones) + "/";
  if (!problem && target.starts_with(prefix)) return target.substr(prefix.size());
  return "UTC";
}

Result<std::string> resolve(const std::string& zone) {
  const std::string name = zone.empty() ? own_zone() : zone;
  std::string fold = folded(name);
  if (fold == "utc" || fold == "etc/utc" || fold == "gmt" || fold == "z" || fold == "zulu") return std::string("UTC");
  auto unknown = [&](const std::string& why) {
    return Error(Code::invalid_params, "There is no time zone " + name.substr(0, 100) + why + ".");
  };
  if (name.size() > 64 || !std::all_of(name.begin(), name.end(), [](unsigned char c) {
        return std::isalnum(c) || c == '/' || c == '_' || c == '-' || c == '+' || c == ' ';
      }) || name.front() == '/')
    return unknown("");
  if (is_zone_file(fs::path(kZones) / name)) return name;
  std::vector<std::string> found = similar(name);
  if (found.size() == 1) return found.front();
  if (found.size() > 1) return unknown(": it could be " + found[0] + " or " + found[1]);
  std::error_code problem;
  if (!fs::exists(kZones, problem)) return unknown(": this machine has no time zone files, only UTC");
  return unknown("");
}

}  // namespace

Result<WallClock> read_clock(const std::string& zone, int64_t wall_ms) {
  HOB_TRY(name, resolve(zone));
  ::setenv("TZ", name == "UTC" ? "UTC0" : (":" + name).c_str(), 1);
  ::tzset();
  time_t seconds = wall_ms >= 0 ? wall_ms / 1000 : -((-wall_ms + 999) / 1000);
  tm parts{};
  if (::localtime_r(&seconds, &parts) == nullptr) return Error(Code::tool_failed, "The time is out of range.");
  char date[40], time[40];
  std::snprintf(date, sizeof date, "%04d-%02d-%02d", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
  std::snprintf(time, sizeof time, "%02d:%02d", parts.tm_hour, parts.tm_min);
  return WallClock{date, time, name, kDays[parts.tm_wday % 7]};
}

}  // namespace hob::plugins::clock
