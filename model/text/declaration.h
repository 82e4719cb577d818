// declaration: a tool as Gemma's system turn declares it.
//
//   declaration:get_weather{description:<|"|>...<|"|>,parameters:{properties:{...},type:<|"|>OBJECT<|"|>}}
//
// This writes what the published template writes, its silent losses included (most schema keywords vanish): lower a
// schema first (lowering.h). What the template would write malformed, it refuses. Pure; any thread.
#pragma once

#include "model/text/pieces.h"
#include "schemas/base/document.h"
#include "schemas/base/result.h"

namespace hob::text {

/// `function` is the object {name, description?, parameters?, response?} of an OpenAI-style tool.
Result<void> write_declaration(const json::Document& function, Pieces& out);

}  // namespace hob::text
