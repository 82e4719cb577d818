#include "daemon/events/hub.h"

#include <algorithm>
#include <map>

#include "daemon/events/subscription.h"
#include "schemas/base/log.h"

namespace hob::events {
namespace {

constexpr uint32_t kPage = 200;
constexpr size_t kMaxReadBytes = 8u << 20;
constexpr size_t kMaxSubscriptions = 4096;

/// What the hub and the coroutines that catch up share; they may outlive the Hub object, not the store.
struct Core {
  Core(store::Store& from, const Clock& time) : store(from), clock(time) {}
  store::Store& store;
  const Clock& clock;
  bool closed = false;
  uint64_t next_id = 0;
  std::map<std::string, std::shared_ptr<Subscription>> subscriptions;
  std::map<std::string, std::pair<std::string, std::string>> open_items;  // item: session, text
};

/// Brings one subscription from its row to the end of the log. Events that are published while a page is read are kept
/// by the subscription: when that page is the last one, they follow it, without gap or repetition.
Async<void> catch_up(std::shared_ptr<Core> core, std::shared_ptr<Subscription> subscription) {
  for (int64_t after = subscription->row(); !core->closed && !subscription->gone() && !subscription->stopped();) {
    subscription->page_asked();
    auto page = co_await core->store.events(after, kPage, subscription->filter());
    if (core->closed) co_return;
    if (!page) {
      log::warn("events.catch_up_failed", {{"message", page.error().message()}});
      subscription->cannot_catch_up();
      co_return;
    }
    subscription->page(*page);
    if (page->size() < kPage) {
      subscription->go_live();
      co_return;
    }
    after = page->back().row;
  }
}

class HubImpl final : public Hub {
 public:
  HubImpl(store::Store& store, const Clock& clock, asio::any_io_executor io)
      : core_(std::make_shared<Core>(store, clock)), io_(std::move(io)) {}
  ~HubImpl() override { core_->closed = true; }

  void publish(const std::vector<store::Event>& events) override {
    for (const auto& event : events) {
      if (event.type == "item.completed") core_->open_items.erase(event.item_id);
      each([&](Subscription& subscription) { subscription.published(event); });
    }
  }

  void ephemeral(const Ephemeral& event) override {
    each([&](Subscription& subscription) { subscription.ephemeral(event); });
  }

  void open_item(const std::string& session_id, const std::string& item_id, const std::string& text) override {
    if (text.empty()) {
      core_->open_items.erase(item_id);
    } else {
      core_->open_items[item_id] = {session_id, text};
    }
  }

  Async<Result<wire::EventsSubscribeResult>> subscribe(
      wire::EventsSubscribe params, std::weak_ptr<Sink> sink) override {
    CursorRow from{core_->store.last_row(), false};
    if (params.after) {
      HOB_CO_TRY(row, row_of(core_->store, *params.after));
      from = row;
    }
    if (core_->subscriptions.size() >= kMaxSubscriptions) {
      co_return Error(Code::overloaded, "There are too many subscriptions; end one first.").with("retryAfterMs", 1000LL);
    }
    wire::EventsSubscribeResult result;
    result.subscription_id = "sub-" + std::to_string(++core_->next_id);
    result.cursor = cursor_of(core_->store, from.row);
    result.fresh = from.fresh;
    auto subscription = std::make_shared<Subscription>(
        result.subscription_id, std::move(params), std::move(sink), from.row, core_->store, core_->clock);
    for (const auto& [item_id, open] : core_->open_items) {
      if (subscription->wants_session(open.first)) result.open.push_back({item_id, open.second});
    }
    core_->subscriptions.emplace(result.subscription_id, subscription);
    spawn(io_, catch_up(core_, subscription), "events.catch_up");
    co_return result;
  }

  Result<void> unsubscribe(const std::string& subscription_id, const Sink* owner) override {
    const auto found = core_->subscriptions.find(subscription_id);
    if (found == core_->subscriptions.end() || found->second->owner() != owner) {
      return Error(Code::not_found, "This connection has no subscription " + subscription_id + ".")
          .with("what", Json("subscription"))
          .with("id", Json(subscription_id));
    }
    found->second->end();
    core_->subscriptions.erase(found);
    return {};
  }

  void forget(const Sink* owner) override {
    std::erase_if(core_->subscriptions, [owner](const auto& entry) {
      if (entry.second->owner() != owner) return false;
      entry.second->end();
      return true;
    });
  }

  void on_room(const Sink* owner) override {
    each([owner](Subscription& subscription) {
      if (subscription.owner() == owner) subscription.flush();
    });
  }

  Async<Result<wire::EventsReadResult>> read(wire::EventsRead params) override {
    HOB_CO_TRY(from, row_of(core_->store, params.after));
    if (from.fresh) {
      co_return Error(Code::cursor_expired, "The cursor is of another store, or of a newer copy of this one.");
    }
    const uint32_t limit = std::clamp(params.limit, 1u, 1000u);
    const int64_t end = core_->store.last_row();
    store::EventFilter filter{.session_ids = std::move(params.session_ids), .types = std::move(params.types)};
    HOB_CO_TRY(events, co_await core_->store.events(from.row, limit + 1, std::move(filter)));
    wire::EventsReadResult result;
    int64_t last = from.row;
    size_t bytes = 0;
    for (const auto& event : events) {
      bytes += json::dump(event.data).size();
      result.more = result.events.size() == limit || (bytes > kMaxReadBytes && !result.events.empty());
      if (result.more) break;
      last = event.row;
      result.events.push_back(to_message(core_->store, event));
    }
    // At the end, what the filter left out is behind the reader, too.
    result.cursor = cursor_of(core_->store, result.more ? last : std::max(last, end));
    co_return result;
  }

 private:
  /// A sink may call back (forget, unsubscribe) while it is sent to, so the list is not walked itself.
  template <typename Visit>
  void each(Visit visit) {
    std::vector<std::shared_ptr<Subscription>> now;
    now.reserve(core_->subscriptions.size());
    std::erase_if(core_->subscriptions, [](const auto& entry) { return entry.second->gone(); });
    for (const auto& [id, subscription] : core_->subscriptions) now.push_back(subscription);
    for (const auto& subscription : now) visit(*subscription);
  }

  std::shared_ptr<Core> core_;
  asio::any_io_executor io_;
};

}  // namespace

std::unique_ptr<Hub> make_hub(store::Store& store, const Clock& clock, asio::any_io_executor io) {
  return std::make_unique<HubImpl>(store, clock, std::move(io));
}

}  // namespace hob::events
