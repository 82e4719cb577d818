// Plays tests/transcripts/*.rpc against a daemon: what goes in is sent, what comes out must be what stands there.
#include <catch2/catch.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/harness/private_daemon.h"
#include "tests/harness/transcript.h"

namespace hob::tests {
namespace {

TEST_CASE("the transcripts tell the truth") {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(HOB_SOURCE_DIR) + "/tests/transcripts")) {
    if (entry.path().extension() == ".rpc") files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  REQUIRE_FALSE(files.empty());
  for (const std::string& file : files) {
    PrivateDaemon daemon;
    daemon.start();
    const Played played = play_transcript(file, daemon.socket(), {{"WORK", daemon.work()}});
    INFO(file << "\n" << played.difference);
    CHECK(played.difference.empty());
    if (!played.difference.empty()) {
      // Accepting is a human act: the words that came stand beside the build, not over the file.
      std::ofstream(std::string(HOB_BINARY_DIR) + "/" + std::filesystem::path(file).filename().string() + ".actual") << played.actual;
    }
  }
}

}  // namespace
}  // namespace hob::tests
