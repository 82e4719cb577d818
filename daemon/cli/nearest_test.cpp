#include "daemon/cli/nearest.h"

#include <catch2/catch.hpp>

namespace hob::cli {
namespace {

TEST_CASE("a slip of the finger finds its word, another word finds nothing") {
  const std::vector<std::string> words = {"run", "sessions", "daemon", "doctor", "version"};
  CHECK(nearest("rnu", words) == "run");
  CHECK(nearest("sesions", words) == "sessions");
  CHECK(nearest("deamon", words) == "daemon");
  CHECK(nearest("docter", words) == "doctor");
  CHECK_FALSE(nearest("bake", words));
  CHECK_FALSE(nearest("", words));
  CHECK_FALSE(nearest(std::string(100'000, 'x'), words));
}

}  // namespace
}  // namespace hob::cli
