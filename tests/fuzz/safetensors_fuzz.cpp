// Safetensors files: of one that opens, the tensors tile the data behind the header without a hole.
#include <algorithm>

#include "model/gemma/safetensors.h"
#include "tests/fuzz/memory_file.h"
#include "tests/fuzz/promises.h"
#include "tests/fuzz/target.h"

namespace hob::fuzz {
namespace {

void run(std::string_view bytes) {
  static MemoryFile file;
  file.hold(bytes);
  const auto opened = gemma::Safetensors::open_file(file.path());
  if (!opened) return check_model_refusal(opened.error());
  std::vector<std::pair<const std::byte*, const std::byte*>> parts;
  const auto all = opened->files().at(0)->bytes();
  for (const auto& [name, view] : opened->tensors()) {
    expect(opened->find(name) == &view, "a tensor is found by its name");
    expect(view.shape.size() <= gemma::kMaxRank, "ranks are limited");
    uint64_t size = gemma::byte_size(view.dtype);
    if (std::find(view.shape.begin(), view.shape.end(), 0u) != view.shape.end()) size = 0;
    for (const uint64_t length : view.shape) {
      if (size != 0)
        expect(!__builtin_mul_overflow(size, length, &size), "a size does not overflow");
    }
    expect(size == view.bytes.size(), "a tensor has the bytes of its shape");
    expect(
        view.elements() * gemma::byte_size(view.dtype) == size, "elements are counted by the shape"
    );
    parts.emplace_back(view.bytes.data(), view.bytes.data() + view.bytes.size());
  }
  std::sort(parts.begin(), parts.end());
  uint64_t header = 0;
  for (size_t i = 8; i-- > 0;) header = header << 8 | std::to_integer<uint64_t>(all[i]);
  const std::byte* at = all.data() + 8 + header;
  for (const auto& [begin, end] : parts) {
    expect(begin == at, "each tensor begins where the one before ends");
    at = end;
  }
  expect(at == all.data() + all.size(), "the last tensor ends with the file");
}

std::string file(std::string_view header, size_t data) {
  std::string out;
  for (size_t i = 0; i < 8; ++i) out += static_cast<char>(header.size() >> (8 * i) & 0xff);
  return out + std::string(header) + std::string(data, '\x01');
}

std::vector<std::string> seeds() {
  return {
      file(
          R"({"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"b":{"dtype":"BF16","shape":[],"data_offsets":[24,26]}})",
          26
      ),
      file(
          R"({"__metadata__":{"format":"pt"},"e":{"dtype":"U8","shape":[0,5],"data_offsets":[0,0]}})",
          0
      ),
      file(R"({"a":{"dtype":"I64","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", 0),
      file(
          R"({"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]},"b":{"dtype":"F16","shape":[1],"data_offsets":[1,3]}})",
          3
      ),
      file(R"({"a":{"dtype":"F8_E4M3","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}} )", 1),
      file("{}", 0)};
}

const Target kTarget({"safetensors", run, seeds, 3000});

}  // namespace
}  // namespace hob::fuzz
