#include "daemon/config/places.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "schemas/base/fd.h"

namespace hob::config {
namespace {

Error no_good(const std::string& path, const std::string& why) { return Error(Code::invalid_params, path + ": " + why); }

std::string tidy(const std::string& path) {
  std::string out = std::filesystem::path(path).lexically_normal().string();
  while (out.size() > 1 && out.back() == '/') out.pop_back();
  return out;
}

std::string joined(const std::string& base, const std::string& path) {
  return tidy(!path.empty() && path[0] == '/' ? path : base + "/" + path);
}

std::string directory_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos || slash == 0 ? "/" : path.substr(0, slash);
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

/// A directory that others cannot change, where somebody's --socket is to stand.
Result<void> guarded_directory(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return no_good(path, "is no directory for a socket: " + errno_text(errno) + ".");
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return no_good(path, "cannot be looked at: " + errno_text(errno) + ".");
  if (info.st_uid != ::geteuid() || (info.st_mode & 022) != 0) {
    return no_good(path, "is not a place for a socket: it must be yours and not writable by others (mode 0700).");
  }
  return {};
}

class Finder {
 public:
  explicit Finder(const Surroundings& around) : around_(around) {}

  std::optional<std::string> own(const char* name) const {
    const auto found = around_.environment.find(name);
    if (found == around_.environment.end() || found->second.empty()) return std::nullopt;
    return joined(around_.working_directory, found->second);
  }
  std::optional<std::string> xdg(const char* name) const {
    const auto found = around_.environment.find(name);
    if (found == around_.environment.end() || found->second.empty() || found->second[0] != '/') return std::nullopt;
    return tidy(found->second);
  }
  Result<std::string> home() const {
    if (const auto set = xdg("HOME")) return *set;
    if (!around_.home.empty() && around_.home[0] == '/') return tidy(around_.home);
    return Error(Code::invalid_params, "There is no home directory: set HOME, or HOB_STATE_DIR and HOB_CONFIG_DIR.");
  }
  /// ${VARIABLE}/hob, or ~/OTHERWISE/hob.
  Result<std::string> below(const char* variable, const std::string& otherwise) const {
    if (const auto set = xdg(variable)) return *set + "/hob";
    HOB_TRY(start, home());
    return tidy(start + "/" + otherwise + "/hob");
  }

 private:
  const Surroundings& around_;
};

}  // namespace

Result<void> private_directory(const std::string& path) {
  std::vector<std::string> missing;
  for (std::string at = path; !exists(at) && at != "/"; at = directory_of(at)) missing.push_back(at);
  while (!missing.empty()) {
    if (::mkdir(missing.back().c_str(), 0700) != 0 && errno != EEXIST) {
      return no_good(missing.back(), "cannot be made: " + errno_text(errno) + ".");
    }
    missing.pop_back();
  }
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd && (errno == ELOOP || errno == ENOTDIR)) {
    return no_good(path, "is not a directory of its own (a file, or a symbolic link). Name the directory itself.");
  }
  if (!fd) return no_good(path, "cannot be opened: " + errno_text(errno) + ".");
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return no_good(path, "cannot be looked at: " + errno_text(errno) + ".");
  if (info.st_uid != ::geteuid()) return no_good(path, "belongs to another user; name a directory of your own.");
  if ((info.st_mode & 022) != 0) {
    return no_good(path, "can be written by others; run `chmod 700 " + path + "` once you trust what is in it.");
  }
  if ((info.st_mode & 0777) != 0700 && ::fchmod(fd.get(), 0700) != 0) {
    return no_good(path, "cannot be made private: " + errno_text(errno) + ".");
  }
  return {};
}

Result<Places> places_in(const Surroundings& around, const std::optional<std::string>& socket_override) {
  const Finder find(around);
  Places places;
  const auto own_state = find.own("HOB_STATE_DIR");
  if (own_state) {
    places.state_dir = *own_state;
    places.runtime_dir = *own_state + "/run";
  } else {
    HOB_TRY(state, find.below("XDG_STATE_HOME", ".local/state"));
    const auto runtime = find.xdg("XDG_RUNTIME_DIR");
    places.state_dir = state;
    places.runtime_dir = runtime ? *runtime + "/hob" : state + "/run";
  }
  if (const auto own_config = find.own("HOB_CONFIG_DIR")) {
    places.config_dir = *own_config;
  } else {
    HOB_TRY(config, find.below("XDG_CONFIG_HOME", ".config"));
    places.config_dir = config;
  }
  places.socket = places.runtime_dir + "/hob.sock";
  if (socket_override) {
    if (socket_override->empty() || socket_override->back() == '/') {
      return no_good("--socket", "wants the path of a socket, got \"" + *socket_override + "\".");
    }
    places.socket = joined(around.working_directory, *socket_override);
    // The lock that decides who owns a stale socket stands beside it.
    places.runtime_dir = directory_of(places.socket);
  }
  if (places.socket.size() > kMaxSocketPath) {
    return no_good(places.socket, "is too long for a socket (" + std::to_string(places.socket.size()) + " bytes, at most " +
                                      std::to_string(kMaxSocketPath) + "). Give a shorter HOB_STATE_DIR or --socket.");
  }
  HOB_TRY_VOID(private_directory(places.state_dir));
  // Where a person says so the socket may stand in a directory that others can list, never in one that they can change.
  HOB_TRY_VOID(socket_override && exists(places.runtime_dir) ? guarded_directory(places.runtime_dir)
                                                             : private_directory(places.runtime_dir));
  places.bin_dir = directory_of(around.executable);
  places.plugin_dir = tidy(places.bin_dir + "/../lib/hob/plugins");
  places.model_dir = tidy(places.bin_dir + "/../share/hob/models/tiny");
  // A build directory (build/PRESET/bin) of a source tree: by its shape, so that no path of a machine is built in.
  const std::string checkpoint = tidy(places.bin_dir + "/../../../model/tiny/checkpoint");
  if (!exists(places.model_dir) && exists(checkpoint)) places.model_dir = checkpoint;
  return places;
}

Surroundings surroundings() {
  Surroundings around;
  for (const char* name : {"HOB_STATE_DIR", "HOB_CONFIG_DIR", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "HOME"}) {
    if (const char* value = std::getenv(name)) around.environment[name] = value;
  }
  std::error_code ignored;
  around.executable = std::filesystem::read_symlink("/proc/self/exe", ignored).string();
  around.working_directory = std::filesystem::current_path(ignored).string();
  std::vector<char> buffer(16384);
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found && found->pw_dir) {
    around.home = found->pw_dir;
  }
  return around;
}

Result<Places> places(const std::optional<std::string>& socket_override) {
  return places_in(surroundings(), socket_override);
}

}  // namespace hob::config
