#include "schemas/schema/index.h"

#include <optional>

#include "schemas/schema/uri.h"

namespace hob::schema {
namespace {

using json::Document;
constexpr int kMaxSchemaDepth = 200;
constexpr size_t kMaxSchemas = 200'000;

const std::string* text_member(const Document& schema, std::string_view key) {
  const Document* found = schema.find(key);
  return found != nullptr && found->kind == Document::Kind::string ? &found->text : nullptr;
}

/// Undoes ~0 and ~1.
std::optional<std::string> unescape_token(std::string_view token) {
  std::string out;
  for (size_t at = 0; at < token.size(); ++at) {
    if (token[at] != '~') {
      out += token[at];
    } else if (at + 1 < token.size() && (token[at + 1] == '0' || token[at + 1] == '1')) {
      out += token[++at] == '0' ? '~' : '/';
    } else {
      return std::nullopt;
    }
  }
  return out;
}

const Document* step(const Document& from, const std::string& token) {
  if (from.kind == Document::Kind::object) return from.find(token);
  if (from.kind != Document::Kind::array || token.empty() || token.size() > 9) return nullptr;
  if (token.size() > 1 && token[0] == '0') return nullptr;
  size_t index = 0;
  for (const char c : token) {
    if (c < '0' || c > '9') return nullptr;
    index = index * 10 + static_cast<size_t>(c - '0');
  }
  return index < from.items.size() ? &from.items[index] : nullptr;
}

}  // namespace

Error refuse(std::string_view pointer, std::string_view keyword, std::string_view sentence) {
  std::string message =
      "At " + (pointer.empty() ? std::string("the top of the schema") : std::string(pointer));
  if (!keyword.empty()) message += ", \"" + std::string(keyword) + "\"";
  message += ": " + std::string(sentence);
  return Error(Code::schema_unsupported, std::move(message))
      .with("pointer", pointer)
      .with("keyword", keyword);
}

Result<void> Index::add(const std::string& uri, std::shared_ptr<const Document> document) {
  const Document& root = *document;
  documents_.push_back(std::move(document));
  Dialect fallback;
  fallback.draft = default_draft_;
  Resource* resource = new_resource(Uri::split(uri).text_without_fragment(), root, fallback);
  if (!main_done_) {
    HOB_TRY_VOID(walk(root, Place{resource, ""}));
    main_done_ = true;
    return {};
  }
  const size_t first = resources_.size() - 1;
  auto walked = walk(root, Place{resource, resource->uri + "#"});
  if (walked.ok()) return {};
  // A bad document among the known ones only hurts who refers to it.
  for (size_t i = first; i < resources_.size(); ++i)
    resources_[i]->dialect.refused = walked.error().message();
  return {};
}

Resource* Index::new_resource(std::string uri, const Document& root, const Dialect& fallback) {
  auto resource = std::make_shared<Resource>();
  resource->uri = std::move(uri);
  resource->root = &root;
  const std::string* dialect =
      root.kind == Document::Kind::object ? text_member(root, "$schema") : nullptr;
  resource->dialect = dialect != nullptr ? dialect_of(*dialect, known_) : fallback;
  resources_.push_back(resource);
  by_uri_.emplace(resource->uri, resource.get());
  return resource.get();
}

Result<void> Index::walk(const Document& root, Place place) {
  std::vector<Pending> stack;
  stack.push_back({&root, std::move(place), 0});
  while (!stack.empty()) {
    Pending pending = std::move(stack.back());
    stack.pop_back();
    HOB_TRY_VOID(visit(pending, stack));
  }
  return {};
}

Result<void> Index::visit(const Pending& pending, std::vector<Pending>& stack) {
  const Document& schema = *pending.schema;
  if (places_.contains(&schema)) return {};
  if (pending.depth > kMaxSchemaDepth)
    return refuse(pending.place.pointer, "", "schemas are nested too deep here.");
  if (places_.size() >= kMaxSchemas)
    return refuse(pending.place.pointer, "", "there are too many schemas.");
  Pending here = pending;
  if (schema.kind == Document::Kind::object) {
    HOB_TRY_VOID(identify(schema, here.place));
    // A foreign dialect keeps its schemas elsewhere; whoever enters it is refused by the compiler.
    if (here.place.resource->dialect.refused.empty()) visit_children(here, stack);
  }
  places_.emplace(&schema, std::move(here.place));
  return {};
}

/// Reads "$id" and the anchors; `place` moves to the new resource when there is one.
Result<void> Index::identify(const Document& schema, Place& place) {
  const bool old = place.resource->dialect.in(kOld);
  // In draft 7 a "$ref" hides everything beside it, "$id" too.
  if (old && schema.find("$ref") != nullptr) return {};
  if (const std::string* id = text_member(schema, "$id")) {
    Uri uri = schema::resolve(Uri::split(place.resource->uri), Uri::split(*id));
    const std::string fragment = uri.fragment.value_or("");
    uri.fragment.reset();
    if (!fragment.empty() && !old)
      return refuse(place.pointer, "$id", "an identifier has no fragment; use $anchor.");
    if (!id->starts_with('#')) {
      const std::string text = uri.text();
      if (&schema == place.resource->root) {
        place.resource->uri = text;
        by_uri_.emplace(text, place.resource);
      } else {
        const auto other = by_uri_.find(text);
        if (other != by_uri_.end() && other->second->root != &schema && !main_done_) {
          return refuse(place.pointer, "$id", "two schemas are called \"" + text + "\".");
        }
        place.resource = new_resource(text, schema, place.resource->dialect);
      }
    }
    if (!fragment.empty()) place.resource->anchors.emplace(fragment, &schema);
  }
  if (!place.resource->dialect.in(kSince2019)) return {};
  for (const std::string_view keyword : {"$anchor", "$dynamicAnchor"}) {
    const bool dynamic = keyword == "$dynamicAnchor";
    if (dynamic && !place.resource->dialect.in(kNew)) continue;
    const std::string* name = text_member(schema, keyword);
    if (name == nullptr) continue;
    const auto [old_anchor, fresh] = place.resource->anchors.emplace(*name, &schema);
    if (!fresh && old_anchor->second != &schema) {
      return refuse(place.pointer, keyword, "two schemas are anchored as \"" + *name + "\".");
    }
    if (dynamic) place.resource->dynamic_anchors.emplace(*name, &schema);
  }
  if (&schema == place.resource->root && place.resource->dialect.in(kMiddle)) {
    const Document* recursive = schema.find("$recursiveAnchor");
    place.resource->recursive_anchor = recursive != nullptr && recursive->boolean;
  }
  return {};
}

void Index::visit_children(const Pending& pending, std::vector<Pending>& stack) {
  const Draft draft = pending.place.resource->dialect.draft;
  const auto push = [&](const Document& child, const std::string& pointer) {
    if (child.kind == Document::Kind::object || child.kind == Document::Kind::boolean) {
      stack.push_back({&child, Place{pending.place.resource, pointer}, pending.depth + 1});
    }
  };
  for (const auto& [keyword, value] : pending.schema->members) {
    const auto shape = shape_of(keyword, draft);
    if (!shape) continue;
    const std::string pointer = pending.place.pointer + "/" + json::pointer_token(keyword);
    const bool list = *shape == Shape::list || *shape == Shape::schema_or_list;
    if (list && value.kind == Document::Kind::array) {
      for (size_t i = 0; i < value.items.size(); ++i)
        push(value.items[i], pointer + "/" + std::to_string(i));
    } else if (*shape == Shape::schema || *shape == Shape::schema_or_list) {
      push(value, pointer);
    } else if (value.kind == Document::Kind::object) {
      for (const auto& [name, child] : value.members)
        push(child, pointer + "/" + json::pointer_token(name));
    }
  }
}

const Place* Index::place(const Document* schema) const {
  const auto found = places_.find(schema);
  return found == places_.end() ? nullptr : &found->second;
}

Result<void> Index::adopt(const Document* schema, Place place) {
  return walk(*schema, std::move(place));
}

Result<Target> Index::resolve(
    const Place& from, std::string_view keyword, std::string_view reference
) {
  const Uri uri = schema::resolve(Uri::split(from.resource->uri), Uri::split(reference));
  const auto found = by_uri_.find(uri.text_without_fragment());
  if (found == by_uri_.end()) {
    return refuse(
        from.pointer, keyword,
        "the document \"" + uri.text_without_fragment() +
            "\" is not known, and nothing is ever fetched; put it under $defs."
    );
  }
  Resource* resource = found->second;
  const auto fragment = percent_decode(uri.fragment.value_or(""));
  if (!fragment)
    return refuse(
        from.pointer, keyword, "the fragment of \"" + std::string(reference) + "\" is malformed."
    );
  if (fragment->empty()) return Target{resource->root, false, {}};
  if (fragment->front() == '/') return follow_pointer(resource, *fragment, from, keyword);
  const auto anchor = resource->anchors.find(*fragment);
  if (anchor == resource->anchors.end()) {
    return refuse(
        from.pointer, keyword,
        "there is no anchor \"" + *fragment + "\" in \"" + resource->uri + "\"."
    );
  }
  return Target{anchor->second, resource->dynamic_anchors.contains(*fragment), *fragment};
}

Result<Target> Index::follow_pointer(
    Resource* resource, std::string_view pointer, const Place& from, std::string_view keyword
) {
  const Place* root = place(resource->root);
  const Document* at = resource->root;
  Place here{resource, root == nullptr ? std::string() : root->pointer};
  for (std::string_view rest = pointer; !rest.empty();) {
    rest.remove_prefix(1);
    const size_t slash = rest.find('/');
    const auto token = unescape_token(rest.substr(0, slash));
    rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash);
    at = token ? step(*at, *token) : nullptr;
    if (at == nullptr)
      return refuse(
          from.pointer, keyword,
          "nothing lies at \"" + std::string(pointer) + "\" of \"" + resource->uri + "\"."
      );
    here.pointer += "/" + json::pointer_token(*token);
    if (const Place* known = place(at)) here.resource = known->resource;
  }
  if (at->kind != Document::Kind::object && at->kind != Document::Kind::boolean) {
    return refuse(
        from.pointer, keyword, "what lies at \"" + std::string(pointer) + "\" is not a schema."
    );
  }
  HOB_TRY_VOID(adopt(at, std::move(here)));
  return Target{at, false, {}};
}

}  // namespace hob::schema
