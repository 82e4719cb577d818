// Table: columns that line up, for lists on standard output. The last column is not padded.
//
//   Table table({"ID", "TURNS", "TITLE"});
//   table.row({id, "3", title});
//   table.print(terminal);
#pragma once

#include <string>
#include <vector>

#include "daemon/cli/terminal.h"

namespace hob::cli {

class Table {
 public:
  explicit Table(std::vector<std::string> head) : rows_{std::move(head)} {}
  void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  bool empty() const { return rows_.size() == 1; }
  void print(const Terminal& terminal) const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace hob::cli
