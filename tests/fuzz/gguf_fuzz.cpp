// GGUF files: of one that opens, tensors lie apart inside the file, arrays have as many items as
// they say, and what is read out of the keys holds as if it came from config.json and
// tokenizer.json.
#include <algorithm>
#include <cstring>
#include <set>

#include "model/gemma/gguf.h"
#include "model/gemma/gguf_config.h"
#include "model/gemma/gguf_tensors.h"
#include "model/gemma/gguf_tokenizer.h"
#include "model/gemma/weights.h"
#include "tests/fuzz/memory_file.h"
#include "tests/fuzz/promises.h"
#include "tests/fuzz/target.h"

namespace hob::fuzz {
namespace {

void check_file(const gemma::Gguf& file) {
  const auto all = file.mappings().front()->bytes();
  expect(file.head().size() <= all.size(), "the head is a part of the file");
  std::vector<std::pair<const std::byte*, const std::byte*>> parts;
  for (const auto& [name, view] : file.tensors()) {
    uint64_t elements = 1;
    for (const uint64_t length : view.shape)
      expect(!__builtin_mul_overflow(elements, length, &elements), "a size does not overflow");
    expect(view.elements() == elements, "a tensor has the bytes of its shape");
    expect(
        view.bytes.empty() || view.bytes.data() >= all.data() + file.head().size(),
        "data lies behind the head"
    );
    expect(
        view.bytes.data() + view.bytes.size() <= all.data() + all.size(), "data lies in the file"
    );
    if (!view.bytes.empty())
      parts.emplace_back(view.bytes.data(), view.bytes.data() + view.bytes.size());
  }
  std::sort(parts.begin(), parts.end());
  for (size_t i = 1; i < parts.size(); ++i)
    expect(parts[i].first >= parts[i - 1].second, "tensors do not overlap");
  for (const auto& [key, value] : file.metadata().items()) {
    const uint64_t count = file.count(key);
    uint64_t seen = 0;
    const auto texts = file.each_text(key, 1u << 20, [&](std::string_view) -> Result<void> {
      ++seen;
      return {};
    });
    if (texts) expect(seen == count, "an array has as many texts as it says");
    if (const auto numbers = file.numbers(key))
      expect(numbers->size() == count, "an array has as many numbers as it says");
    if (value.is_array()) expect(value.size() == count, "a kept array is whole");
  }
}

void run(std::string_view bytes) {
  static MemoryFile memory;
  memory.hold(bytes);
  const auto file = gemma::Gguf::open(memory.path());
  if (!file) return check_model_refusal(file.error());
  check_file(*file);
  if (const auto tokenizer = gemma::gguf_tokenizer(*file)) {
    check_text(*tokenizer, "the quick  <bos>\n\xF0\x9F\x98\x80 <|turn>");
  }
  const auto config = gemma::gguf_config(*file);
  if (!config) return;
  check_config(*config);
  if (const auto generation = gemma::gguf_generation(*file, config->vocab))
    check_generation(*generation, config->vocab);
  if (const auto files = gemma::gguf_tensors(*file, *config)) {
    expect(
        gemma::find_weights(*config, *files).ok(),
        "tensors that were found under one name are found under the other"
    );
  }
}

template <typename T>
std::string raw(T value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof(T));
}
std::string text(std::string_view value) {
  return raw<uint64_t>(value.size()) + std::string(value);
}

/// Keys and tensors, laid out as the format wants.
struct Maker {
  std::string keys, infos, data;
  uint64_t key_count = 0, tensor_count = 0;

  Maker& key(std::string_view name, uint32_t type, const std::string& value) {
    keys += text(name) + raw(type) + value;
    ++key_count;
    return *this;
  }
  Maker& number(std::string_view name, uint32_t value) { return key(name, 4, raw(value)); }
  Maker& tensor(std::string_view name, std::vector<uint64_t> shape, uint32_t type, size_t bytes) {
    infos += text(name) + raw(static_cast<uint32_t>(shape.size()));
    for (size_t i = shape.size(); i-- > 0;) infos += raw(shape[i]);
    data.resize((data.size() + 31) / 32 * 32);
    infos += raw(type) + raw<uint64_t>(data.size());
    data.append(bytes, '\0');
    ++tensor_count;
    return *this;
  }
  std::string bytes() const {
    std::string out = raw<uint32_t>(0x46554747) + raw<uint32_t>(3) + raw(tensor_count) +
                      raw(key_count) + keys + infos;
    out.resize((out.size() + 31) / 32 * 32);
    return out + data;
  }
};

std::string model() {
  Maker out;
  out.key("general.architecture", 8, text("gemma3"))
      .number("gemma3.block_count", 1)
      .number("gemma3.embedding_length", 4);
  out.number("gemma3.feed_forward_length", 4)
      .number("gemma3.attention.head_count", 2)
      .number("gemma3.attention.head_count_kv", 1);
  out.number("gemma3.attention.key_length", 2)
      .number("gemma3.attention.value_length", 2)
      .number("gemma3.context_length", 64);
  out.number("gemma3.attention.sliding_window", 16)
      .key("gemma3.attention.layer_norm_rms_epsilon", 6, raw(1e-6f));
  out.key("gemma3.rope.freq_base", 6, raw(1e6f));
  out.tensor("token_embd.weight", {4, 4}, 0, 64).tensor("output_norm.weight", {4}, 0, 16);
  out.tensor("blk.0.attn_q.weight", {4, 4}, 0, 64)
      .tensor("blk.0.attn_k.weight", {2, 4}, 0, 32)
      .tensor("blk.0.attn_v.weight", {2, 4}, 0, 32);
  out.tensor("blk.0.attn_output.weight", {4, 4}, 0, 64)
      .tensor("blk.0.attn_q_norm.weight", {2}, 0, 8)
      .tensor("blk.0.attn_k_norm.weight", {2}, 0, 8);
  for (const char* name : {"ffn_gate", "ffn_up", "ffn_down"})
    out.tensor("blk.0." + std::string(name) + ".weight", {4, 4}, 0, 64);
  for (const char* name : {"attn_norm", "post_attention_norm", "ffn_norm", "post_ffw_norm"}) {
    out.tensor("blk.0." + std::string(name) + ".weight", {4}, 0, 16);
  }
  return out.bytes();
}

std::string tokenizer() {
  std::vector<std::string> pieces{"<pad>", "<eos>", "<bos>", "<unk>", "\n"};
  std::string types = raw(3) + raw(3) + raw(3) + raw(2) + raw(4);
  for (int byte = 0; byte < 256; ++byte) {
    const char* const hex = "0123456789ABCDEF";
    pieces.push_back(std::string("<0x") + hex[byte / 16] + hex[byte % 16] + ">");
    types += raw(6);
  }
  for (const char* more : {"th", "the", "qu", "\u2581", "\u2581quick"}) {
    pieces.emplace_back(more);
    types += raw(1);
  }
  std::string texts = raw<uint32_t>(8) + raw<uint64_t>(pieces.size()),
              scores = raw<uint32_t>(6) + raw<uint64_t>(pieces.size());
  for (size_t i = 0; i < pieces.size(); ++i) {
    texts += text(pieces[i]);
    scores += raw(-static_cast<float>(i));
  }
  Maker out;
  out.key("tokenizer.ggml.model", 8, text("llama")).key("tokenizer.ggml.tokens", 9, texts);
  out.key("tokenizer.ggml.scores", 9, scores)
      .key("tokenizer.ggml.token_type", 9, raw<uint32_t>(5) + raw<uint64_t>(pieces.size()) + types);
  out.key("tokenizer.ggml.add_space_prefix", 7, std::string(1, '\0'));
  return out.bytes();
}

std::vector<std::string> seeds() {
  Maker packed;
  packed.key("general.alignment", 4, raw<uint32_t>(32))
      .key("x", 9, raw<uint32_t>(9) + raw<uint64_t>(1) + raw<uint32_t>(0) + raw<uint64_t>(0));
  packed.key("y", 9, raw<uint32_t>(5) + raw<uint64_t>(2) + raw(7) + raw(-7)).key("z", 12, raw(1.5));
  packed.tensor("a", {2, 32}, 8, 68).tensor("b", {1, 256}, 14, 210).tensor("c", {3}, 30, 6);
  return {model(), tokenizer(), packed.bytes(), Maker().bytes()};
}

const Target kTarget({"gguf", run, seeds, 3000});

}  // namespace
}  // namespace hob::fuzz
