#include "schemas/schema/dialect.h"

#include <unordered_map>

namespace hob::schema {
namespace {

constexpr int kMaxMetaschemas = 8;

std::optional<Draft> standard(std::string_view uri) {
  if (uri.ends_with('#')) uri.remove_suffix(1);
  if (uri.starts_with("https://")) uri.remove_prefix(8);
  if (uri.starts_with("http://")) uri.remove_prefix(7);
  if (uri == "json-schema.org/draft/2020-12/schema") return Draft::draft_2020_12;
  if (uri == "json-schema.org/draft/2019-09/schema") return Draft::draft_2019_09;
  // Every schema of draft 6 means the same in draft 7, unless it has if/then/else, contentEncoding
  // or the like.
  if (uri == "json-schema.org/draft-07/schema" || uri == "json-schema.org/draft-06/schema")
    return Draft::draft_7;
  return std::nullopt;
}

bool known_vocabulary(std::string_view name) {
  for (const std::string_view word :
       {"core", "applicator", "unevaluated", "validation", "meta-data", "format",
        "format-annotation", "format-assertion", "content"}) {
    if (name == word) return true;
  }
  return false;
}

void read_vocabularies(const json::Document& vocabularies, Dialect& dialect) {
  dialect.assertions = false;
  for (const auto& [uri, required] : vocabularies.members) {
    const size_t at = uri.find("/vocab/");
    const std::string_view name =
        at == std::string::npos ? std::string_view() : std::string_view(uri).substr(at + 7);
    if (!uri.starts_with("https://json-schema.org/draft/") || !known_vocabulary(name)) {
      if (required.boolean)
        dialect.refused = "the vocabulary \"" + uri + "\" is required and not known here.";
      continue;
    }
    if (name == "validation") dialect.assertions = true;
    if (name == "format-assertion" || (name == "format" && required.boolean))
      dialect.format_assertion = true;
  }
}

}  // namespace

Dialect dialect_of(std::string_view schema_uri, const Registry* known) {
  Dialect dialect;
  const json::Document* vocabularies = nullptr;
  std::string uri(schema_uri);
  for (int i = 0; i < kMaxMetaschemas; ++i) {
    if (const auto draft = standard(uri)) {
      dialect.draft = *draft;
      if (vocabularies != nullptr && *draft != Draft::draft_7)
        read_vocabularies(*vocabularies, dialect);
      return dialect;
    }
    if (uri.ends_with('#')) uri.pop_back();
    const json::Document* metaschema = known == nullptr ? nullptr : known->find(uri);
    if (metaschema == nullptr) break;
    if (vocabularies == nullptr) vocabularies = metaschema->find("$vocabulary");
    const json::Document* next = metaschema->find("$schema");
    if (next == nullptr || next->kind != json::Document::Kind::string) {
      dialect.refused = "the metaschema \"" + uri + "\" does not say its own $schema.";
      return dialect;
    }
    uri = next->text;
  }
  dialect.refused =
      "the dialect \"" + uri + "\" is not known; use draft 2020-12, 2019-09 or draft-07.";
  return dialect;
}

std::optional<Shape> shape_of(std::string_view keyword, Draft draft) {
  struct Row {
    Shape shape;
    unsigned drafts;
  };
  static const std::unordered_map<std::string_view, Row> kRows = {
      {"$defs", {Shape::map, kSince2019}},
      {"definitions", {Shape::map, kAllDrafts}},
      {"allOf", {Shape::list, kAllDrafts}},
      {"anyOf", {Shape::list, kAllDrafts}},
      {"oneOf", {Shape::list, kAllDrafts}},
      {"not", {Shape::schema, kAllDrafts}},
      {"if", {Shape::schema, kAllDrafts}},
      {"then", {Shape::schema, kAllDrafts}},
      {"else", {Shape::schema, kAllDrafts}},
      {"properties", {Shape::map, kAllDrafts}},
      {"patternProperties", {Shape::map, kAllDrafts}},
      {"additionalProperties", {Shape::schema, kAllDrafts}},
      {"propertyNames", {Shape::schema, kAllDrafts}},
      {"dependentSchemas", {Shape::map, kSince2019}},
      {"dependencies", {Shape::map_of_schema_or_names, kAllDrafts}},
      {"items", {Shape::schema_or_list, kUntil2019}},
      {"prefixItems", {Shape::list, kNew}},
      {"additionalItems", {Shape::schema, kUntil2019}},
      {"contains", {Shape::schema, kAllDrafts}},
      {"unevaluatedItems", {Shape::schema, kSince2019}},
      {"unevaluatedProperties", {Shape::schema, kSince2019}},
      {"contentSchema", {Shape::schema, kSince2019}},
  };
  if (keyword == "items" && draft == Draft::draft_2020_12) return Shape::schema;
  const auto row = kRows.find(keyword);
  if (row == kRows.end() || (row->second.drafts & static_cast<unsigned>(draft)) == 0)
    return std::nullopt;
  return row->second.shape;
}

}  // namespace hob::schema
