#include "daemon/config/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <charconv>
#include <cmath>
#include <sstream>
#include <vector>

#include "schemas/base/utf8.h"

namespace hob::config::yaml {
namespace {

Place place_of(const YAML::Mark& mark) {
  return mark.is_null() ? Place{} : Place{mark.line + 1, mark.column + 1};
}

/// Thrown through yaml-cpp's parser, which knows exceptions only; caught in parse().
struct Refused {
  Place place;
  std::string message;
};

bool digits(std::string_view text, size_t from) {
  return from < text.size() && text.find_first_not_of("0123456789", from) == std::string_view::npos;
}

/// [-+]? ( . [0-9]+ | [0-9]+ ( . [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool is_decimal(std::string_view text) {
  size_t at = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  const auto skip = [&] {
    const size_t from = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at > from;
  };
  bool any = skip();
  if (at < text.size() && text[at] == '.') {
    ++at;
    any = skip() || any;
  }
  if (!any) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    if (!skip()) return false;
  }
  return at == text.size();
}

template <typename T>
bool read_number(std::string_view text, int base, T& out) {
  const auto [rest, failure] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  return failure == std::errc() && rest == text.data() + text.size();
}

/// A plain scalar by the core schema.
Json plain(const std::string& text, Place place) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return nullptr;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  const size_t sign = text[0] == '-' || text[0] == '+' ? 1 : 0;
  if (digits(text, sign)) {
    uint64_t large = 0;
    int64_t small = 0;
    if (text[0] != '-' && read_number(std::string_view(text).substr(sign), 10, large)) return large;
    if (text[0] == '-' && read_number(std::string_view(text), 10, small)) return small;
    throw Refused{place, "the integer " + text + " does not fit into 64 bits; quote it if it is text"};
  }
  if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'o')) {
    uint64_t value = 0;
    if (read_number(std::string_view(text).substr(2), text[1] == 'x' ? 16 : 8, value)) return value;
  }
  if (is_decimal(text)) {
    double value = 0;
    const std::string_view unsigned_text = std::string_view(text).substr(text[0] == '+' ? 1 : 0);
    const auto [rest, failure] = std::from_chars(unsigned_text.data(), text.data() + text.size(), value);
    if (failure == std::errc() && std::isfinite(value)) return value;
    throw Refused{place, "the number " + text + " is too large or too small; quote it if it is text"};
  }
  return text;
}

/// Builds the Json from the parser's events, with limits that hold while it is being built.
class Builder final : public YAML::EventHandler {
 public:
  explicit Builder(Document& document) : document_(document) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { scalar(mark, "?", anchor, ""); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw Refused{place_of(mark), "aliases (*name) are not used in configuration; write the value out"};
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
    scalar(mark, tag, anchor, value);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Json::array());
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Json::object());
  }
  void OnMapEnd() override { close(); }

 private:
  struct Level {
    Json* value;
    std::string pointer;
    bool has_key = false;
    std::string key;
  };

  void check(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != 0) {
      throw Refused{place_of(mark), "anchors (&name) are not used in configuration; write the value out"};
    }
    if (!tag.empty() && tag != "?" && tag != "!") {
      throw Refused{place_of(mark), "tags (" + tag + ") are not used in configuration"};
    }
    if (++values_ > kMaxValues) {
      throw Refused{place_of(mark), "the file has more than " + std::to_string(kMaxValues) + " values"};
    }
  }

  /// The place for the next value; a map takes a key first.
  Json& next(const YAML::Mark& mark) {
    if (levels_.empty()) {
      document_.places[""] = place_of(mark);
      return document_.value;
    }
    Level& level = levels_.back();
    if (level.value->is_array()) {
      child_ = level.pointer + "/" + std::to_string(level.value->size());
      document_.places[child_] = place_of(mark);
      level.value->push_back(nullptr);
      return level.value->back();
    }
    if (!level.has_key) throw Refused{place_of(mark), "a key must be text"};
    level.has_key = false;
    child_ = level.pointer + "/" + json::pointer_token(level.key);
    return (*level.value)[level.key];
  }

  void scalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) {
    check(mark, tag, anchor);
    const Place place = place_of(mark);
    if (!levels_.empty() && levels_.back().value->is_object() && !levels_.back().has_key) {
      Level& level = levels_.back();
      if (level.value->contains(value)) throw Refused{place, "the key \"" + value + "\" is there twice"};
      level.has_key = true;
      level.key = value;
      document_.places[level.pointer + "/" + json::pointer_token(value)] = place;
      return;
    }
    child_.clear();
    next(mark) = tag == "!" ? Json(value) : plain(value, place);
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Json container) {
    check(mark, tag, anchor);
    if (levels_.size() >= kMaxDepth) {
      throw Refused{place_of(mark), "values stand more than " + std::to_string(kMaxDepth) + " levels deep"};
    }
    child_.clear();
    Json& value = next(mark);
    value = std::move(container);
    levels_.push_back({&value, child_});
  }

  void close() { levels_.pop_back(); }

  Document& document_;
  // Only the innermost container grows, so the pointers to those around it stay good.
  std::vector<Level> levels_;
  std::string child_;
  size_t values_ = 0;
};

}  // namespace

Place Document::place(std::string pointer) const {
  for (;;) {
    if (const auto found = places.find(pointer); found != places.end()) return found->second;
    if (pointer.empty()) return {};
    const size_t slash = pointer.rfind('/');
    pointer.resize(slash == std::string::npos ? 0 : slash);
  }
}

Error error_at(const std::string& file, Place place, const std::string& message) {
  return Error(Code::invalid_params, file + ":" + std::to_string(place.line) + ":" + std::to_string(place.column) +
                                         ": " + message)
      .with("file", Json(file))
      .with("line", Json(place.line))
      .with("column", Json(place.column));
}

Result<Document> parse(std::string_view text, const std::string& file) {
  if (text.size() > kMaxBytes) {
    return error_at(file, {}, "the file has " + std::to_string(text.size()) + " bytes, at most " +
                                  std::to_string(kMaxBytes) + " are read");
  }
  const size_t bad = utf8::first_invalid(text);
  const size_t zero = text.find('\0');
  if (const size_t at = std::min(bad, zero); at != std::string_view::npos) {
    Place place;
    for (const char c : text.substr(0, at)) place = c == '\n' ? Place{place.line + 1, 1} : Place{place.line, place.column + 1};
    return error_at(file, place, at == bad ? "the file is not UTF-8" : "the file has a NUL byte");
  }
  Document document;
  document.value = nullptr;
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    Builder builder(document);
    if (parser.HandleNextDocument(builder)) {
      Document second;
      Builder unwanted(second);
      if (parser.HandleNextDocument(unwanted)) {
        return error_at(file, second.place(""), "a second document begins; only one is read");
      }
    }
  } catch (const Refused& refused) {
    return error_at(file, refused.place, refused.message);
  } catch (const YAML::Exception& e) {
    return error_at(file, place_of(e.mark), "not YAML: " + e.msg);
  } catch (const std::exception& e) {
    return error_at(file, {}, std::string("not YAML: ") + e.what());
  }
  if (document.value.is_null()) document.value = Json::object();
  return document;
}

}  // namespace hob::config::yaml
