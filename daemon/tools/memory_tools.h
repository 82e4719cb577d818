// memory_tools: remember and recall, hobd's own tools over the store. They load no code and need no process.
//
//   registry.add(make_memory_tools({.put = put, .search = search}, clock, random));
//
// A memory made by a tool is of scope user and names the session and turn it came from. recall searches what the
// session may know: memories of the user, of its workspace (its first root) and of the session, best first, at most 5.
// [io]; clock and random outlive the provider.
#pragma once

#include <functional>
#include <memory>

#include "daemon/store/store.h"
#include "daemon/tools/tool.h"

namespace hob::tools {

/// What the tools need of the store.
struct Notebook {
  std::function<Async<Result<void>>(store::MemoryRow)> put;
  std::function<Async<Result<std::vector<store::MemoryHit>>>(store::MemoryQuery)> search;
};

/// A notebook in the store, which outlives it.
Notebook notebook_of(store::Store& store);

std::shared_ptr<Provider> make_memory_tools(Notebook notebook, const Clock& clock, Random& random);

}  // namespace hob::tools
