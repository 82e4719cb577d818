// describe: one struct, and from it parsing, checking, defaults, writing and its JSON Schema.
//
//   struct Ping {
//     std::string note;
//     std::optional<int64_t> count;
//     template <typename D> static void describe(D& d) {
//       d.about("Ping", "Asks whether the daemon is there.");
//       d.field("note", &Ping::note, "Comes back as it was.", {.max_length = 100});
//       d.field("count", &Ping::count, "How often.", {.min = 1, .max = 10});
//     }
//   };
//   HOB_TRY(ping, describe::read<Ping>(json));     // -32602 with pointer, expected, got
//   Json back = describe::write(ping);
//   Json schema = describe::schema<Ping>();
//
// A std::optional member may be missing; a member named by `defaulted` keeps its initial value; every other one is
// required. Unknown keys are ignored, or refused with Strictness::strict (configuration). Enums are described by
// `constexpr auto names(E*)` returning an array of {enumerator, "word"}. Pure; any thread.
#pragma once

#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "schemas/base/json.h"

namespace hob::describe {

/// Bounds of one field; those that do not fit its type are ignored.
struct Bounds {
  std::optional<double> min;             // numbers
  std::optional<double> max;
  std::optional<size_t> min_length;      // strings (bytes) and arrays (items)
  std::optional<size_t> max_length;
};

enum class Strictness { tolerant, strict };

template <typename E>
struct EnumName {
  E value;
  std::string_view name;
};

template <typename T>
struct is_optional : std::false_type {};
template <typename T>
struct is_optional<std::optional<T>> : std::true_type {};
template <typename T>
struct is_vector : std::false_type {};
template <typename T>
struct is_vector<std::vector<T>> : std::true_type {};
template <typename T>
struct is_map : std::false_type {};
template <typename T>
struct is_map<std::map<std::string, T>> : std::true_type {};

struct AnyVisitor {
  void about(std::string_view, std::string_view) {}
  template <typename... A>
  void field(A&&...) {}
  template <typename... A>
  void defaulted(A&&...) {}
};
template <typename T>
concept Described = requires(AnyVisitor& v) { T::describe(v); };
template <typename E>
concept DescribedEnum = std::is_enum_v<E> && requires { names(static_cast<E*>(nullptr)); };

/// The word of an enumerator.
template <DescribedEnum E>
std::string_view word(E value) {
  for (const auto& row : names(static_cast<E*>(nullptr))) {
    if (row.value == value) return row.name;
  }
  return "";
}
template <DescribedEnum E>
std::optional<E> of_word(std::string_view word) {
  for (const auto& row : names(static_cast<E*>(nullptr))) {
    if (row.name == word) return row.value;
  }
  return std::nullopt;
}

template <typename T>
Json write(const T& value);
template <typename T>
Result<void> read_into(T& out, const Json& json, const std::string& pointer, Strictness strictness, const Bounds& bounds);
template <typename T>
Json schema(const Bounds& bounds = {});

namespace detail {

template <DescribedEnum E>
std::string all_words() {
  std::string out = "one of ";
  bool first = true;
  for (const auto& row : names(static_cast<E*>(nullptr))) {
    if (!first) out += ", ";
    first = false;
    out += '"' + std::string(row.name) + '"';
  }
  return out;
}

Result<void> check_length(size_t length, std::string_view noun, const std::string& pointer, const Bounds& bounds);
Result<void> check_range(double value, const Json& json, const std::string& pointer, const Bounds& bounds);
/// An integer inside [low, high], or -32602.
Result<int64_t> read_integer(const Json& json, const std::string& pointer, int64_t low, int64_t high);
Result<uint64_t> read_unsigned(const Json& json, const std::string& pointer, uint64_t high);
Error unknown_key(const std::string& pointer, const std::string& key, const std::vector<std::string>& known);
void add_bounds(Json& schema, const Bounds& bounds, std::string_view type);

template <typename T>
class ObjectReader {
 public:
  ObjectReader(T& out, const Json& json, const std::string& pointer, Strictness strictness)
      : out_(out), json_(json), pointer_(pointer), strictness_(strictness) {}

  void about(std::string_view, std::string_view) {}
  template <typename M>
  void field(std::string_view name, M T::*member, std::string_view, const Bounds& bounds = {}) {
    visit(name, member, bounds, !is_optional<M>::value);
  }
  template <typename M>
  void defaulted(std::string_view name, M T::*member, std::string_view, const Bounds& bounds = {}) {
    visit(name, member, bounds, false);
  }
  Result<void> finish() {
    if (error_) return *std::move(error_);
    if (strictness_ == Strictness::strict) {
      for (const auto& [key, value] : json_.items()) {
        bool found = false;
        for (const auto& name : known_) found = found || name == key;
        if (!found) return unknown_key(pointer_, key, known_);
      }
    }
    return {};
  }

 private:
  template <typename M>
  void visit(std::string_view name, M T::*member, const Bounds& bounds, bool required) {
    known_.emplace_back(name);
    if (error_) return;
    const auto it = json_.find(std::string(name));
    if (it == json_.end()) {
      if (required) error_ = invalid_params(pointer_ + "/" + json::pointer_token(name), "a value (it is required)", "nothing");
      return;
    }
    auto result = read_into(out_.*member, *it, pointer_ + "/" + json::pointer_token(name), strictness_, bounds);
    if (!result) error_ = std::move(result).error();
  }

  T& out_;
  const Json& json_;
  const std::string& pointer_;
  Strictness strictness_;
  std::optional<Error> error_;
  std::vector<std::string> known_;
};

template <typename T>
class ObjectWriter {
 public:
  ObjectWriter(const T& value, Json& out) : value_(value), out_(out) {}
  void about(std::string_view, std::string_view) {}
  template <typename M>
  void field(std::string_view name, M T::*member, std::string_view, const Bounds& = {}) {
    if constexpr (is_optional<M>::value) {
      if (value_.*member) out_[std::string(name)] = write(*(value_.*member));
    } else {
      out_[std::string(name)] = write(value_.*member);
    }
  }
  template <typename M>
  void defaulted(std::string_view name, M T::*member, std::string_view doc, const Bounds& = {}) {
    field(name, member, doc);
  }

 private:
  const T& value_;
  Json& out_;
};

template <typename T>
class ObjectSchema {
 public:
  void about(std::string_view title, std::string_view doc) {
    schema_["title"] = title;
    schema_["description"] = doc;
  }
  template <typename M>
  void field(std::string_view name, M T::*, std::string_view doc, const Bounds& bounds = {}) {
    add<M>(name, doc, bounds);
    if constexpr (!is_optional<M>::value) required_.push_back(std::string(name));
  }
  template <typename M>
  void defaulted(std::string_view name, M T::*member, std::string_view doc, const Bounds& bounds = {}) {
    Json& field = add<M>(name, doc, bounds);
    const T initial{};
    field["default"] = write(initial.*member);
  }
  Json finish() {
    schema_["type"] = "object";
    schema_["properties"] = std::move(properties_);
    if (!required_.empty()) schema_["required"] = std::move(required_);
    return std::move(schema_);
  }

 private:
  template <typename M>
  Json& add(std::string_view name, std::string_view doc, const Bounds& bounds) {
    Json field = schema<M>(bounds);
    if (!doc.empty()) field["description"] = doc;
    return properties_[std::string(name)] = std::move(field);
  }
  Json schema_ = Json::object();
  Json properties_ = Json::object();
  Json required_ = Json::array();
};

}  // namespace detail

template <typename T>
Json write(const T& value) {
  if constexpr (is_optional<T>::value) {
    return value ? write(*value) : Json(nullptr);
  } else if constexpr (is_vector<T>::value) {
    Json out = Json::array();
    for (const auto& item : value) out.push_back(write(static_cast<const typename T::value_type&>(item)));
    return out;
  } else if constexpr (is_map<T>::value) {
    Json out = Json::object();
    for (const auto& [key, item] : value) out[key] = write(item);
    return out;
  } else if constexpr (DescribedEnum<T>) {
    return Json(std::string(word(value)));
  } else if constexpr (Described<T>) {
    Json out = Json::object();
    detail::ObjectWriter<T> writer(value, out);
    T::describe(writer);
    return out;
  } else {
    return Json(value);
  }
}

template <typename T>
Result<void> read_into(T& out, const Json& json, const std::string& pointer, Strictness strictness, const Bounds& bounds) {
  if constexpr (std::is_same_v<T, Json>) {
    out = json;
    return {};
  } else if constexpr (is_optional<T>::value) {
    if (json.is_null()) {
      out.reset();
      return {};
    }
    out.emplace();
    return read_into(*out, json, pointer, strictness, bounds);
  } else if constexpr (std::is_same_v<T, bool>) {
    if (!json.is_boolean()) return invalid_params(pointer, "true or false", json::brief(json));
    out = json.get<bool>();
    return {};
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (!json.is_string()) return invalid_params(pointer, "a string", json::brief(json));
    out = json.get_ref<const std::string&>();
    return detail::check_length(out.size(), "bytes", pointer, bounds);
  } else if constexpr (std::is_floating_point_v<T>) {
    if (!json.is_number()) return invalid_params(pointer, "a number", json::brief(json));
    out = json.get<T>();
    return detail::check_range(static_cast<double>(out), json, pointer, bounds);
  } else if constexpr (std::is_integral_v<T> && std::is_unsigned_v<T>) {
    HOB_TRY(value, detail::read_unsigned(json, pointer, std::numeric_limits<T>::max()));
    out = static_cast<T>(value);
    return detail::check_range(static_cast<double>(out), json, pointer, bounds);
  } else if constexpr (std::is_integral_v<T>) {
    HOB_TRY(value, detail::read_integer(json, pointer, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
    out = static_cast<T>(value);
    return detail::check_range(static_cast<double>(out), json, pointer, bounds);
  } else if constexpr (DescribedEnum<T>) {
    if (!json.is_string()) return invalid_params(pointer, detail::all_words<T>(), json::brief(json));
    const auto value = of_word<T>(json.get_ref<const std::string&>());
    if (!value) return invalid_params(pointer, detail::all_words<T>(), json::brief(json));
    out = *value;
    return {};
  } else if constexpr (is_vector<T>::value) {
    if (!json.is_array()) return invalid_params(pointer, "an array", json::brief(json));
    HOB_TRY_VOID(detail::check_length(json.size(), "items", pointer, bounds));
    out.clear();
    out.reserve(json.size());
    for (size_t i = 0; i < json.size(); ++i) {
      typename T::value_type item{};
      HOB_TRY_VOID(read_into(item, json[i], pointer + "/" + std::to_string(i), strictness, {}));
      out.push_back(std::move(item));
    }
    return {};
  } else if constexpr (is_map<T>::value) {
    if (!json.is_object()) return invalid_params(pointer, "an object", json::brief(json));
    out.clear();
    for (const auto& [key, value] : json.items()) {
      HOB_TRY_VOID(read_into(out[key], value, pointer + "/" + json::pointer_token(key), strictness, {}));
    }
    return {};
  } else {
    static_assert(Described<T>, "a field's type must be described");
    if (!json.is_object()) return invalid_params(pointer, "an object", json::brief(json));
    detail::ObjectReader<T> reader(out, json, pointer, strictness);
    T::describe(reader);
    return reader.finish();
  }
}

template <typename T>
Result<T> read(const Json& json, Strictness strictness = Strictness::tolerant) {
  T out{};
  HOB_TRY_VOID(read_into(out, json, "", strictness, {}));
  return out;
}

template <typename T>
Json schema(const Bounds& bounds) {
  Json out = Json::object();
  if constexpr (std::is_same_v<T, Json>) {
    return out;
  } else if constexpr (is_optional<T>::value) {
    return schema<typename T::value_type>(bounds);
  } else if constexpr (std::is_same_v<T, bool>) {
    out["type"] = "boolean";
  } else if constexpr (std::is_same_v<T, std::string>) {
    out["type"] = "string";
    detail::add_bounds(out, bounds, "string");
  } else if constexpr (std::is_floating_point_v<T>) {
    out["type"] = "number";
    detail::add_bounds(out, bounds, "number");
  } else if constexpr (std::is_integral_v<T>) {
    out["type"] = "integer";
    if (std::is_unsigned_v<T> && !bounds.min) out["minimum"] = 0;
    detail::add_bounds(out, bounds, "integer");
  } else if constexpr (DescribedEnum<T>) {
    out["type"] = "string";
    Json words = Json::array();
    for (const auto& row : names(static_cast<T*>(nullptr))) words.push_back(std::string(row.name));
    out["enum"] = std::move(words);
  } else if constexpr (is_vector<T>::value) {
    out["type"] = "array";
    out["items"] = schema<typename T::value_type>();
    detail::add_bounds(out, bounds, "array");
  } else if constexpr (is_map<T>::value) {
    out["type"] = "object";
    out["additionalProperties"] = schema<typename T::mapped_type>();
  } else {
    detail::ObjectSchema<T> object;
    T::describe(object);
    out = object.finish();
  }
  return out;
}

}  // namespace hob::describe
