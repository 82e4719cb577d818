// Format: the values of "format" that are asserted. Others are annotations and find_format() knows
// nothing of them.
//
//   const Format* date = find_format("date");
//   date->accepts("2024-02-30")   // false
//
// Judged by the RFC that the draft names for each. Pure functions; any thread.
#pragma once

#include <string_view>

namespace hob::schema {

struct Format {
  std::string_view name;
  bool (*accepts)(std::string_view text);
};

/// Null when `name` is not asserted here.
const Format* find_format(std::string_view name);

namespace formats {
// format_time.cpp: RFC 3339
bool date_time(std::string_view text);
bool date(std::string_view text);
bool time(std::string_view text);
bool duration(std::string_view text);
// format_net.cpp: RFC 5321, 1123, 2673, 4291
bool email(std::string_view text);
bool idn_email(std::string_view text);
bool hostname(std::string_view text);
bool ipv4(std::string_view text);
bool ipv6(std::string_view text);
// format_idn.cpp: RFC 5891 to 5893
bool idn_hostname(std::string_view text);
// format_uri.cpp: RFC 3986, 3987, 6570
bool uri(std::string_view text);
bool uri_reference(std::string_view text);
bool iri(std::string_view text);
bool iri_reference(std::string_view text);
bool uri_template(std::string_view text);
// format.cpp: RFC 6901, 4122, ECMA-262
bool json_pointer(std::string_view text);
bool relative_json_pointer(std::string_view text);
bool uuid(std::string_view text);
bool regex(std::string_view text);
}  // namespace formats

}  // namespace hob::schema
