#include <asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "daemon/tools/order.h"
#include "daemon/tools/tool.h"

namespace hob::tools {
namespace {

class Fixed final : public Provider {
 public:
  Fixed(std::string source, std::vector<std::string> names) : source_(std::move(source)), names_(std::move(names)) {}

  std::vector<wire::ToolInfo> list() const override {
    std::vector<wire::ToolInfo> out;
    for (const auto& name : names_) {
      wire::ToolInfo tool;
      tool.name = name;
      tool.source = source_;
      out.push_back(tool);
    }
    return out;
  }

  Async<Result<wire::CallResult>> call(Call call, CallContext) override {
    wire::CallResult out;
    out.result = Json::object();
    out.result["by"] = source_ + " " + call.name;
    co_return out;
  }

 private:
  std::string source_;
  std::vector<std::string> names_;
};

Registry registry() {
  Registry out;
  out.add(std::make_shared<Fixed>("plugin:z", std::vector<std::string>{"recall", "zebra", "read_file", "ant"}));
  out.add(std::make_shared<Fixed>("plugin:a", std::vector<std::string>{"zebra", "calculate", "bee"}));
  return out;
}

std::string ask(const Registry& tools, const std::string& name) {
  std::string answer;
  asio::io_context io;
  const auto run = [](const Registry& all, std::string tool, std::string& out) -> Async<void> {
    Call call;
    call.name = tool;
    auto result = co_await all.call(call, {});
    out = result ? result->result.value("by", "") : result.error().message();
  };
  spawn(io.get_executor(), run(tools, name, answer), "ask");
  io.run();
  return answer;
}

TEST_CASE("tools of the contract stand first, in its order, then others by source and name") {
  std::vector<std::string> names;
  for (const auto& tool : registry().list()) names.push_back(tool.name);
  CHECK(names == std::vector<std::string>{"read_file", "calculate", "recall", "bee", "ant", "zebra"});
}

TEST_CASE("a name that is taken stays with the first provider, in the list and in calls") {
  const Registry tools = registry();
  REQUIRE(tools.find("zebra"));
  CHECK(tools.find("zebra")->source == "plugin:z");
  CHECK(ask(tools, "zebra") == "plugin:z zebra");
  CHECK(ask(tools, "bee") == "plugin:a bee");
  CHECK_FALSE(tools.find("wasp"));
  CHECK(ask(tools, "wasp") == "There is no tool with the name wasp.");
}

TEST_CASE("a failure has the contract's shape, in its key order") {
  const auto result = failure("not_found", "There is no file notes.txt.", "List the directory.");
  CHECK_FALSE(result.ok);
  CHECK(json::dump(result.result) ==
        R"({"ok":false,"kind":"not_found","message":"There is no file notes.txt.","hint":"List the directory."})");
}

}  // namespace
}  // namespace hob::tools
