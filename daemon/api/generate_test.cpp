// generate: what it holds its answer to, and, at the socket, the notifications of its own request, then the answer.
#include <asio/read_until.hpp>
#include <asio/write.hpp>

#include "daemon/api/api_testing.h"

namespace hob::api {
namespace {

using wire::StepProgressKind;

/// Its requests are answered on the desk's own thread.
class Visitor {
 public:
  explicit Visitor(Desk& desk) : desk_(desk), socket_(desk.life.io_) {
    const std::string path = desk.folder.path() + "/hob.sock";
    REQUIRE(desk.server.listen(path).ok());
    socket_.connect(path);
  }
  ~Visitor() {
    desk_.server.stop();
    desk_.server.close_all();
    socket_.close();
    desk_.life.io_.restart();
    desk_.life.io_.poll();
  }
  void send(const Json& message) { asio::write(socket_, asio::buffer(json::dump(message) + "\n")); }
  Json read() {
    std::optional<size_t> size;
    asio::async_read_until(socket_, asio::dynamic_buffer(bytes_), '\n', [&size](std::error_code wrong, size_t n) { size = wrong ? 0 : n; });
    desk_.life.io_.restart();
    while (!size && desk_.life.io_.run_one() > 0) {
    }
    REQUIRE(size.value_or(0) > 0);
    const Json out = *json::parse(bytes_.substr(0, *size), json::kWire);
    bytes_.erase(0, *size);
    return out;
  }

 private:
  Desk& desk_;
  asio::local::stream_protocol::socket socket_;
  std::string bytes_;
};

Json asking(int id, bool stream) {
  return {{"jsonrpc", "2.0"}, {"id", id}, {"method", "generate"}, {"params", {{"prompt", "Well?"}, {"regex", "yes|no"}, {"stream", stream}}}};
}

TEST_CASE("a streamed generate tells that its schema is being compiled, then its text, then the answer") {
  Desk desk;
  desk.life.model_.first = {{.kind = StepProgressKind::compile}, {.kind = StepProgressKind::prefill, .done = 1, .total = 2}};
  desk.life.model_.script = {turn::says("yes")};
  Visitor visitor(desk);
  visitor.send(asking(7, true));
  CHECK(visitor.read() == Json{{"jsonrpc", "2.0"}, {"method", "generate/progress"}, {"params", {{"requestId", 7}, {"what", "compile"}}}});
  CHECK(visitor.read() == Json{{"jsonrpc", "2.0"}, {"method", "generate/delta"}, {"params", {{"requestId", 7}, {"text", "yes"}}}});
  const Json answer = visitor.read();
  CHECK(answer["id"] == 7);
  CHECK(answer["result"]["output"] == "yes");
}

TEST_CASE("one that is not streamed tells nothing but the answer") {
  Desk desk;
  desk.life.model_.first = {{.kind = StepProgressKind::compile}};
  desk.life.model_.script = {turn::says("no")};
  Visitor visitor(desk);
  visitor.send(asking(8, false));
  CHECK(visitor.read()["result"]["output"] == "no");
}

TEST_CASE("a cancelled generate is answered with an error of its own") {
  Desk desk;  // a model without a script hangs until it is cancelled
  Visitor visitor(desk);
  visitor.send(asking(9, true));
  visitor.send({{"jsonrpc", "2.0"}, {"method", "$/cancel_request"}, {"params", {{"requestId", 9}}}});
  const Json answer = visitor.read();
  CHECK(answer["id"] == 9);
  CHECK(answer["error"]["message"] == "The request was cancelled.");
}

TEST_CASE("generate passes a regular expression or a grammar on, and refuses two things at once") {
  Desk desk;
  desk.life.model_.script = {turn::says("yes"), turn::says("no")};
  CHECK(desk.call("generate", {{"prompt", "Well?"}, {"regex", "yes|no"}})->at("output") == "yes");
  const Json second = *desk.call("generate", {{"prompt", "Well?"}, {"grammar", "root ::= \"no\""}});
  CHECK(second.at("output") == "no");
  CHECK_FALSE(second.contains("structured"));
  REQUIRE(desk.life.model_.asked.size() == 2);
  CHECK(desk.life.model_.asked[0].regex == "yes|no");
  CHECK(desk.life.model_.asked[1].grammar == "root ::= \"no\"");
  const auto refused = desk.call("generate", {{"prompt", "Well?"}, {"schema", Json::object()}, {"regex", "a"}});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == Code::invalid_params);
  CHECK(refused.error().data().at("pointer") == "/regex");
  CHECK(desk.call("schema/check", {{"grammar", "x"}, {"regex", "a"}}).error().data().at("pointer") == "/grammar");
  CHECK(desk.call("schema/check", Json::object()).error().data().at("pointer") == "/schema");
  CHECK(desk.call("schema/check", {{"regex", "a"}})->at("supported") == true);
}

}  // namespace
}  // namespace hob::api
