// Daemon: the wiring of hobd, done once, through constructors. It owns every room and the threads between them.
//
//   Daemon daemon(places, config);
//   HOB_TRY_VOID(daemon.start());     // the door is open; the model loads, turns are resumed
//   daemon.run();                     // until shutdown; [io] is the calling thread
//
// Order of the start: store (which locks out a second daemon), tools, door, then (behind the open door) resumed turns and the model.
// Order of the stop: door, turns, plugin hosts, model, store.
#pragma once

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <asio/thread_pool.hpp>
#include <memory>

#include "daemon/api/house.h"
#include "daemon/plugin/plugin_provider.h"

namespace hob::app {

class Daemon {
 public:
  Daemon(config::Places places, config::Config config);
  ~Daemon();

  Result<void> start();
  void run();
  /// 0, or 1 when something failed while stopping.
  int exit_code() const { return exit_code_; }

 private:
  Result<void> open_rooms();
  void watch_signals();
  void wait_for_signal();
  void begin_shutdown(wire::ShutdownMode mode);
  Async<void> shut_down(wire::ShutdownMode mode);
  Async<void> resume();

  config::Places places_;
  config::Config config_;
  SystemClock clock_;
  SystemRandom random_;
  asio::io_context io_{1};
  asio::thread_pool work_{2};
  asio::signal_set signals_{io_};
  std::unique_ptr<store::Store> store_;  // and the lock on the state directory
  std::unique_ptr<store::Once> once_;
  std::unique_ptr<events::Hub> hub_;
  std::shared_ptr<backend::Backend> backend_;
  std::shared_ptr<plugin::PluginProvider> plugins_;
  tools::Registry tools_;
  std::unique_ptr<policy::Policy> policy_;
  std::unique_ptr<policy::Approvals> approvals_;
  std::unique_ptr<turn::Surroundings> surroundings_;
  std::unique_ptr<turn::Turns> turns_;
  rpc::Dispatcher dispatcher_;
  std::unique_ptr<rpc::Server> server_;
  std::unique_ptr<api::House> house_;
  bool stopping_ = false;
  int exit_code_ = 0;
};

}  // namespace hob::app
