// places: where one daemon keeps its things, from the environment that it is started in. places() of config.h looks at
// the real one; tests make their own.
//
//   HOB_TRY(places, places_in(surroundings(), std::nullopt));
//
// HOB_STATE_DIR, else $XDG_STATE_HOME/hob, else ~/.local/state/hob. The runtime directory is HOB_STATE_DIR/run where
// that is set, else $XDG_RUNTIME_DIR/hob, else run/ of the state directory. HOB_CONFIG_DIR, else $XDG_CONFIG_HOME/hob,
// else ~/.config/hob. XDG's variables count only when absolute, as their specification says; ours may be relative.
// State and runtime directories are made with mode 0700; one that is another user's, that others can write, or whose
// last part is a symbolic link, is refused.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "daemon/config/config.h"

namespace hob::config {

inline constexpr size_t kMaxSocketPath = 107;  // sun_path without its NUL

struct Surroundings {
  std::map<std::string, std::string> environment;
  std::string executable;         // path of the running program
  std::string working_directory;
  std::string home;               // of the user, where HOME is not set
};

Surroundings surroundings();
Result<Places> places_in(const Surroundings& around, const std::optional<std::string>& socket_override);

/// Makes the directory (0700) and its missing parents, or checks the one that is there and closes it to others.
Result<void> private_directory(const std::string& path);

}  // namespace hob::config
