// For the tests of plugin/: a folder that goes with its object, and plugins written into it.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "schemas/base/json.h"

namespace hob::plugin {

class TestFolder {
 public:
  TestFolder() {
    std::string name = "/tmp/hob_plugin_test_XXXXXX";
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  const std::string& path() const { return path_; }

  void write(const std::string& name, const std::string& text) const {
    const std::string file = path_ + "/" + name;
    std::filesystem::create_directories(std::filesystem::path(file).parent_path());
    ::chmod(std::filesystem::path(file).parent_path().c_str(), 0755);
    std::ofstream(file) << text;
    ::chmod(file.c_str(), 0644);
  }

  /// A plugin in the folder `name`, with a library of some bytes.
  std::string add_plugin(const std::string& name, const Json& manifest, const std::string& library = "bytes") const {
    write(name + "/plugin.json", json::pretty(manifest));
    write(name + "/" + manifest.value("library", "lib.so"), library);
    return path_ + "/" + name;
  }

 private:
  std::string path_;
};

inline Json test_tool(const std::string& name) {
  Json tool = Json::object();
  tool["name"] = name;
  tool["description"] = "Does things.";
  tool["parameters"] = *json::parse(R"({"type":"object","properties":{"act":{"type":"string"}}})", json::kSchema);
  return tool;
}

inline Json test_manifest(const std::string& name, const std::string& tool) {
  Json manifest = Json::object();
  manifest["name"] = name;
  manifest["version"] = "1.0";
  manifest["library"] = "lib.so";
  manifest["tools"] = Json::array();
  manifest["tools"].push_back(test_tool(tool));
  return manifest;
}

}  // namespace hob::plugin
