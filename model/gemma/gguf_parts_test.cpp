// Models in several files: read like one, and refused for whatever does not belong together.
#include "model/gemma/gguf_parts.h"

#include <catch2/catch.hpp>
#include <functional>

#include "model/gemma/gguf_config.h"
#include "model/gemma/gguf_maker.h"
#include "model/gemma/gguf_tensors.h"
#include "model/gemma/model_files.h"

namespace hob::gemma {
namespace {

using Make = GgufMaker;

GgufMaker model() {
  GgufMaker out = GgufMaker::gemma4();
  float first = 1;  // so that no two tensors have the same bytes
  for (const char* name : {"blk.0.attn_q.weight", "blk.2.attn_q.weight"}) out.tensor(name, {8, 8}, {first++, 7.0f, 9.0f});
  return out;
}

std::string name_of_part(size_t number, size_t count = 3) {
  return "small-0000" + std::to_string(number) + "-of-0000" + std::to_string(count) + ".gguf";
}

void write(const TestDirectory& folder, const std::vector<GgufMaker>& parts) {
  for (size_t i = 0; i < parts.size(); ++i) folder.write(name_of_part(i + 1, parts.size()), parts[i].bytes());
}

void same_as_whole(const Gguf& parts) {
  const auto whole = model().open();
  REQUIRE(whole.ok());
  REQUIRE(parts.tensors().size() == whole->tensors().size());
  for (const auto& [name, view] : whole->tensors()) {
    INFO(name);
    const auto found = parts.tensors().find(name);
    REQUIRE(found != parts.tensors().end());
    CHECK(found->second.shape == view.shape);
    CHECK(std::equal(view.bytes.begin(), view.bytes.end(), found->second.bytes.begin(), found->second.bytes.end()));
  }
  const auto config = gguf_config(parts);
  REQUIRE(config.ok());
  CHECK(gguf_tensors(parts, *config).ok());
}

}  // namespace

TEST_CASE("a model in parts is read like one, by its first file or its directory") {
  for (const uint16_t count : {uint16_t{2}, uint16_t{3}, uint16_t{5}}) {
    const TestDirectory folder;
    write(folder, model().parts(count));
    const auto opened = Gguf::open(folder.file(name_of_part(1, count)));
    INFO((opened ? "" : opened.error().message()));
    REQUIRE(opened.ok());
    CHECK(opened->mappings().size() == count);
    same_as_whole(*opened);
    const auto found = find_model_files(folder.path());
    REQUIRE(found.ok());
    CHECK(found->gguf == folder.file(name_of_part(1, count)));
    folder.write("other.gguf", "x");
    CHECK_FALSE(find_model_files(folder.path()).ok());
  }
}

TEST_CASE("the first part may have the keys alone") {
  const TestDirectory folder;
  auto parts = model().parts(2);
  GgufMaker keys = model();
  const auto whole = model().open();
  REQUIRE(whole.ok());
  GgufMaker rest;
  for (const auto& [name, view] : whole->tensors()) {
    std::vector<float> values(view.bytes.size() / sizeof(float));
    std::memcpy(values.data(), view.bytes.data(), view.bytes.size());
    rest.tensor(name, view.shape, values);
    keys.without(name);
  }
  const auto tensors = static_cast<int32_t>(whole->tensors().size());
  for (GgufMaker* part : {&keys, &rest}) {
    part->set("split.no", Make::u16(part == &keys ? 0 : 1)).set("split.count", Make::u16(2)).set("split.tensors.count", Make::i32(tensors));
  }
  write(folder, {keys, rest});
  const auto opened = Gguf::open(folder.file(name_of_part(1, 2)));
  INFO((opened ? "" : opened.error().message()));
  REQUIRE(opened.ok());
  same_as_whole(*opened);
}

TEST_CASE("one part of one is a whole file") {
  GgufMaker maker = model();
  maker.set("split.count", Make::u16(1)).set("split.no", Make::u16(0));
  CHECK(maker.open().ok());
}

TEST_CASE("parts that do not belong together are refused by file and key") {
  struct Lie {
    std::string why;
    std::function<void(std::vector<GgufMaker>&)> tell;
    std::string file, says;
  };
  const auto set = [](size_t part, const char* key, Make::Value value) {
    return [=](std::vector<GgufMaker>& parts) { parts[part].set(key, value); };
  };
  const std::vector<Lie> lies{
    {"the first says it is the second", set(0, "split.no", Make::u16(1)), name_of_part(1), "split.no"},
    {"no number", [](auto& parts) { parts[0].drop("split.no"); }, name_of_part(1), "split.no"},
    {"a number beyond the count", set(0, "split.no", Make::u16(3)), name_of_part(1), "split.no"},
    {"a number that is a text", set(0, "split.no", Make::text("0")), name_of_part(1), "split.no"},
    {"another count than the name's", set(0, "split.count", Make::u16(4)), name_of_part(1), "split.count"},
    {"a count below zero", set(0, "split.count", Make::i32(-3)), name_of_part(1), "split.count"},
    {"a count that is a text", set(0, "split.count", Make::text("3")), name_of_part(1), "split.count"},
    {"more parts than there can be", set(0, "split.count", Make::u32(65'536)), name_of_part(1), "split.count"},
    {"no number of tensors", [](auto& parts) { parts[0].drop("split.tensors.count"); }, name_of_part(1), "split.tensors.count"},
    {"tensors below zero", set(0, "split.tensors.count", Make::i32(-1)), name_of_part(1), "split.tensors.count"},
    {"20,001 tensors", set(0, "split.tensors.count", Make::i32(20'001)), name_of_part(1), "split.tensors.count"},
    {"more tensors than there are", [](auto& parts) {
       for (auto& part : parts) part.set("split.tensors.count", Make::i32(500));
     }, name_of_part(1), "split.tensors.count is 500"},
    {"a tensor is left out", [](auto& parts) { parts[2].without("norm").without("output_norm.weight"); parts[1].without("output_norm.weight"); parts[0].without("output_norm.weight"); },
     name_of_part(1), "split.tensors.count"},
    {"the second of another model", set(1, "split.tensors.count", Make::i32(17)), name_of_part(2), "no part of " + name_of_part(1)},
    {"the third stands in the second's place", set(1, "split.no", Make::u16(2)), name_of_part(2), "wanted part 2"},
    {"the second of four", set(1, "split.count", Make::u16(4)), name_of_part(2), "of 4"},
    {"a whole file in its place", [](auto& parts) {
       for (const char* key : {"split.no", "split.count", "split.tensors.count"}) parts[1].drop(key);
     }, name_of_part(2), "no part of"},
    {"another architecture", set(2, "general.architecture", Make::text("gemma3")), name_of_part(3), "general.architecture"},
    {"a tensor twice", [](auto& parts) { parts[2].tensor("token_embd.weight", {10, 8}); parts[1].tensor("token_embd.weight", {10, 8}); },
     "token_embd.weight", "earlier part"},
  };
  for (const Lie& lie : lies) {
    INFO(lie.why);
    const TestDirectory folder;
    auto parts = model().parts(3);
    lie.tell(parts);
    write(folder, parts);
    const auto opened = Gguf::open(folder.file(name_of_part(1)));
    REQUIRE_FALSE(opened.ok());
    INFO(opened.error().message());
    CHECK(opened.error().code() == Code::model_failed);
    CHECK(opened.error().message().find(lie.file) != std::string::npos);
    CHECK(opened.error().message().find(lie.says) != std::string::npos);
  }
}

TEST_CASE("a part that is missing, cut, no GGUF file or given in the first one's place is named") {
  const TestDirectory folder;
  const auto parts = model().parts(3);
  write(folder, parts);
  const auto says = [&](const std::string& file, const std::vector<std::string>& what) {
    const auto opened = Gguf::open(folder.file(file));
    REQUIRE_FALSE(opened.ok());
    for (const std::string& text : what) {
      INFO(opened.error().message());
      CHECK(opened.error().message().find(text) != std::string::npos);
    }
  };
  says(name_of_part(2), {"part 2 of 3", "give the first, " + name_of_part(1)});
  folder.write("renamed.gguf", parts[0].bytes());
  says("renamed.gguf", {"split.count", "NAME-00001-of-00003.gguf"});
  const std::string third = parts[2].bytes();
  for (size_t keep = 0; keep < third.size(); keep += 1 + third.size() / 64) {
    folder.write(name_of_part(3), third.substr(0, keep));
    says(name_of_part(1), {name_of_part(3)});
  }
  folder.write(name_of_part(3), std::string(200, 'x'));
  says(name_of_part(1), {name_of_part(3), "no GGUF file"});
  std::filesystem::remove(folder.file(name_of_part(3)));
  says(name_of_part(1), {"part 3 of 3 is missing", name_of_part(3)});
}

TEST_CASE("a part's name is taken apart, and what is called otherwise is none") {
  const auto name = gguf_part_name("a-b-00002-of-00005.gguf");
  REQUIRE(name);
  CHECK(name->stem == "a-b");
  CHECK(name->number == 2);
  CHECK(name->count == 5);
  CHECK(name->file(1) == "a-b-00001-of-00005.gguf");
  for (const char* other : {"", "a.gguf", "-00001-of-00002.gguf", "a-0001-of-0002.gguf", "a-00003-of-00002.gguf", "a-00000-of-00002.gguf",
                            "a-00001-of-00002.bin", "a_00001-of-00002.gguf", "a-0000x-of-00002.gguf", "a-00001-Of-00002.gguf", "a-+0001-of-00002.gguf"}) {
    INFO(other);
    CHECK_FALSE(gguf_part_name(other));
  }
}

}  // namespace hob::gemma
