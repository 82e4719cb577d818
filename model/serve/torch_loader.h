// load_torch: a checkpoint directory becomes a Loaded model, through model/torch.
#pragma once

#include "model/serve/loaded.h"

namespace hob::serve {

Result<Loaded> load_torch(const wire::ModelStart& start, engine::Interrupt& interrupt, const LoadProgress& progress);

}  // namespace hob::serve
