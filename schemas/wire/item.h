// Items: what a conversation is made of. The daemon journals them, clients see them, and each step sends the whole
// list to the model. An item never changes once it is completed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "schemas/describe/describe.h"

namespace hob::wire {

enum class ItemKind { user_message, agent_message, thought, tool_call, tool_result, structured_output, notice };
constexpr auto names(ItemKind*) {
  using Name = describe::EnumName<ItemKind>;
  return std::array{Name{ItemKind::user_message, "user_message"},
                    Name{ItemKind::agent_message, "agent_message"},
                    Name{ItemKind::thought, "thought"},
                    Name{ItemKind::tool_call, "tool_call"},
                    Name{ItemKind::tool_result, "tool_result"},
                    Name{ItemKind::structured_output, "structured_output"},
                    Name{ItemKind::notice, "notice"}};
}

/// Token ids that the model really produced in one step, kept so that history is never tokenised again. They stand
/// on the first item of that step and cover all of its items up to, not including, the stop token.
struct Produced {
  std::string fingerprint;    // of weights, tokenizer and format (engine::Info::fingerprint)
  std::vector<uint32_t> ids;
  bool inside_thought = false;  // the prompt of that step had ended inside the thought channel

  template <typename D>
  static void describe(D& d) {
    d.about("Produced", "Token ids of one model step.");
    d.field("fingerprint", &Produced::fingerprint, "");
    d.field("ids", &Produced::ids, "");
    d.defaulted("insideThought", &Produced::inside_thought, "");
  }
};

struct Item {
  std::string id;
  ItemKind kind = ItemKind::user_message;
  std::string turn_id;
  uint32_t step = 0;                  // which model step of the turn made it, from 1; 0: not made by the model
  std::string text;                   // messages, thought, notice: the text; structured_output: the JSON text
  std::optional<std::string> call_id; // tool_call and tool_result
  std::optional<std::string> name;    // tool_call and tool_result: the tool
  std::optional<std::string> arguments;  // tool_call: JSON text, as generated
  std::optional<Json> result;         // tool_result: the object that the model sees ({ok:false,...} for errors)
  std::optional<bool> ok;             // tool_result
  std::optional<Json> response_schema;  // user_message: the schema asked for in this turn ("Answer with JSON: ...")
  std::optional<bool> incomplete;     // closed at a token limit
  std::optional<Produced> produced;   // private: never shown to clients

  template <typename D>
  static void describe(D& d) {
    d.about("Item", "One piece of a conversation.");
    d.defaulted("id", &Item::id, "");
    d.field("kind", &Item::kind, "");
    d.defaulted("turnId", &Item::turn_id, "");
    d.defaulted("step", &Item::step, "Model step of the turn that made it; 0: none.");
    d.defaulted("text", &Item::text, "");
    d.field("callId", &Item::call_id, "");
    d.field("name", &Item::name, "Tool.");
    d.field("arguments", &Item::arguments, "JSON text as generated.");
    d.field("result", &Item::result, "What the model sees of the tool's result.");
    d.field("ok", &Item::ok, "");
    d.field("responseSchema", &Item::response_schema, "");
    d.field("incomplete", &Item::incomplete, "");
    d.field("produced", &Item::produced, "");
  }
};

}  // namespace hob::wire
