#include "daemon/turn/fold.h"

#include <catch2/catch.hpp>

namespace hob::turn {
namespace {

store::Event resolved(const std::string& turn_id, const std::string& option, const std::vector<std::string>& tools) {
  policy::Question question;
  question.id = "a";
  question.turn_id = turn_id;
  for (const std::string& tool : tools) question.calls.push_back({"c-" + tool, tool, Json::object(), ""});
  store::Event event;
  static_cast<store::NewEvent&>(event) = policy::resolved_event(question, option, "");
  return event;
}

using Names = std::set<std::string>;

TEST_CASE("answers that hold always are kept from every turn of the session, and no others") {
  TurnFold fold("this");
  fold.apply(resolved("earlier", "allow_once", {"look"}));
  CHECK(fold.always_allowed().empty());
  fold.apply(resolved("earlier", "allow_always", {"change", "remove"}));
  fold.apply(resolved("this", "reject_always", {"run"}));
  CHECK(fold.always_allowed() == Names{"change", "remove"});
  CHECK(fold.always_rejected() == Names{"run"});
}

TEST_CASE("of two answers about one tool the newest holds") {
  TurnFold fold("this");
  fold.apply(resolved("one", "allow_always", {"change"}));
  fold.apply(resolved("two", "reject_always", {"change"}));
  CHECK(fold.always_allowed().empty());
  CHECK(fold.always_rejected() == Names{"change"});
}

TEST_CASE("a late answer does not take a call back that has run") {
  TurnFold fold("this");
  store::Event event;
  event.turn_id = "this";
  event.type = "item.completed";
  wire::Item item;
  item.id = "i";
  item.kind = wire::ItemKind::tool_call;
  item.call_id = "c-change";
  item.name = "change";
  event.data = describe::write(item);
  fold.apply(event);
  store::Event intent;
  static_cast<store::NewEvent&>(intent) = intent_event("s", "this", "c-change");
  fold.apply(intent);
  fold.apply(resolved("this", "reject_once", {"change"}));
  CHECK(fold.calls().at(0).phase == CallPhase::running);
}

}  // namespace
}  // namespace hob::turn
