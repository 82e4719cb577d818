#include "schemas/sandbox/sandbox.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <thread>

namespace fs = std::filesystem;
using namespace hob;
using namespace hob::sandbox;

namespace {

constexpr int kNotApplied = 200;

struct Place {
  fs::path base, inside, outside;
  Place() {
    char name[] = "/tmp/hob-sandbox-XXXXXX";
    base = fs::canonical(::mkdtemp(name));
    inside = base / "inside";
    outside = base / "outside";
    fs::create_directories(inside);
    fs::create_directories(outside);
    std::ofstream(inside / "a.txt") << "a";
    std::ofstream(outside / "secret.txt") << "secret";
    // An ordinary user runs some of the tests; it must own the place.
    for (const auto& path : {base, inside, outside}) fs::permissions(path, fs::perms::all);
    fs::permissions(inside / "a.txt", fs::perms(0666));
    fs::permissions(outside / "secret.txt", fs::perms(0666));
  }
  ~Place() { fs::remove_all(base); }
  Policy policy(Access access = Access::write) const {
    Policy out;
    out.trees = {{inside, access}};
    return out;
  }
};

/// The exit code of `probe` in a sandboxed child: probes return errno, 0 where the act succeeded.
int in_child(const Policy& policy, const Report& offered, const std::function<int()>& probe, uid_t user = 0) {
  pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGSYS, SIG_DFL);
    if (user != 0 && (::setgid(user) != 0 || ::setuid(user) != 0)) ::_exit(kNotApplied + 1);
    if (!apply(policy, offered).ok()) ::_exit(kNotApplied);
    ::_exit(probe());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

int outcome(long rc) { return rc >= 0 ? 0 : errno; }
int open_it(const fs::path& path, int flags = O_RDONLY) { return outcome(::open(path.c_str(), flags, 0600)); }

bool landlock_here(const Report& report, int abi) {
  if (report.landlock_abi >= abi) return true;
  WARN("skipped: this kernel has no Landlock ABI " << abi);
  return false;
}

}  // namespace

TEST_CASE("the report of the ladder names every rung") {
  Report report = probe();
  std::string text = describe(report);
  for (const char* rung : {"no_new_privs", "seccomp", "Landlock", "openat2", "user namespaces"})
    CHECK(text.find(rung) != std::string::npos);
  CHECK(report.no_new_privs);
  std::cout << text;
}

TEST_CASE("files outside the granted trees cannot be opened, listed, written, removed or truncated") {
  Report report = probe();
  if (!landlock_here(report, 1)) return;
  Place at;
  for (uid_t user : {0u, 65534u}) {
    if (user != 0 && ::getuid() != 0) continue;
    INFO("uid " << user);
    auto run = [&](const std::function<int()>& what) { return in_child(at.policy(), report, what, user); };
    CHECK(run([&] { return open_it(at.inside / "a.txt", O_RDWR); }) == 0);
    CHECK(run([&] { return open_it(at.inside / ("new" + std::to_string(user)), O_RDWR | O_CREAT); }) == 0);
    CHECK(run([&] { return open_it(at.outside / "secret.txt"); }) == EACCES);
    CHECK(run([&] { return open_it(at.outside / "secret.txt", O_WRONLY); }) == EACCES);
    CHECK(run([&] { return open_it(at.outside / "new.txt", O_WRONLY | O_CREAT); }) == EACCES);
    CHECK(run([&] { return open_it(at.outside, O_RDONLY | O_DIRECTORY); }) == EACCES);
    CHECK(run([&] { return open_it("/etc/passwd"); }) == EACCES);
    CHECK(run([&] { return open_it("/proc/self/environ"); }) == EACCES);
    CHECK(run([&] { return outcome(::unlink((at.outside / "secret.txt").c_str())); }) == EACCES);
    CHECK(run([&] { return outcome(::mkdir((at.outside / "d").c_str(), 0700)); }) == EACCES);
    CHECK(run([&] {
            return outcome(::rename((at.inside / "a.txt").c_str(), (at.outside / "a.txt").c_str()));
          }) != 0);
    CHECK(run([&] {
            return outcome(::link((at.outside / "secret.txt").c_str(), (at.inside / "stolen.txt").c_str()));
          }) != 0);
    CHECK(run([&] {
            if (::symlink((at.outside / "secret.txt").c_str(), (at.inside / "link").c_str()) != 0 && errno != EEXIST)
              return 0;
            return open_it(at.inside / "link");
          }) == EACCES);
    if (report.landlock_abi >= 3)
      CHECK(run([&] { return outcome(::truncate((at.outside / "secret.txt").c_str(), 0)); }) == EACCES);
  }
  CHECK(fs::file_size(at.outside / "secret.txt") == 6);
}

TEST_CASE("a tree granted for reading cannot be written") {
  Report report = probe();
  if (!landlock_here(report, 1)) return;
  Place at;
  auto run = [&](const std::function<int()>& what) { return in_child(at.policy(Access::read), report, what); };
  CHECK(run([&] { return open_it(at.inside / "a.txt"); }) == 0);
  CHECK(run([&] { return open_it(at.inside / "a.txt", O_WRONLY); }) == EACCES);
  CHECK(run([&] { return open_it(at.inside / "new.txt", O_WRONLY | O_CREAT); }) == EACCES);
  CHECK(run([&] { return outcome(::unlink((at.inside / "a.txt").c_str())); }) == EACCES);
}

TEST_CASE("no socket of any family can be made, and none but IP with the network granted") {
  Report report = probe();
  Place at;
  Policy policy = at.policy();
  auto make = [](int family, int kind) { return [=] { return outcome(::socket(family, kind, 0)); }; };
  for (int family : {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_VSOCK, AF_ALG}) {
    INFO("family " << family);
    CHECK(in_child(policy, report, make(family, SOCK_STREAM)) == EPERM);
    CHECK(in_child(policy, report, make(family, SOCK_DGRAM)) == EPERM);
  }
  policy.allow_network = true;
  CHECK(in_child(policy, report, make(AF_INET, SOCK_STREAM)) == 0);
  for (int family : {AF_UNIX, AF_NETLINK, AF_PACKET, AF_VSOCK, AF_ALG})
    CHECK(in_child(policy, report, make(family, SOCK_STREAM)) == EPERM);
}

TEST_CASE("a listening unix socket of the same user cannot be reached") {
  Report report = probe();
  Place at;
  int server = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, (at.base / "door").c_str(), sizeof address.sun_path - 1);
  REQUIRE(::bind(server, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(server, 1) == 0);
  auto knock = [&] {
    int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0) return errno;
    return outcome(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address));
  };
  CHECK(in_child(at.policy(), report, knock) == EPERM);
  // Not even by a pair made before: socketpair works, connecting one of its ends elsewhere does not help.
  CHECK(in_child(at.policy(), report, [&] {
          int pair[2];
          if (::socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) != 0) return errno;
          return outcome(::connect(pair[0], reinterpret_cast<sockaddr*>(&address), sizeof address));
        }) != 0);
  ::close(server);
}

TEST_CASE("TCP to a listening port is refused by Landlock too") {
  Report report = probe();
  if (!landlock_here(report, 4)) return;
  landlock::Wall wall;
  pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (!landlock::restrict(wall, report.landlock_abi).ok()) ::_exit(kNotApplied);
    int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(9);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::_exit(outcome(::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to)));
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WEXITSTATUS(status) == EACCES);
}

TEST_CASE("the kernel's dangerous calls answer with an error") {
  Report report = probe();
  Place at;
  auto refused = [&](const char* name, int wanted, const std::function<long()>& call) {
    INFO(name);
    CHECK(in_child(at.policy(), report, [&] { return outcome(call()); }) == wanted);
  };
  refused("ptrace", EPERM, [] { return ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr); });
  refused("mount", EPERM, [] { return ::mount("none", "/tmp", "tmpfs", 0, nullptr); });
  refused("bpf", EPERM, [] { return ::syscall(SYS_bpf, 0, nullptr, 0); });
  refused("io_uring", EPERM, [] { return ::syscall(SYS_io_uring_setup, 1, nullptr); });
  refused("keyctl", EPERM, [] { return ::syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, 0, 0); });
  refused("userfaultfd", EPERM, [] { return ::syscall(SYS_userfaultfd, 0); });
  refused("unshare", EPERM, [] { return ::unshare(CLONE_NEWUSER); });
  refused("setns", EPERM, [] { return ::setns(-1, 0); });
  refused("kexec", EPERM, [] { return ::syscall(SYS_kexec_load, 0, 0, nullptr, 0); });
  refused("module", EPERM, [] { return ::syscall(SYS_finit_module, -1, "", 0); });
  refused("perf", EPERM, [] { return ::syscall(SYS_perf_event_open, nullptr, 0, 0, 0, 0); });
  refused("other memory", EPERM, [] { return ::syscall(SYS_process_vm_readv, ::getppid(), nullptr, 0, nullptr, 0, 0); });
  refused("pidfd_getfd", EPERM, [] { return ::syscall(SYS_pidfd_getfd, -1, 0, 0); });
  refused("chroot", EPERM, [] { return ::chroot("/tmp"); });
  refused("personality", EPERM, [] { return ::syscall(SYS_personality, 0xffffffff); });
  refused("clone3", ENOSYS, [] { return ::syscall(SYS_clone3, nullptr, 0); });
  refused("chmod", EPERM, [&] { return ::chmod((at.outside / "secret.txt").c_str(), 0777); });
  refused("fchmodat", EPERM, [&] { return ::fchmodat(AT_FDCWD, (at.outside / "secret.txt").c_str(), 0777, 0); });
  refused("utimensat", EPERM, [&] { return ::utimensat(AT_FDCWD, (at.outside / "secret.txt").c_str(), nullptr, 0); });
  refused("kill", EPERM, [] { return ::kill(::getppid(), 0); });
  refused("kill everyone", EPERM, [] { return ::kill(-1, 0); });
  refused("PDEATHSIG", EPERM, [] { return ::prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0); });
}

TEST_CASE("programs run only where exec is granted, and then only from granted trees") {
  Report report = probe();
  Place at;
  fs::copy_file("/bin/true", at.inside / "true");
  fs::permissions(at.inside / "true", fs::perms(0755));
  auto run = [](const fs::path& program) {
    return [=] {
      char* const arguments[] = {const_cast<char*>("true"), nullptr};
      ::execve(program.c_str(), arguments, nullptr);
      return errno;
    };
  };
  Policy policy = at.policy();
  CHECK(in_child(policy, report, run("/bin/true")) == EPERM);
  CHECK(in_child(policy, report, run(at.inside / "true")) == EPERM);
  CHECK(in_child(policy, report, [] { return outcome(::fork()); }) == EPERM);
  policy.allow_exec = true;
  if (!landlock_here(report, 1)) return;
  CHECK(in_child(policy, report, run("/bin/true")) == EACCES);
  for (const char* path : {"/usr", "/bin", "/lib", "/lib64"}) policy.trees.push_back({path, Access::read_execute, true});
  CHECK(in_child(policy, report, run("/bin/true")) == 0);
  CHECK(in_child(policy, report, run(at.inside / "true")) == EACCES);
  CHECK(in_child(policy, report, [] {
          return outcome(::syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, nullptr, nullptr, nullptr, nullptr));
        }) == EPERM);
}

TEST_CASE("threads still work without the right to make processes") {
  Report report = probe();
  Place at;
  CHECK(in_child(at.policy(), report, [] {
          std::atomic<int> ran{0};
          std::thread([&] { ran = 1; }).join();
          return ran == 1 ? 0 : 1;
        }) == 0);
}

TEST_CASE("a signal to the parent is refused with exec granted, too, where the kernel scopes signals") {
  Report report = probe();
  if (!landlock_here(report, 6)) return;
  Place at;
  Policy policy = at.policy();
  policy.allow_exec = true;
  CHECK(in_child(policy, report, [] { return outcome(::kill(::getppid(), 0)); }) == EPERM);
  CHECK(in_child(policy, report, [] { return outcome(::kill(::getpid(), 0)); }) == 0);
}

TEST_CASE("no inherited descriptor above two survives but those kept") {
  Report report = probe();
  Place at;
  int leaked = ::open((at.outside / "secret.txt").c_str(), O_RDONLY);
  int kept = ::dup(leaked), high = ::fcntl(leaked, F_DUPFD, 700);
  Policy policy = at.policy();
  policy.keep = {kept};
  auto alive = [](int fd) { return [fd] { return outcome(::fcntl(fd, F_GETFD)); }; };
  CHECK(in_child(policy, report, alive(leaked)) == EBADF);
  CHECK(in_child(policy, report, alive(high)) == EBADF);
  CHECK(in_child(policy, report, alive(kept)) == 0);
  for (int fd : {leaked, kept, high}) ::close(fd);
}

TEST_CASE("limits hold: descriptors, file size, core files") {
  Report report = probe();
  Place at;
  CHECK(in_child(at.policy(), report, [&] {
          for (int i = 0; i < 100; ++i)
            if (::dup(0) < 0) return errno;
          return 0;
        }) == EMFILE);
  Policy policy = at.policy();
  policy.limits.file_bytes = 4096;
  CHECK(in_child(policy, report, [&] {
          int fd = ::open((at.inside / "big").c_str(), O_WRONLY | O_CREAT, 0600);
          char block[4096] = {};
          if (::write(fd, block, sizeof block) != sizeof block) return 1;
          return outcome(::write(fd, block, sizeof block));
        }) == EFBIG);
  CHECK(in_child(at.policy(), report, [] {
          rlimit core{};
          ::getrlimit(RLIMIT_CORE, &core);
          return core.rlim_max == 0 ? 0 : 1;
        }) == 0);
}

TEST_CASE("the environment is what was given and never more than eight variables") {
  pid_t child = ::fork();
  if (child == 0) {
    ::setenv("HOB_CANARY_SECRET", "s3cret", 1);
    if (!set_environment({{"PATH", "/usr/bin"}, {"LANG", "C.UTF-8"}}).ok()) ::_exit(1);
    int count = 0;
    for (char** variable = environ; *variable; ++variable) ++count;
    ::_exit(count == 2 && ::getenv("HOB_CANARY_SECRET") == nullptr ? 0 : 2);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(status == 0);
  CHECK_FALSE(set_environment(std::vector<std::pair<std::string, std::string>>(9, {"A", "b"})).ok());
}

TEST_CASE("without Landlock a third party's plugin is refused and hob's own still loses its sockets") {
  Report bare = probe();
  bare.landlock_abi = 0;
  Place at;
  CHECK(in_child(at.policy(), bare, [] { return 0; }) == kNotApplied);
  Policy policy = at.policy();
  policy.landlock = Need::if_offered;
  CHECK(in_child(policy, bare, [] { return outcome(::socket(AF_UNIX, SOCK_STREAM, 0)); }) == EPERM);
  CHECK(in_child(policy, bare, [] { return outcome(::fork()); }) == EPERM);
  Report nothing;
  CHECK(in_child(policy, nothing, [] { return 0; }) == kNotApplied);
}

TEST_CASE("older Landlock ABIs build a wall, too") {
  Report report = probe();
  Place at;
  for (int abi = 1; abi <= report.landlock_abi && abi <= 7; ++abi) {
    INFO("ABI " << abi);
    Report older = report;
    older.landlock_abi = abi;
    CHECK(in_child(at.policy(), older, [&] { return open_it(at.inside / "a.txt"); }) == 0);
    CHECK(in_child(at.policy(), older, [&] { return open_it(at.outside / "secret.txt"); }) == EACCES);
  }
}

TEST_CASE("a path that does not exist is refused unless it is optional") {
  Report report = probe();
  if (!landlock_here(report, 1)) return;
  Place at;
  Policy policy = at.policy();
  policy.trees.push_back({at.base / "missing", Access::read});
  CHECK(in_child(policy, report, [] { return 0; }) == kNotApplied);
  policy.trees.back().optional = true;
  CHECK(in_child(policy, report, [] { return 0; }) == 0);
}
