#include "model/gemma/safetensors_writer.h"

#include "schemas/base/json.h"

namespace hob::gemma {

Result<SafetensorsWriter> SafetensorsWriter::create(
  const std::filesystem::path& file, const std::vector<TensorSpec>& tensors
) {
  SafetensorsWriter out;
  Json header = {{"__metadata__", {{"format", "pt"}}}};
  for (const TensorSpec& tensor : tensors) {
    uint64_t size = byte_size(tensor.dtype);
    for (const uint64_t length : tensor.shape) {
      if (__builtin_mul_overflow(size, length, &size)) {
        return Error(Code::invalid_params, "The tensor " + tensor.name + " is too large.");
      }
    }
    header[tensor.name] = {
      {"dtype", name_of(tensor.dtype)}, {"shape", tensor.shape}, {"data_offsets", {out.left_, out.left_ + size}}
    };
    out.left_ += size;
  }
  std::string text = json::dump(header);
  text.resize((text.size() + 7) / 8 * 8, ' ');  // data aligned for every dtype
  out.file_ = file;
  out.partial_ = file;
  out.partial_ += ".partial";
  out.out_ = std::make_unique<std::ofstream>(out.partial_, std::ios::binary | std::ios::trunc);
  char length[8];
  for (size_t i = 0; i < 8; ++i) length[i] = static_cast<char>(text.size() >> (8 * i) & 0xff);
  out.out_->write(length, 8);
  out.out_->write(text.data(), static_cast<std::streamsize>(text.size()));
  if (!*out.out_) return out.failed("Cannot write");
  return Result<SafetensorsWriter>(std::move(out));
}

SafetensorsWriter::~SafetensorsWriter() {
  if (!out_) return;
  out_.reset();
  std::error_code ignored;
  std::filesystem::remove(partial_, ignored);
}

Error SafetensorsWriter::failed(std::string_view what) const {
  return Error(Code::invalid_params, std::string(what) + " " + partial_.string() + ".");
}

Result<void> SafetensorsWriter::append(std::span<const std::byte> bytes) {
  if (!out_ || bytes.size() > left_) return failed("More data than the header says for");
  out_->write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!*out_) return failed("Cannot write");
  left_ -= bytes.size();
  return {};
}

Result<void> SafetensorsWriter::finish() {
  if (!out_ || left_ != 0) return failed("Less data than the header says for");
  out_->close();
  if (!*out_) return failed("Cannot write");
  std::error_code failure;
  std::filesystem::rename(partial_, file_, failure);
  if (failure) return failed("Cannot rename");
  out_.reset();
  return {};
}

}  // namespace hob::gemma
