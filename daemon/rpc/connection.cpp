#include "daemon/rpc/connection.h"

#include <asio/buffer.hpp>
#include <asio/redirect_error.hpp>
#include <asio/write.hpp>
#include <array>

#include "schemas/base/log.h"

namespace hob::rpc {
namespace {

constexpr size_t kParseElsewhere = 256u << 10;

Error not_a_request(std::string why) { return {Code::invalid_request, "This is not a JSON-RPC 2.0 message: " + std::move(why)}; }

bool is_request_id(const Json& id) { return id.is_string() || id.is_number_integer(); }

}  // namespace

Connection::Connection(Socket socket, Peer peer, const Dispatcher& dispatcher, asio::any_io_executor work)
    : socket_(std::move(socket)),
      peer_(peer),
      dispatcher_(dispatcher),
      work_(std::move(work)),
      wake_(socket_.get_executor(), std::chrono::steady_clock::time_point::max()) {}

void Connection::start(std::function<void()> closed) {
  closed_ = std::move(closed);
  const auto loop = [](std::shared_ptr<Connection> self, bool reading) -> Async<void> {
    if (reading) {
      co_await self->read_loop();
    } else {
      co_await self->write_loop();
    }
    self->finish();
  };
  spawn(socket_.get_executor(), loop(shared_from_this(), true), "connection.read");
  spawn(socket_.get_executor(), loop(shared_from_this(), false), "connection.write");
}

void Connection::close() {
  closing_ = true;
  wake_.cancel();
}

void Connection::finish() {
  if (!open_) return;
  open_ = false;
  asio::error_code ignored;
  socket_.close(ignored);
  wake_.cancel();
  for (auto& [key, token] : std::exchange(in_flight_, {})) token.cancel();
  for (auto& [id, question] : std::exchange(questions_, {})) {
    question->answer = Result<Json>(Error(Code::interrupted, "The client went away."));
    question->timer.cancel();
  }
  attachments_.clear();
  on_room_.clear();
  if (closed_) std::exchange(closed_, nullptr)();
}

Async<void> Connection::read_loop() {
  std::array<char, 64 << 10> bytes;
  while (open_ && !closing_) {
    asio::error_code failed;
    const size_t n =
        co_await socket_.async_read_some(asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, failed));
    if (failed) co_return;
    decoder_.push({bytes.data(), n});
    for (;;) {
      auto text = decoder_.next();
      if (!text) {
        reply(nullptr, std::move(text).error(), nullptr);
        close();
        break;
      }
      if (!*text) break;
      if (!co_await handle_text(**std::move(text))) {
        close();
        break;
      }
      if (!open_) co_return;
    }
  }
  // Bytes after a fatal message are not read; the write loop sends what is queued and ends the connection.
  while (open_ && closing_ && outbox_bytes_ > 0) {
    asio::error_code woken;
    co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
}

Async<void> Connection::write_loop() {
  while (open_) {
    if (outbox_.empty()) {
      if (closing_) co_return;
      asio::error_code woken;
      co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
      continue;
    }
    const std::string message = std::move(outbox_.front());
    outbox_.pop_front();
    asio::error_code failed;
    co_await asio::async_write(socket_, asio::buffer(message), asio::redirect_error(asio::use_awaitable, failed));
    outbox_bytes_ -= message.size();
    if (failed) co_return;
    if (outbox_bytes_ < kEventBytes / 2 && !on_room_.empty()) {
      for (auto& callback : std::exchange(on_room_, {})) callback();
    }
    if (closing_ && outbox_.empty()) wake_.cancel();
  }
}

void Connection::send(const Json& message) {
  if (!open_) return;
  std::string text = frame(decoder_.framing(), json::dump(message));
  outbox_bytes_ += text.size();
  if (outbox_bytes_ > kOutboxBytes) {
    log::warn("connection.dropped", {{"pid", peer_.pid}, {"waitingBytes", outbox_bytes_}});
    asio::post(socket_.get_executor(), [self = shared_from_this()] { self->finish(); });
    return;
  }
  outbox_.push_back(std::move(text));
  wake_.cancel();
}

void Connection::notify(const std::string& method, Json params) {
  send({{"jsonrpc", "2.0"}, {"method", method}, {"params", std::move(params)}});
}

Async<bool> Connection::handle_text(std::string text) {
  auto parse = [](std::string_view t) { return json::parse(t, json::kWire); };
  std::optional<Result<Json>> message;
  if (text.size() > kParseElsewhere) {
    message = co_await run_on(work_, [&text, parse] { return parse(text); });
  } else {
    message = parse(text);
  }
  if (!*message) {
    Error error = std::move(*message).error();
    const bool over_limit = error.data().contains("limit");
    reply(nullptr, over_limit ? Error(Code::invalid_request, error.message()) : std::move(error), nullptr);
    co_return !over_limit;
  }
  Json value = *std::move(*message);
  if (!value.is_array()) {
    handle_message(std::move(value), nullptr);
    co_return true;
  }
  if (value.empty() || value.size() > kMaxBatch) {
    reply(nullptr, not_a_request("a batch has 1 to " + std::to_string(kMaxBatch) + " messages, this one has " + std::to_string(value.size()) + "."), nullptr);
    co_return true;
  }
  auto batch = std::make_shared<Batch>();
  batch->missing = 1;
  for (Json& item : value) {
    ++batch->missing;
    handle_message(std::move(item), batch);
  }
  if (--batch->missing == 0 && !batch->replies.empty()) send(batch->replies);
  co_return true;
}

void Connection::handle_message(Json message, const std::shared_ptr<Batch>& batch) {
  const auto forget = [&] {
    if (batch && --batch->missing == 0 && !batch->replies.empty()) send(batch->replies);
  };
  if (!message.is_object()) return reply(nullptr, not_a_request("it is " + json::brief(message) + "."), batch);
  if (!message.contains("method") && message.contains("id") && (message.contains("result") || message.contains("error"))) {
    handle_answer(message);
    return forget();
  }
  const auto id = message.find("id");
  const bool notification = id == message.end();
  if (!notification && !is_request_id(*id)) {
    return reply(nullptr, not_a_request("an id is a string or an integer."), batch);
  }
  const Json request_id = notification ? Json(nullptr) : *id;
  const auto version = message.find("jsonrpc");
  if (version == message.end() || *version != "2.0") {
    return reply(request_id, not_a_request("the member jsonrpc must be \"2.0\"."), batch);
  }
  const auto method = message.find("method");
  if (method == message.end() || !method->is_string()) {
    return reply(request_id, not_a_request("the member method must be a string."), batch);
  }
  Json params = message.value("params", Json::object());
  if (params.is_null()) params = Json::object();
  if (!params.is_object()) return reply(request_id, invalid_params("", "an object of named params", json::brief(params)), batch);
  const std::string name = method->get<std::string>();
  const std::string key = json::dump(request_id);
  if (name == "$/cancel_request") {
    if (const auto it = in_flight_.find(json::dump(params.value("requestId", Json()))); it != in_flight_.end()) it->second.cancel();
    return notification ? forget() : reply(request_id, Json::object(), batch);
  }
  if (!notification && in_flight_.contains(key)) {
    return reply(request_id, not_a_request("the id " + key.substr(0, 60) + " is in use by a request that is not answered."), batch);
  }
  if (in_flight_.size() >= kMaxInFlight) {
    return reply(request_id, Error(Code::overloaded, "Too many requests are unanswered on this connection.").with("retryAfterMs", 100), batch);
  }
  Request request;
  request.id = request_id;
  request.peer = peer_;
  request.connection = weak_from_this();
  request.context.id = key;
  if (!notification) in_flight_[key] = request.context.cancel;
  spawn(socket_.get_executor(), run_request(notification ? "" : key, name, std::move(params), std::move(request), batch), "request");
}

Async<void> Connection::run_request(
    std::string key, std::string method, Json params, Request request, std::shared_ptr<Batch> batch) {
  const auto self = shared_from_this();
  const Json id = request.id;
  const CancelToken cancel = request.context.cancel;
  std::optional<Result<Json>> result;
  try {
    result = co_await dispatcher_.call(method, std::move(params), std::move(request));
  } catch (const std::exception& e) {
    log::error("request.failed", {{"method", method}, {"message", e.what()}, {"traceId", key}});
    result = Result<Json>(Error(Code::internal, "The request failed inside hob.").with("traceId", key));
  }
  if (!key.empty()) in_flight_.erase(key);
  if (cancel.cancelled() && open_ && result->ok() == false) {
    result = Result<Json>(Error(Code::cancelled, "The request was cancelled."));
  }
  reply(id, *std::move(result), batch);
}

void Connection::reply(const Json& id, Result<Json> result, const std::shared_ptr<Batch>& batch) {
  // A notification has no answer; only what cannot be understood at all is told with id null.
  const bool told = !id.is_null() || (!result.ok() && (result.error().code() == Code::invalid_request || result.error().code() == Code::parse_error));
  Json message = {{"jsonrpc", "2.0"}, {"id", id}};
  if (result.ok()) {
    message["result"] = *std::move(result);
  } else {
    message["error"] = result.error().to_json();
  }
  if (!batch) {
    if (told) send(message);
    return;
  }
  if (told) batch->replies.push_back(std::move(message));
  if (--batch->missing == 0 && !batch->replies.empty()) send(batch->replies);
}

Async<Result<Json>> Connection::ask(std::string method, Json params, CallContext context) {
  const auto self = shared_from_this();
  if (!open_) co_return Error(Code::interrupted, "The client went away.");
  if (context.cancel.cancelled()) co_return Error(Code::cancelled, "No longer asked.");
  const int64_t id = ++next_question_;
  auto question = std::make_shared<Question>(Question{
      std::nullopt, asio::steady_timer(socket_.get_executor(), std::chrono::steady_clock::time_point::max())});
  questions_[id] = question;
  const auto cancelled = context.cancel.on_cancel([question, id, this] {
    if (question->answer) return;
    question->answer = Result<Json>(Error(Code::cancelled, "No longer asked."));
    notify("$/cancel_request", {{"requestId", id}});
    question->timer.cancel();
  });
  send({{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", std::move(params)}});
  while (!question->answer) {
    asio::error_code woken;
    co_await question->timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
  questions_.erase(id);
  co_return *std::move(question->answer);
}

void Connection::handle_answer(const Json& message) {
  const Json& id = message.at("id");
  if (!id.is_number_integer()) return;
  const auto it = questions_.find(id.get<int64_t>());
  if (it == questions_.end() || it->second->answer) return;
  it->second->answer = message.contains("error") ? Result<Json>(Error::from_json(message.at("error")))
                                                 : Result<Json>(message.at("result"));
  it->second->timer.cancel();
}

}  // namespace hob::rpc
