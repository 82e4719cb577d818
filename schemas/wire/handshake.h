// The first words of every child: `hello` (a notify, at once), then it waits for `start` (a request).
#pragma once

#include <string>
#include <vector>

#include "schemas/describe/describe.h"

namespace hob::wire {

/// The build of all programs of one installation; a child of another build is refused (version_skew).
const std::string& build_id();

struct Hello {
  int32_t protocol = 0;
  std::string build;
  std::string program;                    // "hob-model", "hob-model-lite", "hob-plugin-host"
  std::vector<std::string> capabilities;  // method names beyond `start`

  template <typename D>
  static void describe(D& d) {
    d.about("Hello", "A child's first message.");
    d.field("protocol", &Hello::protocol, "Version of the child frames.");
    d.field("build", &Hello::build, "Build id of the program.");
    d.field("program", &Hello::program, "");
    d.defaulted("capabilities", &Hello::capabilities, "");
  }
};

}  // namespace hob::wire
