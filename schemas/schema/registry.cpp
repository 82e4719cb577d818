#include "schemas/schema/registry.h"

#include "schemas/schema/uri.h"

namespace hob::schema {

Result<void> Registry::add(const std::string& uri, json::Document document) {
  const Uri parts = Uri::split(uri);
  if (!parts.scheme || parts.fragment) {
    return Error(
        Code::invalid_params,
        "A known schema needs an absolute URI without a fragment, got \"" + uri + "\"."
    );
  }
  if (!documents_.emplace(uri, std::make_shared<const json::Document>(std::move(document)))
           .second) {
    return Error(Code::invalid_params, "The schema \"" + uri + "\" is known already.");
  }
  return {};
}

const json::Document* Registry::find(const std::string& uri) const {
  const auto found = documents_.find(uri);
  return found == documents_.end() ? nullptr : found->second.get();
}

}  // namespace hob::schema
