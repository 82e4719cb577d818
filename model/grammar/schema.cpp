#include "model/grammar/schema.h"

#include <algorithm>

#include "model/grammar/keywords.h"
#include "model/grammar/language.h"
#include "model/grammar/schema_error.h"

namespace hob::grammar {
namespace {

using json::Document;
using Kind = Document::Kind;

constexpr int kMaxSplits = 24;    // anyOf within anyOf at one place
constexpr int kMaxNesting = 400;  // nodes being made inside one another

}  // namespace

void SchemaBuilder::impossible(const std::string& pointer, std::string why) {
  if (why_.empty()) why_ = "at \"" + pointer + "\": " + std::move(why);
}

Result<NodeId> SchemaBuilder::add(const Document& schema) {
  root_ = &schema;
  if (schema.kind == Kind::object) {
    const Document* dialect = schema.find("$schema");
    if (dialect && dialect->kind == Kind::string) {
      if (dialect->text.find("json-schema.org") == std::string::npos && dialect->text.find("://") != std::string::npos) {
        return refused("", "$schema", "the dialect \"" + dialect->text + "\" is not one of json-schema.org");
      }
      contains_tells_ = dialect->text.find("2019-09") == std::string::npos;
      for (const char* old : {"draft-03", "draft-04", "draft-06", "draft-07"}) {
        if (dialect->text.find(old) == std::string::npos) continue;
        siblings_of_ref_ = false;
        conditions_ = std::string_view(old) == "draft-07";
        if (std::string_view(old) < "draft-06") id_keyword_ = "id";
      }
    }
  }
  resources_.push_back({"", {&schema, ""}});
  find_names(schema, "", 0);
  HOB_TRY(id, node({Item{&schema, ""}}));
  HOB_TRY_VOID(check_unique());
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

Result<bool> SchemaBuilder::gather(Item item, Items& out, std::vector<const Document*>& path) {
  const Document& schema = *item.schema;
  if (++work_ > kMaxWork) return refused(item.pointer, "$ref", "the schema unfolds to too many combinations");
  if (Watch* time = ir_.languages().watch(); time && time->over()) return *time->why();
  if (schema.kind == Kind::boolean) {
    if (schema.boolean == item.denied) {
      impossible(item.pointer, item.denied ? "the schema denies true" : "the schema is false");
    }
    return schema.boolean != item.denied;
  }
  if (schema.kind != Kind::object) return refused(item.pointer, "", "a schema must be an object or a boolean");
  const auto origin =
      std::find_if(item.from.begin(), item.from.end(), [&](const auto& from) { return from.first == &schema; });
  if (origin != item.from.end() && origin->second && !item.denied) return false;
  if (origin != item.from.end() || std::find(path.begin(), path.end(), &schema) != path.end()) {
    return refused(item.pointer, "$ref", "$ref leads back to itself with no value in between");
  }
  for (Item& other : out) {
    if (other.schema != &schema) continue;
    if (other.denied == item.denied) {
      other.parents.insert(other.parents.end(), item.parents.begin(), item.parents.end());
      if (item.watched && !other.watched && !item.denied) HOB_TRY_VOID(watch(out, schema));
      return true;
    }
    impossible(item.pointer, "the schema must hold and must not");
    return false;
  }
  const Document* reference = schema.find("$ref");
  const bool siblings = !reference || siblings_of_ref_;
  item.watched = !item.denied && (item.watched || watches(schema));
  if (item.denied || siblings) out.push_back(item);
  if (item.denied) return true;  // expand() finds the ways in which it can fail
  path.push_back(&schema);
  const auto add = [&](Item more) -> Result<bool> {
    more.from = item.from;
    more.parents = {&schema};
    if (!siblings) more.parents = item.parents;
    more.watched = item.watched && !more.denied;
    return gather(std::move(more), out, path);
  };
  for (const std::string_view keyword : kReferences) {
    if (!schema.find(keyword) || (!siblings_of_ref_ && keyword != kReferences[0])) continue;
    Item target;
    HOB_TRY(found, resolve(item, keyword, target.pointer));
    target.schema = found;
    HOB_TRY(possible, add(std::move(target)));
    if (!possible) return false;
  }
  if (siblings) {
    if (const Document* all = schema.find("allOf")) {
      if (all->kind != Kind::array) return refused(item.pointer, "allOf", "allOf must be a list of schemas");
      for (size_t i = 0; i < all->items.size(); ++i) {
        HOB_TRY(possible, add({&all->items[i], below(item.pointer, "allOf", i)}));
        if (!possible) return false;
      }
    }
    if (const Document* no = schema.find("not")) {
      HOB_TRY(possible, add({no, below(item.pointer, "not"), true}));
      if (!possible) return false;
    }
  }
  path.pop_back();
  return true;
}

Result<NodeId> SchemaBuilder::node(Items items) {
  std::erase_if(items, [](const Item& item) {
    if (item.schema->kind == Kind::boolean) return item.schema->boolean != item.denied;
    return !item.denied && item.schema->kind == Kind::object && item.schema->members.empty();
  });
  if (items.empty()) return ir_.any();
  std::vector<std::pair<const Document*, bool>> key;
  for (const Item& item : items) key.emplace_back(item.schema, item.denied);
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
  if (possible) HOB_TRY_VOID(expand(std::move(all), made, 0));
  tidy(made);
  join_texts(made);
  ir_.nodes[id] = std::move(made);
  unfinished_.erase(id);
  --nesting_;
  return id;
}

// What leaves no choice first, then what the schemas allow, at last the ways in which the denied ones fail: by then much is
// known of the value, and few ways are left.
Result<void> SchemaBuilder::expand(Items items, Node& out, int depth) {
  for (;;) {
    const auto lists = [](const Item& item) {
      return !item.denied && (item.schema->find("const") || item.schema->find("enum"));
    };
    if (std::any_of(items.begin(), items.end(), lists)) return direct(items, out);
    std::optional<Choice> fewest;
    size_t which = 0;
    bool forced = false;
    for (size_t i = 0; i < items.size() && !forced; ++i) {
      if (!items[i].denied || !items[i].failing.empty()) continue;
      HOB_TRY(ways, failures(items[i], items));
      if (ways.empty()) {
        impossible(items[i].pointer, "what must not hold always does");
        return {};
      }
      if (ways.size() == 1) {
        items[i].failing = ways[0].failing;
        items[i].index = ways[0].index;
        for (Item& more : ways[0].adds) {
          std::vector<const Document*> path;
          HOB_TRY(possible, gather(std::move(more), items, path));
          if (!possible) return {};
        }
        forced = true;
      } else if (!fewest || ways.size() < fewest->ways.size()) {
        fewest = Choice{"not", std::move(ways)};
        which = i;
      }
    }
    if (forced) continue;
    for (size_t i = 0; i < items.size(); ++i) {
      if (items[i].denied) continue;
      HOB_TRY(found, choice(items[i]));
      if (found) return split(items, i, *found, out, depth);
    }
    return fewest ? split(items, which, *fewest, out, depth) : direct(items, out);
  }
}

Result<void> SchemaBuilder::split(const Items& items, size_t which, const Choice& choice, Node& out, int depth) {
  const std::string& pointer = items[which].pointer;
  if (depth >= kMaxSplits) return refused(pointer, choice.keyword, "too many alternatives inside alternatives");
  const auto unfold = [&](const Way& way, const Items& more, Node& into) -> Result<void> {
    work_ += items.size() + more.size();
    if (work_ > kMaxWork) return refused(pointer, choice.keyword, "the schema unfolds to too many combinations");
    Items all = items;
    if (all[which].denied) {
      all[which].failing = way.failing;
      all[which].index = way.index;
    } else {
      ++all[which].settled;
    }
    bool possible = true;
    for (const Items* adds : {&way.adds, &more}) {
      for (size_t i = 0; possible && i < adds->size(); ++i) {
        std::vector<const Document*> path;
        HOB_TRY(still, gather((*adds)[i], all, path));
        possible = still;
      }
    }
    return possible ? expand(std::move(all), into, depth + 1) : Result<void>{};
  };
  std::vector<Node> nodes(choice.ways.size());
  for (size_t i = 0; i < nodes.size(); ++i) HOB_TRY_VOID(unfold(choice.ways[i], {}, nodes[i]));
  if (choice.keyword == "oneOf") {  // where two branches may both fit, each is taken without the other
    std::vector<Items> others(nodes.size());
    // Below unevaluatedProperties what a node takes depends on its branch: there the branches alone are compared.
    std::vector<NodeId> alone;
    for (size_t i = 0; items[which].watched && i < nodes.size(); ++i) {
      const Item& one = choice.ways[i].adds.front();
      HOB_TRY(id, node({Item{one.schema, one.pointer}}));
      alone.push_back(id);
    }
    for (size_t i = 0; i < nodes.size(); ++i) {
      for (size_t j = i + 1; j < nodes.size(); ++j) {
        if (alone.empty() ? disjoint(nodes[i], nodes[j], 0) : disjoint(alone[i], alone[j], 0)) continue;
        for (const auto& [one, other] : {std::pair(i, j), std::pair(j, i)}) {
          others[one].push_back(choice.ways[other].adds.front());
          others[one].back().denied = true;
        }
      }
    }
    for (size_t i = 0; i < nodes.size(); ++i) {
      if (others[i].empty()) continue;
      nodes[i] = Node{};
      HOB_TRY_VOID(unfold(choice.ways[i], others[i], nodes[i]));
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
  unsigned listed = 0;
  for (const Item& item : items) {
    HOB_TRY(one, item.denied ? types_of_failure(*item.schema, item.failing, item.pointer)
                             : types_of(*item.schema, item.pointer));
    types.set &= one.set;
    types.integer = types.integer || one.integer;
    types.fraction = types.fraction || one.fraction;
    if (item.denied) continue;
    const Document* required = item.schema->find("required");
    if (required && required->kind == Kind::boolean && required->boolean) {
      return refused(item.pointer, "required", "required must be a list of names (draft 3 said it otherwise)");
    }
    if (const Document* one = item.schema->find("const")) listed |= type_of(*one);
    const Document* some = item.schema->find("enum");
    if (some && some->kind != Kind::array) return refused(item.pointer, "enum", "enum must be a list of values");
    for (size_t i = 0; some && i < some->items.size(); ++i) listed |= type_of(some->items[i]);
    if (some && some->items.empty()) impossible(item.pointer, "enum lists no value");
  }
  if (types.set == 0) impossible(items.front().pointer, "the types have nothing in common");
  const auto lists = [](const Item& item) {
    return !item.denied && (item.schema->find("const") || item.schema->find("enum"));
  };
  const bool constant = std::any_of(items.begin(), items.end(), lists);
  for (const Item& item : items) {
    if (item.denied) continue;
    const unsigned concerned = constant ? types.set & listed : types.set;  // only the types of the listed values can come
    if (auto refusal = refused_keyword(*item.schema, concerned)) return refused(item.pointer, refusal->keyword, refusal->why);
  }
  if (constant) return constants(items, out);
  const auto denies = [&](std::string_view keyword, const Document& value) {
    return std::any_of(items.begin(), items.end(), [&](const Item& item) {
      if (!item.denied || item.failing != keyword) return false;
      const Document& list = *item.schema->find(keyword);
      const auto same = [&](const Document& other) { return other.kind == value.kind && other.boolean == value.boolean; };
      return keyword == "const" ? same(list) : std::any_of(list.items.begin(), list.items.end(), same);
    });
  };
  const auto free = [&](const Document& value) { return !denies("const", value) && !denies("enum", value); };
  Document truth;
  truth.kind = Kind::boolean;
  if (types.set & kNull) out.null = free(Document{});
  if (types.set & kBoolean) out.no = free(truth);
  truth.boolean = true;
  if (types.set & kBoolean) out.yes = free(truth);
  if (types.set & kNumber) HOB_TRY_VOID(add_numbers(items, types.integer, types.fraction, out));
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
