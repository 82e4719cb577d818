// gguf_tensors: the tensors of a GGUF file under the names that a checkpoint's would have.
//
//   HOB_TRY(files, gemma::gguf_tensors(file, config));
//   HOB_TRY(weights, gemma::find_weights(config, files));       // "blk.3.attn_q.weight" is layers.3.self_attn.q_proj.weight
//
// What the configuration needs must be there in its shape; the error names the file and the tensor as it stands there. Norms
// of Gemma 3, which such files hold with 1 added, are given without it, as f32 copies. Everything else is a view: packed
// matrices stay packed, and the experts' gates and ups, where the file has them apart, stay where they are (unpack.h). Pure;
// any thread.
#pragma once

#include "model/gemma/config.h"
#include "model/gemma/gguf.h"

namespace hob::gemma {

Result<Safetensors> gguf_tensors(const Gguf& file, const Config& config);

/// "blk.3.attn_q.weight" for "layers.3.self_attn.q_proj.weight"; empty where there is none.
std::string gguf_name(std::string_view name);

}  // namespace hob::gemma
