// host: the life of one hob-plugin-host: hello, start (sandbox, then the library), calls one at a
// time, the end.
//
//   return host::run(wire::FrameChannel(UniqueFd(3)));   // main.cpp
//
// Threads: [tool] is the main thread, on which foreign code runs; [read] reads frames and sets
// cancel flags; [watch] ends the process when a call has not returned 250 ms after its deadline or
// cancellation, having answered in its place. The process ends by _exit, always: a plugin's own
// exit handlers have no say.
#pragma once

#include "schemas/wire/child_frame.h"

namespace hob::plugins::host {

/// What the exit status says to whoever looks at it; the answers have been sent before.
enum ExitStatus : int {
  kDone = 0,        // the channel was closed
  kNotStarted = 3,  // `start` failed, and was answered so
  kBroken = 4,    // a call left the plugin in an unknown state (an exception crossed the C border)
  kHung = 5,      // a call did not return in time
  kProtocol = 6,  // the other side does not speak child frames
};

/// Does not return.
[[noreturn]] void run(UniqueFd channel);

}  // namespace hob::plugins::host
