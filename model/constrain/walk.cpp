#include "model/constrain/walk.h"

#include <algorithm>

namespace hob::constrain {

bool takes_all(const FlatTrie::Node& node, const grammar::Machine& machine, const grammar::Threads& threads) {
  if (!(machine.dialect() == grammar::Dialect::json ? node.plain : node.clean)) return false;
  return std::any_of(threads.begin(), threads.end(), [&](const grammar::Thread& thread) {
    grammar::Machine::Interior inside;
    return machine.interior(thread.top, inside) && inside.room >= node.chars;
  });
}

void Walker::mark(const FlatTrie& tree, uint32_t root, const grammar::Machine& machine, const grammar::Threads& from,
                  std::span<uint64_t> bits) {
  run(tree, root, machine, from, false, [&](uint32_t node, grammar::Threads& now) {
    if (takes_all(tree.nodes()[node], machine, now)) {
      for (const Token token : tree.tokens_below(node)) set_bit(bits, token);
      return false;
    }
    for (const Token token : tree.tokens_at(node)) set_bit(bits, token);
    return true;
  });
}

}  // namespace hob::constrain
