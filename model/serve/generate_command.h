// The body of `hob-model generate`: steps without a daemon, for evaluation and for people.
//
//   echo '{"items":[{"kind":"user_message","text":"hi"}],"sampling":{"temperature":0}}' | hob-model generate --model DIR
//
// Lines of StepParams in, lines of StepResult out, in order, one each; a line that cannot be served gives
// {"error": {code, message, data}} and the work goes on.
#pragma once

#include <iosfwd>

#include "model/serve/loaded.h"

namespace hob::serve {

/// Exit status: 0 at the end of the input, 1 when the model cannot be loaded.
int run_generate(const wire::ModelStart& start, const Loader& loader, std::istream& in, std::ostream& out,
                 std::ostream& errors);

}  // namespace hob::serve
