#include "daemon/config/model_choice.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <vector>

#include "daemon/config/config.h"
#include "daemon/config/places.h"
#include "schemas/base/fd.h"
#include "schemas/base/json.h"

namespace hob::config {
namespace {

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    out.emplace_back(text.substr(0, end == std::string_view::npos ? text.size() : end + 1));
    text.remove_prefix(out.back().size());
  }
  return out;
}

size_t indent_of(std::string_view line) { return std::min(line.find_first_not_of(' '), line.size()); }

/// Nothing but white space or a comment.
bool says_nothing(std::string_view line) {
  const size_t at = line.find_first_not_of(" \t\r\n");
  return at == std::string_view::npos || line[at] == '#';
}

bool is_key(std::string_view line, std::string_view key) { return line.substr(indent_of(line)).starts_with(std::string(key) + ":"); }

/// The comment at the end of a line whose value is plain or quoted without a '#' in it; with the spaces before it.
std::string comment_of(std::string_view line) {
  const size_t at = line.find(" #");
  if (at == std::string_view::npos) return "";
  const size_t begin = line.find_last_not_of(' ', at);
  return std::string(line.substr(begin + 1, line.find_last_not_of("\r\n") - begin));
}

Error by_hand(const std::string& file, const std::string& quoted, const std::string& why) {
  return Error(Code::invalid_params, file + ": " + why + " Write it by hand:\nmodel:\n  path: " + quoted);
}

/// All that a configuration says, but for the path.
Json without_path(Config config) {
  config.model.path.clear();
  return describe::write(config);
}

}  // namespace

Result<std::string> with_model_path(std::string_view yaml, const std::string& path, const std::string& file) {
  HOB_TRY(before, parse(yaml, file));
  const std::string quoted = json::dump(Json(path));
  std::vector<std::string> lines = lines_of(yaml);
  std::optional<size_t> block, line;
  size_t indent = 0;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (says_nothing(lines[i])) continue;
    if (!block) {
      if (indent_of(lines[i]) == 0 && is_key(lines[i], "model")) {
        const std::string_view rest = std::string_view(lines[i]).substr(std::string_view("model:").size());
        if (!says_nothing(rest)) return by_hand(file, quoted, "`model:` is not written as a block, so that its path cannot be changed safely.");
        block = i;
      }
      continue;
    }
    if (indent_of(lines[i]) == 0) break;
    if (indent == 0) indent = indent_of(lines[i]);
    if (indent_of(lines[i]) == indent && is_key(lines[i], "path")) line = i;
  }
  const std::string value = std::string(indent == 0 ? 2 : indent, ' ') + "path: " + quoted;
  if (line) {
    const std::string end = lines[*line].ends_with('\n') ? "\n" : "";
    lines[*line] = value + comment_of(lines[*line]) + end;
  } else if (block) {
    if (!lines[*block].ends_with('\n')) lines[*block] += "\n";
    lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(*block) + 1, value + "\n");
  } else {
    if (!lines.empty() && !lines.back().ends_with('\n')) lines.back() += "\n";
    lines.push_back("model:\n" + value + "\n");
  }
  std::string out;
  for (const std::string& one : lines) out += one;
  const auto after = parse(out, file);
  if (!after || after->model.path != path || without_path(before) != without_path(*after)) {
    return by_hand(file, quoted, "the file is written in a way that hob cannot change safely.");
  }
  return out;
}

Result<void> choose_model(const std::string& config_dir, const std::string& path) {
  namespace fs = std::filesystem;
  HOB_TRY_VOID(load(config_dir));  // refuses what is not ours, or does not make sense
  const std::string file = config_dir + "/hob.yaml";
  std::error_code failure;
  if (!fs::exists(config_dir, failure)) HOB_TRY_VOID(private_directory(config_dir));
  // A link keeps its place: the file behind it is the one that is replaced.
  const std::string real = fs::exists(file, failure) ? fs::canonical(file, failure).string() : file;
  std::stringstream text;
  text << std::ifstream(real, std::ios::binary).rdbuf();
  HOB_TRY(made, with_model_path(text.str(), path, file));
  struct stat info {};
  const mode_t mode = ::stat(real.c_str(), &info) == 0 ? info.st_mode & 0777 : 0600;
  std::string part = real + ".XXXXXX";
  UniqueFd fd(::mkostemp(part.data(), O_CLOEXEC));
  const auto refuse = [&](const char* what) {
    const std::string why = errno_text(errno);
    ::unlink(part.c_str());
    return Error(Code::invalid_params, file + " cannot be " + what + ": " + why + ".");
  };
  if (!fd) return refuse("written");
  for (std::string_view left = made; !left.empty();) {
    const ssize_t wrote = ::write(fd.get(), left.data(), left.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return refuse("written");
    left.remove_prefix(static_cast<size_t>(wrote));
  }
  if (::fchmod(fd.get(), mode) != 0 || ::fsync(fd.get()) != 0) return refuse("written");
  if (::rename(part.c_str(), real.c_str()) != 0) return refuse("replaced");
  return {};
}

}  // namespace hob::config
