#include "daemon/cli/terminal.h"

#include <catch2/catch.hpp>

namespace hob::cli {
namespace {

TEST_CASE("escape sequences of a model or a tool reach no terminal") {
  CHECK(visible("a\x1b]52;c;aGk=\x07" "b") == "a^[]52;c;aGk=^Gb");
  CHECK(visible("x\xc2\x9b" "31m") == "x\\u009b31m");
  CHECK(visible("line\n\ttab") == "line\n\ttab");
  CHECK(visible("carriage\rreturn") == "carriage^Mreturn");
  CHECK(visible("Grüße 😀") == "Grüße 😀");
}

TEST_CASE("one line keeps whole characters and says that it was cut") {
  CHECK(one_line("short", 10) == "short");
  CHECK(one_line("two\nlines", 10) == "two lines");
  CHECK(one_line("üüüüü", 3) == "üü…");
  CHECK(one_line("", 3).empty());
}

}  // namespace
}  // namespace hob::cli
