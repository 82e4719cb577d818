#include "schemas/base/beneath.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

namespace hob::beneath {
namespace {

constexpr int kMaxLinks = 16;
constexpr int kMaxRaces = 64;

int open_beneath(int root, const char* path, int flags, mode_t mode) {
  open_how how{};
  how.flags = static_cast<unsigned>(flags) | O_CLOEXEC | ((flags & O_PATH) ? 0u : unsigned{O_NOCTTY});
  how.mode = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? mode : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  // EAGAIN: a rename elsewhere made the kernel unsure whether ".." stayed inside. It asks to be asked again.
  for (int tries = 0;; ++tries) {
    long fd = ::syscall(SYS_openat2, root, path, &how, sizeof how);
    if (fd >= 0) return static_cast<int>(fd);
    if ((errno == EAGAIN && tries < kMaxRaces) || errno == EINTR) continue;
    return -1;
  }
}

/// "a/b/c" -> {"a/b", "c"}; "c" -> {".", "c"}.
std::pair<std::string, std::string> split(const std::string& path) {
  size_t end = path.find_last_not_of('/');
  std::string trimmed = end == std::string::npos ? "" : path.substr(0, end + 1);
  size_t slash = trimmed.rfind('/');
  if (slash == std::string::npos) return {".", trimmed};
  return {trimmed.substr(0, slash), trimmed.substr(slash + 1)};
}

Error no_name(const std::string& path) {
  return Error(Code::invalid_params, "\"" + path + "\" does not name a file: it ends in a directory step.");
}

std::string temporary_name() {
  unsigned char bytes[8];
  if (::getrandom(bytes, sizeof bytes, 0) != sizeof bytes) std::memset(bytes, 0x5a, sizeof bytes);
  static constexpr char kHex[] = "0123456789abcdef";
  std::string name = ".hob-";
  for (unsigned char b : bytes) {
    name += kHex[b >> 4];
    name += kHex[b & 15];
  }
  return name + ".tmp";
}

}  // namespace

Error error_of(int error_number, std::string_view what) {
  std::string name(what);
  Code code = Code::tool_failed;
  std::string message;
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      code = Code::not_found;
      message = "There is no " + name + ".";
      break;
    case EXDEV:
      code = Code::tool_denied;
      message = name + " leads out of the directory that tools may use.";
      break;
    case ELOOP:
      code = Code::tool_denied;
      message = name + " goes through a symbolic link that is not followed.";
      break;
    case EACCES:
    case EPERM:
    case EROFS:
      code = Code::tool_denied;
      message = "The system does not allow this for " + name + ": " + std::strerror(error_number) + ".";
      break;
    case EISDIR:
      code = Code::invalid_params;
      message = name + " is a directory.";
      break;
    case ENAMETOOLONG:
    case EINVAL:
      code = Code::invalid_params;
      message = name + " is not a usable path: " + std::strerror(error_number) + ".";
      break;
    case ENOSYS:
      message = "This kernel has no openat2 (Linux 5.6); files cannot be reached safely.";
      break;
    default:
      message = name + ": " + std::strerror(error_number) + ".";
  }
  return Error(code, std::move(message)).with("errno", static_cast<long long>(error_number));
}

Result<UniqueFd> open_root(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return error_of(errno, path);
  return fd;
}

Result<std::string> relative(std::string_view root_path, std::string_view path) {
  if (path.empty()) return Error(Code::invalid_params, "The path is empty.");
  if (path.size() > kMaxPathBytes)
    return Error(Code::invalid_params, "The path has " + std::to_string(path.size()) + " bytes; at most " +
                                           std::to_string(kMaxPathBytes) + " are allowed.");
  if (path.find('\0') != std::string_view::npos)
    return Error(Code::invalid_params, "The path contains a NUL byte.");

  auto steps = [](std::string_view text) {
    std::vector<std::string_view> out;
    for (size_t at = 0; at < text.size();) {
      size_t end = std::min(text.find('/', at), text.size());
      std::string_view step = text.substr(at, end - at);
      if (!step.empty() && step != ".") out.push_back(step);
      at = end + 1;
    }
    return out;
  };
  std::vector<std::string_view> wanted = steps(path);
  size_t from = 0;
  if (path.front() == '/') {
    std::vector<std::string_view> root = steps(root_path);
    for (; from < root.size(); ++from) {
      if (from < wanted.size() && wanted[from] == root[from]) continue;
      return Error(Code::tool_denied, std::string(path) + " is outside the directory that tools may use.")
          .with("root", root_path);
    }
  }
  std::string out;
  for (size_t i = from; i < wanted.size(); ++i) {
    if (!out.empty()) out += '/';
    out += wanted[i];
  }
  if (out.empty()) return std::string(".");
  // "file/" asks for a directory; keep the question for the kernel.
  if (path.back() == '/') out += '/';
  return out;
}

Result<UniqueFd> open(int root, const std::string& relative, int flags, mode_t mode) {
  if (relative.find('\0') != std::string::npos)
    return Error(Code::invalid_params, "The path contains a NUL byte.");
  UniqueFd fd(open_beneath(root, relative.c_str(), flags, mode));
  if (!fd) return error_of(errno, relative);
  return fd;
}

Result<UniqueFd> open_regular(int root, const std::string& relative) {
  HOB_TRY(file, open(root, relative, O_RDONLY | O_NONBLOCK));
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return error_of(errno, relative);
  if (S_ISDIR(status.st_mode)) return error_of(EISDIR, relative);
  if (!S_ISREG(status.st_mode))
    return Error(Code::invalid_params, relative + " is not a regular file (a device, socket or pipe).");
  return file;
}

Result<std::string> read_file(int root, const std::string& relative, size_t max_bytes) {
  HOB_TRY(file, open_regular(root, relative));
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return error_of(errno, relative);
  auto too_large = [&](size_t size) {
    return Error(Code::unsupported_content, relative + " has " + std::to_string(size) + " bytes or more; at most " +
                                                std::to_string(max_bytes) + " are read.")
        .with("bytes", static_cast<long long>(size));
  };
  if (status.st_size > 0 && static_cast<size_t>(status.st_size) > max_bytes)
    return too_large(static_cast<size_t>(status.st_size));
  std::string text;
  text.reserve(static_cast<size_t>(status.st_size) + 1);
  char block[65536];
  for (;;) {
    ssize_t n = ::read(file.get(), block, sizeof block);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return error_of(errno, relative);
    if (n == 0) return text;
    text.append(block, static_cast<size_t>(n));
    if (text.size() > max_bytes) return too_large(text.size());  // it grew, or is a file of /proc with no size
  }
}

Result<Place> place(int root, const std::string& relative) {
  std::string path = relative;
  for (int links = 0; links < kMaxLinks; ++links) {
    auto [directory, name] = split(path);
    if (name.empty() || name == "." || name == "..") return no_name(relative);
    HOB_TRY(parent, open(root, directory, O_RDONLY | O_DIRECTORY));
    char target[kMaxPathBytes];
    ssize_t n = ::readlinkat(parent.get(), name.c_str(), target, sizeof target);
    if (n < 0) {
      // ENOENT: free to be created. EINVAL: there, and no symlink.
      if (errno == ENOENT || errno == EINVAL) return Place{std::move(parent), name};
      return error_of(errno, relative);
    }
    std::string_view link(target, static_cast<size_t>(n));
    if (link.empty() || link.size() == sizeof target || link.front() == '/') return error_of(EXDEV, relative);
    path = directory + "/" + std::string(link);
    if (path.size() > kMaxPathBytes) return error_of(ENAMETOOLONG, relative);
  }
  return error_of(ELOOP, relative);
}

Result<void> make_directories(int root, const std::string& relative, mode_t mode) {
  for (size_t at = 0; at < relative.size();) {
    size_t end = std::min(relative.find('/', at), relative.size());
    std::string prefix = relative.substr(0, end);
    std::string step = relative.substr(at, end - at);
    at = end + 1;
    if (step.empty() || step == ".") continue;
    UniqueFd there(open_beneath(root, prefix.c_str(), O_PATH | O_DIRECTORY, 0));
    if (there) continue;
    if (errno != ENOENT) return error_of(errno, prefix);
    HOB_TRY(where, place(root, prefix));
    if (::mkdirat(where.directory.get(), where.name.c_str(), mode) != 0 && errno != EEXIST)
      return error_of(errno, prefix);
  }
  return {};
}

Result<void> write_file(int root, const std::string& relative, std::string_view bytes) {
  if (!relative.empty() && relative.back() == '/') return no_name(relative);
  HOB_TRY(where, place(root, relative));
  const UniqueFd& directory = where.directory;
  mode_t keep = 0;
  bool exists = false;
  struct stat status {};
  if (::fstatat(directory.get(), where.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
    if (S_ISDIR(status.st_mode)) return error_of(EISDIR, relative);
    if (!S_ISREG(status.st_mode))
      return Error(Code::invalid_params, relative + " is not a regular file; it is not replaced.");
    // A file that could not be written in place is not replaced behind its owner's back either.
    if (::faccessat(directory.get(), where.name.c_str(), W_OK, AT_EACCESS) != 0) return error_of(errno, relative);
    keep = status.st_mode & 0777;
    exists = true;
  } else if (errno != ENOENT) {
    return error_of(errno, relative);
  }

  std::string temporary = temporary_name();
  UniqueFd file(
    ::openat(directory.get(), temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666)
  );
  if (!file) return error_of(errno, relative);
  int failure = 0;
  for (size_t done = 0; done < bytes.size() && failure == 0;) {
    ssize_t n = ::write(file.get(), bytes.data() + done, bytes.size() - done);
    if (n >= 0) {
      done += static_cast<size_t>(n);
    } else if (errno != EINTR) {
      failure = errno;
    }
  }
  if (failure == 0 && exists && ::fchmod(file.get(), keep) != 0) failure = errno;
  if (failure == 0 && ::fsync(file.get()) != 0) failure = errno;
  if (failure == 0 && ::renameat(directory.get(), temporary.c_str(), directory.get(), where.name.c_str()) != 0)
    failure = errno;
  if (failure != 0) {
    ::unlinkat(directory.get(), temporary.c_str(), 0);
    return error_of(failure, relative);
  }
  return {};
}

}  // namespace hob::beneath
