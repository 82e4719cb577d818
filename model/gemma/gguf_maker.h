// GgufMaker: GGUF files key by key, for tests beside this header.
//
//   GgufMaker file = GgufMaker::gemma3();                // a whole small model of zeros
//   file.set("gemma3.block_count", Maker::u32(0));
//   const auto opened = file.open();
#pragma once

#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "model/gemma/gguf.h"
#include "schemas/base/test_directory.h"

namespace hob::gemma {

class GgufMaker {
 public:
  struct Value {
    uint32_t type = 0;
    std::string bytes;
  };
  template <typename T>
  static std::string raw(T value) {
    return std::string(reinterpret_cast<const char*>(&value), sizeof(T));
  }
  static Value u16(uint16_t value) { return {2, raw(value)}; }
  static Value u32(uint32_t value) { return {4, raw(value)}; }
  static Value i32(int32_t value) { return {5, raw(value)}; }
  static Value f32(float value) { return {6, raw(value)}; }
  static Value flag(bool value) { return {7, raw(static_cast<uint8_t>(value))}; }
  static Value text(const std::string& value) { return {8, raw<uint64_t>(value.size()) + value}; }
  static Value texts(const std::vector<std::string>& values) {
    Value out{9, raw<uint32_t>(8) + raw<uint64_t>(values.size())};
    for (const std::string& value : values) out.bytes += text(value).bytes;
    return out;
  }
  template <typename T>
  static Value list(uint32_t type, const std::vector<T>& values) {
    Value out{9, raw(type) + raw<uint64_t>(values.size())};
    for (const T value : values) out.bytes += raw(value);
    return out;
  }
  static Value u32s(const std::vector<uint32_t>& values) { return list(4, values); }
  static Value i32s(const std::vector<int32_t>& values) { return list(5, values); }
  static Value f32s(const std::vector<float>& values) { return list(6, values); }
  static Value flags(const std::vector<uint8_t>& values) { return list(7, values); }

  GgufMaker& set(const std::string& key, Value value) {
    drop(key);
    keys_.emplace_back(key, std::move(value));
    return *this;
  }
  GgufMaker& drop(const std::string& key) {
    std::erase_if(keys_, [&](const auto& one) { return one.first == key; });
    return *this;
  }
  static constexpr uint32_t kF32 = 0, kBf16 = 30;
  /// Rows first; `values` cycle through the elements.
  GgufMaker& tensor(const std::string& name, std::vector<uint64_t> shape, std::vector<float> values = {0.0f}, uint32_t type = kF32) {
    without(name);
    tensors_.push_back({name, std::move(shape), std::move(values), type});
    return *this;
  }
  GgufMaker& without(const std::string& name) {
    std::erase_if(tensors_, [&](const Tensor& one) { return one.name == name; });
    return *this;
  }

  /// The same model in `count` parts: all keys in the first, tensors in turn.
  std::vector<GgufMaker> parts(uint16_t count) const {
    std::vector<GgufMaker> out(count);
    out[0].keys_ = keys_;
    for (size_t i = 0; i < tensors_.size(); ++i) out[i % count].tensors_.push_back(tensors_[i]);
    for (uint16_t i = 0; i < count; ++i) {
      out[i].set("split.no", u16(i)).set("split.count", u16(count));
      out[i].set("split.tensors.count", i32(static_cast<int32_t>(tensors_.size())));
    }
    return out;
  }

  std::string bytes() const {
    std::string out = raw<uint32_t>(0x46554747) + raw<uint32_t>(3) + raw<uint64_t>(tensors_.size()) + raw<uint64_t>(keys_.size());
    for (const auto& [key, value] : keys_) out += raw<uint64_t>(key.size()) + key + raw(value.type) + value.bytes;
    std::string data;
    for (const Tensor& one : tensors_) {
      out += raw<uint64_t>(one.name.size()) + one.name + raw(static_cast<uint32_t>(one.shape.size()));
      uint64_t elements = 1;
      for (size_t i = one.shape.size(); i-- > 0;) {
        out += raw(one.shape[i]);
        elements *= one.shape[i];
      }
      data.resize((data.size() + 31) / 32 * 32);
      out += raw<uint32_t>(one.type) + raw<uint64_t>(data.size());
      for (uint64_t i = 0; i < elements; ++i) {
        const std::string value = raw(one.values[i % one.values.size()]);
        data += one.type == kBf16 ? value.substr(2) : value;
      }
    }
    out.resize((out.size() + 31) / 32 * 32);
    return out + data;
  }
  /// The file is named made.gguf and gone afterwards; the mapping stays.
  Result<Gguf> open() const {
    const TestDirectory folder;
    return Gguf::open(folder.write("made.gguf", bytes()));
  }

  /// Two layers of width 8, vocabulary 10.
  static GgufMaker gemma3() {
    GgufMaker out;
    out.set("general.architecture", text("gemma3")).set("gemma3.block_count", u32(2)).set("gemma3.embedding_length", u32(8));
    out.set("gemma3.feed_forward_length", u32(12)).set("gemma3.attention.head_count", u32(2));
    out.set("gemma3.attention.head_count_kv", u32(1)).set("gemma3.attention.key_length", u32(4));
    out.set("gemma3.attention.value_length", u32(4)).set("gemma3.context_length", u32(64));
    out.set("gemma3.attention.sliding_window", u32(16)).set("gemma3.attention.layer_norm_rms_epsilon", f32(1e-6f));
    out.set("gemma3.rope.freq_base", f32(1e6f));
    out.layers(2, 2 * 4, 4, 12);
    return out;
  }
  /// Three layers, the second full, the last shares keys; per-layer embeddings of 2.
  static GgufMaker gemma4() {
    GgufMaker out;
    out.set("general.architecture", text("gemma4")).set("gemma4.block_count", u32(3)).set("gemma4.embedding_length", u32(8));
    out.set("gemma4.feed_forward_length", u32s({12, 12, 24})).set("gemma4.attention.head_count", u32(2));
    out.set("gemma4.attention.head_count_kv", u32s({1, 1, 1})).set("gemma4.attention.key_length", u32(8));
    out.set("gemma4.attention.key_length_swa", u32(4)).set("gemma4.context_length", u32(64));
    out.set("gemma4.attention.sliding_window", u32(16)).set("gemma4.attention.sliding_window_pattern", flags({1, 0, 1}));
    out.set("gemma4.attention.shared_kv_layers", u32(1)).set("gemma4.embedding_length_per_layer_input", u32(2));
    out.set("gemma4.attention.layer_norm_rms_epsilon", f32(1e-6f)).set("gemma4.final_logit_softcapping", f32(30.0f));
    out.layers(3, 8, 4, 12);
    out.tensor("rope_freqs.weight", {4}, {1.0f, 1e30f, 1e30f, 1e30f}).tensor("per_layer_token_embd.weight", {10, 6});
    out.tensor("per_layer_model_proj.weight", {6, 8}).tensor("per_layer_proj_norm.weight", {2});
    for (const std::string at : {"blk.0.", "blk.1.", "blk.2."}) {
      out.tensor(at + "layer_output_scale.weight", {1}).tensor(at + "inp_gate.weight", {2, 8});
      out.tensor(at + "proj.weight", {8, 2}).tensor(at + "post_norm.weight", {8});
    }
    out.tensor("blk.1.attn_q.weight", {16, 8}).tensor("blk.1.attn_k.weight", {8, 8}).without("blk.1.attn_v.weight");
    out.tensor("blk.1.attn_output.weight", {8, 16}).tensor("blk.1.attn_q_norm.weight", {8}).tensor("blk.1.attn_k_norm.weight", {8});
    out.tensor("blk.2.ffn_gate.weight", {24, 8}).tensor("blk.2.ffn_up.weight", {24, 8}).tensor("blk.2.ffn_down.weight", {8, 24});
    return out;
  }
  /// The keys of a tokenizer: 256 byte pieces, four control pieces, "\n", and then `more` with falling scores.
  GgufMaker& tokenizer(const std::vector<std::string>& more) {
    std::vector<std::string> pieces{"<pad>", "<eos>", "<bos>", "<unk>", "\n"};
    std::vector<int32_t> types{3, 3, 3, 2, 4};
    for (int byte = 0; byte < 256; ++byte) {
      const char* hex = "0123456789ABCDEF";
      pieces.push_back(std::string("<0x") + hex[byte / 16] + hex[byte % 16] + ">");
      types.push_back(6);
    }
    for (const std::string& piece : more) pieces.push_back(piece);
    types.resize(pieces.size(), 1);
    std::vector<float> scores;
    for (size_t i = 0; i < pieces.size(); ++i) scores.push_back(-static_cast<float>(i));
    set("tokenizer.ggml.model", text("llama")).set("tokenizer.ggml.tokens", texts(pieces));
    set("tokenizer.ggml.scores", f32s(scores)).set("tokenizer.ggml.token_type", i32s(types));
    return set("tokenizer.ggml.add_space_prefix", flag(false));
  }

 private:
  struct Tensor {
    std::string name;
    std::vector<uint64_t> shape;
    std::vector<float> values;
    uint32_t type = kF32;
  };

  void layers(int count, uint64_t queries, uint64_t head, uint64_t wide) {
    tensor("token_embd.weight", {10, 8}).tensor("output_norm.weight", {8}, {3.0f});
    for (int i = 0; i < count; ++i) {
      const std::string at = "blk." + std::to_string(i) + ".";
      tensor(at + "attn_q.weight", {queries, 8}).tensor(at + "attn_k.weight", {head, 8}).tensor(at + "attn_v.weight", {head, 8});
      tensor(at + "attn_output.weight", {8, queries}).tensor(at + "attn_q_norm.weight", {head}).tensor(at + "attn_k_norm.weight", {head});
      tensor(at + "ffn_gate.weight", {wide, 8}).tensor(at + "ffn_up.weight", {wide, 8}).tensor(at + "ffn_down.weight", {8, wide});
      for (const char* norm : {"attn_norm", "post_attention_norm", "ffn_norm", "post_ffw_norm"}) {
        tensor(at + norm + ".weight", {8}, {1.5f});
      }
    }
  }

  std::vector<std::pair<std::string, Value>> keys_;
  std::vector<Tensor> tensors_;
};

}  // namespace hob::gemma
