#include "model/gemma/gguf.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <fstream>
#include <random>

#include "model/gemma/config.h"
#include "model/gemma/dequantise.h"
#include "schemas/base/test_directory.h"

namespace hob::gemma {
namespace {

Result<Gguf> open(const TestDirectory& folder, const std::string& bytes) { return Gguf::open(folder.write("lie.gguf", bytes)); }

/// A file written number by number.
struct Bytes {
  std::string text;
  template <typename T>
  Bytes& put(T value) {
    text.append(reinterpret_cast<const char*>(&value), sizeof(T));
    return *this;
  }
  Bytes& name(const std::string& value) {
    put<uint64_t>(value.size());
    text += value;
    return *this;
  }
  Bytes& key(const std::string& key, uint32_t type) { return name(key).put(type); }
  Bytes& tensor(const std::string& of, std::vector<uint64_t> dims, uint32_t type, uint64_t offset) {
    name(of).put(static_cast<uint32_t>(dims.size()));
    for (const uint64_t d : dims) put(d);
    return put(type).put(offset);
  }
  /// Padding to 32, then the data.
  std::string with_data(size_t count) const {
    std::string out = text;
    out.resize((out.size() + 31) / 32 * 32);
    return out + std::string(count, '\x01');
  }
};

Bytes header(uint64_t tensors, uint64_t keys, uint32_t version = 3, uint32_t magic = 0x46554747) {
  return Bytes{}.put(magic).put(version).put(tensors).put(keys);
}

const std::filesystem::path kFixture = std::filesystem::path(HOB_SOURCE_DIR) / "tests/fixtures/gemma/gguf";
constexpr uint64_t kHuge = ~uint64_t{0};

}  // namespace

TEST_CASE("rows of every packed type are what the reference makes of them, bit by bit") {
  const auto file = Gguf::open(kFixture / "rows.gguf");
  if (!file) FAIL(file.error().message());
  const auto wanted = Safetensors::open_file(kFixture / "rows.safetensors");
  REQUIRE(wanted.ok());
  CHECK(file->tensors().size() == 9);
  for (const auto& [name, view] : file->tensors()) {
    INFO(name);
    CHECK(name == name_of(view.dtype));
    CHECK(view.shape == std::vector<uint64_t>{3, 512});
    CHECK(view.elements() == 3 * 512);
    const TensorView* rows = wanted->find(name);
    REQUIRE(rows != nullptr);
    const size_t row = view.bytes.size() / 3;
    std::vector<float> values(512);
    for (size_t i = 0; i < 3; ++i) {
      dequantise_row(view.dtype, view.bytes.subspan(i * row, row), values);
      CHECK(std::memcmp(values.data(), rows->bytes.data() + i * 2048, 2048) == 0);
    }
  }
}

TEST_CASE("metadata is read; long arrays are counted and left where they are") {
  const auto file = Gguf::open(kFixture / "rows.gguf");
  REQUIRE(file.ok());
  CHECK(file->metadata().at("general.architecture") == "gemma3");
  CHECK(file->metadata().at("gemma3.block_count") == 3);
  CHECK(file->metadata().at("gemma3.rope.freq_base") == 1e6);
  CHECK(file->metadata().at("a.list") == Json::array({true, false}));
  CHECK(file->metadata().at("a.long") == Json{{"items", 2000}});
}

TEST_CASE("halves of every sort become the same number") {
  CHECK(half_to_float(0x3c00) == 1.0f);
  CHECK(half_to_float(0xc000) == -2.0f);
  CHECK(half_to_float(0x0001) == 0x1p-24f);
  CHECK(half_to_float(0x83ff) == -1023 * 0x1p-24f);
  CHECK(half_to_float(0x7bff) == 65504.0f);
  CHECK(std::isinf(half_to_float(0xfc00)));
  CHECK(std::isnan(half_to_float(0x7e00)));
  CHECK(std::signbit(half_to_float(0x8000)));
}

TEST_CASE("GGUF files that lie are refused, each for its reason") {
  struct Lie {
    std::string why, bytes, says;
  };
  const auto one = [](std::vector<uint64_t> dims, uint32_t type, uint64_t offset) {
    return header(1, 0).tensor("t", std::move(dims), type, offset);
  };
  const auto key = [](const Bytes& body) {
    Bytes out = header(1, 1);
    out.text += body.text;
    return out.tensor("t", {8}, 0, 0).with_data(32);
  };
  const auto two = [](uint64_t first, uint64_t second, const std::string& name = "u") {
    return header(2, 0).tensor("t", {8}, 0, first).tensor(name, {8}, 0, second);
  };
  const std::vector<Lie> lies{
    {"nothing", "", "magic"},
    {"another magic", header(1, 0, 3, 0x46554748).text, "no GGUF"},
    {"big endian", header(1, 0, 0x03000000).text, "version"},
    {"version 1", header(1, 0, 1).text, "version 1"},
    {"version 4", header(1, 0, 4).text, "version 4"},
    {"no tensors", header(0, 0).with_data(0), "no tensors"},
    {"20,001 tensors", header(20'001, 0).text, "20000"},
    {"too many keys", header(1, 4097).text, "4096"},
    {"every key there is", header(1, kHuge).text, "keys"},
    {"a key that reaches beyond the file", header(1, 1).put<uint64_t>(400).text, "cut"},
    {"a key of 2^64 - 1 bytes", header(1, 1).put(kHuge).text, "at most 512"},
    {"an empty key", key(Bytes{}.key("", 4).put(1u)), "empty"},
    {"a key twice", [&] {
       return header(1, 2).key("k", 4).put(1u).key("k", 4).put(1u).tensor("t", {8}, 0, 0).with_data(32);
     }(), "twice"},
    {"an unknown type of value", key(Bytes{}.key("k", 13)), "unknown type 13"},
    {"a flag of 2", key(Bytes{}.key("k", 7).put<uint8_t>(2)), "flag"},
    {"a text that reaches beyond the file", key(Bytes{}.key("k", 8).put<uint64_t>(1u << 20)), "cut"},
    {"a text of 2^63 bytes", key(Bytes{}.key("k", 8).put(uint64_t{1} << 63)), "at most"},
    {"an array of arrays", key(Bytes{}.key("k", 9).put(9u).put<uint64_t>(1)), "unknown type 9"},
    {"an array of 2^62 items", key(Bytes{}.key("k", 9).put(4u).put(uint64_t{1} << 62)), "items"},
    {"an array that reaches beyond the file", key(Bytes{}.key("k", 9).put(10u).put<uint64_t>(1'000'000)), "cut"},
    {"texts that reach beyond the file", key(Bytes{}.key("k", 9).put(8u).put<uint64_t>(2000).put(kHuge)), "cut"},
    {"alignment of 0", key(Bytes{}.key("general.alignment", 4).put(0u)), "alignment"},
    {"alignment of 48", key(Bytes{}.key("general.alignment", 4).put(48u)), "alignment"},
    {"alignment of 2^31", key(Bytes{}.key("general.alignment", 4).put(1u << 31)), "alignment"},
    {"negative alignment", key(Bytes{}.key("general.alignment", 5).put(-32)), "alignment"},
    {"alignment in words", key(Bytes{}.key("general.alignment", 8).name("32")), "alignment"},
    {"no dimensions", one({}, 0, 0).with_data(32), "dimensions"},
    {"five dimensions", one({1, 1, 1, 1, 1}, 0, 0).with_data(32), "dimensions"},
    {"a dimension of 0", one({8, 0}, 0, 0).with_data(32), "dimension of 0"},
    {"a shape that overflows", one({uint64_t{1} << 33, uint64_t{1} << 33}, 0, 0).with_data(32), "overflow"},
    {"a size that overflows", one({uint64_t{1} << 62}, 0, 0).with_data(32), "overflow"},
    {"a size that wraps to the right one", one({(uint64_t{1} << 62) + 8}, 0, 0).with_data(32), "overflow"},
    {"a type that is not read", one({256}, 10, 0).with_data(84), "type 10"},
    {"a type that does not exist", one({8}, 4000, 0).with_data(32), "type 4000"},
    {"rows that are no whole blocks", one({48, 2}, 8, 0).with_data(102), "no multiple of the 32"},
    {"rows that are no whole superblocks", one({128, 2}, 12, 0).with_data(144), "no multiple of the 256"},
    {"an offset that is not aligned", one({8}, 0, 4).with_data(64), "not aligned"},
    {"an offset behind the data", one({8}, 0, 64).with_data(32), "hole"},
    {"an offset near 2^64", two(0, kHuge - 31).with_data(64), "hole"},
    {"data cut short", one({64}, 0, 0).with_data(255), "cut"},
    {"an overlap", two(0, 0).with_data(64), "overlaps"},
    {"a hole", two(0, 64).with_data(96), "hole"},
    {"a hole at the start", one({8}, 0, 32).with_data(64), "hole"},
    {"bytes behind the last tensor", one({8}, 0, 0).with_data(64), "behind"},
    {"a tensor twice", two(0, 32, "t").with_data(64), "twice"},
    {"a tensor without a name", header(1, 0).tensor("", {8}, 0, 0).with_data(32), "empty name"},
    {"a name of 600 bytes", header(1, 0).tensor(std::string(600, 'n'), {8}, 0, 0).with_data(32), "at most 512"},
    {"more tensors than there are", header(2, 0).tensor("t", {8}, 0, 0).text, "cut"},
    {"no data", one({8}, 0, 0).text, "cut"},
  };
  const TestDirectory folder;
  REQUIRE(open(folder, two(0, 32).with_data(64)).ok());
  for (const Lie& lie : lies) {
    INFO(lie.why);
    const auto file = open(folder, lie.bytes);
    REQUIRE_FALSE(file.ok());
    INFO(file.error().message());
    CHECK(file.error().message().starts_with("lie.gguf: "));
    CHECK(file.error().message().find(lie.says) != std::string::npos);
  }
}

TEST_CASE("a GGUF file cut at every 256th is refused, and flipped bytes never reach beyond it") {
  const auto whole = read_small_file(kFixture / "rows.gguf", 1u << 20);
  REQUIRE(whole.ok());
  const TestDirectory folder;
  for (size_t part = 0; part < 256; ++part) {
    INFO(part);
    CHECK_FALSE(open(folder, whole->substr(0, whole->size() * part / 256)).ok());
  }
  std::mt19937 random(11);  // NOLINT: the same flips each time
  std::vector<float> values(512);
  for (int i = 0; i < 100; ++i) {
    std::string bytes = *whole;
    // Half of the flips hit the head, where the numbers are.
    const size_t range = i % 2 == 0 ? 1024 : bytes.size();
    bytes[random() % range] = static_cast<char>(random());
    const auto file = open(folder, bytes);
    if (!file) continue;
    for (const auto& [name, view] : file->tensors()) {
      if (view.shape.back() != 512) continue;
      dequantise_row(view.dtype, view.bytes.first(view.bytes.size() / (view.elements() / 512)), values);
    }
  }
}

}  // namespace hob::gemma
