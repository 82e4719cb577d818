// Content blocks as ACP has them; this version takes text and resource links to text files.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "schemas/describe/describe.h"

namespace hob::wire {

struct ContentBlock {
  std::string type;                  // text | resource_link; image, audio, resource: unsupported_content
  std::optional<std::string> text;   // text
  std::optional<std::string> uri;    // resource_link
  std::optional<std::string> name;

  template <typename D>
  static void describe(D& d) {
    d.about("ContentBlock", "ACP's content: {type: text, text} or {type: resource_link, uri, name}.");
    d.field("type", &ContentBlock::type, "text or resource_link; others are unsupported_content.");
    d.field("text", &ContentBlock::text, "");
    d.field("uri", &ContentBlock::uri, "");
    d.field("name", &ContentBlock::name, "");
  }
};

/// The empty result `{}`.
struct Nothing {
  template <typename D>
  static void describe(D& d) {
    d.about("Nothing", "An empty object.");
  }
};

}  // namespace hob::wire
