// Safetensors: the weights of a checkpoint, mapped read-only, every number in the header checked before it is used.
//
//   HOB_TRY(weights, gemma::Safetensors::open_directory(dir));     // model.safetensors or shards with an index
//   const TensorView* norm = weights.find("model.norm.weight");    // bytes lie in the mapping
//
// The format: u64 little-endian header length, a JSON object of name -> {dtype, shape, data_offsets}, then the data, without
// holes or overlaps. Refused: headers above 8 MiB, more than 20,000 tensors, sizes that overflow or disagree, data that
// ends early or late. Views live as long as the object. Immutable once opened: any thread. A file that somebody cuts
// while it is mapped stops the process (SIGBUS), which is why only hob-model maps weights.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/base/result.h"

namespace hob::gemma {

enum class Dtype {
  boolean, u8, i8, f8_e4m3, f8_e5m2, u16, i16, f16, bf16, u32, i32, f32, u64, i64, f64,
  q4_0, q5_0, q8_0, q4_k, q5_k, q6_k,  // packed in blocks; GGUF files only
};

/// Of an element, or of a block where elements are packed in blocks.
size_t byte_size(Dtype dtype);
size_t block_elements(Dtype dtype);
/// Not a number by itself, or one that the decoder does not compute with: must be made f32 or bf16 first.
bool is_packed(Dtype dtype);
/// "BF16": the word in the file.
std::string_view name_of(Dtype dtype);

struct TensorView {
  Dtype dtype = Dtype::f32;
  std::vector<uint64_t> shape;
  std::span<const std::byte> bytes;
  /// Where the lower half of each matrix's rows lies, of a tensor that stands in two places (gguf_tensors.h).
  std::span<const std::byte> lower = {};

  uint64_t elements() const { return byte_count() / byte_size(dtype) * block_elements(dtype); }
  uint64_t byte_count() const { return bytes.size() + lower.size(); }
  /// A product may read it as it lies.
  bool is_plain() const { return lower.empty() && !is_packed(dtype); }
};

/// "[3, 4]", for messages.
std::string shape_text(std::span<const uint64_t> shape);

/// One tensor of a header; offsets count from the start of the data.
struct TensorEntry {
  std::string name;
  Dtype dtype = Dtype::f32;
  std::vector<uint64_t> shape;
  uint64_t begin = 0, end = 0;
};

inline constexpr uint64_t kMaxHeaderBytes = 8u << 20;
inline constexpr size_t kMaxTensors = 20'000;
inline constexpr size_t kMaxRank = 8;

/// Checks a header against the size of the data behind it.
Result<std::vector<TensorEntry>> parse_header(std::string_view header, uint64_t data_bytes, std::string_view where);

/// A file mapped read-only; unmapped with the last owner.
class Mapping {
 public:
  static Result<std::shared_ptr<const Mapping>> open(const std::filesystem::path& file);
  Mapping(const std::byte* data, size_t size) : data_(data), size_(size) {}
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping();
  std::span<const std::byte> bytes() const { return {data_, size_}; }
  /// Whole pages of these bytes need not stay in memory; they are read again when somebody looks.
  void let_go(std::span<const std::byte> bytes) const;

 private:
  const std::byte* data_;
  size_t size_;
};

class Safetensors {
 public:
  static Result<Safetensors> open_file(const std::filesystem::path& file);
  /// `model.safetensors` if it is there, else the shards that `model.safetensors.index.json` names.
  static Result<Safetensors> open_directory(const std::filesystem::path& directory);

  /// Tensors of another kind of file, under the names that a checkpoint's would have; `files` is what they borrow.
  static Safetensors of(
    std::map<std::string, TensorView, std::less<>> tensors, std::vector<std::shared_ptr<const Mapping>> files
  );

  const TensorView* find(std::string_view name) const;
  const std::map<std::string, TensorView, std::less<>>& tensors() const { return tensors_; }
  /// Size of all files together.
  uint64_t file_bytes() const { return file_bytes_; }
  const std::vector<std::shared_ptr<const Mapping>>& files() const { return files_; }
  /// Keeps memory that views point into as long as the files.
  void keep(std::shared_ptr<const void> memory) { kept_.push_back(std::move(memory)); }

 private:
  Result<void> add_file(const std::filesystem::path& file);

  std::vector<std::shared_ptr<const Mapping>> files_;
  std::vector<std::shared_ptr<const void>> kept_;
  std::map<std::string, TensorView, std::less<>> tensors_;
  uint64_t file_bytes_ = 0;
};

}  // namespace hob::gemma
