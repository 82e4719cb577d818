#include "daemon/rpc/dispatcher.h"

namespace hob::rpc {

void Dispatcher::add(std::string name, Method method) {
  HOB_CHECK(methods_.emplace(std::move(name), std::move(method)).second, "a method is bound twice");
}

Async<Result<Json>> Dispatcher::call(std::string name, Json params, Request request) const {
  const auto it = methods_.find(name);
  if (it == methods_.end()) {
    co_return Error(Code::method_not_found, "There is no method \"" + name.substr(0, 80) + "\".").with("method", name.substr(0, 80));
  }
  co_return co_await it->second.handler(std::move(params), std::move(request));
}

Json Dispatcher::discover(const std::string& version) const {
  Json methods = Json::array();
  for (const auto& [name, method] : methods_) {
    const Json schema = method.params();
    Json params = Json::array();
    const Json required = schema.value("required", Json::array());
    for (const auto& [key, field] : schema.at("properties").items()) {
      bool needed = false;
      for (const Json& word : required) needed = needed || word == key;
      params.push_back({{"name", key}, {"required", needed}, {"schema", field}});
    }
    const Json result = method.result();
    methods.push_back({{"name", name},
                       {"summary", method.summary},
                       {"paramStructure", "by-name"},
                       {"params", std::move(params)},
                       {"result", {{"name", result.value("title", "result")}, {"schema", result}}}});
  }
  Json errors = Json::array();
  for (int i = 0; i <= static_cast<int>(Code::version_skew); ++i) {
    const CodeInfo& row = info(static_cast<Code>(i));
    errors.push_back({{"code", row.number}, {"message", row.kind}, {"data", {{"retryable", row.retryable}, {"hint", row.hint}}}});
  }
  return {{"openrpc", "1.3.2"},
          {"info",
           {{"title", "hob"},
            {"version", version},
            {"description",
             "JSON-RPC 2.0 over a Unix socket, one message a line. Params are objects. Events arrive as notifications "
             "with method \"event\"."}}},
          {"methods", std::move(methods)},
          {"components", {{"errors", std::move(errors)}}}};
}

}  // namespace hob::rpc
