#include "schemas/sandbox/landlock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

namespace hob::sandbox::landlock {
namespace {

// From include/uapi/linux/landlock.h of Linux 6.12; Debian 12's headers stop at ABI 2.
constexpr uint64_t kExecute = 1u << 0, kWriteFile = 1u << 1, kReadFile = 1u << 2, kReadDir = 1u << 3,
                   kRemoveDir = 1u << 4, kRemoveFile = 1u << 5, kMakeChar = 1u << 6, kMakeDir = 1u << 7,
                   kMakeReg = 1u << 8, kMakeSock = 1u << 9, kMakeFifo = 1u << 10, kMakeBlock = 1u << 11,
                   kMakeSym = 1u << 12, kRefer = 1u << 13, kTruncate = 1u << 14, kIoctlDev = 1u << 15;
constexpr uint64_t kBindTcp = 1u << 0, kConnectTcp = 1u << 1;
constexpr uint64_t kScopeAbstractSocket = 1u << 0, kScopeSignal = 1u << 1;
constexpr uint32_t kCreateVersion = 1u << 0;
constexpr int kRulePathBeneath = 1;
constexpr long kCreateRuleset = 444, kAddRule = 445, kRestrictSelf = 446;  // the same on every architecture

struct RulesetAttribute {
  uint64_t handled_files;
  uint64_t handled_network;
  uint64_t scoped;
};
struct [[gnu::packed]] PathBeneath {
  uint64_t allowed;
  int32_t parent;
};

uint64_t handled_files(int abi) {
  uint64_t all = (kMakeSym << 1) - 1;
  if (abi >= 2) all |= kRefer;
  if (abi >= 3) all |= kTruncate;
  if (abi >= 5) all |= kIoctlDev;
  return all;
}

uint64_t rights(const Tree& tree) {
  uint64_t read = kReadFile | kReadDir;
  uint64_t out = read;
  if (tree.access == Access::write)
    out |= kWriteFile | kRemoveDir | kRemoveFile | kMakeDir | kMakeReg | kMakeFifo | kMakeSym | kRefer | kTruncate;
  if (tree.access == Access::read_execute || tree.execute) out |= kExecute;
  return out;
}

Error failed(const std::string& what) {
  return Error(Code::tool_failed, "The Landlock wall could not be built: " + what + ": " + std::strerror(errno) + ".");
}

}  // namespace

int best_abi() {
  long abi = ::syscall(kCreateRuleset, nullptr, 0, kCreateVersion);
  return abi > 0 ? static_cast<int>(abi) : 0;
}

Result<void> restrict(const Wall& wall, int abi) {
  if (abi <= 0) return Error(Code::tool_failed, "This kernel has no Landlock.");
  RulesetAttribute attribute{handled_files(abi), 0, 0};
  size_t size = sizeof attribute.handled_files;
  if (abi >= 4) {
    size = offsetof(RulesetAttribute, scoped);
    if (wall.deny_tcp) attribute.handled_network = kBindTcp | kConnectTcp;
  }
  if (abi >= 6) {
    size = sizeof attribute;
    attribute.scoped = kScopeAbstractSocket | kScopeSignal;
  }
  int ruleset = static_cast<int>(::syscall(kCreateRuleset, &attribute, size, 0));
  if (ruleset < 0) return failed("creating the rules");
  struct Closer {
    int fd;
    ~Closer() { ::close(fd); }
  } closer{ruleset};

  for (const Tree& tree : wall.trees) {
    int fd = ::open(tree.path.c_str(), O_PATH | O_CLOEXEC);
    if (fd < 0) {
      if (tree.optional) continue;
      return failed("opening " + tree.path);
    }
    struct stat status {};
    bool directory = ::fstat(fd, &status) == 0 && S_ISDIR(status.st_mode);
    uint64_t allowed = rights(tree) & attribute.handled_files;
    if (!directory) allowed &= kExecute | kWriteFile | kReadFile | kTruncate | kIoctlDev;
    PathBeneath rule{allowed, fd};
    long added = ::syscall(kAddRule, ruleset, kRulePathBeneath, &rule, 0);
    int saved = errno;
    ::close(fd);
    errno = saved;
    if (added != 0) return failed("allowing " + tree.path);
  }
  if (::syscall(kRestrictSelf, ruleset, 0) != 0) return failed("closing the door");
  return {};
}

}  // namespace hob::sandbox::landlock
