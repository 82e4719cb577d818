// Backend: a model at the level of a turn, always in a child process that speaks child frames. hob-model is one; a
// remote engine would be another. A seam that must not move.
//
//   HOB_CO_TRY(result, co_await backend.step(params, [&](const wire::StepProgress& p) { ... }, context));
//
// A backend that dies costs the running step `model_failed`; it is restarted with back-off (1, 2, 4, 8 s; three
// deaths in 300 s: state failed until asked again). All of it on [io].
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "daemon/async/async.h"
#include "schemas/wire/client/model.h"
#include "schemas/wire/step.h"

namespace hob::backend {

using ProgressSink = std::function<void(const wire::StepProgress&)>;

class Backend {
 public:
  virtual ~Backend() = default;

  /// Starts loading (idempotent); `status` tells how far it is.
  virtual void load() = 0;
  /// Waits until the model is ready. model_not_loaded with the reason when it cannot be.
  virtual Async<Result<wire::ModelInfo>> ready(CallContext context) = 0;
  virtual wire::ModelStatus status() const = 0;

  /// One model step (loads first when need be). Cancel: the result then has stop `cancelled` and what was made.
  virtual Async<Result<wire::StepResult>> step(wire::StepParams params, ProgressSink progress, CallContext context) = 0;
  /// A hint: fills the cache for these items; errors are only logged.
  virtual Async<void> prefill(wire::StepParams params, CallContext context) = 0;
  /// Cuts a tool result to a token budget (the only cutter by tokens).
  virtual Async<Result<Json>> fit(Json result, uint32_t budget_tokens, CallContext context) = 0;
  /// {compiledMs}; schema_unsupported (pointer, keyword) or schema_unsatisfiable; of a grammar also invalid_params.
  virtual Async<Result<Json>> check_schema(wire::CheckSchemaParams params, CallContext context) = 0;

  /// Called on [io] at every change of state, with the new status.
  virtual void on_state(std::function<void(const wire::ModelStatus&)> callback) = 0;
  virtual Async<void> stop() = 0;
};

}  // namespace hob::backend
