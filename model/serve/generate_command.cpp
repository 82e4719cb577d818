#include "model/serve/generate_command.h"

#include <istream>
#include <ostream>

#include "model/schedule/scheduler.h"
#include "model/serve/server.h"
#include "model/serve/step_maker.h"

namespace hob::serve {
namespace {

Result<Json> run_line(const std::string& line, StepMaker& maker, schedule::Scheduler& scheduler) {
  HOB_TRY(body, json::parse(line, json::kChild));
  HOB_TRY(params, describe::read<wire::StepParams>(body));
  HOB_TRY(request, maker.make(params));
  std::optional<Result<wire::StepResult>> outcome;
  request.done = [&](Result<wire::StepResult> result) { outcome = std::move(result); };
  HOB_TRY_VOID(scheduler.submit(std::move(request)));
  while (!outcome) scheduler.work();
  if (!*outcome) return outcome->error();
  return describe::write(outcome->value());
}

}  // namespace

int run_generate(const wire::ModelStart& start, const Loader& loader, std::istream& in, std::ostream& out,
                 std::ostream& errors) {
  engine::Interrupt interrupt;
  SystemClock clock;
  SystemRandom random;
  auto loaded = loader(start, interrupt, [](uint64_t, uint64_t) {});
  auto facts = loaded ? facts_of(*loaded) : Result<ModelFacts>(loaded.error());
  if (!facts) {
    errors << facts.error().message() << "\n";
    return 1;
  }
  facts->draft = start.draft;
  StepMaker maker(*std::move(facts), random);
  schedule::Scheduler scheduler(*loaded->engine, loaded->control,
                                start.cache_bytes > 0 ? start.cache_bytes : kDefaultCacheBytes, clock);
  for (std::string line; std::getline(in, line);) {
    if (line.empty()) continue;
    const auto result = run_line(line, maker, scheduler);
    out << json::dump(result ? *result : Json{{"error", result.error().to_json()}}) << std::endl;
  }
  return 0;
}

}  // namespace hob::serve
