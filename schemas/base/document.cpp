#include "schemas/base/document.h"

namespace hob::json {
namespace {

class DocumentBuilder final : public Events {
 public:
  Document take() { return std::move(root_); }

  Result<void> null() override { return put(Document()); }
  Result<void> boolean(bool value) override {
    Document made(Document::Kind::boolean);
    made.boolean = value;
    return put(std::move(made));
  }
  Result<void> number(std::string_view lexeme) override {
    return put(Document(Document::Kind::number, std::string(lexeme)));
  }
  Result<void> string(std::string value) override {
    return put(Document(Document::Kind::string, std::move(value)));
  }
  Result<void> begin_object() override { return open(Document::Kind::object); }
  Result<void> key(std::string value) override {
    key_ = std::move(value);
    return {};
  }
  Result<void> end_object() override { return close(); }
  Result<void> begin_array() override { return open(Document::Kind::array); }
  Result<void> end_array() override { return close(); }

 private:
  Document& slot() {
    if (stack_.empty()) return root_;
    Document& top = *stack_.back();
    if (top.kind == Document::Kind::array) return top.items.emplace_back();
    return top.members.emplace_back(std::move(key_), Document{}).second;
  }
  Result<void> put(Document value) {
    slot() = std::move(value);
    return {};
  }
  Result<void> open(Document::Kind kind) {
    Document& place = slot();
    place.kind = kind;
    stack_.push_back(&place);
    return {};
  }
  Result<void> close() {
    stack_.pop_back();
    return {};
  }

  Document root_;
  std::string key_;
  std::vector<Document*> stack_;
};

void write(const Document& value, std::string& out) {
  switch (value.kind) {
    case Document::Kind::null:
      out += "null";
      return;
    case Document::Kind::boolean:
      out += value.boolean ? "true" : "false";
      return;
    case Document::Kind::number:
      out += value.text;
      return;
    case Document::Kind::string:
      out += dump(Json(value.text));
      return;
    case Document::Kind::array:
      out += '[';
      for (size_t i = 0; i < value.items.size(); ++i) {
        if (i > 0) out += ',';
        write(value.items[i], out);
      }
      out += ']';
      return;
    case Document::Kind::object:
      out += '{';
      for (size_t i = 0; i < value.members.size(); ++i) {
        if (i > 0) out += ',';
        out += dump(Json(value.members[i].first));
        out += ':';
        write(value.members[i].second, out);
      }
      out += '}';
      return;
  }
}

}  // namespace

const Document* Document::find(std::string_view key) const {
  for (const auto& [name, value] : members) {
    if (name == key) return &value;
  }
  return nullptr;
}

Result<Document> parse_document(std::string_view text, const Limits& limits) {
  DocumentBuilder builder;
  HOB_TRY_VOID(read(text, limits, builder));
  return builder.take();
}

Document to_document(const Json& value) {
  Document out;
  switch (value.type()) {
    case Json::value_t::boolean:
      out.kind = Document::Kind::boolean;
      out.boolean = value.get<bool>();
      break;
    case Json::value_t::string:
      out.kind = Document::Kind::string;
      out.text = value.get_ref<const std::string&>();
      break;
    case Json::value_t::array:
      out.kind = Document::Kind::array;
      for (const Json& item : value) out.items.push_back(to_document(item));
      break;
    case Json::value_t::object:
      out.kind = Document::Kind::object;
      for (const auto& [key, item] : value.get_ref<const Json::object_t&>()) {
        out.members.emplace_back(key, to_document(item));
      }
      break;
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
    case Json::value_t::number_float:
      out.kind = Document::Kind::number;
      out.text = dump(value);
      break;
    default:
      break;
  }
  return out;
}

Result<Json> to_json(const Document& value) { return parse(dump(value), kChild); }

std::string dump(const Document& value) {
  std::string out;
  write(value, out);
  return out;
}

}  // namespace hob::json
