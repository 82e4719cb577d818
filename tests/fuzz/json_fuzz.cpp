// The JSON gate: it takes what RFC 8259 takes, as another reader does, but for what it says it
// refuses; and what it took can be written and read again.
#include "schemas/base/document.h"
#include "schemas/base/json.h"
#include "schemas/base/utf8.h"
#include "tests/fuzz/target.h"

namespace hob::fuzz {
namespace {

constexpr json::Limits kLimits{64u << 10, 24, 5000};

/// Refused on purpose, though it is JSON.
bool on_purpose(const std::string& message) {
  for (const char* why : {"stands twice", "nests deeper", "has more than", "the limit is"}) {
    if (message.find(why) != std::string::npos) return true;
  }
  return false;
}

void run(std::string_view bytes) {
  const auto value = json::parse(bytes, kLimits);
  const auto document = json::parse_document(bytes, kLimits);
  const Json other = Json::parse(bytes, nullptr, false);
  if (!document) {
    expect(document.error().code() == Code::parse_error, "a refusal is a parse_error");
    expect(!value, "the two builders read alike");
    expect(utf8::valid(document.error().message()), "a message is UTF-8, whatever was read");
    // The other one skips a byte order mark and takes a NUL for the end.
    const bool lenient =
        bytes.substr(0, 3) == "\xEF\xBB\xBF" || bytes.find('\0') != std::string_view::npos;
    if (!other.is_discarded() && !lenient && !on_purpose(document.error().message())) {
      broken("another reader takes it; we say: " + document.error().message());
    }
    return;
  }
  const std::string lexemes = json::dump(*document);
  const auto again = json::parse_document(lexemes, kLimits);
  expect(again && json::dump(*again) == lexemes, "a document is read as it was written");
  if (!value) {
    expect(
        other.is_discarded(),
        "a document that is no Json has a number that is none to others either"
    );
    return;
  }
  if (other.is_discarded()) broken("no other reader takes this: " + lexemes);
  expect(*value == other, "both readers read the same");
  const std::string text = json::dump(*value);
  const auto back = json::parse(text, kLimits);
  expect(back && *back == *value, "what is written is read as the same");
  expect(json::dump(*back) == text, "writing it again changes nothing");
  const std::string canonical = json::canonical(*value);
  const auto sorted = json::parse(canonical, kLimits);
  expect(
      sorted && json::canonical(*sorted) == canonical, "canonical text is its own canonical text"
  );
  const auto pretty = json::parse(json::pretty(*value), kLimits);
  expect(pretty && *pretty == *value, "pretty text is the same value");
  expect(json::brief(*value).size() < 400, "a brief word about it is brief");
  (void)json::to_document(*value);
}

std::vector<std::string> seeds() {
  return {
      R"({"a":[1,-2.5e-3,true,null,"x\u00e9\ud83d\ude00\n"],"b":{"":{}}})",
      "[0.1,1e308,-0.0,18446744073709551615,-9223372036854775808,123456789012345678901234567890]",
      " [ ] ",
      "\"\xE2\x82\xAC\\/\\b\"",
      R"({"a":1,"a":2})",
      "[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]",
      "-0",
      "1E+2",
      "\"\\u0000\"",
      "{\"k\" : \"v\"}\n"};
}

const Target kTarget({"json", run, seeds, 4000});

}  // namespace
}  // namespace hob::fuzz
