#include "daemon/plugin/host_pool.h"

#include <algorithm>
#include <cstdlib>

#include "schemas/base/log.h"

namespace hob::plugin {
namespace {

constexpr size_t kFrameSpare = 256u << 10;  // what a result's frame may have beyond the result
constexpr Milliseconds kStopGrace{1000};

bool is_death(const Error& error) { return error.code() == Code::interrupted; }

}  // namespace

std::vector<std::string> host_environment() {
  std::vector<std::string> out{"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8"};
  for (const char* name : {"HOME", "TZ"}) {
    if (const char* value = std::getenv(name)) out.push_back(std::string(name) + "=" + value);
  }
  return out;
}

std::string HostSpec::key() const {
  Json key = Json::object();
  key["plugin"] = plugin;
  key["hash"] = hash;
  key["roots"] = describe::write(roots);
  key["grants"] = describe::write(grants);
  key["settings"] = settings;
  key["session"] = stateful ? session_id : "";
  return json::canonical(key);
}

/// One more of something in a map of counters, for as long as it lives.
struct HostPool::Counted {
  Counted(std::shared_ptr<HostPool> owner, std::map<std::string, size_t>& counts, std::string name)
      : pool(std::move(owner)), map(counts), key(std::move(name)) {
    ++map[key];
  }
  ~Counted() {
    if (--map[key] == 0) map.erase(key);
    pool->changed_.notify();
  }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

  std::shared_ptr<HostPool> pool;
  std::map<std::string, size_t>& map;
  std::string key;
};

HostPool::HostPool(asio::any_io_executor io, PoolOptions options)
    : io_(io), options_(std::move(options)), changed_(io) {}

HostPool::HostPtr HostPool::take_idle(const std::string& key) {
  for (const HostPtr& host : hosts_) {
    if (host->busy || host->key != key || !host->child->alive()) continue;
    host->busy = true;
    host->changed.notify();
    return host;
  }
  return nullptr;
}

/// Whether one more of this key is allowed; makes room among idle hosts of others when there are too many.
bool HostPool::may_start(const HostSpec& spec, const std::string& key) {
  size_t of_key = starting_.contains(key) ? starting_.at(key) : 0;
  size_t all = 0;
  for (const auto& [name, count] : starting_) all += count;
  HostPtr oldest;
  for (const HostPtr& host : hosts_) {
    ++all;
    if (host->key == key) ++of_key;
    if (!host->busy && (!oldest || host->idle_since < oldest->idle_since)) oldest = host;
  }
  if (of_key >= (spec.stateful ? 1 : options_.hosts_per_key)) return false;
  if (all < options_.max_hosts) return true;
  if (!oldest) return false;
  remove(oldest);
  spawn(io_, end(oldest), "plugin.evict");
  return true;
}

Async<Result<HostPool::Lease>> HostPool::acquire(std::shared_ptr<HostPool> pool, HostSpec spec, CallContext context) {
  const std::string key = spec.key();
  const auto on_cancel = context.cancel.on_cancel([pool] { pool->changed_.notify(); });
  std::unique_ptr<Counted> waiting;
  for (;;) {
    if (pool->stopping_) co_return Error(Code::draining, "The daemon is stopping.");
    if (context.cancel.cancelled()) co_return Error(Code::cancelled, "Cancelled before the tool was called.");
    if (context.deadline && std::chrono::steady_clock::now() >= *context.deadline) {
      co_return Error(Code::deadline, "No process of the plugin " + spec.plugin + " was free within the time allowed.");
    }
    if (HostPtr host = pool->take_idle(key)) co_return Lease(pool, std::move(host));
    if (pool->may_start(spec, key)) {
      waiting.reset();
      auto started = co_await start(pool, std::move(spec), key, context);
      if (!started) co_return std::move(started).error();
      co_return Lease(pool, *std::move(started));
    }
    if (!waiting) {
      const auto others = pool->waiting_.find(key);
      if (others != pool->waiting_.end() && others->second >= pool->options_.max_waiting) {
        co_return Error(Code::overloaded, "Too many calls wait for the plugin " + spec.plugin + " already.")
            .with("retryAfterMs", 1000LL);
      }
      waiting = std::make_unique<Counted>(pool, pool->waiting_, key);
    }
    co_await pool->changed_.wait(context.deadline);
  }
}

Async<Result<HostPool::HostPtr>> HostPool::start(
    std::shared_ptr<HostPool> pool, HostSpec spec, std::string key, CallContext context
) {
  const Counted starting(pool, pool->starting_, key);
  const PoolOptions& options = pool->options_;
  const auto latest = std::chrono::steady_clock::now() + options.start_timeout;
  context.deadline = context.deadline ? std::min(*context.deadline, latest) : latest;

  supervise::SpawnOptions spawn_options;
  spawn_options.program = options.program;
  spawn_options.arguments = options.arguments;
  spawn_options.environment = options.environment;
  spawn_options.log_name = "plugin " + spec.plugin;
  spawn_options.oom_score_adj = 800;
  spawn_options.max_frame_bytes = options.limits.output_bytes * 2 + kFrameSpare;  // JSON in JSON: escapes may double it
  auto child = co_await supervise::Child::spawn(pool->io_, std::move(spawn_options), context);
  if (!child) {
    if (!is_death(child.error())) co_return std::move(child).error();
    co_return Error(Code::plugin_crashed, child.error().message());
  }
  wire::HostStart body;
  body.library = spec.library;
  body.plugin = spec.plugin;
  body.sha256 = spec.library_sha256;
  body.builtin = spec.builtin;
  body.roots = spec.roots;
  body.grants = spec.grants;
  body.limits = options.limits;
  body.config = spec.settings;
  auto reply = co_await (*child)->request("start", describe::write(body), nullptr, context);
  if (!reply) {
    (*child)->kill();
    if (!is_death(reply.error())) co_return std::move(reply).error();
    co_return Error(Code::plugin_crashed, "It died while it was loaded. " + reply.error().message());
  }
  auto ready = describe::read<wire::HostReady>(*reply);
  if (!ready) {
    (*child)->kill();
    co_return Error(Code::plugin_crashed, "Its process did not say that it is ready: " + ready.error().message());
  }
  if (pool->stopping_) {
    (*child)->kill();
    co_return Error(Code::draining, "The daemon is stopping.");
  }
  log::info("plugin.host_started",
            {{"plugin", spec.plugin}, {"pid", (*child)->pid()}, {"sandbox", ready->sandbox}});
  const auto host = std::make_shared<Host>(pool->io_, *child, spec, std::move(key));
  pool->hosts_.push_back(host);
  // The child holds this callback, and the host the child: weak, or neither would ever go.
  std::weak_ptr<HostPool> weak_pool = pool;
  std::weak_ptr<Host> weak_host = host;
  (*child)->on_exit([weak_pool, weak_host](const supervise::Exit&) {
    const auto alive = weak_pool.lock();
    const auto gone = weak_host.lock();
    if (alive && gone) alive->remove(gone);
  });
  co_return host;
}

void HostPool::release(const HostPtr& host) {
  if (std::find(hosts_.begin(), hosts_.end(), host) == hosts_.end()) return;
  if (!host->child->alive()) return remove(host);
  host->busy = false;
  host->idle_since = std::chrono::steady_clock::now();
  changed_.notify();
  spawn(io_, retire(shared_from_this(), host), "plugin.retire");
}

void HostPool::remove(const HostPtr& host) {
  hosts_.remove(host);
  host->changed.notify();
  changed_.notify();
}

Async<void> HostPool::retire(std::shared_ptr<HostPool> pool, HostPtr host) {
  const auto since = host->idle_since;
  const auto deadline = since + (host->stateful ? pool->options_.idle_stateful : pool->options_.idle);
  const auto still_idle = [&] {
    return !host->busy && host->idle_since == since && !pool->stopping_ &&
           std::find(pool->hosts_.begin(), pool->hosts_.end(), host) != pool->hosts_.end();
  };
  while (still_idle() && std::chrono::steady_clock::now() < deadline) co_await host->changed.wait(deadline);
  if (!still_idle()) co_return;
  pool->remove(host);
  co_await end(host);
}

Async<void> HostPool::end(HostPtr host) { co_await host->child->stop(kStopGrace); }

size_t HostPool::count(const std::string& plugin) const {
  return static_cast<size_t>(std::count_if(
      hosts_.begin(), hosts_.end(), [&](const HostPtr& host) { return host->plugin == plugin; }));
}

Async<void> HostPool::stop(std::shared_ptr<HostPool> pool) {
  pool->stopping_ = true;
  pool->changed_.notify();
  const std::list<HostPtr> hosts = pool->hosts_;
  for (const HostPtr& host : hosts) {
    pool->remove(host);
    co_await end(host);
  }
  while (!pool->starting_.empty() || !pool->waiting_.empty()) co_await pool->changed_.wait();
}

}  // namespace hob::plugin
