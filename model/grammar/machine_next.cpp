// Machine: what may come next, as far as it can be listed. For telling a text beforehand, not for judging one.
#include <algorithm>

#include "model/grammar/machine.h"
#include "model/grammar/machine_text.h"

namespace hob::grammar {
namespace {

constexpr uint32_t kMostNames = 8;  // more than so many ways on are no certainty

void add(std::string_view symbols, std::vector<Symbol>& out) {
  for (const char c : symbols) out.push_back(static_cast<unsigned char>(c));
}

// The bytes that go on in names[low..high) after `position` of them; `close` where one ends.
bool add_names(const std::vector<std::string>& names, uint32_t low, uint32_t high, uint32_t position, Symbol close,
               std::vector<Symbol>& out) {
  if (high - low > kMostNames) return false;
  for (uint32_t i = low; i < high; ++i) {
    out.push_back(names[i].size() > position ? static_cast<unsigned char>(names[i][position]) : close);
  }
  return true;
}

}  // namespace

bool Machine::likely(const Thread& from, std::vector<Symbol>& out) const {
  const Local& top = from.top;
  const bool json = dialect_ == Dialect::json;
  const Symbol quote = json ? Symbol{'"'} : kQuote;
  const auto value = [&] {
    add("{[-0123456789tfn", out);
    out.push_back(quote);
    return true;
  };
  switch (top.kind) {
    case Kind::value:
      return value();
    case Kind::word:
      out.push_back(static_cast<unsigned char>(kWords[top.spec][top.position]));
      return true;
    case Kind::number:
      add("0123456789.eE+-", out);
      return true;
    case Kind::string: {
      const StringSpec& spec = ir_->nodes[top.node].strings[top.spec];
      if (top.lex != 0 || spec.literals.empty()) return false;
      return add_names(spec.literals, top.low, top.high, top.position, quote, out);
    }
    case Kind::array:
      add("],", out);
      return top.phase != open || value();
    case Kind::object: {
      const ObjectSpec& spec = object(top);
      if (top.phase == key) {
        if (top.lex != 0 || top.way != 0 || (!spec.classed() && extra_available(spec, top))) return false;
        return add_names(spec.names, top.low, top.high, top.position, json ? '"' : ':', out);
      }
      add(top.phase == colon ? ":" : ",}", out);
      if (top.phase == colon || top.phase == after_value) return true;
      if (json) out.push_back('"');
      if (json) return true;
      return !extra_available(spec, top) && add_names(spec.names, 0, static_cast<uint32_t>(spec.names.size()), 0, ':', out);
    }
    default:
      return true;  // white space at most
  }
}

}  // namespace hob::grammar
