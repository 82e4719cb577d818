// api_testing: the handlers over a daemon without processes, for the tests of this room.
//
//   Desk desk;
//   desk.life.model_.script = {turn::says("Hello.")};
//   const auto answer = desk.call("generate", {{"prompt", "Say hello."}});
#pragma once

#include "daemon/api/house.h"
#include "daemon/turn/turn_testing.h"

namespace hob::api {

struct Desk {
  store::TestDirectory folder;
  turn::Life life{folder.path()};
  rpc::Dispatcher dispatcher;
  rpc::Server server{life.io_.get_executor(), life.io_.get_executor(), dispatcher};
  config::Places places;
  config::Config config;
  House house{life.surroundings_, life.turns_, server, places, config, [] { return std::vector<wire::PluginInfo>(); }, [](wire::ShutdownMode) {}, 0};

  Desk() {
    bind_all(dispatcher, &house);
    life.session();
  }
  /// All of them under way before the first is answered.
  std::vector<Result<Json>> at_once(const std::string& method, const std::vector<Json>& all) {
    std::vector<std::optional<Result<Json>>> out(all.size());
    for (size_t i = 0; i < all.size(); ++i) {
      spawn(life.io_.get_executor(), store::keep_result(dispatcher.call(method, all[i], {}), out[i]), "test");
    }
    const auto missing = [&] { return std::any_of(out.begin(), out.end(), [](const auto& one) { return !one; }); };
    life.io_.restart();
    while (missing() && life.io_.run_one() > 0) {
    }
    std::vector<Result<Json>> answers;
    for (auto& one : out) answers.push_back(*std::move(one));
    return answers;
  }
  Result<Json> call(const std::string& method, const Json& params) { return at_once(method, {params})[0]; }
};

}  // namespace hob::api
