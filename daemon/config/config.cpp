#include "daemon/config/config.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "daemon/config/yaml.h"
#include "schemas/base/fd.h"
#include "schemas/base/log.h"

namespace hob::config {
namespace {

bool one_of(const std::string& word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_plugin_name(const std::string& name) {
  const auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
  return !name.empty() && name.size() <= 64 && letter(name[0]) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-'; });
}

/// What the types cannot say.
Result<void> check(const Config& config) {
  if (!one_of(config.model.dtype, {"auto", "f32", "bf16"})) {
    return invalid_params("/model/dtype", "\"auto\", \"f32\" or \"bf16\"", json::brief(Json(config.model.dtype)));
  }
  if (!log::level_of(config.log.level)) {
    return invalid_params("/log/level", "debug, info, warn, error or off", json::brief(Json(config.log.level)));
  }
  for (size_t i = 0; i < config.policy.rules.size(); ++i) {
    const auto& mode = config.policy.rules[i].mode;
    if (mode && !one_of(*mode, {"default", "plan", "accept_edits", "bypass"})) {
      return invalid_params("/policy/rules/" + std::to_string(i) + "/mode", "default, plan, accept_edits or bypass",
                            json::brief(Json(*mode)));
    }
  }
  for (size_t i = 0; i < config.plugins.directories.size(); ++i) {
    const auto& path = config.plugins.directories[i];
    if (path.empty() || path[0] != '/') {
      return invalid_params("/plugins/directories/" + std::to_string(i), "an absolute path", json::brief(Json(path)));
    }
  }
  for (const auto& [name, plugin] : config.plugins.plugins) {
    const std::string pointer = "/plugins/plugins/" + json::pointer_token(name);
    if (!is_plugin_name(name)) {
      return invalid_params(pointer, "a plugin's name (a-z, 0-9, _ and -, a letter first)", json::brief(Json(name)));
    }
    if (!plugin.settings.is_object()) {
      return invalid_params(pointer + "/settings", "an object", json::brief(plugin.settings));
    }
  }
  return {};
}

/// An error of describe or check, with the place that its pointer has in the file.
Error placed(const Error& error, const yaml::Document& document, const std::string& file) {
  const auto word = [&](const char* name) {
    const auto found = error.data().find(name);
    return found != error.data().end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const std::string pointer = word("pointer");
  return yaml::error_at(file, document.place(pointer),
                        (pointer.empty() ? "the file" : pointer) + ": expected " + word("expected") + ", got " +
                            word("got") + ".")
      .with("pointer", Json(pointer))
      .with("expected", Json(word("expected")))
      .with("got", Json(word("got")));
}

Error no_good(const std::string& path, const std::string& why) { return Error(Code::invalid_params, path + ": " + why); }

/// The file's text, if it is there. Whoever can write it decides what tools may do, so that must be us alone.
Result<std::optional<std::string>> read_owned(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd && (errno == ENOENT || errno == ENOTDIR)) return std::optional<std::string>();
  if (!fd) return no_good(path, "cannot be opened: " + errno_text(errno) + ".");
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return no_good(path, "cannot be looked at: " + errno_text(errno) + ".");
  if (!S_ISREG(info.st_mode)) return no_good(path, "is not a regular file.");
  if (info.st_uid != ::geteuid() && info.st_uid != 0) {
    return no_good(path, "belongs to another user; it decides what tools may do, so it must be yours.");
  }
  if ((info.st_mode & 022) != 0) {
    return no_good(path, "can be written by others; run `chmod go-w " + path + "`.");
  }
  std::string text;
  char block[16384];
  for (;;) {
    const ssize_t got = ::read(fd.get(), block, sizeof block);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return no_good(path, "cannot be read: " + errno_text(errno) + ".");
    if (got == 0) return std::optional(std::move(text));
    text.append(block, static_cast<size_t>(got));
    if (text.size() > yaml::kMaxBytes) return no_good(path, "is larger than 1 MiB.");
  }
}

}  // namespace

Result<Config> parse(std::string_view text, const std::string& file) {
  HOB_TRY(document, yaml::parse(text, file));
  auto config = describe::read<Config>(document.value, describe::Strictness::strict);
  if (!config) return placed(config.error(), document, file);
  if (auto checked = check(*config); !checked) return placed(checked.error(), document, file);
  return config;
}

Result<Config> load(const std::string& config_dir) {
  const std::string path = config_dir + "/hob.yaml";
  HOB_TRY(text, read_owned(path));
  if (!text) return Config{};
  struct stat info {};
  if (::stat(config_dir.c_str(), &info) != 0 || (info.st_uid != ::geteuid() && info.st_uid != 0) ||
      ((info.st_mode & 022) != 0 && (info.st_mode & S_ISVTX) == 0)) {
    return no_good(config_dir, "must be yours and not writable by others; run `chmod go-w " + config_dir + "`.");
  }
  return parse(*text, path);
}

}  // namespace hob::config
