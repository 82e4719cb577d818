#include "model/grammar/unique_values.h"

#include <algorithm>

#include "model/grammar/machine_text.h"
#include "schemas/base/utf8.h"

namespace hob::grammar {

std::optional<std::vector<uint64_t>> value_hashes(const Ir& ir, NodeId id) {
  const Node& node = ir.nodes[id];
  if (!node.arrays.empty() || !node.objects.empty()) return std::nullopt;
  std::vector<uint64_t> out;
  if (node.null) out.push_back(kWordHashes[0]);
  if (node.yes) out.push_back(kWordHashes[1]);
  if (node.no) out.push_back(kWordHashes[2]);
  for (const NumberSpec& spec : node.numbers) {
    const auto all = all_numbers(spec, kMostValues);
    if (!all) return std::nullopt;
    for (const SignedWide value : *all) out.push_back(number_hash(value));
  }
  const auto add = [&](std::string_view text) { out.push_back(mix_hash(Machine::key_hash(text))); };
  for (const StringSpec& spec : node.strings) {
    if (!spec.literals.empty()) {
      std::for_each(spec.literals.begin(), spec.literals.end(), add);
      continue;
    }
    const LanguageId of = spec.differing != kNoLanguage ? spec.differing : spec.language;
    if (of == kNoLanguage) return std::nullopt;
    Language& language = ir.languages().at(of);
    if (language.texts(Language::kStart) > kMostValues) return std::nullopt;
    language.each(Language::kStart, {}, [&](std::u32string_view text) {
      add(utf8::encode(text));
      return true;
    });
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  if (out.size() > kMostValues) return std::nullopt;
  return out;
}

}  // namespace hob::grammar
