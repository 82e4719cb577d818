// manifest: one plugin directory, read and judged: `plugin.json` and the shared object that it names.
//
//   HOB_TRY(found, read_plugin("/usr/lib/hob/plugins/files"));
//   found.manifest.tools, found.hash, found.library
//
// Plugins are code that will run with our uid, so nothing that another user can change is taken: the directory, the
// manifest and the library must be ours (or root's), not writable by group or others, and no symbolic links. The
// manifest is read strictly: unknown keys, odd names, schemas that are not of an object or that the validator cannot
// enforce are refused with the reason. The hash covers the library's bytes and the canonical manifest: what was
// approved is what runs. Blocking (reads the library once); no state; any thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "schemas/base/result.h"
#include "schemas/wire/tool.h"

namespace hob::plugin {

/// What fstat says of a file, to see cheaply that it was not replaced.
struct FileMark {
  uint64_t device = 0, inode = 0, bytes = 0;
  int64_t changed_ns = 0;
  bool operator==(const FileMark&) const = default;
};

struct Found {
  wire::Manifest manifest;
  std::string directory;
  std::string library;   // absolute path
  std::string hash;      // of library and manifest, 64 hexadecimal digits
  std::string library_sha256;  // of the library alone: its host checks that it loads these bytes
  FileMark library_mark, manifest_mark;
};

/// invalid_params with the reason; not_found when the directory has no plugin.json.
Result<Found> read_plugin(const std::string& directory);

/// Whether the files are still those that were read: by their marks, or, when these differ, by the hash.
Result<void> check_unchanged(const Found& found);

/// A directory that may hold plugins: ours or root's, writable by nobody else. not_found when it is missing.
Result<void> check_directory(const std::string& path);

/// Text of `plugin.json` as a Manifest. Pure.
Result<wire::Manifest> parse_manifest(std::string_view text);

}  // namespace hob::plugin
