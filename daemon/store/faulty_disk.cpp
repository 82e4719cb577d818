#include "daemon/store/faulty_disk.h"

#include <cstring>
#include <fstream>

namespace hob::store {
namespace {

constexpr size_t kSector = 512;

/// What SQLite allocates for a file of ours; the real file stands behind it.
struct File {
  sqlite3_file base;
  FaultyDisk* disk;
  std::string* path;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};
File* of(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
FaultyDisk* of(sqlite3_vfs* vfs) { return static_cast<FaultyDisk*>(vfs->pAppData); }

int close(sqlite3_file* file) {
  File* mine = of(file);
  delete mine->path;
  return mine->real()->pMethods->xClose(mine->real());
}
int read(sqlite3_file* file, void* bytes, int count, sqlite3_int64 offset) {
  if (const int code = of(file)->disk->begin(Operation::read)) return code;
  return of(file)->real()->pMethods->xRead(of(file)->real(), bytes, count, offset);
}
int write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 offset) {
  if (const int code = of(file)->disk->begin(Operation::write)) return code;
  const int code = of(file)->real()->pMethods->xWrite(of(file)->real(), bytes, count, offset);
  if (code == SQLITE_OK) of(file)->disk->wrote(*of(file)->path, bytes, count, offset);
  return code;
}
int truncate(sqlite3_file* file, sqlite3_int64 size) {
  if (const int code = of(file)->disk->begin(Operation::truncate)) return code;
  const int code = of(file)->real()->pMethods->xTruncate(of(file)->real(), size);
  if (code == SQLITE_OK) of(file)->disk->truncated(*of(file)->path, size);
  return code;
}
int sync(sqlite3_file* file, int) {
  // The real fsync is left out: these tests never cut the power of the machine that runs them.
  if (const int code = of(file)->disk->begin(Operation::sync)) return code;
  of(file)->disk->synced(*of(file)->path);
  return SQLITE_OK;
}
int size(sqlite3_file* file, sqlite3_int64* out) { return of(file)->real()->pMethods->xFileSize(of(file)->real(), out); }
int lock(sqlite3_file* file, int level) { return of(file)->real()->pMethods->xLock(of(file)->real(), level); }
int unlock(sqlite3_file* file, int level) { return of(file)->real()->pMethods->xUnlock(of(file)->real(), level); }
int reserved(sqlite3_file* file, int* out) {
  return of(file)->real()->pMethods->xCheckReservedLock(of(file)->real(), out);
}
int control(sqlite3_file* file, int what, void* argument) {
  return of(file)->real()->pMethods->xFileControl(of(file)->real(), what, argument);
}
int sector(sqlite3_file* file) { return of(file)->real()->pMethods->xSectorSize(of(file)->real()); }
int traits(sqlite3_file* file) { return of(file)->real()->pMethods->xDeviceCharacteristics(of(file)->real()); }
int shm_map(sqlite3_file* file, int page, int bytes, int extend, void volatile** out) {
  return of(file)->real()->pMethods->xShmMap(of(file)->real(), page, bytes, extend, out);
}
int shm_lock(sqlite3_file* file, int offset, int count, int flags) {
  return of(file)->real()->pMethods->xShmLock(of(file)->real(), offset, count, flags);
}
void shm_barrier(sqlite3_file* file) { of(file)->real()->pMethods->xShmBarrier(of(file)->real()); }
int shm_unmap(sqlite3_file* file, int remove) {
  return of(file)->real()->pMethods->xShmUnmap(of(file)->real(), remove);
}

constexpr sqlite3_io_methods kMethods = {
    2,      close,    read,    write,  truncate, sync,    size,     lock,        unlock,
    reserved, control, sector, traits, shm_map,  shm_lock, shm_barrier, shm_unmap, nullptr, nullptr};

int open(sqlite3_vfs* vfs, sqlite3_filename path, sqlite3_file* file, int flags, int* out_flags) {
  FaultyDisk* disk = of(vfs);
  if (!disk->covers(path)) return disk->real()->xOpen(disk->real(), path, file, flags, out_flags);
  File* mine = of(file);
  mine->base.pMethods = nullptr;
  if (const int code = disk->begin(Operation::open)) return code == SQLITE_FULL ? SQLITE_FULL : SQLITE_CANTOPEN;
  disk->opened(path);
  const int code = disk->real()->xOpen(disk->real(), path, mine->real(), flags, out_flags);
  if (code != SQLITE_OK) {
    if (mine->real()->pMethods) mine->real()->pMethods->xClose(mine->real());
    return code;
  }
  mine->disk = disk;
  mine->path = new std::string(path);
  mine->base.pMethods = &kMethods;
  return SQLITE_OK;
}
int remove(sqlite3_vfs* vfs, const char* path, int sync_directory) {
  FaultyDisk* disk = of(vfs);
  if (disk->covers(path)) {
    if (const int code = disk->begin(Operation::remove)) return code == SQLITE_FULL ? code : SQLITE_IOERR_DELETE;
    disk->removed(path);
  }
  return disk->real()->xDelete(disk->real(), path, sync_directory);
}

}  // namespace

FaultyDisk::FaultyDisk(std::string root) : root_(std::move(root)), real_(sqlite3_vfs_find(nullptr)) {
  // Everything but opening and deleting is the real VFS's own, which looks at no state of its sqlite3_vfs but this.
  vfs_ = *real_;
  vfs_.szOsFile = real_->szOsFile + static_cast<int>(sizeof(File));
  vfs_.zName = "hob-faulty-disk";
  vfs_.pNext = nullptr;
  vfs_.xOpen = open;
  vfs_.xDelete = remove;
  vfs_.pAppData = this;
  sqlite3_vfs_register(&vfs_, 1);
}

FaultyDisk::~FaultyDisk() {
  sqlite3_vfs_unregister(&vfs_);
  sqlite3_vfs_register(real_, 1);
}

void FaultyDisk::fail(size_t nth, int code, Fails how) {
  const std::lock_guard guard(mutex_);
  fail_at_ = operations_ + nth;
  code_ = code;
  how_ = how;
  only_syncs_ = failed_ = false;
}

void FaultyDisk::fail_syncs(int code) {
  fail(1, code, Fails::forever);
  only_syncs_ = true;
}

void FaultyDisk::heal() {
  const std::lock_guard guard(mutex_);
  fail_at_ = 0;
  code_ = SQLITE_OK;
}

int FaultyDisk::begin(Operation operation) {
  const std::lock_guard guard(mutex_);
  ++operations_;
  if (callback_) callback_(operation, operations_);
  if (fail_at_ == 0 || operations_ < fail_at_) return SQLITE_OK;
  if (only_syncs_ && operation != Operation::sync) return SQLITE_OK;
  if (code_ == SQLITE_FULL && operation != Operation::write) return SQLITE_OK;
  failed_ = true;
  if (how_ == Fails::once) fail_at_ = 0;
  if (code_ != SQLITE_IOERR) return code_;
  switch (operation) {
    case Operation::read: return SQLITE_IOERR_READ;
    case Operation::write: return SQLITE_IOERR_WRITE;
    case Operation::sync: return SQLITE_IOERR_FSYNC;
    case Operation::truncate: return SQLITE_IOERR_TRUNCATE;
    default: return SQLITE_IOERR;
  }
}

bool FaultyDisk::covers(const char* path) const { return path && std::strncmp(path, root_.c_str(), root_.size()) == 0; }

void FaultyDisk::opened(const std::string& path) {
  const std::lock_guard guard(mutex_);
  if (files_.count(path) > 0) return;
  std::ifstream file(path, std::ios::binary);
  files_[path].durable = std::string(std::istreambuf_iterator<char>(file), {});
}

void FaultyDisk::wrote(const std::string& path, const void* bytes, int count, int64_t offset) {
  const std::lock_guard guard(mutex_);
  files_[path].pending.push_back({offset, std::string(static_cast<const char*>(bytes), static_cast<size_t>(count))});
}

void FaultyDisk::truncated(const std::string& path, int64_t size) {
  const std::lock_guard guard(mutex_);
  files_[path].pending.push_back({size, "", true});
}

namespace {

void apply(std::string& file, const FaultyDisk::Pending& change, size_t bytes) {
  const auto offset = static_cast<size_t>(change.offset);
  if (change.truncate) {
    file.resize(offset);
    return;
  }
  if (file.size() < offset + bytes) file.resize(offset + bytes);
  file.replace(offset, bytes, change.bytes, 0, bytes);
}

}  // namespace

void FaultyDisk::synced(const std::string& path) {
  const std::lock_guard guard(mutex_);
  if (lying_) return;
  Tracked& file = files_[path];
  for (const auto& change : file.pending) apply(file.durable, change, change.bytes.size());
  file.pending.clear();
}

void FaultyDisk::removed(const std::string& path) {
  const std::lock_guard guard(mutex_);
  files_.erase(path);
}

void FaultyDisk::write_image(std::mt19937& random, const std::string& directory) const {
  const std::lock_guard guard(mutex_);
  for (const auto& [path, file] : files_) {
    std::string image = file.durable;
    const size_t torn = file.pending.empty() ? 0 : random() % file.pending.size();
    const auto kept_of_four = random() % 5;
    for (size_t i = 0; i < file.pending.size(); ++i) {
      if (random() % 4 >= kept_of_four) continue;
      const auto& change = file.pending[i];
      size_t bytes = change.bytes.size();
      if (i == torn && bytes > kSector) bytes = random() % (bytes / kSector) * kSector;
      apply(image, change, bytes);
    }
    std::ofstream(directory + path.substr(path.rfind('/')), std::ios::binary) << image;
  }
}

}  // namespace hob::store
