#include "plugins/calculate/evaluate.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

namespace hob::plugins::calculate {
namespace {

using Arguments = std::vector<Number>;

Result<Number> round_to(const Arguments& a) {
  long double scale = 1.0L;
  if (a.size() == 2) {
    if (!a[1].exact || a[1].integer < 0 || a[1].integer > 15)
      return Error(Code::tool_failed, "round takes 0 to 15 digits.");
    scale = std::pow(10.0L, static_cast<long double>(a[1].integer));
  }
  if (a[0].exact) return a[0];
  return finite(std::round(a[0].real * scale) / scale);
}

template <long double (*F)(long double)>
Result<Number> whole(const Arguments& a) {
  if (a[0].exact) return a[0];
  return finite(F(a[0].real));
}
template <long double (*F)(long double)>
Result<Number> real(const Arguments& a) {
  return finite(F(a[0].as_real()));
}

Result<Number> absolute(const Arguments& a) {
  if (a[0].as_real() >= 0.0L) return a[0];
  return subtract(Number::of(Integer{0}), a[0]);
}
Result<Number> square_root(const Arguments& a) {
  if (a[0].as_real() < 0.0L)
    return Error(Code::tool_failed, "A negative number has no real square root.");
  return finite(std::sqrt(a[0].as_real()));
}
Result<Number> logarithm(const Arguments& a, long double base) {
  long double value = a[0].as_real();
  if (value <= 0.0L) return Error(Code::tool_failed, "Only positive numbers have a logarithm.");
  if (a.size() == 2) base = a[1].as_real();
  if (base <= 0.0L || base == 1.0L)
    return Error(Code::tool_failed, "A logarithm's base is positive and not 1.");
  if (base == 10.0L) return finite(std::log10(value));
  if (base == 2.0L) return finite(std::log2(value));
  return finite(std::log(value) / std::log(base));
}
Result<Number> decimal_log(const Arguments& a) { return logarithm(a, 10.0L); }
Result<Number> binary_log(const Arguments& a) { return logarithm(a, 2.0L); }
Result<Number> natural_log(const Arguments& a) {
  if (a[0].as_real() <= 0.0L)
    return Error(Code::tool_failed, "Only positive numbers have a logarithm.");
  return finite(std::log(a[0].as_real()));
}
Result<Number> smallest(const Arguments& a) {
  return *std::min_element(a.begin(), a.end(), [](auto& x, auto& y) {
    return x.as_real() < y.as_real();
  });
}
Result<Number> largest(const Arguments& a) {
  return *std::max_element(a.begin(), a.end(), [](auto& x, auto& y) {
    return x.as_real() < y.as_real();
  });
}

constexpr size_t kAny = 100;
struct Function {
  std::string_view name;
  size_t least, most;
  Result<Number> (*apply)(const Arguments&);
};
constexpr Function kFunctions[] = {
    {"sqrt", 1, 1, square_root},
    {"abs", 1, 1, absolute},
    {"round", 1, 2, round_to},
    {"floor", 1, 1, whole<std::floor>},
    {"ceil", 1, 1, whole<std::ceil>},
    {"trunc", 1, 1, whole<std::trunc>},
    {"min", 1, kAny, smallest},
    {"max", 1, kAny, largest},
    {"sin", 1, 1, real<std::sin>},
    {"cos", 1, 1, real<std::cos>},
    {"tan", 1, 1, real<std::tan>},
    {"asin", 1, 1, real<std::asin>},
    {"acos", 1, 1, real<std::acos>},
    {"atan", 1, 1, real<std::atan>},
    {"log", 1, 2, decimal_log},
    {"log10", 1, 1, decimal_log},
    {"log2", 1, 1, binary_log},
    {"ln", 1, 1, natural_log},
    {"exp", 1, 1, real<std::exp>},
    {"pow", 2, 2, [](const Arguments& a) { return power(a[0], a[1]); }},
};

constexpr long double kPi = 3.141592653589793238462643383279502884L;
constexpr long double kE = 2.718281828459045235360287471352662498L;

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Result<Number> all() {
    HOB_TRY(value, sum());
    skip();
    if (at_ < text_.size()) return unexpected("an operator or the end");
    return value;
  }

 private:
  void skip() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  bool take(std::string_view what) {
    skip();
    if (!text_.substr(at_).starts_with(what)) return false;
    at_ += what.size();
    return true;
  }
  bool next_is(char c) {
    skip();
    return at_ < text_.size() && text_[at_] == c;
  }

  Error unexpected(std::string_view wanted) {
    skip();
    std::string got =
        at_ >= text_.size() ? "the end" : "\"" + std::string(text_.substr(at_, 20)) + "\"";
    // Do not cut a character in half.
    while (!got.empty() && got.size() > 2 &&
           (static_cast<unsigned char>(got[got.size() - 2]) & 0xC0) == 0xC0)
      got.erase(got.size() - 2, 1);
    return Error(
        Code::invalid_params, "The expression has " + got + " where " + std::string(wanted) +
                                  " was expected, at character " + std::to_string(at_ + 1) + "."
    );
  }

  Result<Number> sum() {
    HOB_TRY(left, product());
    for (;;) {
      if (take("+")) {
        HOB_TRY(right, product());
        HOB_TRY(value, add(left, right));
        left = value;
      } else if (take("-") || take("\u2212")) {
        HOB_TRY(right, product());
        HOB_TRY(value, subtract(left, right));
        left = value;
      } else {
        return left;
      }
    }
  }

  Result<Number> product() {
    HOB_TRY(left, signed_value());
    for (;;) {
      if (take("*") || take("\u00d7")) {
        HOB_TRY(right, signed_value());
        HOB_TRY(value, multiply(left, right));
        left = value;
      } else if (take("/") || take("\u00f7")) {
        HOB_TRY(right, signed_value());
        HOB_TRY(value, divide(left, right));
        left = value;
      } else if (take("%")) {
        skip();
        if (at_ == text_.size() || text_[at_] == ')')
          return Error(
              Code::invalid_params, "% is the remainder of a division and needs a number after it."
          );
        HOB_TRY(right, signed_value());
        HOB_TRY(value, remainder(left, right));
        left = value;
      } else {
        return left;
      }
    }
  }

  Result<Number> signed_value() {
    if (++depth_ > kMaxDepth)
      return Error(Code::invalid_params, "The expression is nested too deeply.");
    struct Leave {
      int& depth;
      ~Leave() { --depth; }
    } leave{depth_};
    if (take("+")) return signed_value();
    if (take("-") || take("\u2212")) {
      HOB_TRY(value, signed_value());
      return subtract(Number::of(Integer{0}), value);
    }
    HOB_TRY(base, atom());
    if (!take("**") && !take("^")) return base;
    HOB_TRY(exponent, signed_value());
    return power(base, exponent);
  }

  Result<Number> atom() {
    skip();
    if (take("(")) {
      HOB_TRY(value, sum());
      if (!take(")")) return unexpected("\")\"");
      return value;
    }
    if (take("\u03c0")) return Number::of(kPi);
    if (at_ >= text_.size()) return unexpected("a number");
    char c = text_[at_];
    if (std::isdigit(static_cast<unsigned char>(c)) || c == '.') return number();
    if (std::isalpha(static_cast<unsigned char>(c))) return name();
    return unexpected("a number");
  }

  Result<Number> number() {
    size_t start = at_;
    auto digits = [&] {
      size_t from = at_;
      while (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_]))) ++at_;
      return at_ - from;
    };
    size_t before = digits(), after = 0;
    bool exact = true;
    if (at_ < text_.size() && text_[at_] == '.') {
      ++at_;
      exact = false;
      after = digits();
    }
    if (before + after == 0) {
      at_ = start;
      return unexpected("a number");
    }
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      size_t mark = at_++;
      if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
      if (digits() > 0) {
        exact = false;
      } else {
        at_ = mark;  // the constant e, which cannot stand here; say so below
      }
    }
    std::string lexeme(text_.substr(start, at_ - start));
    if (exact) {
      Integer value = 0;
      bool fits = true;
      for (char digit : lexeme)
        fits = fits && !__builtin_mul_overflow(value, Integer{10}, &value) &&
               !__builtin_add_overflow(value, Integer{digit - '0'}, &value);
      if (fits) return Number::of(value);
    }
    return finite(std::strtold(lexeme.c_str(), nullptr));
  }

  Result<Number> name() {
    size_t start = at_;
    while (at_ < text_.size() && std::isalnum(static_cast<unsigned char>(text_[at_]))) ++at_;
    std::string word(text_.substr(start, at_ - start));
    std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) {
      return static_cast<char>(std::tolower(c));
    });
    if (word == "pi") return Number::of(kPi);
    if (word == "e") return Number::of(kE);
    const Function* function =
        std::find_if(std::begin(kFunctions), std::end(kFunctions), [&](const Function& f) {
          return f.name == word;
        });
    if (function == std::end(kFunctions))
      return Error(
          Code::invalid_params, "There is no constant or function \"" + word.substr(0, 40) + "\"."
      );
    if (!take("(")) return unexpected("\"(\" after " + word);
    Arguments arguments;
    while (!next_is(')') || !arguments.empty()) {
      HOB_TRY(value, sum());
      arguments.push_back(value);
      if (arguments.size() > kAny)
        return Error(Code::invalid_params, word + " takes at most 100 numbers.");
      if (!take(",")) break;
    }
    if (!take(")")) return unexpected("\",\" or \")\"");
    if (arguments.size() < function->least || arguments.size() > function->most)
      return Error(
          Code::invalid_params,
          word + " does not take " + std::to_string(arguments.size()) + " numbers."
      );
    return function->apply(arguments);
  }

  std::string_view text_;
  size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

Result<Number> evaluate(std::string_view expression) {
  if (expression.size() > kMaxExpressionBytes)
    return Error(Code::invalid_params, "The expression is too long: at most 2000 characters.");
  return Reader(expression).all();
}

}  // namespace hob::plugins::calculate
