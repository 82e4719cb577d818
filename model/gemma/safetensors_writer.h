// SafetensorsWriter: writes one safetensors file piece by piece, so that large results never stand in memory.
//
//   HOB_TRY(writer, SafetensorsWriter::create(path, {{"logits", Dtype::f32, {time, vocab}}}));
//   HOB_TRY_VOID(writer.append(bytes));      // all tensors' bytes, in the order given
//   HOB_TRY_VOID(writer.finish());           // checks the size and gives the file its name
//
// The data goes to PATH.partial, which finish() renames; a writer dropped before leaves nothing behind. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "model/gemma/safetensors.h"

namespace hob::gemma {

struct TensorSpec {
  std::string name;
  Dtype dtype = Dtype::f32;
  std::vector<uint64_t> shape;
};

class SafetensorsWriter {
 public:
  static Result<SafetensorsWriter> create(const std::filesystem::path& file, const std::vector<TensorSpec>& tensors);
  SafetensorsWriter(SafetensorsWriter&&) = default;
  SafetensorsWriter& operator=(SafetensorsWriter&&) = delete;
  ~SafetensorsWriter();

  Result<void> append(std::span<const std::byte> bytes);
  Result<void> finish();

 private:
  SafetensorsWriter() = default;
  Error failed(std::string_view what) const;

  std::filesystem::path file_, partial_;
  std::unique_ptr<std::ofstream> out_;
  uint64_t left_ = 0;
};

}  // namespace hob::gemma
