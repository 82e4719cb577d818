#include "model/gemma/safetensors.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <fstream>
#include <functional>
#include <random>

#include "model/gemma/safetensors_writer.h"
#include "schemas/base/json.h"
#include "schemas/base/test_directory.h"

namespace hob::gemma {
namespace {

std::string packed(const std::string& header, size_t data_bytes, uint64_t claimed = ~uint64_t{0}) {
  if (claimed == ~uint64_t{0}) claimed = header.size();
  std::string out;
  for (size_t i = 0; i < 8; ++i) out += static_cast<char>(claimed >> (8 * i) & 0xff);
  return out + header + std::string(data_bytes, '\x01');
}

const std::string kGood =
  R"({"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"b":{"dtype":"BF16","shape":[3],"data_offsets":[16,22]},)"
  R"("__metadata__":{"format":"pt"}})";

}  // namespace

TEST_CASE("a good file gives its tensors") {
  const TestDirectory folder;
  const auto file = Safetensors::open_file(folder.write("x.safetensors", packed(kGood, 22)));
  REQUIRE(file.ok());
  CHECK(file->tensors().size() == 2);
  const TensorView* a = file->find("a");
  REQUIRE(a != nullptr);
  CHECK(a->dtype == Dtype::f32);
  CHECK(a->shape == std::vector<uint64_t>{2, 2});
  CHECK(a->bytes.size() == 16);
  CHECK(a->elements() == 4);
  CHECK(file->find("b")->bytes.data() == a->bytes.data() + 16);
  CHECK(file->find("c") == nullptr);
}

TEST_CASE("every truncation of a good file is refused") {
  const TestDirectory folder;
  const std::string whole = packed(kGood, 22);
  for (size_t size = 0; size < whole.size(); ++size) {
    INFO(size);
    const auto cut = Safetensors::open_file(folder.write("cut.safetensors", whole.substr(0, size)));
    CHECK_FALSE(cut.ok());
  }
  CHECK_FALSE(Safetensors::open_file(folder.write("long.safetensors", whole + "x")).ok());
}

TEST_CASE("every changed byte of the header is refused or changes nothing that reaches beyond the file") {
  const TestDirectory folder;
  const std::string whole = packed(kGood, 22);
  for (size_t at = 0; at < whole.size() - 22; ++at) {
    for (const char byte : {'\0', '9', '"', '{', '\xff'}) {
      std::string bytes = whole;
      bytes[at] = byte;
      const auto file = Safetensors::open_file(folder.write("bent.safetensors", bytes));
      if (!file) continue;
      for (const auto& [name, view] : file->tensors()) {
        uint64_t sum = 0;
        for (const std::byte value : view.bytes) sum += std::to_integer<uint64_t>(value);
        CHECK(sum == view.bytes.size());  // all data bytes are 1: nothing else was read
      }
    }
  }
}

TEST_CASE("lying headers are refused, each for its reason") {
  struct Lie {
    std::string why;
    std::string header;
    size_t data;
    std::string says;
  };
  const auto one = [](const std::string& body) { return "{\"a\":" + body + "}"; };
  const std::vector<Lie> lies{
    {"not JSON", "hello", 0, "not JSON"},
    {"no object", "[]", 0, "object"},
    {"an entry that is no object", one("3"), 0, "dtype"},
    {"no offsets", one(R"({"dtype":"F32","shape":[1]})"), 4, "data_offsets"},
    {"unknown dtype", one(R"({"dtype":"F31","shape":[1],"data_offsets":[0,4]})"), 4, "dtype"},
    {"dtype that is no string", one(R"({"dtype":32,"shape":[1],"data_offsets":[0,4]})"), 4, "dtype"},
    {"negative dimension", one(R"({"dtype":"F32","shape":[-1],"data_offsets":[0,4]})"), 4, "dimension"},
    {"fractional dimension", one(R"({"dtype":"F32","shape":[1.0],"data_offsets":[0,4]})"), 4, "dimension"},
    {"shape of nine dimensions", one(R"({"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]})"), 4, "shape"},
    {"size that overflows", one(R"({"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]})"), 0, "overflow"},
    {"size that wraps to the right one",
     one(R"({"dtype":"F32","shape":[4611686018427387905],"data_offsets":[0,4]})"), 4, "overflow"},
    {"shape larger than the data", one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,4]})"), 4, "needs 8"},
    {"end before begin", one(R"({"dtype":"F32","shape":[1],"data_offsets":[4,0]})"), 4, "data_offsets"},
    {"three offsets", one(R"({"dtype":"F32","shape":[1],"data_offsets":[0,4,8]})"), 8, "data_offsets"},
    {"negative offset", one(R"({"dtype":"F32","shape":[1],"data_offsets":[-4,0]})"), 4, "data_offsets"},
    {"end behind the data", one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})"), 4, "cut"},
    {"huge offsets", one(R"({"dtype":"F32","shape":[1],"data_offsets":[18446744073709551611,18446744073709551615]})"), 4,
     "cut"},
    {"data behind the last tensor", one(R"({"dtype":"F32","shape":[1],"data_offsets":[0,4]})"), 5, "behind"},
    {"a hole", R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}})",
     3, "hole"},
    {"a hole at the start", one(R"({"dtype":"U8","shape":[1],"data_offsets":[1,2]})"), 2, "hole"},
    {"an overlap",
     R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})", 3,
     "overlap"},
    {"a name twice",
     R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})", 2,
     "JSON"},
    {"an empty name", R"({"":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1, "name"},
    {"depth", std::string(5000, '['), 0, "JSON"},
    {"a lower case dtype", one(R"({"dtype":"f32","shape":[1],"data_offsets":[0,4]})"), 4, "dtype"},
    {"a packed dtype of another format", one(R"({"dtype":"Q8_0","shape":[32],"data_offsets":[0,34]})"), 34, "dtype"},
    {"another element size", one(R"({"dtype":"F64","shape":[1],"data_offsets":[0,4]})"), 4, "needs 8"},
    {"a smaller element size", one(R"({"dtype":"BF16","shape":[1],"data_offsets":[0,4]})"), 4, "needs 2"},
    {"data for no elements", one(R"({"dtype":"F32","shape":[0,3],"data_offsets":[0,4]})"), 4, "needs 0"},
    {"a scalar of eight bytes", one(R"({"dtype":"F32","shape":[],"data_offsets":[0,8]})"), 8, "needs 4"},
    {"a shape in words", one(R"({"dtype":"F32","shape":"1","data_offsets":[0,4]})"), 4, "shape"},
    {"a dimension in words", one(R"({"dtype":"F32","shape":["1"],"data_offsets":[0,4]})"), 4, "dimension"},
    {"a dimension of null", one(R"({"dtype":"F32","shape":[null],"data_offsets":[0,4]})"), 4, "dimension"},
    {"a dimension beyond 64 bits", one(R"({"dtype":"F32","shape":[18446744073709551617],"data_offsets":[0,4]})"), 4,
     "dimension"},
    {"a dimension of 1e1", one(R"({"dtype":"U8","shape":[1e1],"data_offsets":[0,10]})"), 10, "dimension"},
    {"a product that wraps to 0",
     one(R"({"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]})"), 0, "overflow"},
    {"a product that wraps to the data",
     one(R"({"dtype":"U8","shape":[4294967296,4294967296,4],"data_offsets":[0,4]})"), 4, "overflow"},
    {"a fractional offset", one(R"({"dtype":"F32","shape":[1],"data_offsets":[0.0,4]})"), 4, "data_offsets"},
    {"one offset", one(R"({"dtype":"F32","shape":[1],"data_offsets":[4]})"), 4, "data_offsets"},
    {"offsets that are an object", one(R"({"dtype":"F32","shape":[1],"data_offsets":{"begin":0,"end":4}})"), 4,
     "data_offsets"},
    {"the same bytes twice",
     R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})", 2,
     "overlap"},
    {"a tensor inside another",
     R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})", 4,
     "overlap"},
    {"a name of 600 bytes", "{\"" + std::string(600, 'n') + R"(":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1,
     "600"},
    {"two values", kGood + "{}", 22, "JSON"},
    {"a zero byte behind the header", kGood + std::string(1, '\0'), 22, "JSON"},
    {"a header of null", "null", 0, "object"},
    {"no tensors but data", R"({"__metadata__":{}})", 3, "behind"},
    {"an empty header", "", 0, "JSON"},
  };
  const TestDirectory folder;
  for (const Lie& lie : lies) {
    INFO(lie.why);
    const auto file = Safetensors::open_file(folder.write("lie.safetensors", packed(lie.header, lie.data)));
    REQUIRE_FALSE(file.ok());
    INFO(file.error().message());
    CHECK(file.error().message().starts_with("lie.safetensors: "));
    CHECK(file.error().message().find(lie.says) != std::string::npos);
  }
}

TEST_CASE("a header that claims more than the file or the limit is refused before it is read") {
  const TestDirectory folder;
  for (const uint64_t claimed : {uint64_t{kGood.size() + 23}, kMaxHeaderBytes + 1, uint64_t{1} << 40, ~uint64_t{0} - 1,
                                 uint64_t{1} << 63}) {
    CHECK_FALSE(Safetensors::open_file(folder.write("x.safetensors", packed(kGood, 22, claimed))).ok());
  }
}

TEST_CASE("a header of 100 MB is refused by its length, not read") {
  const TestDirectory folder;
  const std::filesystem::path path = folder.write("big.safetensors", packed("{", 0, 100'000'000));
  std::filesystem::resize_file(path, 100'000'100);  // as long as it claims, and sparse
  const auto file = Safetensors::open_file(path);
  REQUIRE_FALSE(file.ok());
  CHECK(file.error().message().find("claims 100000000 bytes") != std::string::npos);
}

TEST_CASE("a checkpoint cut at every 256th is refused, and flipped bytes never reach beyond the file") {
  const auto path = std::filesystem::path(HOB_SOURCE_DIR) / "tests/fixtures/gemma/e2b_like/model.safetensors";
  std::ifstream in(path, std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(in), {}};
  REQUIRE(whole.size() > 100'000);
  const TestDirectory folder;
  for (size_t part = 0; part < 256; ++part) {
    INFO(part);
    CHECK_FALSE(Safetensors::open_file(folder.write("cut.safetensors", whole.substr(0, whole.size() * part / 256))).ok());
  }
  std::mt19937 random(7);  // NOLINT: the same flips each time
  for (int i = 0; i < 100; ++i) {
    std::string bytes = whole;
    bytes[random() % (i % 4 == 0 ? bytes.size() : 8000)] = static_cast<char>(random());
    const auto file = Safetensors::open_file(folder.write("bent.safetensors", bytes));
    if (!file) {
      CHECK(file.error().message().starts_with("bent.safetensors: "));
      continue;
    }
    uint64_t sum = 0;
    for (const auto& [name, view] : file->tensors()) {
      for (const std::byte value : view.bytes) sum += std::to_integer<uint64_t>(value);
    }
    CHECK(sum > 0);
  }
}

TEST_CASE("more tensors than the limit are refused") {
  std::string header = "{";
  for (size_t i = 0; i <= kMaxTensors; ++i) {
    header += (i ? ",\"t" : "\"t") + std::to_string(i) + R"(":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
  }
  CHECK_FALSE(parse_header(header + "}", 0, "x").ok());
}

TEST_CASE("tensors without elements are allowed") {
  const auto entries = parse_header(R"({"a":{"dtype":"F32","shape":[0,9223372036854775807],"data_offsets":[0,0]}})", 0, "x");
  REQUIRE(entries.ok());
  CHECK(entries->size() == 1);
}

TEST_CASE("what is no regular file is refused") {
  const TestDirectory folder;
  CHECK_FALSE(Safetensors::open_file(folder.path()).ok());
  CHECK_FALSE(Safetensors::open_file(folder.file("absent")).ok());
  CHECK_FALSE(Safetensors::open_file("/dev/zero").ok());
  const auto nothing = Safetensors::open_directory(folder.path());
  REQUIRE_FALSE(nothing.ok());
  CHECK(nothing.error().message().find("model.safetensors") != std::string::npos);
}

TEST_CASE("shards are found through the index, which may not point elsewhere") {
  const std::string a = packed(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})", 2);
  const std::string b = packed(R"({"b":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}})", 3);
  const auto with_index = [&](const std::string& map) {
    const TestDirectory folder;
    folder.write("one.safetensors", a);
    folder.write("two.safetensors", b);
    folder.write("copy.safetensors", a);
    folder.write("model.safetensors.index.json", map);
    auto files = Safetensors::open_directory(folder.path());
    if (files) return std::string("ok ") + std::to_string(files->tensors().size());
    return files.error().message();
  };
  CHECK(with_index(R"({"metadata":{"total_size":5},"weight_map":{"a":"one.safetensors","b":"two.safetensors"}})") == "ok 2");
  const auto refused = [&](const std::string& map, std::string_view says) {
    const std::string message = with_index(map);
    INFO(map << " gave " << message);
    CHECK(message.find(says) != std::string::npos);
  };
  refused(R"({"weight_map":{"a":"one.safetensors","b":"one.safetensors"}})", "\"b\" is not in");
  refused(R"({"weight_map":{"a":"../one.safetensors"}})", "beside the index");
  refused(R"({"weight_map":{"a":"/etc/passwd.safetensors"}})", "beside the index");
  refused(R"({"weight_map":{"a":".safetensors"}})", "beside the index");
  refused(R"({"weight_map":{"a":"one.bin"}})", "beside the index");
  refused(R"({"weight_map":{"a":7}})", "beside the index");
  refused(R"({"weight_map":{"a":"three.safetensors"}})", "three.safetensors");
  refused(R"({"weight_map":{"a":"one.safetensors","x":"copy.safetensors"}})", "another shard");
  refused(R"({"weight_map":[]})", "weight_map");
  refused(R"([])", "weight_map");
  refused("{", "index.json");
}

TEST_CASE("what the writer wrote, the reader reads; unfinished files never get their name") {
  const TestDirectory folder;
  const std::filesystem::path path = folder.file("out.safetensors");
  const std::vector<float> values{1.5f, -2, 3, 4, 5, 6};
  const auto bytes = std::as_bytes(std::span(values));
  {
    auto writer = SafetensorsWriter::create(path, {{"x", Dtype::f32, {2, 2}}, {"y", Dtype::f32, {2}}});
    REQUIRE(writer.ok());
    REQUIRE(writer->append(bytes.first(20)).ok());
    CHECK_FALSE(std::filesystem::exists(path));
    CHECK_FALSE(writer->finish().ok());
    CHECK_FALSE(writer->append(bytes).ok());
    REQUIRE(writer->append(bytes.subspan(20)).ok());
    REQUIRE(writer->finish().ok());
  }
  const auto file = Safetensors::open_file(path);
  REQUIRE(file.ok());
  CHECK(std::memcmp(file->find("x")->bytes.data(), values.data(), 16) == 0);
  CHECK(std::memcmp(file->find("y")->bytes.data(), values.data() + 4, 8) == 0);
  {
    auto dropped = SafetensorsWriter::create(folder.file("dropped.safetensors"), {{"x", Dtype::u8, {1}}});
    REQUIRE(dropped.ok());
  }
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
  CHECK_FALSE(SafetensorsWriter::create("/nonexistent/x", {{"x", Dtype::u8, {1}}}).ok());
}

}  // namespace hob::gemma
