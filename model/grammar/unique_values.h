// The values of a node, where they are few: what arrays whose items differ must know of their items.
//
//   if (auto all = value_hashes(ir, node)) ... all->size() different values
//
// Hashes as Machine makes them of what it reads. Only for settled nodes. Reads the Ir alone; same thread rules.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "model/grammar/ir.h"
#include "model/grammar/language.h"
#include "model/grammar/machine.h"

namespace hob::grammar {

inline constexpr size_t kMostValues = 4'096;  // more are without number

/// Nothing where there are more than kMostValues, or endlessly many.
std::optional<std::vector<uint64_t>> value_hashes(const Ir& ir, NodeId node);
/// The characters that the one begun in `local` can become; none where none is begun.
std::vector<Language::Span> begun(const Local& local);
NumberState load_number(const Local& local);
inline constexpr uint64_t kWordHashes[] = {0x9AE16A3B2F90404F, 0xC949C7DEFEBE6DE1, 0xB492B66FBE98F273};

}  // namespace hob::grammar
