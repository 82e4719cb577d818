// HostPool: the plugin processes that run, and who may use one now.
//
//   HOB_CO_TRY(lease, co_await HostPool::acquire(pool, spec, context));
//   auto reply = co_await lease.child().request("call", ...);      // the host is ours until the lease ends
//
// A host is fixed at its start to one HostSpec: the plugin (by its hash), the roots, the rights, the settings, and the
// session where the plugin keeps state; Landlock could not be widened later. An idle host of the same spec is used
// again; when all are busy another is started, four at most (one where the plugin keeps state), then callers wait in a
// bounded queue. A host that is idle for a minute (an hour where it keeps a session's state) is stopped; when too many
// run, the one that is idle longest makes room. All of it on [io]; coroutines under way keep the pool alive.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/async/wakeup.h"
#include "daemon/supervise/child.h"
#include "schemas/wire/tool.h"

namespace hob::plugin {

/// All that a host is fixed to at its start.
struct HostSpec {
  std::string plugin;
  std::string library;
  std::string hash;            // of library and manifest
  std::string library_sha256;  // follows from the hash
  bool builtin = false;
  std::vector<wire::Root> roots;
  wire::Needs grants;
  Json settings = Json::object();
  bool stateful = false;
  std::string session_id;      // where stateful

  std::string key() const;     // equal specs have equal keys
};

/// PATH and LANG of ours, HOME and TZ of hobd where it has them.
std::vector<std::string> host_environment();

struct PoolOptions {
  std::string program;                   // hob-plugin-host, absolute path
  std::vector<std::string> arguments = {"--fd", "3"};
  std::vector<std::string> environment = host_environment();  // nothing else is passed
  wire::HostLimits limits;
  size_t hosts_per_key = 4;
  size_t max_hosts = 32;
  size_t max_waiting = 16;               // for each key
  Milliseconds idle{60'000};
  Milliseconds idle_stateful{3'600'000};  // what it remembers of a session should outlast a person's thinking
  Milliseconds start_timeout{10'000};
};

class HostPool : public std::enable_shared_from_this<HostPool> {
 public:
  class Lease;

  HostPool(asio::any_io_executor io, PoolOptions options);

  /// A host of this spec, ready and ours. plugin_crashed when it dies at its start; what it says when it refuses;
  /// overloaded when the queue is full; cancelled, deadline.
  static Async<Result<Lease>> acquire(std::shared_ptr<HostPool> pool, HostSpec spec, CallContext context);

  /// Running hosts of a plugin.
  size_t count(const std::string& plugin) const;
  static Async<void> stop(std::shared_ptr<HostPool> pool);

 private:
  struct Host {
    Host(asio::any_io_executor io, std::shared_ptr<supervise::Child> process, const HostSpec& spec, std::string key_text)
        : child(std::move(process)), plugin(spec.plugin), stateful(spec.stateful), key(std::move(key_text)), changed(std::move(io)) {}
    std::shared_ptr<supervise::Child> child;
    std::string plugin;
    bool stateful;
    std::string key;
    bool busy = true;
    std::chrono::steady_clock::time_point idle_since{};
    Wakeup changed;  // busy, or gone
  };
  using HostPtr = std::shared_ptr<Host>;
  struct Counted;

  HostPtr take_idle(const std::string& key);
  bool may_start(const HostSpec& spec, const std::string& key);
  static Async<Result<HostPtr>> start(std::shared_ptr<HostPool> pool, HostSpec spec, std::string key, CallContext context);
  static Async<void> retire(std::shared_ptr<HostPool> pool, HostPtr host);
  static Async<void> end(HostPtr host);
  void release(const HostPtr& host);
  void remove(const HostPtr& host);

  asio::any_io_executor io_;
  PoolOptions options_;
  std::list<HostPtr> hosts_;
  std::map<std::string, size_t> starting_;  // by key
  std::map<std::string, size_t> waiting_;   // by key
  Wakeup changed_;                          // a host is idle or gone, or stopping_
  bool stopping_ = false;
};

/// One caller's use of one host. Its end gives the host back, or drops it when it has died.
class HostPool::Lease {
 public:
  Lease(std::shared_ptr<HostPool> pool, HostPtr host) : pool_(std::move(pool)), host_(std::move(host)) {}
  Lease(Lease&&) = default;
  Lease& operator=(Lease&&) = delete;
  ~Lease() {
    if (host_) pool_->release(host_);
  }

  const std::shared_ptr<supervise::Child>& child() const { return host_->child; }
  /// Kills the host: it hangs, or is in a state that nobody knows.
  void discard() {
    host_->child->kill();
    pool_->remove(host_);
  }

 private:
  std::shared_ptr<HostPool> pool_;
  HostPtr host_;
};

}  // namespace hob::plugin
