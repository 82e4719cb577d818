// UniqueFd: owns a file descriptor and closes it. Movable, not copyable; any thread.
#pragma once

#include <string>
#include <utility>

#include "schemas/base/result.h"

namespace hob {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) reset(std::exchange(other.fd_, -1));
    return *this;
  }
  ~UniqueFd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1);

 private:
  int fd_ = -1;
};

/// The text of errno, thread-safe: "No such file or directory".
std::string errno_text(int error);

/// A whole regular file of at most `max_bytes`. `not_found` or `invalid_params` with the path in the message.
Result<std::string> read_file(const std::string& path, size_t max_bytes);

}  // namespace hob
