#include "daemon/config/places.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

namespace hob::config {
namespace {

struct House {
  House() {
    std::string pattern = (std::filesystem::temp_directory_path() / "hob-places-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    root = pattern;
    around.executable = root + "/tree/build/dev/bin/hobd";
    around.working_directory = root;
    around.environment["HOME"] = root + "/home";
  }
  ~House() { std::filesystem::remove_all(root); }
  Places places(const std::optional<std::string>& socket = std::nullopt) {
    auto found = places_in(around, socket);
    if (!found) FAIL(found.error().message());
    return *found;
  }
  std::string refused(const std::optional<std::string>& socket = std::nullopt) {
    auto found = places_in(around, socket);
    return found ? "" : found.error().message();
  }
  std::string root;
  Surroundings around;
};

mode_t mode_of(const std::string& path) {
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info.st_mode & 0777;
}

TEST_CASE("with nothing but a home, everything is below it") {
  House house;
  const auto places = house.places();
  CHECK(places.state_dir == house.root + "/home/.local/state/hob");
  CHECK(places.config_dir == house.root + "/home/.config/hob");
  CHECK(places.runtime_dir == places.state_dir + "/run");
  CHECK(places.socket == places.state_dir + "/run/hob.sock");
  CHECK(mode_of(places.state_dir) == 0700);
  CHECK(mode_of(places.runtime_dir) == 0700);
  CHECK_FALSE(std::filesystem::exists(places.config_dir));
}

TEST_CASE("XDG's directories are used where they are absolute") {
  House house;
  house.around.environment["XDG_STATE_HOME"] = house.root + "/s/";
  house.around.environment["XDG_CONFIG_HOME"] = "relative";
  house.around.environment["XDG_RUNTIME_DIR"] = house.root + "/r";
  const auto places = house.places();
  CHECK(places.state_dir == house.root + "/s/hob");
  CHECK(places.config_dir == house.root + "/home/.config/hob");
  CHECK(places.socket == house.root + "/r/hob/hob.sock");
}

TEST_CASE("HOB_STATE_DIR keeps all of one daemon together, whatever XDG says") {
  House house;
  house.around.environment["XDG_RUNTIME_DIR"] = house.root + "/r";
  house.around.environment["HOB_STATE_DIR"] = "mine/./state/";
  house.around.environment["HOB_CONFIG_DIR"] = house.root + "/c";
  const auto places = house.places();
  CHECK(places.state_dir == house.root + "/mine/state");
  CHECK(places.socket == house.root + "/mine/state/run/hob.sock");
  CHECK(places.config_dir == house.root + "/c");
  CHECK_FALSE(std::filesystem::exists(house.root + "/r"));
}

TEST_CASE("a socket that is asked for stands with its lock where it was asked for") {
  House house;
  CHECK(house.places("sub/x.sock").socket == house.root + "/sub/x.sock");
  CHECK(house.places(house.root + "/sub/x.sock").runtime_dir == house.root + "/sub");
  CHECK(mode_of(house.root + "/sub") == 0700);
  CHECK_FALSE(house.refused("").empty());
  CHECK_FALSE(house.refused("dir/").empty());
  ::chmod((house.root + "/sub").c_str(), 0777);
  CHECK(house.refused("sub/x.sock").find("not a place for a socket") != std::string::npos);
}

TEST_CASE("a socket path has 107 bytes at most") {
  House house;
  const std::string start = house.root + "/";
  REQUIRE(start.size() < 90);
  CHECK(house.places(start + std::string(107 - start.size(), 'x')).socket.size() == 107);
  CHECK(house.refused(start + std::string(108 - start.size(), 'x')).find("too long for a socket") != std::string::npos);
}

TEST_CASE("a directory of others, one that others can write, a file and a symbolic link are refused") {
  House house;
  house.around.environment["HOB_STATE_DIR"] = house.root + "/state";
  const std::string state = house.root + "/state";
  std::filesystem::create_directory(state);
  ::chmod(state.c_str(), 0755);
  house.places();
  CHECK(mode_of(state) == 0700);
  ::chmod(state.c_str(), 0770);
  CHECK(house.refused().find("chmod 700") != std::string::npos);
  std::filesystem::remove_all(state);
  std::filesystem::create_directory(house.root + "/elsewhere");
  std::filesystem::create_directory_symlink(house.root + "/elsewhere", state);
  CHECK(house.refused().find("symbolic link") != std::string::npos);
  std::filesystem::remove(state);
  std::ofstream(state) << "text";
  CHECK(house.refused().find("not a directory") != std::string::npos);
  std::filesystem::remove(state);
  std::filesystem::create_directory(state);
  if (::geteuid() == 0) {
    REQUIRE(::chown(state.c_str(), 1234, 0) == 0);
    CHECK(house.refused().find("another user") != std::string::npos);
  }
}

TEST_CASE("without any home there is a sentence that says what to set") {
  House house;
  house.around.environment.clear();
  house.around.home.clear();
  CHECK(house.refused().find("HOB_STATE_DIR") != std::string::npos);
  house.around.home = house.root + "/passwd-home";
  CHECK(house.places().state_dir == house.root + "/passwd-home/.local/state/hob");
}

TEST_CASE("programs find what is installed beside them, and a build directory finds its source tree") {
  House house;
  auto places = house.places();
  CHECK(places.bin_dir == house.root + "/tree/build/dev/bin");
  CHECK(places.plugin_dir == house.root + "/tree/build/dev/lib/hob/plugins");
  CHECK(places.model_dir == house.root + "/tree/build/dev/share/hob/models/tiny");
  std::filesystem::create_directories(house.root + "/tree/build/dev/bin");
  std::filesystem::create_directories(house.root + "/tree/model/tiny/checkpoint");
  CHECK(house.places().model_dir == house.root + "/tree/model/tiny/checkpoint");
  std::filesystem::create_directories(house.root + "/tree/build/dev/share/hob/models/tiny");
  CHECK(house.places().model_dir == house.root + "/tree/build/dev/share/hob/models/tiny");
}

TEST_CASE("the real surroundings name this program") {
  const auto around = surroundings();
  CHECK(around.executable.find("config_test") != std::string::npos);
  CHECK(around.working_directory.find('/') == 0);
}

}  // namespace
}  // namespace hob::config
