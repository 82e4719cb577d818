// Result<T>: a value or an Error, for C++20 without std::expected.
//
//   Result<Config> load(path);
//   HOB_TRY(config, load(path));          // `auto config = ...` or return the error
//   HOB_TRY_VOID(store.open());           // for Result<void>
//   HOB_CO_TRY(reply, co_await call());   // the same inside a coroutine
//
// A broken invariant is HOB_CHECK, which stops the process with a sentence.
#pragma once

#include <optional>
#include <utility>
#include <variant>

#include "schemas/base/error.h"

namespace hob {

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}    // NOLINT: implicit on purpose
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT
  template <typename U>
    requires(std::is_convertible_v<U &&, T> && !std::is_same_v<std::remove_cvref_t<U>, Error> &&
             !std::is_same_v<std::remove_cvref_t<U>, Result> && !std::is_same_v<std::remove_cvref_t<U>, T>)
  Result(U&& value) : state_(std::in_place_index<0>, std::forward<U>(value)) {}  // NOLINT

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit on purpose
  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Error& error() const& { return *error_; }
  Error&& error() && { return *std::move(error_); }

 private:
  std::optional<Error> error_;
};

[[noreturn]] void check_failed(const char* file, int line, const char* condition, const char* sentence);

}  // namespace hob

#define HOB_CONCAT_(a, b) a##b
#define HOB_CONCAT(a, b) HOB_CONCAT_(a, b)
#define HOB_TRY_(ret, tmp, name, ...)        \
  auto tmp = (__VA_ARGS__);                  \
  if (!tmp) ret std::move(tmp).error();      \
  auto name = std::move(tmp).value()
#define HOB_TRY_VOID_(ret, tmp, ...) \
  if (auto tmp = (__VA_ARGS__); !tmp) ret std::move(tmp).error()
#define HOB_TRY(name, ...) HOB_TRY_(return, HOB_CONCAT(hob_try_, __COUNTER__), name, __VA_ARGS__)
#define HOB_TRY_VOID(...) HOB_TRY_VOID_(return, HOB_CONCAT(hob_try_, __COUNTER__), __VA_ARGS__)
#define HOB_CO_TRY(name, ...) HOB_TRY_(co_return, HOB_CONCAT(hob_try_, __COUNTER__), name, __VA_ARGS__)
#define HOB_CO_TRY_VOID(...) HOB_TRY_VOID_(co_return, HOB_CONCAT(hob_try_, __COUNTER__), __VA_ARGS__)
/// A broken invariant stops the process with a sentence: sessions are on disk.
#define HOB_CHECK(condition, sentence) \
  ((condition) ? void(0) : ::hob::check_failed(__FILE__, __LINE__, #condition, sentence))
