// Index: where every schema lies. Reads documents once, notes each "$id" and anchor, and resolves
// references to the place they name. Used while compiling; afterwards the Resources live on in the
// compiled Program (dynamic references ask them). One thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "schemas/base/document.h"
#include "schemas/base/result.h"
#include "schemas/schema/dialect.h"
#include "schemas/schema/registry.h"

namespace hob::schema {

struct Node;

/// A schema with an identity of its own: a document, or a part of one with "$id".
struct Resource {
  std::string uri;  // without fragment; empty for a document that names none
  const json::Document* root = nullptr;
  Dialect dialect;
  bool recursive_anchor = false;
  std::map<std::string, const json::Document*, std::less<>> anchors;  // the dynamic ones too
  std::map<std::string, const json::Document*, std::less<>> dynamic_anchors;
  std::map<std::string, const Node*, std::less<>> dynamic_nodes;  // filled by the compiler
  const Node* root_node = nullptr;                                // for $recursiveRef
  bool entered = false;
};

/// One schema's address.
struct Place {
  Resource* resource = nullptr;
  std::string
      pointer;  // JSON Pointer in its document; "URI#pointer" in documents other than the main one
};

struct Target {
  const json::Document* schema = nullptr;
  bool dynamic_anchor = false;  // named by a fragment that is a "$dynamicAnchor"
  std::string fragment;
};

/// A refusal with pointer and keyword in its data.
Error refuse(std::string_view pointer, std::string_view keyword, std::string_view sentence);

class Index {
 public:
  Index(const Registry* known, Draft default_draft)
      : known_(known), default_draft_(default_draft) {}

  /// Notes a document and every schema in it. The first one is the main one.
  Result<void> add(const std::string& uri, std::shared_ptr<const json::Document> document);
  /// Where `reference`, written at `from`, leads.
  Result<Target> resolve(const Place& from, std::string_view keyword, std::string_view reference);
  /// The place of a schema that add() or resolve() met; null otherwise.
  const Place* place(const json::Document* schema) const;
  /// Notes a schema below a known place, where a keyword of another draft or an unknown keyword
  /// holds it.
  Result<void> adopt(const json::Document* schema, Place place);

  std::vector<std::shared_ptr<Resource>> take_resources() { return std::move(resources_); }
  std::vector<std::shared_ptr<const json::Document>> take_documents() {
    return std::move(documents_);
  }

 private:
  struct Pending {
    const json::Document* schema;
    Place place;
    int depth;
  };
  Result<void> walk(const json::Document& root, Place place);
  Result<void> visit(const Pending& pending, std::vector<Pending>& stack);
  void visit_children(const Pending& pending, std::vector<Pending>& stack);
  Result<void> identify(const json::Document& schema, Place& place);
  Resource* new_resource(std::string uri, const json::Document& root, const Dialect& fallback);
  Result<Target> follow_pointer(
      Resource* resource, std::string_view pointer, const Place& from, std::string_view keyword
  );

  const Registry* known_;
  Draft default_draft_;
  bool main_done_ = false;
  std::vector<std::shared_ptr<const json::Document>> documents_;
  std::vector<std::shared_ptr<Resource>> resources_;
  std::map<std::string, Resource*, std::less<>> by_uri_;
  std::unordered_map<const json::Document*, Place> places_;
};

}  // namespace hob::schema
