#include "model/grammar/schema.h"

#include <algorithm>

#include "model/grammar/keywords.h"
#include "model/grammar/schema_error.h"

namespace hob::grammar {
namespace {

using json::Document;
using Kind = Document::Kind;

constexpr size_t kMaxWork = 200'000;     // schemas looked at, each time in each set
constexpr int kMaxSplits = 24;            // anyOf within anyOf at one place
constexpr int kMaxNesting = 400;          // nodes being made inside one another

struct Types {
  unsigned set = kEveryType;
  bool integer = false;
};

Result<Types> types_of(const Document& schema, const std::string& pointer) {
  const Document* type = schema.find("type");
  if (!type) return Types{};
  Types types{0, false};
  bool number = false;
  const auto add = [&](const Document& name) -> bool {
    static constexpr std::pair<std::string_view, unsigned> kNames[] = {
        {"null", kNull}, {"boolean", kBoolean}, {"number", kNumber}, {"integer", kNumber},
        {"string", kString}, {"array", kArray}, {"object", kObject}};
    for (const auto& [word, bit] : kNames) {
      if (name.kind != Kind::string || name.text != word) continue;
      types.set |= bit;
      number = number || word == "number";
      return true;
    }
    return false;
  };
  const bool list = type->kind == Kind::array && !type->items.empty();
  const bool good = list ? std::all_of(type->items.begin(), type->items.end(), add) : add(*type);
  if (!good) return refused(pointer, "type", "type must be a type's name or a list of them");
  types.integer = (types.set & kNumber) != 0 && !number;
  return types;
}

}  // namespace

void SchemaBuilder::impossible(const std::string& pointer, std::string why) {
  if (why_.empty()) why_ = "at \"" + pointer + "\": " + std::move(why);
}

Result<NodeId> SchemaBuilder::add(const Document& schema) {
  root_ = &schema;
  if (schema.kind == Kind::object) {
    const Document* dialect = schema.find("$schema");
    if (dialect && dialect->kind == Kind::string) {
      for (const char* old : {"draft-03", "draft-04", "draft-06", "draft-07"}) {
        if (dialect->text.find(old) != std::string::npos) siblings_of_ref_ = false;
      }
    }
  }
  find_anchors(schema, "", true);
  HOB_TRY(id, node({Item{&schema, "", false, false, {}}}));
  result_ = id;
  return id;
}

Result<NodeId> SchemaBuilder::add_arguments(const Document& schema) {
  HOB_TRY(id, add(schema));
  const auto only = static_cast<NodeId>(ir_.nodes.size());
  Node objects;
  objects.objects = ir_.nodes[id].objects;
  if (objects.objects.empty()) impossible("", "the arguments of a tool are an object");
  ir_.nodes.push_back(std::move(objects));
  result_ = only;
  return only;
}

Result<void> SchemaBuilder::check() const {
  const int depth = ir_.nodes[result_].min_depth;
  if (depth <= kMaxDepth) return {};
  std::string reason = why_;
  if (depth < kImpossible) {
    reason = "the least value nests " + std::to_string(depth) + " deep, and at most " + std::to_string(kMaxDepth) +
             " are generated";
  } else if (reason.empty()) {
    reason = "every value would have to contain another one without end";
  }
  return Error(Code::schema_unsatisfiable, "no value fits this schema: " + reason).with("why", std::string_view(reason));
}

void SchemaBuilder::find_anchors(const Document& value, const std::string& pointer, bool root) {
  for (const auto& [name, member] : value.members) {
    if (member.kind == Kind::string) {
      if (name == "$anchor") anchors_.emplace(member.text, std::make_pair(&value, pointer));
      if (name == "$id" && !root) {
        if (!member.text.empty() && member.text[0] == '#') {
          anchors_.emplace(member.text.substr(1), std::make_pair(&value, pointer));
        } else {
          nested_ids_ = true;
        }
      }
    } else if (member.kind == Kind::object || member.kind == Kind::array) {
      find_anchors(member, below(pointer, name), false);
    }
  }
  for (size_t i = 0; i < value.items.size(); ++i) {
    find_anchors(value.items[i], pointer + "/" + std::to_string(i), false);
  }
}

Result<const Document*> SchemaBuilder::resolve(const Item& item, const Document& reference, std::string& pointer) {
  if (reference.kind != Kind::string) return refused(item.pointer, "$ref", "$ref must be a string");
  std::string_view text = reference.text;
  const auto unresolved = [&](const std::string& why) {
    return refused(item.pointer, "$ref", "$ref \"" + reference.text + "\" " + why);
  };
  const size_t hash = std::min(text.find('#'), text.size());
  if (hash > 0) {
    const Document* id = root_->kind == Kind::object ? root_->find("$id") : nullptr;
    const bool own = id && id->kind == Kind::string &&
                     text.substr(0, hash) == std::string_view(id->text).substr(0, id->text.find('#'));
    if (!own) return unresolved("points outside this schema; only local references are followed");
  }
  if (nested_ids_) return unresolved("cannot be followed where schemas inside have an $id of their own");
  std::string fragment;
  const std::string_view raw = hash < text.size() ? text.substr(hash + 1) : std::string_view();
  for (size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '%') {
      fragment.push_back(raw[i]);
      continue;
    }
    const auto digit = [&](size_t at) {
      const size_t found = at < raw.size() ? std::string_view("0123456789abcdefABCDEF").find(raw[at]) : 99;
      return found < 16 ? static_cast<int>(found) : found < 22 ? static_cast<int>(found) - 6 : -1;
    };
    if (digit(i + 1) < 0 || digit(i + 2) < 0) return unresolved("has a broken percent escape");
    fragment.push_back(static_cast<char>(digit(i + 1) * 16 + digit(i + 2)));
    i += 2;
  }
  if (fragment.empty()) {
    pointer.clear();
    return root_;
  }
  if (fragment[0] != '/') {
    const auto found = anchors_.find(fragment);
    if (found == anchors_.end()) return unresolved("names an anchor that is not there");
    pointer = found->second.second;
    return found->second.first;
  }
  const Document* at = root_;
  for (size_t from = 1; from <= fragment.size();) {
    const size_t to = std::min(fragment.find('/', from), fragment.size());
    std::string token;
    for (size_t i = from; i < to; ++i) {
      if (fragment[i] == '~' && i + 1 < to && (fragment[i + 1] == '0' || fragment[i + 1] == '1')) {
        token.push_back(fragment[++i] == '0' ? '~' : '/');
      } else {
        token.push_back(fragment[i]);
      }
    }
    const Document* next = nullptr;
    if (at->kind == Kind::object) next = at->find(token);
    if (at->kind == Kind::array && !token.empty() && token.size() < 8 &&
        token.find_first_not_of("0123456789") == std::string::npos) {
      const auto index = static_cast<size_t>(std::stoul(token));
      if (index < at->items.size()) next = &at->items[index];
    }
    if (!next) return unresolved("points at nothing");
    at = next;
    from = to + 1;
  }
  pointer = fragment;
  return at;
}

Result<bool> SchemaBuilder::gather(Item item, Items& out, std::vector<const Document*>& path) {
  const Document& schema = *item.schema;
  if (++work_ > kMaxWork) return refused(item.pointer, "$ref", "the schema unfolds to too many combinations");
  if (schema.kind == Kind::boolean) {
    if (!schema.boolean) impossible(item.pointer, "the schema is false");
    return schema.boolean;
  }
  if (schema.kind != Kind::object) return refused(item.pointer, "", "a schema must be an object or a boolean");
  // A branch of an anyOf that leads back to the schema it is a branch of adds nothing.
  if (std::find(item.from.begin(), item.from.end(), &schema) != item.from.end()) return false;
  if (std::find(path.begin(), path.end(), &schema) != path.end()) {
    return refused(item.pointer, "$ref", "$ref leads back to itself with no value in between");
  }
  const auto had = [&](const Item& other) { return other.schema == &schema; };
  if (std::any_of(out.begin(), out.end(), had)) return true;
  path.push_back(&schema);
  const Document* reference = schema.find("$ref");
  if (!reference || siblings_of_ref_) out.push_back(item);
  if (reference) {
    Item target;
    HOB_TRY(found, resolve(item, *reference, target.pointer));
    target.schema = found;
    target.from = item.from;
    HOB_TRY(possible, gather(std::move(target), out, path));
    if (!possible) return false;
  }
  if (!reference || siblings_of_ref_) {
    if (const Document* all = schema.find("allOf")) {
      if (all->kind != Kind::array) return refused(item.pointer, "allOf", "allOf must be a list of schemas");
      for (size_t i = 0; i < all->items.size(); ++i) {
        HOB_TRY(possible, gather({&all->items[i], below(item.pointer, "allOf", i), false, false, item.from}, out, path));
        if (!possible) return false;
      }
    }
  }
  path.pop_back();
  return true;
}

Result<NodeId> SchemaBuilder::node(Items items) {
  std::erase_if(items, [](const Item& item) {
    return item.schema->kind == Kind::boolean ? item.schema->boolean
                                              : item.schema->kind == Kind::object && item.schema->members.empty();
  });
  if (items.empty()) return ir_.any();
  std::vector<const Document*> key;
  for (const Item& item : items) key.push_back(item.schema);
  std::sort(key.begin(), key.end());
  key.erase(std::unique(key.begin(), key.end()), key.end());
  if (const auto found = made_.find(key); found != made_.end()) return found->second;
  if (nesting_ >= kMaxNesting) return refused(items.front().pointer, "$ref", "the schema nests too deep");
  ++nesting_;
  const auto id = static_cast<NodeId>(ir_.nodes.size());
  ir_.nodes.emplace_back();
  made_.emplace(std::move(key), id);
  unfinished_.insert(id);
  Items all;
  Node made;
  bool possible = true;
  for (Item& item : items) {
    std::vector<const Document*> path;
    HOB_TRY(still, gather(std::move(item), all, path));
    possible = possible && still;
  }
  if (possible) HOB_TRY_VOID(expand(all, made, 0));
  tidy(made);
  ir_.nodes[id] = std::move(made);
  unfinished_.erase(id);
  --nesting_;
  return id;
}

Result<void> SchemaBuilder::expand(const Items& items, Node& out, int depth) {
  for (size_t i = 0; i < items.size(); ++i) {
    if (!items[i].any_of_done && items[i].schema->find("anyOf")) return split(items, i, false, out, depth);
    if (!items[i].one_of_done && items[i].schema->find("oneOf")) return split(items, i, true, out, depth);
  }
  return direct(items, out);
}

Result<void> SchemaBuilder::split(const Items& items, size_t which, bool one_of, Node& out, int depth) {
  const char* keyword = one_of ? "oneOf" : "anyOf";
  const Item& whole = items[which];
  const Document& branches = *whole.schema->find(keyword);
  if (branches.kind != Kind::array || branches.items.empty()) {
    return refused(whole.pointer, keyword, std::string(keyword) + " must be a list of schemas");
  }
  if (depth >= kMaxSplits) return refused(whole.pointer, keyword, "too many alternatives inside alternatives");
  std::vector<Node> nodes;
  for (size_t i = 0; i < branches.items.size(); ++i) {
    work_ += items.size();
    if (work_ > kMaxWork) return refused(whole.pointer, keyword, "the schema unfolds to too many combinations");
    Items all = items;
    (one_of ? all[which].one_of_done : all[which].any_of_done) = true;
    Item branch{&branches.items[i], below(whole.pointer, keyword, i), false, false, whole.from};
    branch.from.push_back(whole.schema);
    std::vector<const Document*> path;
    HOB_TRY(possible, gather(std::move(branch), all, path));
    nodes.emplace_back();
    if (possible) HOB_TRY_VOID(expand(all, nodes.back(), depth + 1));
  }
  if (one_of) {
    for (size_t i = 0; i < nodes.size(); ++i) {
      for (size_t j = i + 1; j < nodes.size(); ++j) {
        if (!disjoint(nodes[i], nodes[j], 0)) {
          return refused(whole.pointer, "oneOf",
                         "the branches " + std::to_string(i) + " and " + std::to_string(j) +
                             " of oneOf may both fit one value; use anyOf, or tell them apart by a required constant");
        }
      }
    }
  }
  for (Node& node : nodes) {
    out.null = out.null || node.null;
    out.yes = out.yes || node.yes;
    out.no = out.no || node.no;
    const auto move = [](auto& to, auto& from) { std::move(from.begin(), from.end(), std::back_inserter(to)); };
    move(out.numbers, node.numbers);
    move(out.strings, node.strings);
    move(out.arrays, node.arrays);
    move(out.objects, node.objects);
  }
  return {};
}

Result<void> SchemaBuilder::direct(const Items& items, Node& out) {
  work_ += items.size();
  if (work_ > kMaxWork) return refused("", "anyOf", "the schema unfolds to too many combinations");
  Types types;
  bool listed = false;
  for (const Item& item : items) {
    HOB_TRY(one, types_of(*item.schema, item.pointer));
    types.set &= one.set;
    types.integer = types.integer || one.integer;
    for (const char* keyword : {"multipleOf", "divisibleBy"}) types.integer = types.integer || item.schema->find(keyword);
    const Document* required = item.schema->find("required");
    if (required && required->kind == Kind::boolean && required->boolean) {
      return refused(item.pointer, "required", "required must be a list of names (draft 3 said it otherwise)");
    }
    listed = listed || item.schema->find("enum") || item.schema->find("const");
  }
  if (types.set == 0) impossible(items.front().pointer, "the types have nothing in common");
  for (const Item& item : items) {
    unsigned concerned = types.set;
    if (listed) {  // only the types of the listed values can come
      unsigned values = 0;
      for (const Item& other : items) {
        if (const Document* one = other.schema->find("const")) values |= type_of(*one);
        if (const Document* some = other.schema->find("enum")) {
          for (const Document& value : some->items) values |= type_of(value);
        }
      }
      concerned &= values;
    }
    if (auto refusal = refused_keyword(*item.schema, concerned)) return refused(item.pointer, refusal->keyword, refusal->why);
  }
  if (listed) return constants(items, out);
  if (types.set & kNull) out.null = true;
  if (types.set & kBoolean) out.yes = out.no = true;
  if (types.set & kNumber) HOB_TRY_VOID(add_numbers(items, types.integer, out));
  if (types.set & kString) HOB_TRY_VOID(add_string(items, out));
  if (types.set & kArray) HOB_TRY_VOID(add_array(items, out));
  if (types.set & kObject) HOB_TRY_VOID(add_object(items, out));
  return {};
}

// A key of a call stands bare before its colon.
bool SchemaBuilder::bare_key(std::string_view name) {
  if (name.empty() || name.front() == ' ' || name.back() == ' ') return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F &&
           std::string_view("{}[],:\"'`\\").find(c) == std::string_view::npos;
  });
}

Error SchemaBuilder::unwritable_key(const std::string& pointer, std::string_view keyword, const std::string& name) {
  return refused(pointer, keyword, "the key \"" + name +
                                       "\" cannot be written in a tool call: quotes, brackets, colon and comma would end it");
}

}  // namespace hob::grammar
