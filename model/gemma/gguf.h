// Gguf: a GGUF file (version 3, little endian), mapped read-only, every number in it checked before it is used.
//
//   HOB_TRY(file, gemma::Gguf::open("model.gguf"));
//   file.metadata().at("general.architecture");          // "gemma3"
//   file.tensors().at("blk.0.attn_q.weight").shape;      // rows first, as safetensors has it
//
// Layout: magic, version, counts, key-values, tensor infos, padding, data. Refused: keys or tensors twice, more than 4,096
// keys or 20,000 tensors, lengths that reach beyond the file, sizes that overflow, rows that are no whole blocks, offsets
// that are not aligned, overlaps, holes wider than padding, types other than F32, F16, BF16, Q8_0, Q4_0, Q5_0, Q4_K, Q5_K
// and Q6_K. Long arrays (a tokenizer's pieces) are checked and counted, not kept. Immutable once opened: any thread.
#pragma once

#include "model/gemma/safetensors.h"
#include "schemas/base/json.h"

namespace hob::gemma {

class Gguf {
 public:
  static Result<Gguf> open(const std::filesystem::path& file);

  /// Keys in the file's order; an array of more than kMaxKeptItems stands as {"items": count}.
  const Json& metadata() const { return metadata_; }
  const std::map<std::string, TensorView, std::less<>>& tensors() const { return tensors_; }
  const std::shared_ptr<const Mapping>& mapping() const { return mapping_; }

  static constexpr size_t kMaxKeptItems = 1024;

 private:
  std::shared_ptr<const Mapping> mapping_;
  Json metadata_ = Json::object();
  std::map<std::string, TensorView, std::less<>> tensors_;
};

}  // namespace hob::gemma
