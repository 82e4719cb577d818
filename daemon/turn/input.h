// A user's content blocks as the text that the model reads. Pure.
#pragma once

#include <string>
#include <vector>

#include "schemas/base/result.h"
#include "schemas/wire/client/content.h"

namespace hob::turn {

/// Texts joined by a blank line; a resource link becomes its path or URI on a line of its own. Other types are
/// `unsupported_content`; an input without a visible character is invalid_params.
Result<std::string> text_of(const std::vector<wire::ContentBlock>& input);

}  // namespace hob::turn
