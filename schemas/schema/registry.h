// Registry: the documents that "$ref" and "$schema" may name besides the schema itself. Nothing is
// ever fetched: a reference to a document that is not here is refused when the schema is compiled.
//
//   Registry known;
//   HOB_TRY_VOID(known.add("https://example.com/address.json", document));
//
// Filled once, then read only; validators share the documents and may outlive the registry.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "schemas/base/document.h"
#include "schemas/base/result.h"

namespace hob::schema {

class Registry {
 public:
  using Documents = std::map<std::string, std::shared_ptr<const json::Document>>;

  /// `uri` is absolute and without a fragment; each once.
  Result<void> add(const std::string& uri, json::Document document);
  const json::Document* find(const std::string& uri) const;
  const Documents& documents() const { return documents_; }

 private:
  Documents documents_;
};

}  // namespace hob::schema
