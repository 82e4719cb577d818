// gguf_tokenizer: the tokenizer inside a GGUF file, of either kind: pieces with scores ("llama"), or with merges ("gemma4").
//
//   HOB_TRY(tokenizer, gemma::load_tokenizer("models/gemma.gguf"));     // a directory with tokenizer.json does as well
//
// Keys of the file: tokenizer.ggml.tokens, scores, merges, token_type, add_space_prefix. Refused by the name of the key: other
// kinds, a space before every text, lists that differ in length, types that there are not, scores that are no numbers.
// <bos> is never added here, whatever add_bos_token says: prompts write it. Any thread.
#pragma once

#include "model/gemma/gguf.h"
#include "model/gemma/model_files.h"
#include "model/text/tokenizer.h"

namespace hob::gemma {

Result<text::Tokenizer> gguf_tokenizer(const Gguf& file);

/// Of a checkpoint's directory, or of a GGUF file.
Result<text::Tokenizer> load_tokenizer(const std::filesystem::path& model);

}  // namespace hob::gemma
