#include "schemas/schema/uri.h"

namespace hob::schema {
namespace {

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// RFC 3986, 5.2.4.
std::string remove_dot_segments(std::string_view in) {
  std::string out;
  const auto drop_last = [&out] {
    const size_t slash = out.rfind('/');
    out.erase(slash == std::string::npos ? 0 : slash);
  };
  while (!in.empty()) {
    if (in.starts_with("../")) {
      in.remove_prefix(3);
    } else if (in.starts_with("./") || in.starts_with("/./")) {
      in.remove_prefix(2);
    } else if (in == "/.") {
      in = "/";
    } else if (in.starts_with("/../")) {
      in.remove_prefix(3);
      drop_last();
    } else if (in == "/..") {
      in = "/";
      drop_last();
    } else if (in == "." || in == "..") {
      in = {};
    } else {
      const size_t next = in.find('/', 1);
      out += in.substr(0, next);
      in.remove_prefix(next == std::string_view::npos ? in.size() : next);
    }
  }
  return out;
}

std::string merge(const Uri& base, std::string_view path) {
  if (base.authority && base.path.empty()) return "/" + std::string(path);
  const size_t slash = base.path.rfind('/');
  if (slash == std::string::npos) return std::string(path);
  return base.path.substr(0, slash + 1) + std::string(path);
}

}  // namespace

Uri Uri::split(std::string_view text) {
  Uri uri;
  if (const size_t hash = text.find('#'); hash != std::string_view::npos) {
    uri.fragment = text.substr(hash + 1);
    text = text.substr(0, hash);
  }
  if (const size_t mark = text.find('?'); mark != std::string_view::npos) {
    uri.query = text.substr(mark + 1);
    text = text.substr(0, mark);
  }
  const size_t colon = text.find_first_of(":/");
  if (colon != std::string_view::npos && colon > 0 && text[colon] == ':') {
    uri.scheme = text.substr(0, colon);
    text = text.substr(colon + 1);
  }
  if (text.starts_with("//")) {
    const size_t slash = text.find('/', 2);
    uri.authority = text.substr(2, slash == std::string_view::npos ? slash : slash - 2);
    text = slash == std::string_view::npos ? std::string_view() : text.substr(slash);
  }
  uri.path = text;
  return uri;
}

std::string Uri::text_without_fragment() const {
  std::string out;
  if (scheme) out += *scheme + ":";
  if (authority) out += "//" + *authority;
  out += path;
  if (query) out += "?" + *query;
  return out;
}

std::string Uri::text() const {
  return fragment ? text_without_fragment() + "#" + *fragment : text_without_fragment();
}

Uri resolve(const Uri& base, const Uri& reference) {
  Uri target = reference;
  if (reference.scheme) {
    target.path = remove_dot_segments(reference.path);
    return target;
  }
  target.scheme = base.scheme;
  if (reference.authority) {
    target.path = remove_dot_segments(reference.path);
    return target;
  }
  target.authority = base.authority;
  if (reference.path.empty()) {
    target.path = base.path;
    if (!reference.query) target.query = base.query;
  } else {
    target.path = remove_dot_segments(
        reference.path.starts_with('/') ? reference.path : merge(base, reference.path)
    );
  }
  return target;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out += text[at];
      continue;
    }
    if (at + 2 >= text.size() || hex(text[at + 1]) < 0 || hex(text[at + 2]) < 0)
      return std::nullopt;
    out += static_cast<char>(hex(text[at + 1]) * 16 + hex(text[at + 2]));
    at += 2;
  }
  return out;
}

}  // namespace hob::schema
