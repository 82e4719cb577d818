#include "daemon/cli/exit_code.h"

#include <catch2/catch.hpp>

namespace hob::cli {
namespace {

wire::TurnState turn(const std::string& status, const std::string& stop) {
  wire::TurnState state;
  state.status = status;
  state.stop_reason = stop;
  return state;
}

wire::TurnState failed(Code code) {
  wire::TurnState state = turn("failed", "error");
  state.error = Error(code, "why").to_json();
  return state;
}

TEST_CASE("every way a turn can end has its exit code") {
  CHECK(exit_of(turn("completed", "end_turn")) == 0);
  CHECK(exit_of(turn("completed", "max_tokens")) == 7);
  CHECK(exit_of(turn("completed", "max_turn_requests")) == 7);
  CHECK(exit_of(turn("completed", "loop_detected")) == 7);
  CHECK(exit_of(turn("completed", "denied")) == 5);
  CHECK(exit_of(turn("completed", "a reason of a later version")) == 1);
  CHECK(exit_of(turn("cancelled", "cancelled")) == 130);
  CHECK(exit_of(turn("interrupted", "")) == 1);
  CHECK(exit_of(turn("failed", "error")) == 1);
  CHECK(exit_of(failed(Code::model_failed)) == 4);
  CHECK(exit_of(failed(Code::model_not_loaded)) == 4);
  CHECK(exit_of(failed(Code::tool_denied)) == 5);
  CHECK(exit_of(failed(Code::output_truncated)) == 6);
  CHECK(exit_of(failed(Code::context_exceeded)) == 7);
  CHECK(exit_of(failed(Code::plugin_crashed)) == 8);
  CHECK(exit_of(failed(Code::internal)) == 1);
}

TEST_CASE("a turn in which a permission was refused never exits 0") {
  wire::TurnState state = turn("completed", "end_turn");
  state.tool_calls = 3;
  state.denied_calls = 1;
  CHECK(exit_of(state) == 5);
}

TEST_CASE("a turn whose every call failed exits 8, one that recovered exits 0") {
  wire::TurnState state = turn("completed", "end_turn");
  state.tool_calls = 2;
  state.failed_calls = 2;
  CHECK(exit_of(state) == 8);
  state.failed_calls = 1;
  CHECK(exit_of(state) == 0);
}

TEST_CASE("a daemon that is gone is told from an error of its own") {
  CHECK(exit_of(Error(Code::interrupted, "")) == 3);
  CHECK(exit_of(Error(Code::invalid_params, "")) == 1);
  CHECK(exit_of(Error(Code::deadline, "")) == 124);
}

}  // namespace
}  // namespace hob::cli
