// Checker: one run of one value through a Program. It walks schema and value together and keeps the
// first violation. Three limits end a run that would not end well: depth, steps, and a dynamic
// reference that comes back to the same schema with the same value; the value then counts as wrong.
// One run, one thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/schema/node.h"
#include "schemas/schema/validator.h"

namespace hob::schema {

class Checker {
 public:
  explicit Checker(const Program& program) : program_(program) {}
  std::optional<Violation> run(const json::Document& value);

 private:
  /// Which items or members of one value some schema has spoken about; by position.
  struct Marks {
    std::vector<char> seen;
    void merge(const Marks& other);
    void set(size_t at) { seen[at] = 1; }
    void all() { seen.assign(seen.size(), 1); }
  };
  struct Frame {
    const Node* node;
    const json::Document* value;
  };
  struct Step {
    std::string_view key;
    size_t index;
    bool is_key;
  };

  bool check(const Node& node, const json::Document& value, Marks* up);
  bool check_at(const Node& node, const json::Document& value, Step step);
  bool apply(const Node& node, const json::Document& value, Marks* marks);
  bool enter(const Node& node, const json::Document& value);
  bool nothing(const Node& node);

  // checker.cpp
  bool any_value(const Node& node, const json::Document& value);
  bool references(const Node& node, const json::Document& value, Marks* marks);
  const Node& dynamic_target(const DynamicRef& ref) const;
  // checker_logic.cpp
  bool logic(const Node& node, const json::Document& value, Marks* marks);
  bool any_of(const Node& node, const json::Document& value, Marks* marks);
  bool one_of(const Node& node, const json::Document& value, Marks* marks);
  bool conditional(const Node& node, const json::Document& value, Marks* marks);
  /// Checks without keeping the violation.
  bool probe(const Node& node, const json::Document& value, Marks* marks);
  // checker_scalar.cpp
  bool number(const Node& node, const json::Document& value);
  bool string(const Node& node, const json::Document& value);
  // checker_array.cpp
  bool array(const Node& node, const json::Document& value, Marks* marks);
  bool contains(const Node& node, const json::Document& value, Marks* marks);
  bool unique(const Node& node, const json::Document& value);
  bool unevaluated_items(const Node& node, const json::Document& value, Marks& marks);
  // checker_object.cpp
  bool object(const Node& node, const json::Document& value, Marks* marks);
  bool required(const Node& node, const json::Document& value);
  bool member(const Node& node, const json::Document& value, size_t at, Marks* marks);
  bool dependencies(const Node& node, const json::Document& value, Marks* marks);
  bool unevaluated_properties(const Node& node, const json::Document& value, Marks& marks);

  /// Notes the violation unless nobody will read it; always false. `sentence` makes a std::string.
  template <typename Sentence>
  bool fail(const Node& node, std::string_view keyword, Sentence sentence) {
    if (quiet_ == 0 && !gave_up_) keep(node, keyword, sentence());
    return false;
  }
  void keep(const Node& node, std::string_view keyword, std::string sentence);
  bool give_up(const Node& node, std::string sentence);
  bool spend(const Node& node, size_t steps);
  std::string instance() const;

  const Program& program_;
  std::vector<Frame> frames_;
  std::vector<Step> path_;
  std::optional<Violation> violation_;
  size_t violation_depth_ = 0;
  int quiet_ = 0;
  bool gave_up_ = false;
  size_t steps_left_ = 0;
};

/// "the string \"x\"", "a list of 3": a value for a message, cut short.
std::string brief(const json::Document& value);

}  // namespace hob::schema
