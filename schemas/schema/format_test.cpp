#include "schemas/schema/format.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "schemas/schema/idn.h"

namespace {

struct Row {
  const char* format;
  std::vector<const char*> good;
  std::vector<const char*> bad;
};

}  // namespace

TEST_CASE("formats accept what their RFCs allow and nothing else") {
  const std::vector<Row> kRows = {
      {"date",
       {"2024-02-29", "0000-01-01"},
       {"2023-02-29", "1900-02-29", "2024-13-01", "2024-1-01", "2024-01-32", "2024-01-01Z", ""}},
      {"time",
       {"00:00:00Z", "23:59:60Z", "12:00:00.5+01:30", "15:59:60-08:00"},
       {"24:00:00Z", "12:00:00", "12:00:00.Z", "12:00:60Z", "12:00:00+24:00"}},
      {"date-time",
       {"2024-02-29T12:00:00Z", "2024-02-29t12:00:00.123z"},
       {"2024-02-30T12:00:00Z", "2024-02-29 12:00:00Z", "2024-02-29T12:00:00"}},
      {"duration",
       {"P1Y2M3DT4H5M6S", "P1W", "PT36H", "P1D"},
       {"P", "PT", "P1Y2W", "P1YT", "1D", "P1D2H", "P1.5D", "P1Y2D", "PT1H2S"}},
      {"email",
       {"a@b.example", "\"a b\"@example.com", "a@[127.0.0.1]", "a@[IPv6:::1]"},
       {"a", "@b", "a@", "a..b@c", "a b@c", "a@-b", "a@[1.2.3]", "\xc3\xa9@b"}},
      {"idn-email",
       {"\xc3\xa9@b.example", "a@\xc3\xa9.example"},
       {"\xc3\xa9", "\xc3\xa9@", "\xc3\xa9@a..b"}},
      {"hostname",
       {"example.com", "a", "1a", "xn--nxasmq6b"},
       {"", ".", "a.", "-a", "a-", "a_b", "a..b", "xn--x", "xn--", "\xc3\xa9"}},
      {"idn-hostname",
       {"\xc3\xa9t\xc3\xa9.example", "example.com"},
       {"", "a..b", "-a",
        "\xcc\x80"
        "a",
        "a b"}},
      {"ipv4",
       {"0.0.0.0", "255.255.255.255"},
       {"1.2.3", "1.2.3.4.5", "256.0.0.1", "01.2.3.4", "1.2.3.", "a.b.c.d"}},
      {"ipv6",
       {"::", "::1", "1::", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4", "1:2:3:4:5:6:7::"},
       {"", ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "12345::", "::1%eth0", "1:2:3:4:5:6:7:8:9",
        "::1.2.3", ":1", "1:"}},
      {"uri",
       {"https://a.example/b?c#d", "urn:x:y", "mailto:a@b", "http://[::1]:80/", "file:///x"},
       {"", "a", "/a", "//a", "http://a b", "http://[::1", "http://a:b", "1a:b", ":",
        "http://a/%zz", "http://\xc3\xa9", "http://a/\\"}},
      {"uri-reference", {"", "a", "/a", "?b", "#c", "./a:b", "//a"}, {"\\", "a b", "1a:b", "#a#b"}},
      {"iri", {"http://\xc3\xa9.example/\xc3\xa9"}, {"\xc3\xa9", "http://a b"}},
      {"iri-reference", {"\xc3\xa9", "/\xc3\xa9"}, {"\\\xc3\xa9"}},
      {"uri-template",
       {"http://a/{b}", "{+a,b*}", "{?q:3}", "a"},
       {"{", "}", "{}", "{a", "{a b}", "{a:0}", "{a:10000}", "a b"}},
      {"uuid",
       {"123e4567-e89b-12d3-a456-426614174000", "00000000-0000-0000-0000-000000000000"},
       {"", "123e4567e89b12d3a456426614174000", "123e4567-e89b-12d3-a456-42661417400g"}},
      {"regex", {"a+", "(?=a)", "(a)\\1", "[]"}, {"(", "a**", "\\a", "(?P<x>a)"}},
      {"json-pointer", {"", "/", "/a/~0~1/0"}, {"a", "/~", "/~2"}},
      {"relative-json-pointer", {"0", "1/a", "2#", "10"}, {"", "/a", "01", "-1", "1a", "1##"}},
  };
  for (const Row& row : kRows) {
    const hob::schema::Format* format = hob::schema::find_format(row.format);
    REQUIRE(format != nullptr);
    for (const char* text : row.good) {
      INFO(row.format << " " << text);
      CHECK(format->accepts(text));
    }
    for (const char* text : row.bad) {
      INFO(row.format << " " << text);
      CHECK_FALSE(format->accepts(text));
    }
  }
  CHECK(hob::schema::find_format("color") == nullptr);
}

TEST_CASE("punycode goes there and back") {
  // Samples of RFC 3492, section 7.1.
  const std::u32string chinese = U"\u4ED6\u4EEC\u4E3A\u4EC0\u4E48\u4E0D\u8BF4\u4E2D\u6587";
  CHECK(hob::schema::idn::punycode_encode(chinese) == "ihqwcrb4cv8a8dqg056pqjye");
  CHECK(hob::schema::idn::punycode_decode("ihqwcrb4cv8a8dqg056pqjye") == chinese);
  CHECK_FALSE(hob::schema::idn::punycode_decode("99999999").has_value());
  CHECK_FALSE(hob::schema::idn::punycode_decode("a!").has_value());
}

TEST_CASE("no format stumbles over bytes that are not text") {
  const std::string odd[] = {
      std::string(1, '\0'),
      "\xff\xfe",
      "\xc3",
      std::string(100'000, 'a'),
      std::string(100'000, ':'),
      std::string(5'000, '.'),
      "xn--" + std::string(59, '9'),
      std::string("a\0b@c", 5)};
  for (const char* name :
       {"date-time", "date", "time", "duration", "email", "idn-email", "hostname", "idn-hostname",
        "ipv4", "ipv6", "uri", "uri-reference", "iri", "iri-reference", "uri-template", "uuid",
        "regex", "json-pointer", "relative-json-pointer"}) {
    for (const std::string& text : odd)
      CHECK_NOTHROW(hob::schema::find_format(name)->accepts(text));
  }
  CHECK_FALSE(hob::schema::formats::email(std::string("a\0b@c", 5)));
  CHECK_FALSE(hob::schema::formats::hostname(std::string("a\0b", 3)));
}
