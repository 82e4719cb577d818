#include "model/grammar/schema_uri.h"

#include <algorithm>

namespace hob::grammar {
namespace {

struct Parts {
  std::string_view scheme, authority, path, query;  // with "//" and "?"; scheme with ":"
};

Parts parts_of(std::string_view uri) {
  Parts out;
  uri = uri.substr(0, uri.find('#'));
  const size_t colon = uri.find_first_of(":/?");
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (colon != std::string_view::npos && colon > 0 && uri[colon] == ':' && letter(uri[0])) {
    out.scheme = uri.substr(0, colon + 1);
    uri.remove_prefix(colon + 1);
  }
  if (uri.substr(0, 2) == "//") {
    const size_t end = std::min(uri.find_first_of("/?", 2), uri.size());
    out.authority = uri.substr(0, end);
    uri.remove_prefix(end);
  }
  const size_t query = std::min(uri.find('?'), uri.size());
  out.path = uri.substr(0, query);
  out.query = uri.substr(query);
  return out;
}

std::string without_dots(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    const size_t end = std::min(path.find('/', 1), path.size());
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(end);
    if (segment == "/." || segment == "/..") {
      if (segment == "/..") out.erase(std::min(out.rfind('/'), out.size()));
      if (path.empty()) out += "/";
    } else {
      out += segment;
    }
  }
  return out;
}

}  // namespace

std::string resolve_uri(std::string_view base, std::string_view reference) {
  const size_t hash = reference.find('#');
  const std::string fragment(hash == std::string_view::npos ? std::string_view() : reference.substr(hash));
  const Parts to = parts_of(reference), from = parts_of(base);
  const auto join = [&](std::string_view scheme, std::string_view authority, const std::string& path, std::string_view query) {
    return std::string(scheme) + std::string(authority) + path + std::string(query) + fragment;
  };
  const bool opaque = !to.scheme.empty() && to.authority.empty() && to.path.substr(0, 1) != "/";  // urn:...
  if (!to.scheme.empty()) return join(to.scheme, to.authority, opaque ? std::string(to.path) : without_dots(to.path), to.query);
  if (!to.authority.empty()) return join(from.scheme, to.authority, without_dots(to.path), to.query);
  if (to.path.empty()) {
    return join(from.scheme, from.authority, std::string(from.path), to.query.empty() ? from.query : to.query);
  }
  if (to.path[0] == '/') return join(from.scheme, from.authority, without_dots(to.path), to.query);
  const size_t slash = from.path.rfind('/');
  std::string path(slash == std::string_view::npos ? std::string_view() : from.path.substr(0, slash + 1));
  if (path.empty() && !from.authority.empty()) path = "/";
  path += to.path;
  return join(from.scheme, from.authority, path[0] == '/' ? without_dots(path) : path, to.query);
}

std::string without_fragment(std::string_view uri) { return std::string(uri.substr(0, uri.find('#'))); }

}  // namespace hob::grammar
