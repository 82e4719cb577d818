#include "plugins/sdk/observation.h"

namespace hob::sdk {

std::string_view word(Kind kind) {
  switch (kind) {
    case Kind::not_found: return "not_found";
    case Kind::denied: return "denied";
    case Kind::invalid_argument: return "invalid_argument";
    case Kind::timeout: return "timeout";
    case Kind::no_match: return "no_match";
    case Kind::failed: break;
  }
  return "failed";
}

Observation Observation::result(Json value) {
  Observation out;
  out.ok_ = true;
  out.value_ = std::move(value);
  return out;
}

Observation Observation::failure(Kind kind, std::string message, std::string hint) {
  Observation out;
  out.kind_ = kind;
  out.message_ = std::move(message);
  out.hint_ = std::move(hint);
  return out;
}

Observation Observation::from(const Error& error, std::string hint) {
  Kind kind = Kind::failed;
  switch (error.code()) {
    case Code::not_found: kind = Kind::not_found; break;
    case Code::tool_denied: kind = Kind::denied; break;
    case Code::invalid_params:
    case Code::invalid_request:
    case Code::parse_error: kind = Kind::invalid_argument; break;
    case Code::deadline:
    case Code::cancelled: kind = Kind::timeout; break;
    default: break;
  }
  return failure(kind, error.message(), std::move(hint));
}

}  // namespace hob::sdk
