// opening: from a path to connections that can be trusted, or to an error that leaves the file as it was.
//
// Order: a lock on PATH.lock (two daemons on one file would each believe to be the writer; the second is told
// `overloaded` and touches nothing); a look at the file's first
// bytes without SQLite; the writer with its guards, WAL and migrations; the read-only connection. A WAL that is still
// there means that the last daemon did not close the file: `unclean`. Blocking; runs before the threads start.
#pragma once

#include <memory>
#include <string>

#include "daemon/store/sqlite.h"
#include "schemas/base/clock.h"
#include "schemas/base/fd.h"

namespace hob::store {

struct Opened {
  UniqueFd lock;                       // outlives the connections
  std::unique_ptr<Database> writer;
  std::unique_ptr<Database> reader;
  std::string epoch;
  int64_t last_row = 0;
  bool unclean = false;
};

Result<Opened> open_file(const std::string& path, Random& random);

}  // namespace hob::store
