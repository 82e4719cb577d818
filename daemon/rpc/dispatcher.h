// Dispatcher: methods by name, each bound to one params struct and one result struct. From the same structs come
// parsing, validation and the OpenRPC document.
//
//   dispatcher.bind<wire::SessionRef, wire::Nothing>("session/delete", "Erases a session.", handler);
//   HOB_CO_TRY(result, co_await dispatcher.call("session/delete", params, request));
//
// Built once at start; on [io] afterwards.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "daemon/async/async.h"
#include "schemas/describe/describe.h"

namespace hob::rpc {

class Connection;

/// Who is at the other end of a connection, by the kernel's word.
struct Peer {
  uint32_t uid = 0;
  int32_t pid = 0;
};

struct Request {
  Json id;                                // null: a notification
  Peer peer;
  std::weak_ptr<Connection> connection;
  CallContext context;                    // its cancel token trips on $/cancel_request
};

class Dispatcher {
 public:
  using Handler = std::function<Async<Result<Json>>(Json, Request)>;
  enum class Direction { request, notification };

  template <typename Params, typename Reply, typename Function>
  void bind(std::string name, std::string summary, Function function) {
    Method method;
    method.summary = std::move(summary);
    method.params = [] { return describe::schema<Params>(); };
    method.result = [] { return describe::schema<Reply>(); };
    method.handler = [function = std::move(function)](Json params, Request request) -> Async<Result<Json>> {
      return run<Params, Reply, Function>(function, std::move(params), std::move(request));
    };
    add(std::move(name), std::move(method));
  }

  /// The result of a method; method_not_found for an unknown one.
  Async<Result<Json>> call(std::string name, Json params, Request request) const;
  /// The OpenRPC 1.3 document.
  Json discover(const std::string& version) const;

 private:
  struct Method {
    std::string summary;
    std::function<Json()> params;
    std::function<Json()> result;
    Handler handler;
  };

  template <typename Params, typename Reply, typename Function>
  static Async<Result<Json>> run(Function function, Json params, Request request) {
    auto read = describe::read<Params>(params);
    if (!read) co_return std::move(read).error();
    Result<Reply> reply = co_await function(std::move(*read), std::move(request));
    if (!reply) co_return std::move(reply).error();
    co_return describe::write(*reply);
  }

  void add(std::string name, Method method);

  std::map<std::string, Method> methods_;
};

}  // namespace hob::rpc
