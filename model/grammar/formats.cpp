// Languages: the formats of JSON Schema, as far as they are regular. By the RFC that the drafts name for each.
#include <array>
#include <string>

#include "model/grammar/language.h"
#include "model/grammar/pattern_reader.h"

namespace hob::grammar {
namespace {

constexpr std::string_view kDate =
    R"((?:\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8])))"
    R"(|(?:\d{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29))";

const std::string kOctet = R"((?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d))";
const std::string kIpv4 = "(?:" + kOctet + R"((?:\.)" + kOctet + "){3})";

std::string ipv6() {
  const std::string group = "[0-9A-Fa-f]{1,4}";
  const auto groups = [&](int count) { return group + "(?::" + group + "){" + std::to_string(count - 1) + "}"; };
  const auto upto = [&](int count) { return group + "(?::" + group + "){0," + std::to_string(count - 1) + "}"; };
  std::string out = "(?:" + groups(8) + "|(?:" + group + ":){6}" + kIpv4;
  // A gap stands for one group or more.
  for (int left = 0; left <= 7; ++left) {
    out += "|" + (left > 0 ? groups(left) : std::string()) + "::";
    const int right = 7 - left;
    std::string tail;
    if (right > 0) tail += upto(right);
    if (right >= 2) tail += (right > 2 ? "|(?:" + group + ":){0," + std::to_string(right - 2) + "}" : "|") + kIpv4;
    if (!tail.empty()) out += "(?:" + tail + ")?";
  }
  return out + ")";
}

/// RFC 3986 and 3987.
std::string reference(bool international, bool needs_scheme) {
  const std::string plain = R"(A-Za-z0-9\-._~!$&'()*+,;=)";
  const std::string wide = international ? R"(\u{A0}-\u{D7FF}\u{F900}-\u{FDCF}\u{FDF0}-\u{FFEF})" : "";
  std::string far, all_private;
  if (international) {
    for (const char* plane : {"1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d"}) {
      far += std::string(R"(\u{)") + plane + R"(0000}-\u{)" + plane + "fffd}";
    }
    far += R"(\u{E1000}-\u{EFFFD})";
    all_private = R"(\u{E000}-\u{F8FF}\u{F0000}-\u{FFFFD}\u{100000}-\u{10FFFD})";
  }
  const auto some = [&](const std::string& extra) {
    return "(?:[" + plain + wide + far + extra + "]|%[0-9A-Fa-f]{2})";
  };
  const std::string segment = some(":@"), path = some(":@/");
  const std::string literal = R"(\[(?:)" + ipv6() + R"(|[vV][0-9A-Fa-f]+\.[)" + plain + R"(:]+)\])";
  const std::string authority = "(?:" + some(":") + "*@)?(?:" + literal + "|" + some("") + R"(*)(?::\d*)?)";
  const std::string rooted = "//" + authority + "(?:/" + path + "*)?";
  const std::string absolute = "/(?:" + segment + path + "*)?";
  const std::string scheme = "[A-Za-z][A-Za-z0-9+.\\-]*:";
  std::string out = "(?:" + scheme + "(?:" + rooted + "|" + absolute + "|" + segment + path + "*)?";
  if (!needs_scheme) out += "|" + rooted + "|" + absolute + "|(?:" + some("@") + "+(?:/" + path + "*)?)?";
  return out + R"()(?:\?)" + some(":@/?" + all_private) + "*)?(?:#" + some(":@/?") + "*)?";
}

std::string uri_template() {
  const std::string letter = "(?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2})";
  const std::string variable = letter + "+(?:\\." + letter + R"(+)*(?:\*|:[1-9]\d{0,3})?)";
  const std::string wide =
      R"(\u{A0}-\u{D7FF}\u{E000}-\u{FDCF}\u{FDF0}-\u{FFEF}\u{E1000}-\u{EFFFD}\u{F0000}-\u{FFFFD}\u{100000}-\u{10FFFD})";
  std::string far;
  for (const char* plane : {"1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d"}) {
    far += std::string(R"(\u{)") + plane + R"(0000}-\u{)" + plane + "fffd}";
  }
  return R"((?:[!#$&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~)" + wide + far + "]|%[0-9A-Fa-f]{2}|\\{[+#./;?&]?" + variable +
         "(?:," + variable + ")*\\})*";
}

}  // namespace

// RFC 3339. A leap second falls into the last minute of a day in UTC, so its offset follows from its hour and minute.
Result<Expr> Languages::format_expression(std::string_view name) {
  Expressions& all = all_;
  const auto regex = [&](std::string_view text) { return read_whole_pattern(text, all); };
  if (name == "date") return regex(kDate);
  if (name == "time" || name == "date-time") {
    HOB_TRY(zone, regex(R"([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)"));
    HOB_TRY(fraction, regex(R"((?:\.\d+)?)"));
    HOB_TRY(usual, regex(R"((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)"));
    const Expr time = all.alt(all.cat(usual, all.cat(fraction, zone)), all.leap_time());
    if (name == "time") return time;
    HOB_TRY(date, regex(kDate));
    return all.cat(date, all.cat(all.set(CharSet::of("Tt")), time));
  }
  if (name == "duration") {
    const std::string date = R"(\d+Y(?:\d+M(?:\d+D)?)?|\d+M(?:\d+D)?|\d+D)";
    const std::string time = R"(T(?:\d+H(?:\d+M(?:\d+S)?)?|\d+M(?:\d+S)?|\d+S))";
    return regex("P(?:(?:" + date + ")(?:" + time + ")?|" + time + R"(|\d+W))");
  }
  if (name == "email") {
    HOB_TRY(dots, regex(R"([\w!#$%&'*+\-/=?^`{|}~]+(?:\.[\w!#$%&'*+\-/=?^`{|}~]+)*)"));
    HOB_TRY(quoted, regex(R"("(?:[ !#-\[\]-~]|\\[ -~])*")"));
    HOB_TRY(labels, regex(R"([A-Za-z\d](?:[A-Za-z\d\-]{0,61}[A-Za-z\d])?(?:\.[A-Za-z\d](?:[A-Za-z\d\-]{0,61}[A-Za-z\d])?)*)"));
    HOB_TRY(address, regex(R"(\[(?:IPv6:)" + ipv6() + "|" + kIpv4 + R"()\])"));
    return all.cat(all.bound(all.alt(dots, quoted), 64), all.cat(all.text("@"), all.alt(all.bound(labels, 253), address)));
  }
  if (name == "hostname") {
    // Names with "--" as third and fourth letter promise another script (RFC 5891); they are not written.
    const std::string label = R"([A-Za-z\d](?:[A-Za-z\d]|[A-Za-z\d\-][A-Za-z\d]|[A-Za-z\d\-]{2}[A-Za-z\d])"
                              R"(|[A-Za-z\d\-](?:[A-Za-z\d][A-Za-z\d\-]|-[A-Za-z\d])[A-Za-z\d\-]{0,58}[A-Za-z\d])?)";
    HOB_TRY(labels, regex(label + "(?:\\." + label + ")*"));
    return all.bound(labels, 253);
  }
  if (name == "ipv4") return regex(kIpv4);
  if (name == "ipv6") return regex(ipv6());
  if (name == "uuid") return regex("[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}");
  if (name == "uri" || name == "uri-reference") return regex(reference(false, name == "uri"));
  if (name == "iri" || name == "iri-reference") return regex(reference(true, name == "iri"));
  if (name == "uri-template") return regex(uri_template());
  if (name == "json-pointer") return regex(R"((?:/(?:[^~/]|~[01])*)*)");
  if (name == "relative-json-pointer") return regex(R"((?:0|[1-9]\d*)(?:#|(?:/(?:[^~/]|~[01])*)*))");
  return Error(Code::schema_unsupported, "the format \"" + std::string(name) + "\" cannot be followed while a value is "
                                         "generated");
}

Result<LanguageId> Languages::format(std::string_view name) {
  static constexpr std::string_view kKnown[] = {
      "date-time", "date", "time", "duration", "email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6", "uri",
      "uri-reference", "iri", "iri-reference", "uri-template", "json-pointer", "relative-json-pointer", "uuid", "regex"};
  bool known = false;
  for (const std::string_view one : kKnown) known = known || one == name;
  if (!known) return kNoLanguage;
  HOB_TRY(root, format_expression(name));
  return add(root);
}

}  // namespace hob::grammar
