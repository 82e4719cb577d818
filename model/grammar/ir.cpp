#include "model/grammar/ir.h"

#include <algorithm>

#include "model/grammar/language.h"

namespace hob::grammar {
namespace {

int depth_of(const Ir& ir, NodeId node) { return ir.nodes[node].min_depth; }

int depth_of(const Ir& ir, const ArraySpec& array) {
  int deepest = 0;
  if (!array.tallies.empty()) {
    std::vector<int> depths{0};
    for (const NodeId node : array.ways) {
      if (node != kNone && depth_of(ir, node) < kImpossible) depths.push_back(depth_of(ir, node));
    }
    std::sort(depths.begin(), depths.end());
    depths.erase(std::unique(depths.begin(), depths.end()), depths.end());
    for (const int limit : depths) {
      if (ir.can_finish(array, 0, 0, limit)) return limit + 1;
    }
    return kImpossible;
  }
  for (uint32_t i = 0; i < array.min_items && i <= array.prefix.size(); ++i) {
    const NodeId item = array.item(i);
    deepest = std::max(deepest, item == kNone ? kImpossible : depth_of(ir, item));
  }
  return std::min(deepest + 1, kImpossible);
}

int depth_of(const Ir& ir, const ObjectSpec& object) {
  int deepest = 0;
  uint32_t required = 0;
  std::vector<std::pair<int, uint32_t>> optional;  // depths, and how many keys have values of them
  for (const Property& property : object.properties) {
    const int depth = depth_of(ir, property.node);
    if (property.required) {
      ++required;
      deepest = std::max(deepest, depth);
    } else if (depth < kImpossible) {
      optional.emplace_back(depth, 1);
    }
  }
  if (required > object.max_properties) return kImpossible;
  if (object.wants_witness) {
    int least = kImpossible;
    const auto take = [&](NodeId witness) {
      if (witness != kNone) least = std::min(least, depth_of(ir, witness));
    };
    for (const Property& property : object.properties) take(property.witness);
    for (const KeyClass& other : object.others) take(other.witness);
    deepest = std::max(deepest, least);
  }
  if (required < object.min_properties) {  // some optional keys are needed, too: the shallowest
    for (const KeyClass& other : object.others) {
      if (depth_of(ir, other.node) < kImpossible) optional.emplace_back(depth_of(ir, other.node), other.keys);
    }
    std::sort(optional.begin(), optional.end());
    size_t need = object.min_properties - required;
    for (size_t i = 0; need > 0; ++i) {
      if (i == optional.size()) return kImpossible;
      deepest = std::max(deepest, optional[i].first);
      need -= std::min<size_t>(need, optional[i].second);
    }
  }
  return std::min(deepest + 1, kImpossible);
}

}  // namespace

NodeId Ir::any() {
  if (any_ != kNone) return any_;
  any_ = static_cast<NodeId>(nodes.size());
  nodes.emplace_back();
  Node& node = nodes.back();
  node.null = node.yes = node.no = true;
  node.numbers.push_back({{*NumberRange::make(false, {}, {})}});
  node.strings.emplace_back();
  node.arrays.emplace_back().rest = any_;
  node.objects.emplace_back().others.push_back({kNoLanguage, any_});
  return any_;
}

NodeId Ir::any_object() {
  if (any_object_ != kNone) return any_object_;
  const NodeId value = any();
  any_object_ = static_cast<NodeId>(nodes.size());
  nodes.emplace_back().objects.emplace_back().others.push_back({kNoLanguage, value});
  return any_object_;
}

Languages& Ir::languages() const {
  if (!languages_) languages_ = std::make_shared<Languages>();
  return *languages_;
}

const KeyClass* Ir::class_of(const ObjectSpec& object, std::string_view key) const {
  for (const KeyClass& other : object.others) {
    if (other.language == kNoLanguage || languages().matches(other.language, key)) return &other;
  }
  return nullptr;
}

void Ir::settle() {
  for (bool changed = true; changed;) {
    changed = false;
    for (Node& node : nodes) {
      int least = kImpossible;
      if (node.null || node.yes || node.no || !node.numbers.empty() || !node.strings.empty()) least = 0;
      for (ArraySpec& array : node.arrays) {
        array.min_depth = depth_of(*this, array);
        least = std::min(least, array.min_depth);
      }
      for (ObjectSpec& object : node.objects) {
        object.min_depth = depth_of(*this, object);
        least = std::min(least, object.min_depth);
      }
      if (least != node.min_depth) {
        node.min_depth = least;
        changed = true;
      }
    }
  }
  max_min_depth = 0;
  for (Node& node : nodes) {
    std::erase_if(node.arrays, [](const ArraySpec& array) { return array.min_depth >= kImpossible; });
    std::erase_if(node.objects, [](const ObjectSpec& object) { return object.min_depth >= kImpossible; });
    if (node.min_depth < kImpossible) max_min_depth = std::max(max_min_depth, node.min_depth);
  }
}

size_t Ir::bytes() const {
  size_t total = nodes.capacity() * sizeof(Node);
  for (const Node& node : nodes) {
    total += node.strings.capacity() * sizeof(StringSpec) + node.arrays.capacity() * sizeof(ArraySpec) +
             node.objects.capacity() * sizeof(ObjectSpec) + node.numbers.capacity() * sizeof(NumberSpec);
    for (const StringSpec& string : node.strings) {
      for (const std::string& literal : string.literals) total += sizeof(std::string) + literal.size();
    }
    for (const ObjectSpec& object : node.objects) {
      for (const std::string& name : object.names) total += sizeof(std::string) + name.size() + sizeof(Property) + 4;
      total += object.others.capacity() * sizeof(KeyClass);
    }
    for (const ArraySpec& array : node.arrays) total += (array.prefix.capacity() + array.ways.capacity()) * sizeof(NodeId);
    for (const NumberSpec& number : node.numbers) total += number.ranges.capacity() * sizeof(NumberRange);
  }
  if (languages_) total += languages_->bytes();
  return total;
}

}  // namespace hob::grammar
