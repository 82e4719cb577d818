#include "model/serve/loaded.h"

#include <algorithm>
#include <filesystem>

#include "model/engine/script_file.h"

namespace hob::serve {
namespace {

Error not_loaded(const std::string& message) { return {Code::model_not_loaded, message}; }

}  // namespace

schedule::ControlTokens control_tokens(const text::Tokenizer& tokenizer, const std::vector<uint32_t>& eos,
                                       const std::vector<uint32_t>& suppressed) {
  const text::ControlTokens& control = tokenizer.control();
  schedule::ControlTokens out;
  out.stops = eos;
  for (const auto& stop : {control.eos, control.turn_close, control.response_open}) {
    if (stop && std::find(out.stops.begin(), out.stops.end(), *stop) == out.stops.end()) out.stops.push_back(*stop);
  }
  out.suppressed = suppressed;
  out.turn_open = control.turn_open;
  out.response_close = control.response_close;
  out.channel_close = control.channel_close;
  return out;
}

Result<Loaded> load_script(const wire::ModelStart& start, engine::Interrupt& interrupt, const LoadProgress& progress) {
  if (start.script.empty()) {
    return not_loaded("hob-model-lite has no engine of its own: it plays a script. Give `script`, or run hob-model.");
  }
  progress(0, 1);
  HOB_TRY(script, engine::read_script(start.script));
  if (!start.model_dir.empty()) {
    script.tokenizer = (std::filesystem::path(start.model_dir) / "tokenizer.json").string();
  }
  if (script.tokenizer.empty()) {
    return not_loaded(start.script + ": the field \"tokenizer\" is missing, and no model directory was given.");
  }
  if (start.context > 0) script.context = std::min(script.context, start.context);
  auto tokenizer = text::Tokenizer::load(script.tokenizer);
  if (!tokenizer) return not_loaded(tokenizer.error().message());
  Loaded out;
  out.tokenizer = std::make_shared<const text::Tokenizer>(*std::move(tokenizer));
  out.engine = engine::play(std::move(script), out.tokenizer, interrupt);
  out.control = control_tokens(*out.tokenizer, {}, {});
  out.capabilities = {"constrain.exact", "constrain.words", "ids", "logprobs", "fork", "tools"};
  progress(1, 1);
  return out;
}

}  // namespace hob::serve
