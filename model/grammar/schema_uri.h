// Base URIs of schemas: what a relative reference means, by RFC 3986.
//
//   resolve_uri("https://example.org/a/b.json", "../c#/x");   // "https://example.org/c#/x"
//   without_fragment("https://example.org/c#/x");             // "https://example.org/c"
//
// Text to text, never fetched; what is no URI stays as it is. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace hob::grammar {

std::string resolve_uri(std::string_view base, std::string_view reference);
std::string without_fragment(std::string_view uri);

}  // namespace hob::grammar
