#include "model/gemma/gguf.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <optional>

namespace hob::gemma {
namespace {

constexpr uint64_t kMaxKeys = 4096;
constexpr uint64_t kMaxKeyBytes = 512;
constexpr uint64_t kMaxTextBytes = 16u << 20;
constexpr uint64_t kMaxItems = 8u << 20;
constexpr uint64_t kMaxAlignment = 1u << 20;
constexpr uint32_t kArray = 9, kString = 8, kBool = 7;

struct TypeRow {
  uint32_t number;
  Dtype dtype;
};
constexpr std::array kTypes{
  TypeRow{0, Dtype::f32},   TypeRow{1, Dtype::f16},   TypeRow{2, Dtype::q4_0},  TypeRow{6, Dtype::q5_0},
  TypeRow{8, Dtype::q8_0},  TypeRow{12, Dtype::q4_k}, TypeRow{13, Dtype::q5_k}, TypeRow{14, Dtype::q6_k},
  TypeRow{30, Dtype::bf16},
};

/// Bytes of a scalar value's type; 0: no such type, or none of one size.
size_t scalar_bytes(uint32_t type) {
  constexpr std::array<size_t, 13> kBytes{1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
  return type < kBytes.size() ? kBytes[type] : 0;
}

/// Reads forward; every read says what it was for when the file ends too early.
class Cursor {
 public:
  Cursor(std::span<const std::byte> bytes, std::string where) : bytes_(bytes), where_(std::move(where)) {}

  Error refuse(std::string message) const { return Error(Code::model_failed, where_ + ": " + std::move(message)); }
  uint64_t at() const { return at_; }
  uint64_t left() const { return bytes_.size() - at_; }

  Result<std::span<const std::byte>> take(uint64_t count, std::string_view what) {
    if (count > left()) {
      return refuse(std::string(what) + " needs " + std::to_string(count) + " bytes at byte " + std::to_string(at_) +
                    "; the file has " + std::to_string(bytes_.size()) + "; is it cut?");
    }
    const auto out = bytes_.subspan(at_, static_cast<size_t>(count));
    at_ += static_cast<size_t>(count);
    return out;
  }
  template <typename T>
  Result<T> number(std::string_view what) {
    HOB_TRY(bytes, take(sizeof(T), what));
    T out;
    std::memcpy(&out, bytes.data(), sizeof(T));
    return out;
  }
  Result<std::string> text(uint64_t most, std::string_view what) {
    HOB_TRY(length, number<uint64_t>(what));
    if (length > most) {
      return refuse(std::string(what) + " has " + std::to_string(length) + " bytes; at most " + std::to_string(most) +
                    " are read");
    }
    HOB_TRY(bytes, take(length, what));
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }

 private:
  std::span<const std::byte> bytes_;
  std::string where_;
  size_t at_ = 0;
};

template <typename T>
Json loaded(std::span<const std::byte> bytes) {
  T out;
  std::memcpy(&out, bytes.data(), sizeof(T));
  return out;
}

template <typename T>
double as_double(std::span<const std::byte> bytes) {
  T out;
  std::memcpy(&out, bytes.data(), sizeof(T));
  return static_cast<double>(out);
}

double number_at(uint32_t type, std::span<const std::byte> bytes) {
  switch (type) {
    case 1: return as_double<int8_t>(bytes);
    case 2: return as_double<uint16_t>(bytes);
    case 3: return as_double<int16_t>(bytes);
    case 4: return as_double<uint32_t>(bytes);
    case 5: return as_double<int32_t>(bytes);
    case 6: return as_double<float>(bytes);
    case 10: return as_double<uint64_t>(bytes);
    case 11: return as_double<int64_t>(bytes);
    case 12: return as_double<double>(bytes);
    default: return as_double<uint8_t>(bytes);
  }
}

Result<Json> scalar(Cursor& in, uint32_t type, const std::string& what) {
  if (type == kString) {
    HOB_TRY(text, in.text(kMaxTextBytes, what));
    return Json(std::move(text));
  }
  HOB_TRY(bytes, in.take(scalar_bytes(type), what));
  switch (type) {
    case 0: return loaded<uint8_t>(bytes);
    case 1: return loaded<int8_t>(bytes);
    case 2: return loaded<uint16_t>(bytes);
    case 3: return loaded<int16_t>(bytes);
    case 4: return loaded<uint32_t>(bytes);
    case 5: return loaded<int32_t>(bytes);
    case 6: return Json(double{loaded<float>(bytes).get<float>()});
    case kBool: {
      const auto byte = std::to_integer<int>(bytes[0]);
      if (byte > 1) return in.refuse(what + " is a flag of value " + std::to_string(byte));
      return Json(byte == 1);
    }
    case 10: return loaded<uint64_t>(bytes);
    case 11: return loaded<int64_t>(bytes);
    default: return loaded<double>(bytes);
  }
}

struct RawArray {
  uint32_t type = 0;
  uint64_t count = 0, begin = 0, end = 0;
};

Result<Json> value(Cursor& in, const std::string& key, std::optional<RawArray>& array) {
  const std::string what = "key \"" + key + "\"";
  HOB_TRY(type, in.number<uint32_t>(what));
  const auto known = [](uint32_t t) { return t == kString || scalar_bytes(t) > 0; };
  if (type != kArray) {
    if (!known(type)) return in.refuse(what + " has the unknown type " + std::to_string(type));
    HOB_TRY(out, scalar(in, type, what));
    return out;
  }
  HOB_TRY(item, in.number<uint32_t>(what));
  HOB_TRY(count, in.number<uint64_t>(what));
  if (!known(item)) return in.refuse(what + " is an array of the unknown type " + std::to_string(item));
  if (count > kMaxItems) return in.refuse(what + " has " + std::to_string(count) + " items; at most 8388608 are read");
  array = RawArray{item, count, in.at(), in.at()};
  if (count > Gguf::kMaxKeptItems) {
    if (item == kString) {
      for (uint64_t i = 0; i < count; ++i) {
        HOB_TRY(length, in.number<uint64_t>(what));
        HOB_TRY_VOID(in.take(length, what));
      }
    } else {
      HOB_TRY_VOID(in.take(count * scalar_bytes(item), what));
    }
    array->end = in.at();
    return Json{{"items", count}};
  }
  Json out = Json::array();
  for (uint64_t i = 0; i < count; ++i) {
    HOB_TRY(one, scalar(in, item, what));
    out.push_back(std::move(one));
  }
  array->end = in.at();
  return out;
}

struct Info {
  std::string name;
  Dtype dtype = Dtype::f32;
  std::vector<uint64_t> shape;
  uint64_t offset = 0, bytes = 0;
};

Result<Info> tensor_info(Cursor& in) {
  Info out;
  HOB_TRY(name, in.text(kMaxKeyBytes, "a tensor's name"));
  const std::string what = "tensor \"" + name.substr(0, 120) + "\"";
  if (name.empty()) return in.refuse("a tensor has an empty name");
  HOB_TRY(rank, in.number<uint32_t>(what));
  if (rank < 1 || rank > 4) {
    return in.refuse(what + " has " + std::to_string(rank) + " dimensions; wanted 1 to 4");
  }
  uint64_t elements = 1;
  for (uint32_t i = 0; i < rank; ++i) {
    HOB_TRY(length, in.number<uint64_t>(what));
    if (length == 0) return in.refuse(what + " has a dimension of 0");
    if (__builtin_mul_overflow(elements, length, &elements)) return in.refuse(what + " has a shape whose size overflows");
    out.shape.insert(out.shape.begin(), length);  // the file has the fastest first
  }
  HOB_TRY(type, in.number<uint32_t>(what));
  const auto known = std::find_if(kTypes.begin(), kTypes.end(), [&](const TypeRow& r) { return r.number == type; });
  if (known == kTypes.end()) {
    return in.refuse(what + " has the type " + std::to_string(type) +
                     "; hob reads F32, F16, BF16, Q8_0, Q4_0, Q5_0, Q4_K, Q5_K and Q6_K");
  }
  out.dtype = known->dtype;
  const uint64_t block = block_elements(out.dtype);
  if (out.shape.back() % block != 0) {
    return in.refuse(what + " has rows of " + std::to_string(out.shape.back()) + ", no multiple of the " +
                     std::to_string(block) + " values of a block of " + std::string(name_of(out.dtype)));
  }
  if (__builtin_mul_overflow(elements / block, uint64_t{byte_size(out.dtype)}, &out.bytes)) {
    return in.refuse(what + " has a shape whose size overflows");
  }
  HOB_TRY(offset, in.number<uint64_t>(what));
  out.offset = offset;
  out.name = std::move(name);
  return out;
}

/// In the order of offsets, nothing may overlap, and between two tensors there is padding at most.
Result<void> check_layout(
  const Cursor& in, std::vector<const Info*> order, uint64_t data_bytes, uint64_t alignment
) {
  std::sort(order.begin(), order.end(), [](const Info* a, const Info* b) { return a->offset < b->offset; });
  uint64_t end = 0;
  for (const Info* info : order) {
    const std::string what = "tensor \"" + info->name + "\"";
    if (info->offset % alignment != 0) {
      return in.refuse(what + " begins at " + std::to_string(info->offset) + ", which is not aligned to " +
                       std::to_string(alignment));
    }
    if (info->offset < end) return in.refuse(what + " overlaps the tensor before it");
    if (info->offset - end >= alignment) return in.refuse("there is a hole before " + what);
    if (info->offset > data_bytes || info->bytes > data_bytes - info->offset) {
      return in.refuse(what + " needs " + std::to_string(info->bytes) + " bytes from " + std::to_string(info->offset) +
                       " of the data, which has " + std::to_string(data_bytes) + "; is the file cut?");
    }
    end = info->offset + info->bytes;
  }
  if (data_bytes - end >= alignment) {
    return in.refuse("there are " + std::to_string(data_bytes - end) + " bytes behind the last tensor");
  }
  return {};
}

}  // namespace

Result<Gguf> Gguf::open_file(const std::filesystem::path& file) {
  Gguf out;
  HOB_TRY(mapping, Mapping::open(file));
  out.mappings_.push_back(mapping);
  out.name_ = file.filename().string();
  Cursor in(mapping->bytes(), out.name_);
  HOB_TRY(magic, in.number<uint32_t>("the magic number"));
  if (magic != 0x46554747u) return in.refuse("this is no GGUF file");
  HOB_TRY(version, in.number<uint32_t>("the version"));
  if (version != 3) return in.refuse("the file has version " + std::to_string(version) + "; hob reads version 3");
  HOB_TRY(tensors, in.number<uint64_t>("the number of tensors"));
  HOB_TRY(keys, in.number<uint64_t>("the number of keys"));
  if (tensors > kMaxTensors) {
    return in.refuse("the header names " + std::to_string(tensors) + " tensors; at most 20000 are read");
  }
  if (keys > kMaxKeys) return in.refuse("the header names " + std::to_string(keys) + " keys; at most 4096 are read");
  for (uint64_t i = 0; i < keys; ++i) {
    HOB_TRY(key, in.text(kMaxKeyBytes, "a key"));
    if (key.empty()) return in.refuse("a key is empty");
    std::optional<RawArray> array;
    HOB_TRY(item, value(in, key, array));
    if (out.metadata_.contains(key)) return in.refuse("key \"" + key + "\" is there twice");
    out.metadata_[key] = std::move(item);
    if (!array) continue;
    const auto bytes = mapping->bytes().subspan(static_cast<size_t>(array->begin), static_cast<size_t>(array->end - array->begin));
    out.arrays_.emplace(key, Array{array->type, array->count, bytes});
  }
  uint64_t alignment = 32;
  if (out.metadata_.contains("general.alignment")) {
    const Json& wanted = out.metadata_.at("general.alignment");
    const bool natural = wanted.is_number_integer() && (wanted.is_number_unsigned() || wanted.get<int64_t>() >= 0);
    alignment = natural ? wanted.get<uint64_t>() : 0;
    if (alignment < 8 || alignment > kMaxAlignment || !std::has_single_bit(alignment)) {
      return in.refuse("general.alignment must be a power of two from 8 to 1048576, got " + json::brief(wanted));
    }
  }
  std::vector<Info> infos;
  for (uint64_t i = 0; i < tensors; ++i) {
    HOB_TRY(info, tensor_info(in));
    infos.push_back(std::move(info));
  }
  const uint64_t start = (in.at() + alignment - 1) / alignment * alignment;
  const uint64_t size = mapping->bytes().size();
  if (start > size && !infos.empty()) return in.refuse("the file ends before its data; is it cut?");
  out.head_bytes_ = static_cast<size_t>(in.at());
  std::vector<const Info*> order;
  for (const Info& info : infos) order.push_back(&info);
  HOB_TRY_VOID(check_layout(in, std::move(order), size - std::min(start, size), alignment));
  for (Info& info : infos) {
    TensorView view{
      .dtype = info.dtype,
      .shape = std::move(info.shape),
      .bytes = mapping->bytes().subspan(static_cast<size_t>(start + info.offset), static_cast<size_t>(info.bytes))
    };
    if (!out.tensors_.emplace(info.name, std::move(view)).second) {
      return in.refuse("tensor \"" + info.name + "\" is there twice");
    }
  }
  return out;
}

Error Gguf::refuse(std::string message) const { return Error(Code::model_failed, name_ + ": " + std::move(message)); }

uint64_t Gguf::count(std::string_view key) const {
  const auto found = arrays_.find(key);
  return found == arrays_.end() ? 0 : found->second.count;
}

Result<void> Gguf::each_text(
  std::string_view key, size_t most_bytes, const std::function<Result<void>(std::string_view)>& take
) const {
  const auto found = arrays_.find(key);
  if (found == arrays_.end() || found->second.type != kString) {
    return refuse("key \"" + std::string(key) + "\" must be an array of texts");
  }
  // open() has walked over these bytes: every length fits.
  std::span<const std::byte> left = found->second.bytes;
  for (uint64_t i = 0; i < found->second.count; ++i) {
    uint64_t length = 0;
    std::memcpy(&length, left.data(), sizeof(length));
    left = left.subspan(sizeof(length));
    if (length > most_bytes) {
      return refuse("item " + std::to_string(i) + " of key \"" + std::string(key) + "\" has " + std::to_string(length) +
                    " bytes; at most " + std::to_string(most_bytes) + " are read");
    }
    const auto text = left.first(static_cast<size_t>(length));
    HOB_TRY_VOID(take({reinterpret_cast<const char*>(text.data()), text.size()}));
    left = left.subspan(static_cast<size_t>(length));
  }
  return {};
}

Result<std::vector<double>> Gguf::numbers(std::string_view key) const {
  const auto found = arrays_.find(key);
  if (found == arrays_.end() || found->second.type == kString) {
    return refuse("key \"" + std::string(key) + "\" must be an array of numbers");
  }
  const size_t size = scalar_bytes(found->second.type);
  std::vector<double> out;
  out.reserve(static_cast<size_t>(found->second.count));
  for (auto left = found->second.bytes; !left.empty(); left = left.subspan(size)) {
    out.push_back(number_at(found->second.type, left));
  }
  return out;
}

}  // namespace hob::gemma
