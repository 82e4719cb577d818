#include "schemas/base/fd.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace hob {

void UniqueFd::reset(int fd) {
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

std::string errno_text(int error) { return std::generic_category().message(error); }

Result<std::string> read_file(const std::string& path, size_t max_bytes) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!file) {
    const int error = errno;
    return Error(error == ENOENT ? Code::not_found : Code::invalid_params,
                 "Cannot open " + path + ": " + errno_text(error) + ".");
  }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return Error(Code::invalid_params, path + " is not a regular file.");
  }
  if (static_cast<unsigned long long>(status.st_size) > max_bytes) {
    return Error(Code::invalid_params, path + " has " + std::to_string(status.st_size) + " bytes; the limit is " +
                                           std::to_string(max_bytes) + ".");
  }
  std::string content(static_cast<size_t>(status.st_size), '\0');
  size_t done = 0;
  while (done < content.size()) {
    const ssize_t n = ::read(file.get(), content.data() + done, content.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Error(Code::internal, "Cannot read " + path + ": " + errno_text(errno) + ".");
    if (n == 0) break;
    done += static_cast<size_t>(n);
  }
  content.resize(done);
  return content;
}

}  // namespace hob
