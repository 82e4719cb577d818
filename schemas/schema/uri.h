// References as RFC 3986 resolves them: what "$ref" and "$id" need, no more. Nothing is ever
// fetched. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hob::schema {

struct Uri {
  std::optional<std::string> scheme;
  std::optional<std::string> authority;
  std::string path;
  std::optional<std::string> query;
  std::optional<std::string> fragment;

  /// Never fails: every text splits into these five by RFC 3986 appendix B.
  static Uri split(std::string_view text);
  std::string text() const;
  std::string text_without_fragment() const;
};

/// `reference` seen from `base` (RFC 3986, 5.2.2). A base without a scheme is allowed.
Uri resolve(const Uri& base, const Uri& reference);

/// Turns %41 into A; nothing when a percent sign is not followed by two hexadecimal digits.
std::optional<std::string> percent_decode(std::string_view text);

}  // namespace hob::schema
