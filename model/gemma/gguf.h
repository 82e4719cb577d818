// Gguf: a GGUF file (version 3, little endian), mapped read-only, every number in it checked before it is used.
//
//   HOB_TRY(file, gemma::Gguf::open("model.gguf"));
//   file.metadata().at("general.architecture");          // "gemma3"
//   file.tensors().at("blk.0.attn_q.weight").shape;      // rows first, as safetensors has it
//
// Layout: magic, version, counts, key-values, tensor infos, padding, data. Refused: keys or tensors twice, more than 4,096
// keys or 20,000 tensors, lengths that reach beyond the file, sizes that overflow, rows that are no whole blocks, offsets
// that are not aligned, overlaps, holes wider than padding, types other than F32, F16, BF16, Q8_0, Q4_0, Q5_0, Q4_K, Q5_K
// and Q6_K. A model in several parts (gguf_parts.h) is opened by its first file, whose keys count for all; a part that is
// missing, of another model or holds a tensor again is refused by its name. Long arrays (a tokenizer's pieces) are checked
// and counted in the metadata; each_text() and numbers() read them where they lie. Immutable once opened: any thread.
#pragma once

#include <functional>
#include <optional>

#include "model/gemma/safetensors.h"
#include "schemas/base/json.h"

namespace hob::gemma {

class Gguf {
 public:
  static Result<Gguf> open(const std::filesystem::path& file);

  /// Keys in the file's order; an array of more than kMaxKeptItems stands as {"items": count}.
  const Json& metadata() const { return metadata_; }
  const std::map<std::string, TensorView, std::less<>>& tensors() const { return tensors_; }
  /// One of each file, in the order of parts.
  const std::vector<std::shared_ptr<const Mapping>>& mappings() const { return mappings_; }
  /// The file's name, for messages.
  const std::string& name() const { return name_; }
  /// The first file's bytes before the data: all keys and its tensors' table.
  std::span<const std::byte> head() const { return mappings_.front()->bytes().first(head_bytes_); }

  /// Items of an array; 0 when there is no such array.
  uint64_t count(std::string_view key) const;
  /// Shows the texts of an array one after the other. An error of `take` ends it.
  Result<void> each_text(
    std::string_view key, size_t most_bytes, const std::function<Result<void>(std::string_view)>& take
  ) const;
  /// An array of numbers of any type.
  Result<std::vector<double>> numbers(std::string_view key) const;

  /// "FILE: key "x" ...".
  Error refuse(std::string message) const;

  static constexpr size_t kMaxKeptItems = 1024;

 private:
  struct Array {
    uint32_t type = 0;
    uint64_t count = 0;
    std::span<const std::byte> bytes;
  };

  /// One file, whatever it says of others.
  static Result<Gguf> open_file(const std::filesystem::path& file);
  /// Where this is the first of several parts: the others' tensors.
  Result<void> add_parts(const std::filesystem::path& file);

  std::string name_;
  std::vector<std::shared_ptr<const Mapping>> mappings_;
  size_t head_bytes_ = 0;
  std::map<std::string, Array, std::less<>> arrays_;
  Json metadata_ = Json::object();
  std::map<std::string, TensorView, std::less<>> tensors_;
};

}  // namespace hob::gemma
