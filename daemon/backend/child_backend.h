// ChildBackend: the Backend that is a model process of ours, hob-model or (scripted, for tests) hob-model-lite.
//
//   auto backend = make_child_backend(io, {.program = bin_dir + "/hob-model", .start = {.model_dir = dir}}, clock);
//   backend->load();
//   HOB_CO_TRY(result, co_await backend->step(params, progress, context));
//
// One process at a time. A death while it loads or works is followed by a new start after 1, 2, 4, 8 s; the third
// within 300 s is final until load(), ready() or a step asks again. A checkpoint that the process refuses, another
// build, or a program that is not there is final at once: trying again would not help. A death costs the steps that
// were running `model_failed`; those that wait for the model wait on. `busy` is `ready` with a step under way.
// All of it on [io]; coroutines under way keep the backend alive.
#pragma once

#include "daemon/backend/backend.h"
#include "daemon/supervise/restart.h"
#include "schemas/base/clock.h"

namespace hob::backend {

struct ChildBackendOptions {
  std::string program;                    // absolute path
  wire::ModelStart start;
  std::vector<std::string> environment;   // OMP_WAIT_POLICY=passive is added
  size_t max_open_steps = 64;             // running and waiting; beyond: overloaded
  Milliseconds stop_grace{2'000};
  supervise::RestartPolicy::Options restart = {
      .intensity = 3,
      .window = Milliseconds(300'000),
      .backoff = {Milliseconds(1000), Milliseconds(2000), Milliseconds(4000), Milliseconds(8000)}};
};

/// `clock` outlives the backend.
std::shared_ptr<Backend> make_child_backend(
    asio::any_io_executor io, ChildBackendOptions options, const Clock& clock);

}  // namespace hob::backend
