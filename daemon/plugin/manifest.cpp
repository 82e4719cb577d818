#include "daemon/plugin/manifest.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>
#include <string_view>
#include <vector>

#include "schemas/base/fd.h"
#include "schemas/base/json.h"
#include "schemas/base/sha256.h"
#include "schemas/schema/validator.h"

namespace hob::plugin {
namespace {

constexpr size_t kMaxLibraryBytes = 256u << 20;
constexpr std::array<std::string_view, 9> kKinds{"read",    "edit",  "delete", "move", "search",
                                                 "execute", "think", "fetch",  "other"};

Error refused(std::string message) { return {Code::invalid_params, std::move(message)}; }

bool is_name(std::string_view text, bool dash) {
  if (text.empty() || text.size() > 64 || text[0] < 'a' || text[0] > 'z') return false;
  return std::all_of(text.begin(), text.end(), [dash](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || (dash && c == '-');
  });
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

/// Ours or root's (who could do anything anyway), and nobody else may write it.
Result<void> check_owner(const struct stat& status, const std::string& path) {
  if (status.st_uid != ::geteuid() && status.st_uid != 0) {
    return refused(path + " belongs to user " + std::to_string(status.st_uid) + "; it must be yours or root's.");
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return refused(path + " can be written by others; chmod go-w " + path + ".");
  }
  return {};
}

Error open_error(int error, const std::string& path) {
  if (error == ENOENT) return {Code::not_found, "There is no " + path + "."};
  if (error == ELOOP || error == EMLINK) return refused(path + " is a symbolic link; a plugin has none.");
  return refused("Cannot open " + path + ": " + errno_text(error) + ".");
}

Result<UniqueFd> open_directory(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return open_error(errno, path);
  if (S_ISLNK(status.st_mode)) return open_error(ELOOP, path);
  UniqueFd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory) return open_error(errno, path);
  if (::fstat(directory.get(), &status) != 0) return open_error(errno, path);
  HOB_TRY_VOID(check_owner(status, path));
  return directory;
}

struct Opened {
  UniqueFd file;
  FileMark mark;
};

/// A regular file in an open directory, checked; `path` is only for messages.
Result<Opened> open_file(int directory, const std::string& name, const std::string& path, size_t max_bytes) {
  Opened out{UniqueFd(::openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)), {}};
  if (!out.file) return open_error(errno, path);
  struct stat status {};
  if (::fstat(out.file.get(), &status) != 0) return open_error(errno, path);
  if (!S_ISREG(status.st_mode)) return refused(path + " is not a regular file.");
  HOB_TRY_VOID(check_owner(status, path));
  if (static_cast<uint64_t>(status.st_size) > max_bytes) {
    return refused(path + " has " + std::to_string(status.st_size) + " bytes; the limit is " +
                   std::to_string(max_bytes) + ".");
  }
  out.mark = {status.st_dev, status.st_ino, static_cast<uint64_t>(status.st_size),
              status.st_ctim.tv_sec * 1'000'000'000LL + status.st_ctim.tv_nsec};
  return out;
}

template <typename Sink>
Result<void> read_all(int file, const std::string& path, Sink sink) {
  std::vector<char> buffer(1u << 20);
  for (;;) {
    const ssize_t n = ::read(file, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return refused("Cannot read " + path + ": " + errno_text(errno) + ".");
    if (n == 0) return {};
    sink(std::string_view(buffer.data(), static_cast<size_t>(n)));
  }
}

Result<void> check_schema(const Json& schema, const std::string& where) {
  if (!schema.is_object() || schema.value("type", Json()) != Json("object")) {
    return refused(where + " must be the JSON Schema of an object (\"type\": \"object\"), not " + json::brief(schema) + ".");
  }
  auto validator = schema::Validator::compile(schema);
  if (!validator) return std::move(validator).error().in(where);
  return {};
}

Result<void> check_tool(const wire::ManifestTool& tool) {
  if (!is_name(tool.name, false)) {
    return refused("\"" + tool.name + "\" is no name for a tool (small letters, digits and _, a letter first, 64 at most).");
  }
  const std::string where = "The tool " + tool.name;
  if (has_control(tool.title) || has_control(tool.description)) {
    return refused(where + " has control characters in its title or description.");
  }
  if (std::find(kKinds.begin(), kKinds.end(), tool.kind) == kKinds.end()) {
    return refused(where + " has the kind \"" + tool.kind +
                   "\"; the kinds are read, edit, delete, move, search, execute, think, fetch and other.");
  }
  HOB_TRY_VOID(check_schema(tool.parameters, where + ": parameters"));
  if (!tool.result.is_null()) HOB_TRY_VOID(check_schema(tool.result, where + ": result"));
  return {};
}

}  // namespace

Result<wire::Manifest> parse_manifest(std::string_view text) {
  HOB_TRY(json, json::parse(text, json::kManifest));
  HOB_TRY(manifest, describe::read<wire::Manifest>(json, describe::Strictness::strict));
  if (!is_name(manifest.name, true)) {
    return refused("\"" + manifest.name + "\" is no name for a plugin (small letters, digits, _ and -, a letter first).");
  }
  if (manifest.version.empty() || has_control(manifest.version)) return refused("It has no version.");
  const std::string& library = manifest.library;
  if (library.find('/') != std::string::npos || library.front() == '.' || has_control(library)) {
    return refused("\"library\" must be the name of a file beside the manifest, not \"" + library + "\".");
  }
  std::set<std::string> names;
  for (const auto& tool : manifest.tools) {
    HOB_TRY_VOID(check_tool(tool));
    if (!names.insert(tool.name).second) return refused("It has two tools with the name " + tool.name + ".");
  }
  return manifest;
}

Result<void> check_directory(const std::string& path) {
  HOB_TRY_VOID(open_directory(path));
  return {};
}

Result<Found> read_plugin(const std::string& directory) {
  HOB_TRY(opened, open_directory(directory));
  const std::string path = directory + "/plugin.json";
  HOB_TRY(file, open_file(opened.get(), "plugin.json", path, json::kManifest.max_bytes));
  std::string text;
  HOB_TRY_VOID(read_all(file.file.get(), path, [&text](std::string_view bytes) { text += bytes; }));
  auto manifest = parse_manifest(text);
  if (!manifest) return std::move(manifest).error().in(path);

  Found found;
  found.manifest = *std::move(manifest);
  found.directory = directory;
  found.library = directory + "/" + found.manifest.library;
  found.manifest_mark = file.mark;
  HOB_TRY(library, open_file(opened.get(), found.manifest.library, found.library, kMaxLibraryBytes));
  found.library_mark = library.mark;
  Sha256 hash;
  const std::string canonical = json::canonical(describe::write(found.manifest));
  hash.update(canonical + "\n");
  Sha256 library_hash;
  HOB_TRY_VOID(read_all(library.file.get(), found.library, [&](std::string_view bytes) { library_hash.update(bytes); }));
  found.library_sha256 = library_hash.hex();
  hash.update(found.library_sha256);
  found.hash = hash.hex();
  return found;
}

Result<void> check_unchanged(const Found& found) {
  HOB_TRY(directory, open_directory(found.directory));
  HOB_TRY(manifest, open_file(directory.get(), "plugin.json", found.directory + "/plugin.json", json::kManifest.max_bytes));
  HOB_TRY(library, open_file(directory.get(), found.manifest.library, found.library, kMaxLibraryBytes));
  if (manifest.mark == found.manifest_mark && library.mark == found.library_mark) return {};
  HOB_TRY(again, read_plugin(found.directory));
  if (again.hash == found.hash) return {};
  return refused("Its files have changed since the daemon started; restart hobd to take the new ones.");
}

}  // namespace hob::plugin
