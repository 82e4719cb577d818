// gguf_config: what the keys of a GGUF file of the architectures "gemma3" and "gemma4" say, as the same Config.
//
//   HOB_TRY(config, gemma::gguf_config(file));
//
// What config.json would tell and no key does is read off the tensors: the size of the vocabulary, a head of its own
// (output.weight), values that are keys (a full layer without attn_v), which frequencies rotate (rope_freqs.weight). Errors
// name the file and the key. Pure; any thread.
#pragma once

#include "model/gemma/config.h"
#include "model/gemma/gguf.h"

namespace hob::gemma {

Result<Config> gguf_config(const Gguf& file);

/// Stop tokens, suppressed tokens and sampling where the file names them.
Result<Generation> gguf_generation(const Gguf& file, uint32_t vocab);

}  // namespace hob::gemma
