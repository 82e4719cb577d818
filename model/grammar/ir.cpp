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
    const NodeId item = i < array.prefix.size() ? array.prefix[i] : array.rest;
    deepest = std::max(deepest, item == kNone ? kImpossible : depth_of(ir, item));
  }
  return std::min(deepest + 1, kImpossible);
}

int depth_of(const Ir& ir, const ObjectSpec& object) {
  int deepest = 0;
  uint32_t required = 0;
  std::vector<int> optional;
  for (const Property& property : object.properties) {
    const int depth = depth_of(ir, property.node);
    if (property.required) {
      ++required;
      deepest = std::max(deepest, depth);
    } else if (depth < kImpossible) {
      optional.push_back(depth);
    }
  }
  if (required > object.max_properties) return kImpossible;
  if (object.wants_witness) {
    int least = object.other_witness == kNone ? kImpossible : depth_of(ir, object.other_witness);
    for (const Property& property : object.properties) {
      if (property.witness != kNone) least = std::min(least, depth_of(ir, property.witness));
    }
    deepest = std::max(deepest, least);
  }
  if (required < object.min_properties) {  // some optional keys are needed, too: the shallowest
    const size_t need = object.min_properties - required;
    const int extra = object.additional == kNone ? kImpossible : depth_of(ir, object.additional);
    std::sort(optional.begin(), optional.end());
    for (size_t i = 0; i < need; ++i) {
      const int next = i < optional.size() ? std::min(optional[i], extra) : extra;
      deepest = std::max(deepest, next);
      if (i >= optional.size()) break;
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
  node.objects.emplace_back().additional = any_;
  return any_;
}

NodeId Ir::any_object() {
  if (any_object_ != kNone) return any_object_;
  const NodeId value = any();
  any_object_ = static_cast<NodeId>(nodes.size());
  nodes.emplace_back().objects.emplace_back().additional = value;
  return any_object_;
}

Languages& Ir::languages() const {
  if (!languages_) languages_ = std::make_shared<Languages>();
  return *languages_;
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
    }
    for (const ArraySpec& array : node.arrays) total += (array.prefix.capacity() + array.ways.capacity()) * sizeof(NodeId);
    for (const NumberSpec& number : node.numbers) total += number.ranges.capacity() * sizeof(NumberRange);
  }
  if (languages_) total += languages_->bytes();
  return total;
}

}  // namespace hob::grammar
