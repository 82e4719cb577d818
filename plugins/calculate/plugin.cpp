// The tool `calculate`. Configuration: {"digits": N}, digits after the point (0 to 12) for models
// that cannot end a long run of equal ones; without it results have 12 significant digits.
#include "plugins/sdk/plugin.h"

#include "plugins/calculate/evaluate.h"

namespace hob::plugins::calculate {
namespace {

using namespace hob::sdk;

Result<Tools> make(const Host&, const Json& config) {
  Digits digits;
  if (Arguments settings(config); settings.has("digits")) {
    int64_t wanted = settings.integer("digits", -1);
    if (wanted < 0 || wanted > 12)
      return invalid_params("/digits", "an integer from 0 to 12", json::brief(config["digits"]));
    digits.decimals = static_cast<int>(wanted);
  }
  Tools tools;
  tools.add("calculate", [digits](const Arguments& arguments, Call&) {
    auto value = evaluate(arguments.text("expression"));
    if (!value.ok())
      return Observation::from(
          value.error(),
          value.error().code() == Code::invalid_params
              ? "Use numbers, + - * / % ^, parentheses and functions such as sqrt and round."
              : "Check the numbers."
      );
    return Observation::result({{"result", print(*value, digits)}});
  });
  return tools;
}

}  // namespace
}  // namespace hob::plugins::calculate

HOB_PLUGIN(hob::plugins::calculate::make)
