// migrations: how a database file becomes one that this program knows: numbered steps, all of them in one transaction,
// so that the file is of the old version or of the new one. Before a step changes a file that was there, a copy is
// made beside it ("state.db.before-v2") with SQLite's backup.
//
// Files are told by application_id; user_version counts the steps. A newer file is `version_skew` and stays untouched.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "daemon/store/sqlite.h"

namespace hob::store {

inline constexpr int32_t kApplicationId = 0x686F6264;  // "hobd"

/// One version: the statements that lead to it from the one before.
using Step = std::vector<std::string>;

/// All steps of this program; the last one's number (from 1) is the version of the files that it writes.
const std::vector<Step>& steps();

/// Called before each statement with a number that counts up; tests fail or kill here.
using MigrationHook = std::function<Result<void>(size_t statement)>;

Result<void> migrate(
    Database& database, const std::string& path, const std::vector<Step>& steps, const MigrationHook& hook = nullptr);

/// The error for a file of a newer program.
Error newer_version(const std::string& path, int64_t found, size_t known);

}  // namespace hob::store
