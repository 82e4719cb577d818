#include "daemon/tools/memory_tools.h"

#include <algorithm>
#include <set>

#include "schemas/base/ids.h"

namespace hob::tools {
namespace {

constexpr size_t kMaxTextBytes = 8192;  // as memory/put
constexpr size_t kMaxTags = 32;
constexpr size_t kMaxTagBytes = 200;
constexpr size_t kMaxQueryBytes = 1000;
constexpr uint32_t kMaxNotes = 5;

struct Remember {
  std::string text;
  std::vector<std::string> tags;

  template <typename D>
  static void describe(D& d) {
    d.about("remember", "");
    d.field("text", &Remember::text, "", {.min_length = 1, .max_length = kMaxTextBytes});
    d.defaulted("tags", &Remember::tags, "", {.max_length = kMaxTags});
  }
};

struct Recall {
  std::string query;

  template <typename D>
  static void describe(D& d) {
    d.about("recall", "");
    d.field("query", &Recall::query, "", {.max_length = kMaxQueryBytes});
  }
};

// The contract's words: bytes and key order are part of the cached prefix.
constexpr std::string_view kRememberParameters =
    R"({"type":"object","properties":{"text":{"type":"string"},"tags":{"type":"array","items":{"type":"string"}}},)"
    R"("required":["text"]})";
constexpr std::string_view kRecallParameters =
    R"({"type":"object","properties":{"query":{"type":"string"}},"required":["query"]})";

Json parsed(std::string_view text) {
  auto json = json::parse(text, json::kSchema);
  HOB_CHECK(json.ok(), "A declaration of ours is valid JSON.");
  return *std::move(json);
}

Json saved_schema() {
  return parsed(R"({"type":"object","properties":{"saved":{"type":"boolean"}},"required":["saved"]})");
}

Json notes_schema() {
  return parsed(
      R"({"type":"object","properties":{"notes":{"type":"array","items":{"type":"string"}}},"required":["notes"]})");
}

template <typename T>
Result<T> read_arguments(const std::string& text) {
  HOB_TRY(json, json::parse(text, json::kGenerated));
  return describe::read<T>(json);
}

wire::CallResult bad_arguments(const Error& error) {
  return failure("invalid_argument", error.message(), "Call it again with arguments of its schema.");
}

bool blank(const std::string& text) { return text.find_first_not_of(" \t\r\n") == std::string::npos; }

class MemoryTools final : public Provider, public std::enable_shared_from_this<MemoryTools> {
 public:
  MemoryTools(Notebook notebook, const Clock& clock, Random& random)
      : notebook_(std::move(notebook)), clock_(clock), random_(random) {}

  std::vector<wire::ToolInfo> list() const override {
    wire::ToolInfo remember;
    remember.name = "remember";
    remember.title = "Remember";
    remember.description = "Saves a fact for later sessions.";
    remember.input_schema = parsed(kRememberParameters);
    remember.output_schema = saved_schema();
    remember.source = "daemon";
    wire::ToolInfo recall;
    recall.name = "recall";
    recall.title = "Recall";
    recall.description = "Finds facts about the user saved in earlier sessions.";
    recall.input_schema = parsed(kRecallParameters);
    recall.output_schema = notes_schema();
    recall.annotations.read_only = true;
    recall.annotations.idempotent = true;
    recall.kind = "search";
    recall.source = "daemon";
    return {remember, recall};
  }

  Async<Result<wire::CallResult>> call(Call call, CallContext context) override {
    return run(shared_from_this(), std::move(call), std::move(context));
  }

 private:
  using Self = std::shared_ptr<MemoryTools>;

  static Async<Result<wire::CallResult>> run(Self self, Call call, CallContext context) {
    if (context.cancel.cancelled()) co_return Error(Code::cancelled, "The call was cancelled.");
    if (call.name == "remember") co_return co_await remember(self, std::move(call));
    if (call.name == "recall") co_return co_await recall(self, std::move(call));
    co_return Error(Code::not_found, "There is no tool with the name " + call.name + ".");
  }

  static Async<Result<wire::CallResult>> remember(Self self, Call call) {
    auto arguments = read_arguments<Remember>(call.arguments);
    if (!arguments) co_return bad_arguments(arguments.error());
    if (blank(arguments->text)) co_return bad_arguments(invalid_params("/text", "a fact", "nothing but space"));
    for (const std::string& tag : arguments->tags) {
      if (tag.size() <= kMaxTagBytes) continue;
      co_return bad_arguments(invalid_params("/tags", "tags of at most 200 bytes", std::to_string(tag.size()) + " bytes"));
    }
    store::MemoryRow row;
    row.id = new_id(self->clock_, self->random_);
    row.scope = "user";
    row.text = std::move(arguments->text);
    row.tags = std::move(arguments->tags);
    row.session_id = call.session_id;
    row.turn_id = call.turn_id;
    row.created_ms = self->clock_.wall_ms();
    HOB_CO_TRY_VOID(co_await self->notebook_.put(std::move(row)));
    wire::CallResult out;
    out.result = Json::object();
    out.result["saved"] = true;
    co_return out;
  }

  static Async<Result<wire::CallResult>> recall(Self self, Call call) {
    auto arguments = read_arguments<Recall>(call.arguments);
    if (!arguments) co_return bad_arguments(arguments.error());
    std::vector<store::MemoryQuery> queries;
    const auto ask = [&](const char* scope, std::optional<std::string> scope_id) {
      store::MemoryQuery query;
      query.text = arguments->query;
      query.scope = scope;
      query.scope_id = std::move(scope_id);
      query.limit = kMaxNotes;
      queries.push_back(std::move(query));
    };
    ask("user", std::nullopt);
    if (!call.roots.empty()) ask("workspace", call.roots.front().path);
    if (!call.session_id.empty()) ask("session", call.session_id);

    std::vector<store::MemoryHit> hits;
    for (store::MemoryQuery& query : queries) {
      HOB_CO_TRY(found, co_await self->notebook_.search(std::move(query)));
      hits.insert(hits.end(), std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
    }
    std::stable_sort(hits.begin(), hits.end(), [](const auto& a, const auto& b) { return a.score > b.score; });
    wire::CallResult out;
    out.result = Json::object();
    out.result["notes"] = Json::array();
    std::set<std::string> told;  // the same fact saved twice is told once
    for (const store::MemoryHit& hit : hits) {
      if (told.size() >= kMaxNotes) break;
      if (told.insert(hit.text).second) out.result["notes"].push_back(hit.text);
    }
    co_return out;
  }

  Notebook notebook_;
  const Clock& clock_;
  Random& random_;
};

Async<Result<void>> put(store::Store& store, store::MemoryRow row) {
  store::Commit commit;
  commit.put_memories.push_back(std::move(row));
  HOB_CO_TRY_VOID(co_await store.commit(std::move(commit)));
  co_return Result<void>();
}

}  // namespace

Notebook notebook_of(store::Store& store) {
  return {[&store](store::MemoryRow row) { return put(store, std::move(row)); },
          [&store](store::MemoryQuery query) { return store.search_memory(std::move(query)); }};
}

std::shared_ptr<Provider> make_memory_tools(Notebook notebook, const Clock& clock, Random& random) {
  return std::make_shared<MemoryTools>(std::move(notebook), clock, random);
}

}  // namespace hob::tools
