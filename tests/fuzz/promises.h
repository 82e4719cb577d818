// What holds for any configuration and any tokenizer that was read, whatever file it came from.
#pragma once

#include <string_view>

#include "model/gemma/config.h"
#include "model/text/tokenizer.h"
#include "schemas/base/error.h"

namespace hob::fuzz {

/// Of a model's file that does not open.
void check_model_refusal(const Error& error);

/// Numbers within limits, sharing that leads to an owner, sizes that do not overflow.
void check_config(const gemma::Config& config);
void check_generation(const gemma::Generation& generation, uint32_t vocab);

/// Of a text from outside: ids that there are, none of a control token, and the same text back
/// where it is UTF-8 and the vocabulary has every byte.
void check_text(const text::Tokenizer& tokenizer, std::string_view text);

}  // namespace hob::fuzz
