// beneath: what is inside a root directory, decided by the kernel and not by comparing strings.
//
//   HOB_TRY(root, beneath::open_root("/home/me/project"));
//   HOB_TRY(path, beneath::relative("/home/me/project", "/home/me/project/src/main.cpp"));  // "src/main.cpp"
//   HOB_TRY(text, beneath::read_file(root.get(), path, 1 << 20));
//   HOB_TRY_VOID(beneath::write_file(root.get(), path, text + "\n"));
//
// Every name is resolved by openat2(RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS) from an open descriptor of the root, so
// `..`, symlinks, and directories swapped while we look cannot lead out; there is no check that a race could pass.
// A symlink may point anywhere inside the root by a relative path; one with an absolute target is refused even when it
// points back inside (the kernel's rule). A hard link cannot be told from its file: reading one reads it, and writing
// never touches its other names, because files are replaced by renaming a new one over them.
//
// Descriptors that come back are the caller's, and close-on-exec. Kernels without openat2 (before
// 5.6) are refused, there is no weaker fallback. Errors: not_found, tool_denied (leads out of the root, or the file
// system says no), invalid_params (no usable name, wrong kind of file), unsupported_content (too large), tool_failed.
// Each carries `errno` in its data where the kernel gave one. No state: any thread.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "schemas/base/fd.h"

namespace hob::beneath {

inline constexpr size_t kMaxPathBytes = 4096;

/// Opens a directory to be a root (follows symlinks: the caller names a place it trusts).
Result<UniqueFd> open_root(const std::string& path);

/// What `path` is called inside the root whose absolute path is `root_path`: relative paths stay, absolute ones lose
/// the root's prefix, repeated slashes and "." go, ".." stays for the kernel to judge; "." is the root. An absolute
/// path outside, an empty one, one with a NUL byte or over kMaxPathBytes is an error. Only words: nothing is opened.
Result<std::string> relative(std::string_view root_path, std::string_view path);

/// openat2 beneath `root` (O_CLOEXEC and O_NOCTTY are added).
Result<UniqueFd> open(int root, const std::string& relative, int flags, mode_t mode = 0);

/// Opens an existing regular file for reading, without ever waiting on a FIFO or a device.
Result<UniqueFd> open_regular(int root, const std::string& relative);

/// The whole regular file; one over `max_bytes` is unsupported_content.
Result<std::string> read_file(int root, const std::string& relative, size_t max_bytes);

/// A name that can be created, renamed or removed: its directory and its last component. Symlinks in the last place
/// are followed (inside the root), so `name` is never one unless it changes meanwhile; *at() calls do not follow it.
struct Place {
  UniqueFd directory;
  std::string name;
};
Result<Place> place(int root, const std::string& relative);

/// Makes the directory and its missing parents.
Result<void> make_directories(int root, const std::string& relative, mode_t mode = 0777);

/// Replaces or creates a file in one step (a new file, synced, renamed over the old name): a reader sees the old
/// text or the new one. The mode of an existing file is kept; a directory or a special file is not replaced.
Result<void> write_file(int root, const std::string& relative, std::string_view bytes);

/// The error for an errno that a call about `what` gave.
Error error_of(int error_number, std::string_view what);

}  // namespace hob::beneath
