#include "schemas/base/json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "schemas/base/json_reader.h"
#include "schemas/base/utf8.h"

namespace hob::json {
namespace {

/// Builds a Json with an explicit stack: depth was limited by the reader.
class JsonBuilder final : public Events {
 public:
  Json take() { return std::move(root_); }

  Result<void> null() override { return put(nullptr); }
  Result<void> boolean(bool value) override { return put(value); }
  Result<void> number(std::string_view lexeme) override {
    HOB_TRY(value, number_value(lexeme));
    return put(std::move(value));
  }
  Result<void> string(std::string value) override { return put(std::move(value)); }
  Result<void> begin_object() override { return open(Json::object()); }
  Result<void> key(std::string value) override {
    key_ = std::move(value);
    return {};
  }
  Result<void> end_object() override { return close(); }
  Result<void> begin_array() override { return open(Json::array()); }
  Result<void> end_array() override { return close(); }

  static Result<Json> number_value(std::string_view lexeme) {
    const char* begin = lexeme.data();
    const char* end = begin + lexeme.size();
    if (lexeme.find_first_of(".eE") == std::string_view::npos) {
      // As nlohmann's own reader has it: unsigned unless there is a minus.
      if (lexeme.front() != '-') {
        uint64_t whole = 0;
        if (auto [p, e] = std::from_chars(begin, end, whole); e == std::errc() && p == end) return Json(whole);
      } else {
        int64_t whole = 0;
        if (auto [p, e] = std::from_chars(begin, end, whole); e == std::errc() && p == end) {
          return whole == 0 ? Json(-0.0) : Json(whole);
        }
      }
    }
    double real = 0;
    const auto [p, e] = std::from_chars(begin, end, real);
    if (e == std::errc::result_out_of_range && std::strtod(std::string(lexeme).c_str(), nullptr) < 1e300 &&
        std::strtod(std::string(lexeme).c_str(), nullptr) > -1e300) {
      return Json(0.0);  // too small to tell from zero
    }
    if (e != std::errc() || p != end || !std::isfinite(real)) {
      return Error(Code::parse_error, "The number " + std::string(lexeme.substr(0, 40)) +
                                          " is too large; the largest is about 1.8e308.");
    }
    return Json(real);
  }

 private:
  Json& slot() {
    if (stack_.empty()) return root_;
    Json& top = *stack_.back();
    if (top.is_object()) {
      // The reader refused duplicates, so appending to the ordered map's vector is right and linear.
      auto& map = top.get_ref<Json::object_t&>();
      map.Container::emplace_back(std::move(key_), nullptr);
      return map.back().second;
    }
    top.push_back(nullptr);
    return top.back();
  }
  template <typename T>
  Result<void> put(T&& value) {
    slot() = Json(std::forward<T>(value));
    return {};
  }
  Result<void> open(Json container) {
    Json& place = slot();
    place = std::move(container);
    stack_.push_back(&place);
    return {};
  }
  Result<void> close() {
    stack_.pop_back();
    return {};
  }

  Json root_;
  std::string key_;
  // Pointers stay good: only the innermost open container grows, and its parents hold it in place meanwhile.
  std::vector<Json*> stack_;
};

void write_canonical(const Json& value, std::string& out) {
  if (value.is_object()) {
    std::vector<const Json::object_t::value_type*> members;
    for (const auto& member : value.get_ref<const Json::object_t&>()) members.push_back(&member);
    std::sort(members.begin(), members.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
    out += '{';
    for (size_t i = 0; i < members.size(); ++i) {
      if (i > 0) out += ',';
      out += dump(Json(members[i]->first));
      out += ':';
      write_canonical(members[i]->second, out);
    }
    out += '}';
  } else if (value.is_array()) {
    out += '[';
    for (size_t i = 0; i < value.size(); ++i) {
      if (i > 0) out += ',';
      write_canonical(value[i], out);
    }
    out += ']';
  } else if (value.is_number_float() && std::floor(value.get<double>()) == value.get<double>() &&
             std::fabs(value.get<double>()) < 9e15) {
    out += std::to_string(static_cast<long long>(value.get<double>()));  // 1.0 and 1 are equal
  } else {
    out += dump(value);
  }
}

}  // namespace

Result<Json> parse(std::string_view text, const Limits& limits) {
  JsonBuilder builder;
  HOB_TRY_VOID(read(text, limits, builder));
  return builder.take();
}

std::string dump(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string pretty(const Json& value) { return value.dump(2, ' ', false, Json::error_handler_t::replace); }

std::string canonical(const Json& value) {
  std::string out;
  write_canonical(value, out);
  return out;
}

std::string brief(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      return "null";
    case Json::value_t::boolean:
      return value.get<bool>() ? "true" : "false";
    case Json::value_t::string: {
      const auto& text = value.get_ref<const std::string&>();
      if (text.size() <= 40) return "the string " + dump(value);
      return "a string of " + std::to_string(text.size()) + " bytes";
    }
    case Json::value_t::array:
      return "an array of " + std::to_string(value.size());
    case Json::value_t::object:
      return "an object";
    default:
      return "the number " + dump(value);
  }
}

std::string pointer_token(std::string_view key) {
  std::string out;
  for (const char c : key) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace hob::json
