#include "model/sample/stop_strings.h"

#include <catch2/catch.hpp>

namespace hob::sample {
namespace {

// All of `text` in pieces of `size` bytes.
std::string streamed(StopStrings stops, std::string_view text, size_t size, std::string* stopped = nullptr) {
  std::string out;
  for (; !text.empty(); text.remove_prefix(std::min(size, text.size()))) out += stops.push(text.substr(0, size));
  out += stops.finish();
  if (stopped != nullptr) *stopped = stops.stopped().value_or("");
  return out;
}

TEST_CASE("the text ends before the first stop, however the stream is cut") {
  for (size_t size = 1; size < 24; ++size) {
    INFO("pieces of " << size);
    std::string stopped;
    CHECK(streamed(StopStrings({"END", "\nUser:"}), "one EN two\nUser: three END", size, &stopped) == "one EN two");
    CHECK(stopped == "\nUser:");
    CHECK(streamed(StopStrings({"abc", "b"}), "xaabc", size, &stopped) == "xa");  // "abc" begins before "b"
    CHECK(stopped == "abc");
    CHECK(streamed(StopStrings({"ab", "abab"}), "x abab", size, &stopped) == "x ");
    CHECK(stopped == "abab");
    CHECK(streamed(StopStrings({"aab"}), "aaaab!", size, &stopped) == "aa");
    CHECK(streamed(StopStrings({"never", ""}), "what is held back comes at the end: nev", size, &stopped) ==
          "what is held back comes at the end: nev");
    CHECK(stopped.empty());
  }
}

TEST_CASE("what may still become a stop is held back, and no more") {
  StopStrings stops({"END"});
  CHECK(stops.push("one EN") == "one ");
  CHECK(stops.push("E") == "EN");
  CHECK(stops.push("ND two").empty());
  CHECK(stops.stopped() == "END");
  CHECK(stops.push("three").empty());
  CHECK(stops.finish().empty());
  CHECK(StopStrings({}).push("all") == "all");
}

}  // namespace
}  // namespace hob::sample
