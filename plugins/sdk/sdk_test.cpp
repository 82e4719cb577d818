#include <catch2/catch.hpp>
#include <cstring>
#include <stdexcept>

#include "plugins/sdk/plugin.h"

using namespace hob;
using namespace hob::sdk;

namespace {

/// A host and a call that write down what they are told.
struct Recorder {
  std::string refused, result, kind, message, hint;
  hob_host host{};
  hob_call call{};
  Recorder() {
    host = {
        sizeof host,
        1,
        this,
        [](const hob_host*) { return 2u; },
        [](const hob_host*, uint32_t i) { return 10 + static_cast<int>(i); },
        [](const hob_host*, uint32_t i) { return i == 0 ? "/work/project" : "/data"; },
        [](const hob_host*, uint32_t i) { return i == 0 ? 1 : 0; },
        [](const hob_host* h, hob_text t) {
          static_cast<Recorder*>(h->context)->refused.assign(t.data, t.size);
        },
        [](const hob_host*, hob_text) {},
        [](const hob_host*, const char*) -> const void* { return nullptr; }};
    call.size = sizeof call;
    call.version = 1;
    call.context = this;
    call.cancelled = [](const hob_call*) { return 0; };
    call.remaining_ms = [](const hob_call*) { return int64_t{1000}; };
    call.progress = [](const hob_call*, hob_text) {};
    call.result = [](const hob_call* c, hob_text t) {
      static_cast<Recorder*>(c->context)->result.assign(t.data, t.size);
    };
    call.error = [](const hob_call* c, hob_text k, hob_text m, hob_text h) {
      auto* self = static_cast<Recorder*>(c->context);
      self->kind.assign(k.data, k.size);
      self->message.assign(m.data, m.size);
      if (h.size > 0) self->hint.assign(h.data, h.size);
    };
  }
  void run(void* plugin, const char* tool, const char* arguments) {
    result = kind = message = hint = "";
    call.tool = {tool, std::strlen(tool)};
    call.arguments = {arguments, std::strlen(arguments)};
    call_plugin(plugin, &call);
  }
};

Result<Tools> make(const Host& host, const Json& config) {
  if (config.contains("refuse")) return Error(Code::invalid_params, "It does not want to.");
  if (config.contains("throw")) throw std::runtime_error("made badly");
  Tools tools;
  tools.add("echo", [](const Arguments& a, Call&) {
    return Observation::result({{"text", a.text("text")}});
  });
  tools.add("throw", [](const Arguments&, Call&) -> Observation {
    throw std::runtime_error("oh");
  });
  tools.add("throw_int", [](const Arguments&, Call&) -> Observation { throw 3; });
  tools.add("find", [&host](const Arguments& a, Call&) -> Observation {
    auto at = host.roots().find(a.text("path"));
    if (!at.ok()) return Observation::from(at.error());
    return Observation::result(
        {{"root", at->root->path}, {"path", at->path}, {"shown", host.roots().shown(*at)}}
    );
  });
  return tools;
}

}  // namespace

HOB_PLUGIN(make)

TEST_CASE("a C++ plugin answers through the C table") {
  Recorder r;
  void* plugin = hob_plugin_entry.create(&r.host, {"{}", 2});
  REQUIRE(plugin != nullptr);
  r.run(plugin, "echo", R"({"text": "hi"})");
  CHECK(r.result == R"({"text":"hi"})");
  r.run(plugin, "nothing", "{}");
  CHECK(r.kind == "failed");
  r.run(plugin, "echo", "{");
  CHECK(r.kind == "invalid_argument");
  hob_plugin_entry.destroy(plugin);
}

TEST_CASE("no exception crosses the C border") {
  Recorder r;
  void* plugin = hob_plugin_entry.create(&r.host, {"{}", 2});
  r.run(plugin, "throw", "{}");
  CHECK(r.kind == "failed");
  CHECK(r.message == "oh");
  r.run(plugin, "throw_int", "{}");
  CHECK(r.kind == "failed");
  hob_plugin_entry.destroy(plugin);
  const std::string refuse = R"({"refuse": 1})", thrown = R"({"throw": 1})";
  CHECK(hob_plugin_entry.create(&r.host, {refuse.data(), refuse.size()}) == nullptr);
  CHECK(r.refused == "It does not want to.");
  CHECK(hob_plugin_entry.create(&r.host, {thrown.data(), thrown.size()}) == nullptr);
  CHECK(r.refused == "made badly");
}

TEST_CASE("a path is looked for in the roots it can be in") {
  Recorder r;
  void* plugin = hob_plugin_entry.create(&r.host, {"{}", 2});
  r.run(plugin, "find", R"({"path": "./src//a.c"})");
  CHECK(r.result == R"({"root":"/work/project","path":"src/a.c","shown":"src/a.c"})");
  r.run(plugin, "find", R"({"path": "/data/x"})");
  CHECK(r.result == R"({"root":"/data","path":"x","shown":"/data/x"})");
  r.run(plugin, "find", R"({"path": "/work/project"})");
  CHECK(r.result == R"({"root":"/work/project","path":".","shown":"."})");
  for (const char* outside :
       {R"({"path": "/work/projects/x"})", R"({"path": "/etc/passwd"})", R"({"path": "/"})"}) {
    r.run(plugin, "find", outside);
    CHECK(r.kind == "denied");
  }
  r.run(plugin, "find", R"({"path": ""})");
  CHECK(r.kind == "invalid_argument");
  hob_plugin_entry.destroy(plugin);
}

TEST_CASE("arguments of the wrong type give the fallback and numbers are clamped") {
  Json object = *json::parse(
      R"({"n": 3.0, "big": 1e300, "s": "x", "none": null, "u": 18446744073709551615})", json::kWire
  );
  Arguments a(object);
  CHECK(a.integer("n", 0) == 3);
  CHECK(a.integer("big", 0) == INT64_MAX);
  CHECK(a.integer("u", 0) == INT64_MAX);
  CHECK(a.integer("s", 7) == 7);
  CHECK(a.text("n", "f") == "f");
  CHECK_FALSE(a.has("none"));
  CHECK(a.flag("s", true));
}
