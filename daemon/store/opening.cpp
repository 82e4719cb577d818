#include "daemon/store/opening.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "daemon/store/migrations.h"

namespace hob::store {
namespace {

constexpr std::string_view kMagic("SQLite format 3\0", 16);
constexpr size_t kVersionAt = 60, kApplicationIdAt = 68;  // of the header, big-endian (sqlite.org/fileformat2.html)

Error not_ours(const std::string& path, const std::string& why) {
  return Error(Code::store_failed, path + " is not a database of hob (" + why +
                                       "). It was not touched. Move it away, or point HOB_STATE_DIR elsewhere.");
}

Result<UniqueFd> lock(const std::string& path) {
  const std::string name = path + ".lock";
  UniqueFd fd(::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return Error(Code::store_failed, "Cannot open the lock file " + name + ": " + errno_text(errno) + ".");
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd;
  if (errno != EWOULDBLOCK) return Error(Code::store_failed, "Cannot lock " + name + ": " + errno_text(errno) + ".");
  return Error(Code::overloaded, "Another hobd has " + path + " open. Stop it first (`hob daemon stop`), or give "
                                 "this one a HOB_STATE_DIR of its own.");
}

bool not_empty(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && info.st_size > 0;
}

uint32_t big_endian(const std::array<unsigned char, 100>& header, size_t at) {
  return uint32_t{header[at]} << 24 | uint32_t{header[at + 1]} << 16 | uint32_t{header[at + 2]} << 8 | header[at + 3];
}

enum class Found { nothing, ours };

/// Looks at the file without SQLite; makes an empty one of mode 0600 where there is none. Every descriptor is closed
/// before SQLite opens the file: closing one later would drop SQLite's own locks.
Result<Found> look(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd && errno == ENOENT) {
    if (not_empty(path + "-wal")) {
      return Error(Code::store_failed, path + " is missing, but its journal " + path + "-wal is there. Restore the "
                                       "file, or move the journal away to start anew.");
    }
    fd.reset(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (fd) return Found::nothing;
  }
  if (!fd) return Error(Code::store_failed, "Cannot open " + path + ": " + errno_text(errno) + ".");
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) return not_ours(path, "it is not a regular file");
  if (info.st_uid != ::geteuid()) return not_ours(path, "it belongs to another user");
  if (info.st_size == 0) {
    if (not_empty(path + "-wal")) return not_ours(path, "it is empty, but its journal is not");
  } else {
    std::array<unsigned char, 100> header{};
    const ssize_t got = ::pread(fd.get(), header.data(), header.size(), 0);
    if (got < 0) return Error(Code::store_failed, "Cannot read " + path + ": " + errno_text(errno) + ".");
    if (static_cast<size_t>(got) < header.size() || std::memcmp(header.data(), kMagic.data(), kMagic.size()) != 0) {
      return not_ours(path, "it does not begin like a SQLite file");
    }
    if (big_endian(header, kApplicationIdAt) != uint32_t{kApplicationId}) {
      return not_ours(path, "it is a SQLite file of another program");
    }
    const uint32_t version = big_endian(header, kVersionAt);
    if (version > steps().size()) return newer_version(path, version, steps().size());
  }
  if ((info.st_mode & 077) != 0 && ::fchmod(fd.get(), 0600) != 0) {
    return Error(Code::store_failed, "Cannot make " + path + " private: " + errno_text(errno) + ".");
  }
  return info.st_size == 0 ? Found::nothing : Found::ours;
}

Result<void> prepare(Database& writer, const std::string& path, Found found) {
  // Outside the WAL, so that the header of the file itself says whose it is from its first write on.
  if (found == Found::nothing) HOB_TRY_VOID(writer.run("PRAGMA application_id=" + std::to_string(kApplicationId)));
  HOB_TRY(version, writer.number("PRAGMA user_version"));
  if (version < 0 || static_cast<size_t>(version) > steps().size()) {
    writer.leave_wal_at_close();
    return newer_version(path, version, steps().size());
  }
  HOB_TRY(mode, writer.word("PRAGMA journal_mode=WAL"));
  if (mode != "wal") {
    return Error(Code::store_failed, "The file system of " + path + " has no shared memory for a write-ahead log "
                                     "(journal mode \"" + mode + "\"). Put HOB_STATE_DIR on a local disk.");
  }
  return migrate(writer, path, steps());
}

Result<std::string> epoch(Database& writer, Random& random) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string fresh;
  for (uint64_t bits = random.next(), i = 0; i < 16; ++i, bits >>= 4) fresh += kHex[bits & 15];
  Query put = writer.query("INSERT INTO meta(key, value) VALUES('epoch', ?) ON CONFLICT(key) DO NOTHING");
  HOB_TRY_VOID(put.bind(fresh).done());
  return writer.word("SELECT value FROM meta WHERE key = 'epoch'");
}

}  // namespace

Result<Opened> open_file(const std::string& path, Random& random) {
  Opened opened;
  HOB_TRY(held, lock(path));
  opened.lock = std::move(held);
  HOB_TRY(found, look(path));
  struct stat info {};
  opened.unclean = ::stat((path + "-wal").c_str(), &info) == 0;
  const auto explain = [&path](Error error) {
    return std::move(error).in("The database " + path + " cannot be used. Move it away, or restore a copy");
  };
  auto writer = Database::open(path, Access::write);
  if (!writer) return explain(std::move(writer).error());
  opened.writer = std::move(*writer);
  if (auto ready = prepare(*opened.writer, path, found); !ready) {
    if (ready.error().code() == Code::version_skew) return ready.error();
    return explain(ready.error());
  }
  auto name = epoch(*opened.writer, random);
  if (!name) return explain(std::move(name).error());
  opened.epoch = std::move(*name);
  auto last = opened.writer->number("SELECT seq FROM sqlite_sequence WHERE name = 'events'");
  if (!last) return explain(std::move(last).error());
  opened.last_row = *last;
  auto reader = Database::open(path, Access::read);
  if (!reader) return explain(std::move(reader).error());
  opened.reader = std::move(*reader);
  return opened;
}

}  // namespace hob::store
