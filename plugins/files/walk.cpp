#include "plugins/files/walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "schemas/base/beneath.h"

namespace hob::plugins::files {
namespace {

constexpr int kMaxDepth = 64;
constexpr size_t kMaxEntries = 200'000;

Type type_of(unsigned char kind, int directory, const char* name) {
  if (kind == DT_UNKNOWN) {
    struct stat status {};
    if (::fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return Type::other;
    kind = static_cast<unsigned char>(IFTODT(status.st_mode));
  }
  switch (kind) {
    case DT_REG: return Type::file;
    case DT_DIR: return Type::directory;
    case DT_LNK: return Type::link;
    default: return Type::other;
  }
}

struct Walker {
  const sdk::Root& root;
  const std::function<Go(const Entry&)>& visit;
  const sdk::Call& call;
  size_t seen = 0;

  Result<End> into(const std::string& path, int depth) {
    HOB_TRY(found, entries(root, path));
    for (const Entry& entry : found) {
      if (++seen > kMaxEntries || call.cancelled()) return End::limit;
      if (entry.type == Type::directory) {
        if (entry.name == ".git") continue;
        if (depth >= kMaxDepth) return End::limit;
        auto end = into(entry.path, depth + 1);
        // One directory that may not be read or has gone does not end the walk.
        if (end.ok() && *end != End::all) return *end;
      } else if (entry.type != Type::other) {
        if (visit(entry) == Go::stop) return End::stopped;
      }
    }
    return End::all;
  }
};

}  // namespace

Result<std::vector<Entry>> entries(const sdk::Root& root, const std::string& path) {
  HOB_TRY(fd, beneath::open(root.fd, path, O_RDONLY | O_DIRECTORY));
  DIR* opened = ::fdopendir(fd.get());
  if (opened == nullptr) return beneath::error_of(errno, path);
  (void)fd.release();  // the stream's now
  std::unique_ptr<DIR, int (*)(DIR*)> directory(opened, ::closedir);
  std::string prefix = path;
  while (!prefix.empty() && prefix.back() == '/') prefix.pop_back();
  prefix = prefix == "." ? "" : prefix + "/";
  std::vector<Entry> out;
  while (dirent* entry = ::readdir(opened)) {
    std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (out.size() >= kMaxEntries) break;
    out.push_back({prefix + name, name, type_of(entry->d_type, ::dirfd(opened), entry->d_name)});
  }
  std::sort(out.begin(), out.end(), [](const Entry& a, const Entry& b) { return a.name < b.name; });
  return out;
}

Result<End> walk(
  const sdk::Root& root, const std::string& path, const std::function<Go(const Entry&)>& visit, const sdk::Call& call
) {
  Walker walker{root, visit, call};
  return walker.into(path, 0);
}

}  // namespace hob::plugins::files
