#include "daemon/supervise/line_log.h"

#include <catch2/catch.hpp>

namespace hob::supervise {
namespace {

using namespace std::chrono_literals;
using Lines = std::vector<std::string>;

TEST_CASE("lines come whole whatever pieces they arrive in, and empty ones are left out") {
  LineLog log;
  CHECK(log.push("one", {}).empty());
  CHECK(log.push(" line\r\n\n", {}) == Lines{"one line"});
  CHECK(log.push("a\nb\nc", {}) == Lines{"a", "b"});
  CHECK(log.finish() == Lines{"c"});
  CHECK(log.finish().empty());
}

TEST_CASE("a line without end is broken") {
  LineLog log;
  const auto lines = log.push(std::string(LineLog::kMaxLine * 2 + 1, 'x'), {});
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].size() == LineLog::kMaxLine);
  CHECK(log.finish() == Lines{"x"});
}

TEST_CASE("what is over the limit of a minute is dropped, counted, and told in the next minute") {
  LineLog log;
  const LineLog::Time start{};
  const std::string line(1023, 'x');
  size_t lines = 0;
  for (int i = 0; i < 1000; ++i) lines += log.push(line + "\n", start + i * 1ms).size();
  CHECK(lines == 64);
  const auto later = log.push("again\n", start + 60s);
  REQUIRE(later.size() == 2);
  CHECK(later[0].find(std::to_string((1000 - 64) * 1024)) != std::string::npos);
  CHECK(later[1] == "again");
}

}  // namespace
}  // namespace hob::supervise
