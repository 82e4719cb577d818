#include <catch2/catch.hpp>

#include "schemas/wire/client/connection.h"
#include "schemas/wire/client/content.h"
#include "schemas/wire/client/events.h"
#include "schemas/wire/client/memory.h"
#include "schemas/wire/client/model.h"
#include "schemas/wire/client/session.h"
#include "schemas/wire/client/tools.h"
#include "schemas/wire/client/turn.h"

namespace hob::wire {
namespace {

template <typename T>
void survives(const char* text) {
  const Json json = *json::parse(text, json::kWire);
  const auto value = describe::read<T>(json);
  REQUIRE(value.ok());
  const auto again = describe::read<T>(describe::write(*value));
  REQUIRE(again.ok());
  CHECK(json::dump(describe::write(*again)) == json::dump(describe::write(*value)));
  CHECK(describe::schema<T>().at("type") == "object");
}

TEST_CASE("messages survive a round trip") {
  survives<SessionNew>(R"({"cwd":"/tmp","mcpServers":[],"tools":{"allow":["calculate"]},"responseSchema":{"type":"object"}})");
  survives<TurnStart>(R"({"sessionId":"s","input":[{"type":"text","text":"hi"}],"toolChoice":{"name":"calculate"},"sampling":{"temperature":0}})");
  survives<TurnState>(R"({"turnId":"t","sessionId":"s","status":"completed","structured":{"b":1,"a":2}})");
  survives<EventMessage>(R"({"sessionId":"s","at":"","type":"gap","data":{}})");
  survives<Generate>(R"({"prompt":"x","schema":{"type":"integer"}})");
  survives<DaemonStatus>(R"({"version":"0","build":"b","pid":1,"uptimeMs":0,"socket":"","stateDir":"","connections":0,"activeTurns":0,"sessions":0})");
  survives<StepParams>(R"({"items":[{"kind":"tool_result","callId":"c","name":"n","ok":true,"result":{"x":1},"produced":{"fingerprint":"f","ids":[1,2]}}]})");
  survives<Manifest>(R"({"name":"n","version":"1","library":"n.so","tools":[{"name":"t","description":"","parameters":{"type":"object"}}]})");
}

TEST_CASE("a turn without input or with a wrong limit is refused at its pointer") {
  const auto none = describe::read<TurnStart>(*json::parse(R"({"sessionId":"s","input":[]})", json::kWire));
  REQUIRE(!none.ok());
  CHECK(none.error().data().at("pointer") == "/input");
  const auto limit = describe::read<TurnStart>(
      *json::parse(R"({"sessionId":"s","input":[{"type":"text"}],"limits":{"maxTokens":0}})", json::kWire));
  REQUIRE(!limit.ok());
  CHECK(limit.error().data().at("pointer") == "/limits/maxTokens");
}

}  // namespace
}  // namespace hob::wire
