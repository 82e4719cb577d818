// The system text of the prompt contract: three sentences that every session begins with unless it brings its own.
// They are part of the cached prefix: a change of one byte costs every session its prefix.
#pragma once

namespace hob::turn {

inline constexpr char kSystemText[] =
    "You are hob, an agent on the user's own machine. Use a tool when one fits and answer from what it returns. If no "
    "tool fits or something is missing, say so and do not guess.";

}  // namespace hob::turn
