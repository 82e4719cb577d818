#include "plugins/host/walls.h"

#include <stdlib.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <initializer_list>

namespace hob::plugins::host {

using sandbox::Access;

Result<Scratch> Scratch::make() {
  const char* base = ::getenv("TMPDIR");
  std::string name = std::string(base && *base == '/' ? base : "/tmp") + "/hob-tool-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr)
    return Error(
        Code::tool_failed,
        "No scratch directory could be made as " + name + ": " + errno_text(errno) + "."
    );
  Scratch scratch;
  scratch.path_ = name;
  return scratch;
}

void Scratch::remove() {
  if (path_.empty()) return;
  std::error_code ignored;
  // Inside the sandbox the directory itself cannot be removed (its parent is closed): empty it,
  // then try.
  for (const auto& entry : std::filesystem::directory_iterator(path_, ignored)) {
    std::error_code one;
    std::filesystem::remove_all(entry.path(), one);
  }
  std::filesystem::remove(path_, ignored);
  path_.clear();
}

sandbox::Policy policy_for(const wire::HostStart& start, const std::string& scratch) {
  sandbox::Policy policy;
  auto add = [&](Access access, std::initializer_list<const char*> paths) {
    for (const char* path : paths)
      policy.trees.push_back({.path = path, .access = access, .optional = true});
  };
  policy.trees.push_back({.path = start.library.substr(0, start.library.rfind('/') + 1)});
  add(Access::read,
      {"/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib", "/lib64", "/etc/ld.so.cache"});
  add(Access::read, {"/usr/share/zoneinfo", "/etc/localtime", "/etc/timezone", "/dev/urandom"});
  add(Access::write, {"/dev/null"});

  const bool reads = start.grants.read || start.grants.write;
  if (reads) {
    for (const wire::Root& root : start.roots)
      policy.trees.push_back(
          {.path = root.path,
           .access = root.writable && start.grants.write ? Access::write : Access::read,
           .execute = start.grants.exec}
      );
  }
  if (start.grants.exec) {
    add(Access::read_execute, {"/usr", "/bin", "/sbin", "/lib", "/lib64", "/opt"});
    // Of /etc what programs read to start and to name things; not the whole, which holds secrets
    // when we are root.
    add(Access::read,
        {"/etc/ld.so.conf", "/etc/ld.so.conf.d",    "/etc/alternatives", "/etc/passwd",
         "/etc/group",      "/etc/nsswitch.conf",   "/etc/os-release",   "/etc/debian_version",
         "/etc/gitconfig",  "/etc/inputrc",         "/etc/terminfo",     "/etc/magic",
         "/etc/mime.types", "/etc/locale.alias",    "/etc/profile",      "/etc/bash.bashrc",
         "/etc/python3",    "/etc/java-17-openjdk", "/etc/perl",         "/dev/zero",
         "/dev/full"});
    if (!scratch.empty())
      policy.trees.push_back({.path = scratch, .access = Access::write, .execute = true});
  }
  if (start.grants.network)
    add(Access::read, {"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf",
                       "/etc/gai.conf", "/etc/services", "/etc/protocols", "/etc/ssl",
                       "/etc/ca-certificates", "/usr/share/ca-certificates"});

  policy.allow_exec = start.grants.exec;
  policy.allow_network = start.grants.network;
  policy.limits = {start.limits.open_files, start.limits.file_bytes, start.limits.memory_bytes};
  if (start.grants.exec) {
    // Compilers and interpreters map far more than they use.
    policy.limits.open_files = std::max<uint64_t>(policy.limits.open_files, 512);
    policy.limits.memory_bytes = std::max<uint64_t>(policy.limits.memory_bytes, 8ull << 30);
    policy.limits.tasks = sandbox::task_limit(512);
    add(Access::read,
        {"/proc/self/task"});  // this process's own: it ends what a command leaves behind
  }
  policy.landlock = start.builtin ? sandbox::Need::if_offered : sandbox::Need::required;
  return policy;
}

std::vector<std::pair<std::string, std::string>> environment_for(
    const wire::HostStart& start, const std::string& scratch
) {
  std::vector<std::pair<std::string, std::string>> out{
      {"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"LANG", "C.UTF-8"}};
  if (const char* zone = ::getenv("TZ")) out.emplace_back("TZ", zone);
  if (start.grants.exec) {
    out.emplace_back("HOME", scratch);
    out.emplace_back("TMPDIR", scratch);
    out.emplace_back("TERM", "dumb");
  }
  return out;
}

}  // namespace hob::plugins::host
