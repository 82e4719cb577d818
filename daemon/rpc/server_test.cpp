#include "daemon/rpc/server.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <asio/io_context.hpp>
#include <asio/thread_pool.hpp>
#include <catch2/catch.hpp>
#include <filesystem>
#include <thread>

namespace hob::rpc {
namespace {

struct Echo {
  Json value;
  template <typename D>
  static void describe(D& d) {
    d.about("Echo", "Comes back.");
    d.field("value", &Echo::value, "");
  }
};

/// A door with a few methods, on a thread of its own.
class Door {
 public:
  Door() {
    char name[] = "/tmp/hob-rpc-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    dir_ = name;
    dispatcher_.bind<Echo, Echo>("echo", "Says it again.", [](Echo echo, Request) -> Async<Result<Echo>> { co_return echo; });
    dispatcher_.bind<Echo, Echo>("fail", "Fails.", [](Echo, Request) -> Async<Result<Echo>> {
      co_return Error(Code::not_found, "No such thing.").with("what", "thing");
    });
    dispatcher_.bind<Echo, Echo>("hang", "Waits to be cancelled.", [](Echo, Request request) -> Async<Result<Echo>> {
      asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::steady_clock::time_point::max());
      const auto woken = request.context.cancel.on_cancel([&timer] { timer.cancel(); });
      try {
        co_await timer.async_wait(asio::use_awaitable);
      } catch (const std::exception&) {
      }
      co_return Error(Code::internal, "woken");
    });
    dispatcher_.bind<Echo, Echo>("ask_back", "Asks the client until it is enough.", [this](Echo echo, Request request) -> Async<Result<Echo>> {
      CallContext context;
      context.cancel = enough_;
      const auto connection = request.connection.lock();
      HOB_CO_TRY(answer, co_await connection->ask("question", std::move(echo.value), context));
      Echo out;
      out.value = std::move(answer);
      co_return out;
    });
    dispatcher_.bind<Echo, Echo>("enough", "Ends it.", [this](Echo echo, Request) -> Async<Result<Echo>> {
      enough_.cancel();
      co_return echo;
    });
    server_ = std::make_unique<Server>(io_.get_executor(), pool_.get_executor(), dispatcher_);
    REQUIRE(server_->listen(path()).ok());
    thread_ = std::thread([this] { io_.run(); });
  }
  ~Door() {
    asio::post(io_, [this] {
      server_->stop();
      server_->close_all();
      io_.stop();
    });
    thread_.join();
    std::filesystem::remove_all(dir_);
  }
  std::string path() const { return dir_ + "/hob.sock"; }

 private:
  std::string dir_;
  CancelToken enough_;
  Dispatcher dispatcher_;
  asio::io_context io_;
  asio::thread_pool pool_{1};
  std::unique_ptr<Server> server_;
  std::thread thread_;
};

class Client {
 public:
  explicit Client(const Door& door) : fd_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    door.path().copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  }
  void send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t n = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (n <= 0) return;
      text.remove_prefix(static_cast<size_t>(n));
    }
  }
  /// The next line; empty at the end of the stream.
  std::string line() {
    for (;;) {
      if (const size_t end = buffer_.find('\n'); end != std::string::npos) {
        std::string text = buffer_.substr(0, end);
        buffer_.erase(0, end + 1);
        return text;
      }
      char bytes[4096];
      const ssize_t n = ::read(fd_.get(), bytes, sizeof bytes);
      if (n <= 0) return "";
      buffer_.append(bytes, static_cast<size_t>(n));
    }
  }
  std::string ask(const std::string& text) {
    send(text + "\n");
    return line();
  }

 private:
  UniqueFd fd_;
  std::string buffer_;
};

Json code_of(const std::string& line) { return json::parse(line, json::kWire)->at("error").at("code"); }

TEST_CASE("a request is answered with its id, and a failing one with its code") {
  const Door door;
  Client client(door);
  CHECK(client.ask(R"({"jsonrpc":"2.0","id":"a","method":"echo","params":{"value":[1,{"k":2}]}})") ==
        R"({"jsonrpc":"2.0","id":"a","result":{"value":[1,{"k":2}]}})");
  CHECK(code_of(client.ask(R"({"jsonrpc":"2.0","id":1,"method":"fail","params":{"value":1}})")) == -32002);
  CHECK(code_of(client.ask(R"({"jsonrpc":"2.0","id":1,"method":"unheard"})")) == -32601);
  CHECK(code_of(client.ask(R"({"jsonrpc":"2.0","id":1,"method":"echo"})")) == -32602);
  CHECK(code_of(client.ask(R"({"jsonrpc":"2.0","id":1,"method":"echo","params":[1]})")) == -32602);
}

TEST_CASE("what is not a message is told and the connection lives on") {
  const Door door;
  Client client(door);
  for (const char* text : {"{", "nonsense", R"({"a":1,"a":2})", "\"\xff\""}) CHECK(code_of(client.ask(text)) == -32700);
  for (const char* text : {"3", "[]", R"({"id":1,"method":"echo"})", R"({"jsonrpc":"2.0","id":1.5,"method":"echo"})",
                           R"({"jsonrpc":"2.0","id":null,"method":"echo"})", R"({"jsonrpc":"2.0","id":1,"method":7})"}) {
    CHECK(code_of(client.ask(text)) == -32600);
  }
  client.send(R"({"jsonrpc":"2.0","method":"echo","params":{"value":1}})" "\n");  // a notification has no answer
  CHECK(client.ask(R"({"jsonrpc":"2.0","id":9,"method":"echo","params":{"value":9}})") ==
        R"({"jsonrpc":"2.0","id":9,"result":{"value":9}})");
}

TEST_CASE("too deep or too large a message ends the connection, and no other") {
  const Door door;
  Client other(door);
  Client deep(door);
  CHECK(code_of(deep.ask(std::string(70, '[') + std::string(70, ']'))) == -32600);
  CHECK(deep.line().empty());
  Client large(door);
  std::thread writer([&large] { large.send(std::string(kMaxMessageBytes + 70000, 'x')); });
  CHECK(code_of(large.line()) == -32600);
  writer.join();
  CHECK(other.ask(R"({"jsonrpc":"2.0","id":1,"method":"echo","params":{"value":1}})").find("result") != std::string::npos);
}

TEST_CASE("a batch is answered as an array, and a batch of 65 is refused") {
  const Door door;
  Client client(door);
  const auto reply = json::parse(
      client.ask(R"([{"jsonrpc":"2.0","id":1,"method":"echo","params":{"value":1}},{"jsonrpc":"2.0","method":"echo","params":{"value":2}},7])"),
      json::kWire);
  REQUIRE(reply.ok());
  REQUIRE(reply->size() == 2);
  std::string many = "[1";
  for (int i = 0; i < 64; ++i) many += ",1";
  CHECK(code_of(client.ask(many + "]")) == -32600);
}

TEST_CASE("a request that hangs is cancelled by its id and answered -32800") {
  const Door door;
  Client client(door);
  client.send(R"({"jsonrpc":"2.0","id":"h","method":"hang","params":{"value":0}})" "\n");
  CHECK(code_of(client.ask(R"({"jsonrpc":"2.0","id":"h","method":"echo","params":{"value":1}})")) == -32600);
  client.send(R"({"jsonrpc":"2.0","method":"$/cancel_request","params":{"requestId":"other"}})" "\n");
  client.send(R"({"jsonrpc":"2.0","method":"$/cancel_request","params":{"requestId":"h"}})" "\n");
  const std::string answer = client.line();
  CHECK(code_of(answer) == -32800);
  CHECK(json::parse(answer, json::kWire)->at("id") == "h");
}

TEST_CASE("a question to the client that nobody needs answered is taken back by its id") {
  const Door door;
  Client answering(door), late(door);
  const auto ask = [](Client& client) {
    client.send(R"({"jsonrpc":"2.0","id":"a","method":"ask_back","params":{"value":{"n":1}}})" "\n");
    return *json::parse(client.line(), json::kWire);
  };
  const Json first = ask(answering), second = ask(late);
  CHECK(second["method"] == "question");
  const Json answer = {{"jsonrpc", "2.0"}, {"id", first["id"]}, {"result", "yes"}};
  CHECK(answering.ask(json::dump(answer)) == R"({"jsonrpc":"2.0","id":"a","result":{"value":"yes"}})");
  CHECK(answering.ask(R"({"jsonrpc":"2.0","id":2,"method":"enough","params":{"value":1}})").find("result") != std::string::npos);
  const Json taken_back = *json::parse(late.line(), json::kWire);
  CHECK(taken_back["method"] == "$/cancel_request");
  CHECK(taken_back["params"] == Json({{"requestId", second["id"]}}));
  CHECK_FALSE(taken_back.contains("id"));
  CHECK(code_of(late.line()) == -32800);
  late.send(json::dump(answer) + "\n");  // too late: nobody minds
  CHECK(late.ask(R"({"jsonrpc":"2.0","id":3,"method":"echo","params":{"value":3}})").find("result") != std::string::npos);
  // Who had answered hears nothing more of it.
  CHECK(answering.ask(R"({"jsonrpc":"2.0","id":4,"method":"echo","params":{"value":4}})") ==
        R"({"jsonrpc":"2.0","id":4,"result":{"value":4}})");
}

TEST_CASE("a client that speaks Content-Length is answered so") {
  const Door door;
  Client client(door);
  client.send(frame(Framing::lsp, R"({"jsonrpc":"2.0","id":1,"method":"echo","params":{"value":1}})"));
  CHECK(client.line() == "Content-Length: 45\r");
}

TEST_CASE("the socket is private and a second daemon is refused") {
  const Door door;
  struct stat status {};
  REQUIRE(::stat(door.path().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  asio::io_context io;
  Dispatcher none;
  Server second(io.get_executor(), io.get_executor(), none);
  const auto refused = second.listen(door.path());
  REQUIRE(!refused.ok());
  CHECK(refused.error().code() == Code::overloaded);
}

TEST_CASE("a descendant is seen through its parents") {
  CHECK(descends_from(::getpid(), ::getpid()));
  CHECK(descends_from(::getpid(), ::getppid()));
  CHECK_FALSE(descends_from(::getppid(), ::getpid()));
}

}  // namespace
}  // namespace hob::rpc
