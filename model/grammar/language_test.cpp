// Languages against RE2 and the validator's formats, which know nothing of them.
#include "model/grammar/language.h"

#include <catch2/catch.hpp>
#include <random>

#include "model/grammar/pattern_reader.h"
#include "schemas/base/utf8.h"
#include "schemas/schema/format.h"
#include "schemas/schema/pattern.h"

namespace hob::grammar {
namespace {

const char* const kPatterns[] = {
    "^[A-Fa-f\\d]{24}$", "^\\w*$", "^[a-z][a-z0-9-]{3,30}$", "^([\\w\\/-]|[\\w-][\\w\\/-]*[\\w-])$", "^(\\w\\d)+$",
    "^([a-z0-9-]+):([a-z0-9\\.-]+):([a-z0-9-]+)?:([a-z0-9-]+)$", "\\d+\\.\\d+", "^(\\{[\\w\\-]+\\})|([\\w\\-]+)$",
    "^(?:ab?)+$", "a|b", "(^a|b$)", "^a$|^b", "^", "$", "^$", "", "a5b", "(^[^5]*$)|7", "^\\d+-\\d+|^\\d+$", "\\bab\\b",
    "a\\Bb", "^(?:a|\\b)+b$", "(?:^|a){2}b", "(?:a$|b){2}", "a^b", "a$b", "^[^\\s]+$", "^.{2,4}$", "^(a|ab)(c|bcd)(d*)$",
    "^[\\d-x]$", "^a{,2}$", "^(?:a{0,2}){2,3}b?$", "^(?:(?:a*)*b)*$", "[^]", "[]", "^\\p{L}+$", "^\\P{Lu}$",
    "^[\\p{N}_]{1,2}$", "\xc3\xa9+$", "^[\xc3\xa0-\xf0\x9f\x98\x8a]*$", "^\\ud83d\\ude0a", "\\.(html|htm)$", "^...*a$",
    "^[a-zA-Z_]{1}[\\w\\.:-]+$", "integer|continuous", "^(a{1,3}b){2}", "(?:a|b|ab){2,3}$", "\\x61\\u0062\\u{63}",
};

std::string random_text(std::mt19937& random) {
  static const char* const kPieces[] = {"a", "b", "c", "d", "ab", "1", "5", "7", "-", ".", ":", "_", " ", "\n", "/", "x", "A",
                                        "{", "}", "\xc3\xa9", "\xe2\x80\xa8", "\xf0\x9f\x98\x8a", "html", "\xc2\xa0"};
  std::string out;
  for (size_t n = random() % 7; n > 0; --n) out += kPieces[random() % std::size(kPieces)];
  return out;
}

TEST_CASE("patterns match what RE2 finds, and so do their Boolean combinations") {
  std::mt19937 random(5);
  Languages all;
  std::vector<std::pair<LanguageId, schema::Pattern>> pairs;
  size_t matched = 0;
  for (const char* text : kPatterns) {
    INFO(text);
    const auto id = all.pattern(text);
    REQUIRE(id.ok());
    const auto peer = schema::Pattern::compile(text);
    REQUIRE(peer.ok());
    bool any = false;
    for (int n = 0; n < 400; ++n) {
      const std::string value = random_text(random);
      INFO(value);
      const bool match = all.matches(*id, value);
      REQUIRE(match == peer->found_in(value));
      any = any || match;
    }
    matched += any ? 1 : 0;
    pairs.emplace_back(*id, *peer);
  }
  CHECK(matched > 35);
  for (int round = 0; round < 150; ++round) {
    const auto& [a, x] = pairs[random() % pairs.size()];
    const auto& [b, y] = pairs[random() % pairs.size()];
    const LanguageId meet = all.both(a, all.complement(b)), join = all.either(all.complement(a), b);
    INFO(x.text() << " and not " << y.text());
    const uint32_t least = static_cast<uint32_t>(random() % 3), most = least + static_cast<uint32_t>(random() % 3);
    const LanguageId sized = all.sized(a, least, most);
    for (int n = 0; n < 40; ++n) {
      const std::string value = random_text(random);
      INFO(value);
      const bool in_a = x.found_in(value), in_b = y.found_in(value);
      REQUIRE(all.matches(meet, value) == (in_a && !in_b));
      REQUIRE(all.matches(join, value) == (!in_a || in_b));
      const size_t length = utf8::length(value);
      REQUIRE(all.matches(sized, value) == (in_a && length >= least && length <= most));
    }
    for (const LanguageId id : {meet, sized}) {
      const auto empty = all.empty(id);
      REQUIRE(empty.ok());
      if (*empty) continue;
      const std::string shortest = utf8::encode(all.at(id).shortest(Language::kStart));
      INFO(shortest);
      REQUIRE(all.matches(id, shortest));
      REQUIRE(utf8::length(shortest) == all.at(id).least(Language::kStart));
      if (id == meet) REQUIRE((x.found_in(shortest) && !y.found_in(shortest)));
    }
  }
}

TEST_CASE("no state but the dead one is without a way to an end, and lengths are the least") {
  Languages all;
  for (const char* text : kPatterns) {
    for (const LanguageId id : {all.pattern(text).value(), all.sized(all.pattern(text).value(), 2, 5)}) {
      INFO(text);
      REQUIRE(all.empty(id).ok());
      Language& language = all.at(id);
      std::vector<uint32_t> read_off;
      std::mt19937 random(9);
      for (int walk = 0; walk < 20; ++walk) {
        uint32_t state = Language::kStart;
        for (int n = 0; n < 6 && language.least(state) != kUnlimited; ++n) {
          const std::u32string rest = language.shortest(state);
          REQUIRE(rest.size() == language.least(state));
          uint32_t end = state;
          for (const char32_t c : rest) end = language.next(end, c);
          REQUIRE(language.accepts(end));
          static const char32_t kSome[] = {'a', 'b', '1', '-', ':', 0xE9, 0x1F60A, ' '};
          const uint32_t next = language.next(state, kSome[random() % 8]);
          if (next == Language::kDead) break;
          REQUIRE(language.least(next) != kUnlimited);
          state = next;
        }
      }
      // What expressions say of lengths is what a look at every state says.
      const uint32_t before = language.least(Language::kStart);
      REQUIRE(language.explore().ok());
      REQUIRE(language.least(Language::kStart) == before);
    }
  }
}

TEST_CASE("emptiness is exact") {
  Languages all;
  const auto is_empty = [&](LanguageId id) { return all.empty(id).value(); };
  const auto p = [&](const char* text) { return all.pattern(text).value(); };
  CHECK(is_empty(p("[]")));
  CHECK(is_empty(p("a^b")));
  CHECK(is_empty(all.both(p("^a+$"), p("^b+$"))));
  CHECK(is_empty(all.both(p("^(aa)+$"), all.sized(p("^a*$"), 3, 3))));
  CHECK_FALSE(is_empty(all.both(p("^(aa)+$"), all.sized(p("^a*$"), 3, 4))));
  CHECK(is_empty(all.both(p("^[a-z]{3}$"), all.complement(p("^[a-z]{2,5}$")))));
  CHECK(is_empty(all.both(all.literal("date"), all.complement(all.literals({"date", "time"})))));
  CHECK(is_empty(all.both(p("^\\d{4}$"), p("\\bx"))));
  CHECK(is_empty(all.complement(all.either(p("a"), p("^[^a]*$")))));
}

TEST_CASE("texts are counted and listed, each once, also from a character begun") {
  Languages all;
  const LanguageId some = all.pattern("^(?:[ab]{0,2}|xyz)$").value();
  Language& language = all.at(some);
  REQUIRE(language.explore().ok());
  CHECK(language.texts(Language::kStart) == 8);
  std::vector<std::string> seen;
  language.each(Language::kStart, {}, [&](std::u32string_view text) {
    seen.push_back(utf8::encode(std::u32string(text)));
    return true;
  });
  std::sort(seen.begin(), seen.end());
  CHECK(seen == std::vector<std::string>{"", "a", "aa", "ab", "b", "ba", "bb", "xyz"});
  CHECK_FALSE(language.endless());
  seen.clear();
  language.each(Language::kStart, {{'b', 'z'}}, [&](std::u32string_view text) {
    seen.push_back(utf8::encode(std::u32string(text)));
    return seen.size() < 3;
  });
  CHECK(seen.size() == 3);
  CHECK(std::all_of(seen.begin(), seen.end(), [](const std::string& text) { return text[0] >= 'b'; }));
  Language& endless = all.at(all.pattern("^a|b$").value());
  REQUIRE(endless.explore().ok());
  CHECK(endless.texts(Language::kStart) == kUnlimited);
}

TEST_CASE("what cannot be followed is refused by name, and what is no expression, too") {
  Languages all;
  for (const auto& [text, word] :
       {std::pair("(?=a)b", "look-ahead"), std::pair("(?<!a)b", "look-behind"), std::pair("(a)\\1", "back-reference"),
        std::pair("(?<n>a)\\k<n>", "back-reference"), std::pair("\\p{Emoji}", "Unicode property"),
        std::pair("a{2000000}", "1,000,000")}) {
    const auto refused = all.pattern(text);
    INFO(text);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().code() == Code::schema_unsupported);
    CHECK_THAT(refused.error().message(), Catch::Contains(word));
  }
  for (const char* text : {"(", ")", "(a", "[a", "a**", "*", "^*", "a{2}{3}", "\\", "\\a", "\\x4", "\\u12", "\\u{110000}",
                           "\\ud800", "\\c1", "\\07", "[b-a]", "(?P<n>a)", "(?i)a", "(?<1>a)", "\\pL", "\xff", "a{3,2}"}) {
    INFO(text);
    CHECK_FALSE(all.pattern(text).ok());
  }
}

TEST_CASE("hostile expressions are held within limits") {
  Languages all;
  CHECK_FALSE(all.pattern(std::string(kMaxPatternBytes + 1, 'a')).ok());
  CHECK_FALSE(all.pattern(std::string(300, '(') + std::string(300, ')')).ok());
  // A counter, not an expansion.
  const LanguageId counter = all.pattern("^[a-z]{1,100000}$").value();
  CHECK_FALSE(all.empty(counter).value());
  CHECK(all.matches(counter, std::string(5000, 'q')));
  CHECK_FALSE(all.matches(all.pattern("^(((a*)*)*)*$").value(), "b"));
  std::string many;
  for (int i = 0; i < 2000; ++i) many += (i ? "|w" : "w") + std::to_string(i);
  CHECK(all.matches(all.pattern("^(?:" + many + ")$").value(), "w1234"));
  // Too many states, and that is said.
  const LanguageId wide = all.both(all.pattern("^[ab]*a[ab]{16}$").value(), all.complement(all.pattern("bb").value()));
  CHECK_FALSE(all.empty(wide).ok());
  Languages other;
  CHECK_FALSE(other.empty(other.pattern("^((a{1,100}){1,100}){1,100}$").value()).ok());
}

TEST_CASE("formats accept what the validator accepts") {
  std::mt19937 random(21);
  Languages all;
  const std::map<std::string, std::vector<std::string>> kSeeds = {
      {"date", {"2024-02-29", "1999-12-31", "1900-02-29", "2000-02-29", "2023-04-31"}},
      {"time", {"23:59:60Z", "12:30:00.123+05:30", "01:02:60-22:57", "23:59:60+00:00", "00:29:60+00:30", "15:59:60-08:00"}},
      {"date-time", {"2024-02-29T12:00:00Z", "1998-12-31t15:59:60.123-08:00", "1990-12-31T23:59:60z"}},
      {"duration", {"P1Y2M3DT4H5M6S", "P4W", "PT1S", "P1M", "P1DT2H", "P1YT1M"}},
      {"email", {"joe.bloggs@example.com", "\"joe @ x\"@a.b", "a@[127.0.0.1]", "a@[IPv6:::1]", "te~st@x-y.z", "\"a\\\"b\"@c"}},
      {"hostname", {"www.example.com", "a-b.c", "a", "1a.b2", "ab-c.de", "a--b.c"}},
      {"ipv4", {"192.168.0.1", "255.255.255.255", "1.2.3.04"}},
      {"ipv6", {"::1", "1:2:3:4:5:6:7:8", "1::8", "::ffff:1.2.3.4", "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8"}},
      {"uuid", {"2EB8AA08-aa98-11ea-b4aa-73b441d16380"}},
      {"uri", {"http://foo.bar/?baz=qux#quux", "urn:oasis:names", "http://[2001:db8::7]:80/c", "mailto:a@b.c", "a:", "http://u:p@h:1",
               "http://[v1.x:y]/", "tel:+1-816", "http://a.b/%20%3f"}},
      {"uri-reference", {"/abc", "//x.y/z", "a/b:c", "#frag", "?q", "", "abc", "a:b", ":a", "http://[::1]"}},
      {"iri", {"http://ƒøø.ßår/?∂éœ=πîx#πîüx", "http://[::1]/é"}},
      {"iri-reference", {"⊡/é", "//é", "#ƒrag"}},
      {"uri-template", {"http://e.com/d/{term:1}/{term}", "{?x,y*}", "{a.b}", "/%20{+p}", "é{x}"}},
      {"json-pointer", {"/foo/bar~0/b~1", "", "/"}},
      {"relative-json-pointer", {"1", "0/a~0", "2#", "0#"}},
  };
  for (const auto& [name, seeds] : kSeeds) {
    const auto id = all.format(name);
    INFO(name);
    if (!id) FAIL(id.error().message());
    REQUIRE_FALSE(all.empty(*id).value());
    const schema::Format* peer = schema::find_format(name);
    REQUIRE(peer);
    size_t good = 0;
    const auto compare = [&](const std::string& text) {
      if (!utf8::valid(text)) return;
      INFO(text);
      const bool accepted = peer->accepts(text);
      good += accepted ? 1 : 0;
      REQUIRE(all.matches(*id, text) == accepted);
    };
    for (const std::string& seed : seeds) {
      compare(seed);
      static constexpr std::string_view kSigns = "0123456789abfzAFZPTYMDWHS.-:/?#[]@%{}~\" +_,*\\|";
      for (int n = 0; n < 300; ++n) {
        std::string text = seed;
        for (size_t edits = 1 + random() % 3; edits > 0; --edits) {
          const size_t at = text.empty() ? 0 : random() % text.size();
          const char c = kSigns[random() % kSigns.size()];
          switch (random() % 4) {
            case 0:
              text.insert(at, 1, c);
              break;
            case 1:
              if (!text.empty()) text.erase(at, 1);
              break;
            case 2:
              if (!text.empty()) text[at] = c;
              break;
            default:
              text += seeds[random() % seeds.size()].substr(0, random() % 6);
          }
        }
        compare(text);
      }
    }
    CHECK(good > seeds.size() / 2);
  }
  // Lengths at their edges.
  const auto same = [&](const char* name, const std::string& text) {
    INFO(name << " " << text);
    CHECK(all.matches(all.format(name).value(), text) == schema::find_format(name)->accepts(text));
  };
  const std::string label(63, 'a');
  for (const std::string& host : {label, label + "a", label + "." + label + "." + label + "." + std::string(61, 'b'),
                                  label + "." + label + "." + label + "." + std::string(62, 'b')}) {
    same("hostname", host);
    same("email", "a@" + host);
  }
  same("email", std::string(64, 'a') + "@b");
  same("email", std::string(65, 'a') + "@b");
}

TEST_CASE("formats that are not regular are refused, unknown ones say nothing") {
  Languages all;
  for (const char* name : {"regex", "idn-hostname", "idn-email"}) CHECK_FALSE(all.format(name).ok());
  CHECK(all.format("int32").value() == kNoLanguage);
}

}  // namespace
}  // namespace hob::grammar
