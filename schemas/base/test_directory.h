// TestDirectory: a directory for one test, which goes away with everything in it.
//
//   TestDirectory directory;
//   directory.write("notes.txt", "milk\n");
//
// For tests of every house; no program includes it. The path is absolute and without links. On::memory: where there is such a
// place, for tests that wait for thousands of syncs. Throws where none can be made, which fails the test. Any thread.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace hob {

class TestDirectory {
 public:
  enum class On { disk, memory };

  explicit TestDirectory(On on = On::disk) {
    namespace fs = std::filesystem;
    std::string pattern = "/dev/shm/hob-test-XXXXXX";
    if (on == On::disk || ::mkdtemp(pattern.data()) == nullptr) {
      pattern = (fs::temp_directory_path() / "hob-test-XXXXXX").string();
      if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary directory can be made: " + pattern);
    }
    path_ = fs::canonical(pattern).string();
  }
  ~TestDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestDirectory(const TestDirectory&) = delete;
  TestDirectory& operator=(const TestDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  /// A file with these bytes; its path.
  std::string write(const std::string& name, const std::string& bytes) const {
    std::ofstream(file(name), std::ios::binary) << bytes;
    return file(name);
  }

 private:
  std::string path_;
};

}  // namespace hob
