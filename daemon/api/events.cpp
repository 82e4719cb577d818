// events/subscribe, events/read, events/unsubscribe.
#include "daemon/api/house.h"

namespace hob::api {
namespace {

/// A connection's end of its subscriptions. Lives among the connection's attachments and dies with it.
class ConnectionSink final : public events::Sink, public std::enable_shared_from_this<ConnectionSink> {
 public:
  ConnectionSink(std::weak_ptr<rpc::Connection> connection, events::Hub& hub) : connection_(std::move(connection)), hub_(hub) {}
  ~ConnectionSink() override { hub_.forget(this); }
  bool send(const wire::EventMessage& message) override {
    const auto connection = connection_.lock();
    if (!connection) return false;
    if (connection->backlog() > rpc::kEventBytes) {
      wait_for_room(*connection);
      return false;
    }
    connection->notify("event", describe::write(message));
    return true;
  }

 private:
  /// The hub has a gap, or merged deltas, to send as soon as the client has read something.
  void wait_for_room(rpc::Connection& connection) {
    if (std::exchange(waiting_, true)) return;
    connection.on_room([weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self) return;
      self->waiting_ = false;
      self->hub_.on_room(self.get());
    });
  }

  std::weak_ptr<rpc::Connection> connection_;
  events::Hub& hub_;
  bool waiting_ = false;
};

std::shared_ptr<ConnectionSink> sink_of(const rpc::Request& request, events::Hub& hub) {
  const auto connection = request.connection.lock();
  if (!connection) return nullptr;
  auto& slot = connection->attachments()["sink"];
  if (!slot) slot = std::make_shared<ConnectionSink>(request.connection, hub);
  return std::static_pointer_cast<ConnectionSink>(slot);
}

}  // namespace

void bind_events(rpc::Dispatcher& dispatcher, House* house) {
  dispatcher.bind<wire::EventsSubscribe, wire::EventsSubscribeResult>(
      "events/subscribe", "Notifications `event` follow.",
      [house](wire::EventsSubscribe params, rpc::Request request) -> Async<Result<wire::EventsSubscribeResult>> {
        const auto sink = sink_of(request, house->surroundings.hub);
        if (!sink) co_return Error(Code::interrupted, "The client went away.");
        co_return co_await house->surroundings.hub.subscribe(std::move(params), sink);
      });
  dispatcher.bind<wire::EventsUnsubscribe, wire::Nothing>(
      "events/unsubscribe", "Ends a subscription of this connection.",
      [house](wire::EventsUnsubscribe params, rpc::Request request) -> Async<Result<wire::Nothing>> {
        const auto sink = sink_of(request, house->surroundings.hub);
        HOB_CO_TRY_VOID(house->surroundings.hub.unsubscribe(params.subscription_id, sink.get()));
        co_return wire::Nothing{};
      });
  dispatcher.bind<wire::EventsRead, wire::EventsReadResult>(
      "events/read", "A page of durable events.", [house](wire::EventsRead params, rpc::Request) { return house->surroundings.hub.read(std::move(params)); });
}

}  // namespace hob::api
