#include "daemon/app/daemon.h"

#include <csignal>

#include "daemon/backend/child_backend.h"
#include "daemon/supervise/orphans.h"
#include "daemon/tools/memory_tools.h"
#include "schemas/base/log.h"
#include "schemas/wire/handshake.h"

namespace hob::app {
namespace {

constexpr Milliseconds kGrace{10'000};
constexpr char kCalculate[] = "calculate";

/// `model.path` names a checkpoint directory, or a script (a .json file) that the scripted engine speaks.
backend::ChildBackendOptions backend_options(const config::Places& places, const config::ModelConfig& model) {
  backend::ChildBackendOptions options;
  const std::string path = model.path.empty() ? places.model_dir : model.path;
  if (path.ends_with(".json")) {
    options.program = places.bin_dir + "/hob-model-lite";
    options.start.script = path;
  } else {
    options.program = places.bin_dir + "/hob-model";
    options.start.model_dir = path;
  }
  options.start.dtype = model.dtype;
  options.start.threads = model.threads;
  options.start.context = model.context;
  options.start.cache_bytes = model.cache_mib << 20;
  options.start.draft = model.draft;
  return options;
}

}  // namespace

Daemon::Daemon(config::Places places, config::Config config) : places_(std::move(places)), config_(std::move(config)) {}

Daemon::~Daemon() { work_.join(); }

Result<void> Daemon::open_rooms() {
  const auto io = io_.get_executor();
  // First, because it is locked: of two daemons that start together, one goes on and the other leaves everything alone.
  HOB_TRY(store, store::open({.path = places_.state_dir + "/state.db", .clock = &clock_, .random = &random_}));
  store_ = std::move(store);
  once_ = std::make_unique<store::Once>(*store_);
  hub_ = events::make_hub(*store_, clock_, io);
  backend_ = backend::make_child_backend(io, backend_options(places_, config_.model), clock_);
  plugin::CatalogOptions catalog;
  catalog.directories = {places_.plugin_dir};
  catalog.config = config_.plugins;
  catalog.reserved = {"remember", "recall"};
  plugin::PoolOptions pool;
  pool.program = places_.bin_dir + "/hob-plugin-host";
  plugins_ = plugin::PluginProvider::make(io, plugin::Catalog::scan(catalog), pool, clock_);
  tools_.add(plugins_);
  tools_.add(tools::make_memory_tools(tools::notebook_of(*store_), clock_, random_));
  policy_ = std::make_unique<policy::Policy>(config_.policy);
  approvals_ = std::make_unique<policy::Approvals>(*store_, *hub_, clock_, io);
  surroundings_ = std::make_unique<turn::Surroundings>(
      turn::Surroundings{*store_, *once_, *hub_, *backend_, tools_, *policy_, *approvals_, clock_, random_, config_.limits,
                         config_.plugins.call_timeout_ms, io, work_.get_executor()});
  turns_ = std::make_unique<turn::Turns>(*surroundings_);
  server_ = std::make_unique<rpc::Server>(io, work_.get_executor(), dispatcher_);
  house_ = std::make_unique<api::House>(
      api::House{*surroundings_, *turns_, *server_, places_, config_, [this] { return plugins_->plugins(); },
                 [this](wire::ShutdownMode mode) { begin_shutdown(mode); }, clock_.wall_ms()});
  api::bind_all(dispatcher_, house_.get());
  api::connect_approvals(*house_);
  backend_->on_state([this](const wire::ModelStatus& status) {
    if (status.model && status.model->demonstration) plugins_->set_setting(kCalculate, "digits", 4);
    hub_->ephemeral({"", "", "", "model.state", describe::write(status)});
  });
  return {};
}

Result<void> Daemon::start() {
  HOB_TRY_VOID(supervise::become_subreaper());
  HOB_TRY_VOID(open_rooms());
  HOB_TRY_VOID(server_->listen(places_.socket));
  watch_signals();
  log::info("daemon.listening", {{"socket", places_.socket}, {"build", wire::build_id()}});
  spawn(io_.get_executor(), resume(), "daemon.resume");
  return {};
}

Async<void> Daemon::resume() {
  auto count = co_await turns_->resume_all();
  if (!count) log::error("daemon.resume_failed", {{"message", count.error().message()}});
  if (config_.model.load_at_start) backend_->load();
}

void Daemon::watch_signals() {
  signals_.add(SIGTERM);
  signals_.add(SIGINT);
  signals_.add(SIGCHLD);
  wait_for_signal();
}

void Daemon::wait_for_signal() {
  signals_.async_wait([this](asio::error_code failed, int number) {
    if (failed) return;
    if (number == SIGCHLD) {
      supervise::reap_orphans();
    } else {
      begin_shutdown(stopping_ ? wire::ShutdownMode::now : wire::ShutdownMode::graceful);
    }
    wait_for_signal();
  });
}

void Daemon::begin_shutdown(wire::ShutdownMode mode) {
  if (stopping_ && mode == wire::ShutdownMode::graceful) return;
  if (stopping_) {
    // Asked a second time: what is on disk is on disk.
    log::warn("daemon.leaving", {{"why", "asked twice"}});
    server_->stop();
    io_.stop();
    return;
  }
  stopping_ = true;
  log::info("daemon.stopping", {{"mode", describe::word(mode)}});
  server_->stop();
  spawn(io_.get_executor(), shut_down(mode), "daemon.stop");
}

Async<void> Daemon::shut_down(wire::ShutdownMode mode) {
  co_await turns_->stop(mode == wire::ShutdownMode::graceful ? kGrace : Milliseconds(0));
  co_await plugins_->stop();
  co_await backend_->stop();
  co_await store_->stop();
  supervise::kill_orphans();
  server_->close_all();
  log::info("daemon.stopped");
  // The last replies are written by connections that close themselves; then nothing is left to do.
  signals_.cancel();
  asio::steady_timer last(io_, Milliseconds(200));
  co_await last.async_wait(asio::use_awaitable);
  io_.stop();
}

void Daemon::run() { io_.run(); }

}  // namespace hob::app
