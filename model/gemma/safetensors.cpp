#include "model/gemma/safetensors.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <set>

#include "model/gemma/config.h"
#include "schemas/base/json.h"

namespace hob::gemma {
namespace {

constexpr size_t kMaxIndexBytes = 16u << 20;
constexpr size_t kMaxShards = 1000;
constexpr size_t kMaxNameBytes = 512;

struct DtypeRow {
  Dtype dtype;
  std::string_view name;
  size_t bytes;
  size_t elements = 1;  // more than one: not of this format
};
constexpr std::array kDtypes{
  DtypeRow{Dtype::boolean, "BOOL", 1}, DtypeRow{Dtype::u8, "U8", 1},
  DtypeRow{Dtype::i8, "I8", 1},        DtypeRow{Dtype::f8_e4m3, "F8_E4M3", 1},
  DtypeRow{Dtype::f8_e5m2, "F8_E5M2", 1}, DtypeRow{Dtype::u16, "U16", 2},
  DtypeRow{Dtype::i16, "I16", 2},      DtypeRow{Dtype::f16, "F16", 2},
  DtypeRow{Dtype::bf16, "BF16", 2},    DtypeRow{Dtype::u32, "U32", 4},
  DtypeRow{Dtype::i32, "I32", 4},      DtypeRow{Dtype::f32, "F32", 4},
  DtypeRow{Dtype::u64, "U64", 8},      DtypeRow{Dtype::i64, "I64", 8},
  DtypeRow{Dtype::f64, "F64", 8},
  DtypeRow{Dtype::q4_0, "Q4_0", 18, 32},    DtypeRow{Dtype::q5_0, "Q5_0", 22, 32},
  DtypeRow{Dtype::q8_0, "Q8_0", 34, 32},    DtypeRow{Dtype::q4_k, "Q4_K", 144, 256},
  DtypeRow{Dtype::q5_k, "Q5_K", 176, 256},  DtypeRow{Dtype::q6_k, "Q6_K", 210, 256},
};

const DtypeRow& row(Dtype dtype) {
  return *std::find_if(kDtypes.begin(), kDtypes.end(), [&](const DtypeRow& r) { return r.dtype == dtype; });
}

Error refuse(std::string_view where, std::string message) {
  return Error(Code::model_failed, std::string(where) + ": " + std::move(message));
}

std::string shown(std::string_view name) { return "tensor \"" + std::string(name.substr(0, 120)) + "\""; }

/// A JSON integer that is not negative.
std::optional<uint64_t> natural(const Json& value) {
  if (!value.is_number_integer()) return std::nullopt;
  if (!value.is_number_unsigned() && value.get<int64_t>() < 0) return std::nullopt;
  return value.get<uint64_t>();
}

Result<TensorEntry> parse_entry(
  const std::string& name, const Json& value, uint64_t data_bytes, std::string_view where
) {
  if (name.empty() || name.size() > kMaxNameBytes) {
    return refuse(where, shown(name) + " has a name of " + std::to_string(name.size()) + " bytes; wanted 1 to 512");
  }
  if (!value.is_object() || !value.contains("dtype") || !value.contains("shape") || !value.contains("data_offsets")) {
    return refuse(where, shown(name) + " must be an object with dtype, shape and data_offsets");
  }
  TensorEntry out;
  out.name = name;
  const Json& dtype = value.at("dtype");
  const auto known = std::find_if(kDtypes.begin(), kDtypes.end(), [&](const DtypeRow& r) {
    return r.elements == 1 && dtype.is_string() && dtype.get_ref<const std::string&>() == r.name;
  });
  if (known == kDtypes.end()) return refuse(where, shown(name) + " has the unknown dtype " + json::brief(dtype));
  out.dtype = known->dtype;

  const Json& shape = value.at("shape");
  if (!shape.is_array() || shape.size() > kMaxRank) {
    return refuse(where, shown(name) + " must have a shape of at most 8 dimensions, got " + json::brief(shape));
  }
  uint64_t size = known->bytes;
  bool overflow = false;
  bool empty = false;
  for (const Json& dimension : shape) {
    const auto length = natural(dimension);
    if (!length) return refuse(where, shown(name) + " has the dimension " + json::brief(dimension));
    out.shape.push_back(*length);
    empty = empty || *length == 0;
    overflow = __builtin_mul_overflow(size, *length, &size) || overflow;
  }
  if (empty) size = 0;
  if (overflow && !empty) return refuse(where, shown(name) + " has a shape whose size overflows");

  const Json& offsets = value.at("data_offsets");
  const auto begin = offsets.is_array() && offsets.size() == 2 ? natural(offsets[0]) : std::nullopt;
  const auto end = begin ? natural(offsets[1]) : std::nullopt;
  if (!end || *begin > *end) {
    return refuse(where, shown(name) + " must have data_offsets [begin, end], got " + json::brief(offsets));
  }
  if (*end > data_bytes) {
    return refuse(
      where, shown(name) + " ends at byte " + std::to_string(*end) + " of the data, which has " +
               std::to_string(data_bytes) + "; is the file cut?"
    );
  }
  if (*end - *begin != size) {
    return refuse(
      where, shown(name) + " of shape " + shape_text(out.shape) + " and dtype " + std::string(known->name) + " needs " +
               std::to_string(size) + " bytes but has " + std::to_string(*end - *begin)
    );
  }
  out.begin = *begin;
  out.end = *end;
  return out;
}

/// The entries must tile the data: no overlap, no hole, nothing left over.
Result<void> check_tiling(
  const std::vector<TensorEntry>& entries, uint64_t data_bytes, std::string_view where
) {
  std::vector<const TensorEntry*> order;
  for (const TensorEntry& entry : entries) order.push_back(&entry);
  std::sort(order.begin(), order.end(), [](const TensorEntry* a, const TensorEntry* b) {
    return a->begin != b->begin ? a->begin < b->begin : a->end < b->end;
  });
  uint64_t at = 0;
  for (const TensorEntry* entry : order) {
    if (entry->begin < at) return refuse(where, shown(entry->name) + " overlaps the tensor before it");
    if (entry->begin > at) {
      return refuse(
        where, "there is a hole of " + std::to_string(entry->begin - at) + " bytes before " + shown(entry->name)
      );
    }
    at = entry->end;
  }
  if (at != data_bytes) {
    return refuse(where, "there are " + std::to_string(data_bytes - at) + " bytes behind the last tensor");
  }
  return {};
}

}  // namespace

size_t byte_size(Dtype dtype) { return row(dtype).bytes; }
size_t block_elements(Dtype dtype) { return row(dtype).elements; }
bool is_packed(Dtype dtype) { return dtype == Dtype::f16 || block_elements(dtype) > 1; }
std::string_view name_of(Dtype dtype) { return row(dtype).name; }

std::string shape_text(std::span<const uint64_t> shape) {
  std::string out = "[";
  for (size_t i = 0; i < shape.size(); ++i) out += (i ? ", " : "") + std::to_string(shape[i]);
  return out + "]";
}

Result<std::vector<TensorEntry>> parse_header(
  std::string_view header, uint64_t data_bytes, std::string_view where
) {
  if (header.size() > kMaxHeaderBytes) {
    return refuse(where, "the header has " + std::to_string(header.size()) + " bytes; at most 8 MiB are read");
  }
  auto parsed = json::parse(header, json::Limits{kMaxHeaderBytes, 8, 1'000'000});
  if (!parsed) return refuse(where, "the header is not JSON: " + parsed.error().message());
  if (!parsed->is_object()) return refuse(where, "the header must be an object, got " + json::brief(*parsed));
  const size_t tensors = parsed->size() - (parsed->contains("__metadata__") ? 1 : 0);
  if (tensors > kMaxTensors) {
    return refuse(where, "the header names " + std::to_string(tensors) + " tensors; at most 20000 are read");
  }
  std::vector<TensorEntry> out;
  for (const auto& [name, value] : parsed->items()) {
    if (name == "__metadata__") continue;
    HOB_TRY(entry, parse_entry(name, value, data_bytes, where));
    out.push_back(std::move(entry));
  }
  HOB_TRY_VOID(check_tiling(out, data_bytes, where));
  return out;
}

Result<std::shared_ptr<const Mapping>> Mapping::open(const std::filesystem::path& file) {
  const auto failed = [&](std::string_view what) {
    return Error(Code::model_failed, std::string(what) + " " + file.string() + ": " + std::strerror(errno));
  };
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return failed("Cannot open");
  struct stat about {};
  if (::fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
    ::close(fd);
    return Error(Code::model_failed, file.string() + " is not a regular file.");
  }
  const auto size = static_cast<size_t>(about.st_size);
  void* data = nullptr;
  if (size > 0) data = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
  const int problem = errno;
  ::close(fd);
  if (data == MAP_FAILED) {
    errno = problem;
    return failed("Cannot map");
  }
  return std::shared_ptr<const Mapping>(std::make_shared<Mapping>(static_cast<const std::byte*>(data), size));
}

Mapping::~Mapping() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

void Mapping::let_go(std::span<const std::byte> bytes) const {
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const uintptr_t begin = (reinterpret_cast<uintptr_t>(bytes.data()) + page - 1) / page * page;
  const uintptr_t end = reinterpret_cast<uintptr_t>(bytes.data() + bytes.size()) / page * page;
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

Safetensors Safetensors::of(
  std::map<std::string, TensorView, std::less<>> tensors, std::vector<std::shared_ptr<const Mapping>> files
) {
  Safetensors out;
  out.tensors_ = std::move(tensors);
  for (const auto& file : files) out.file_bytes_ += file->bytes().size();
  out.files_ = std::move(files);
  return out;
}

Result<void> Safetensors::add_file(const std::filesystem::path& file) {
  HOB_TRY(mapping, Mapping::open(file));
  const std::string where = file.filename().string();
  const auto bytes = mapping->bytes();
  if (bytes.size() < 8) {
    return refuse(where, "the file has " + std::to_string(bytes.size()) + " bytes; a safetensors file has more than 8");
  }
  uint64_t length = 0;
  for (size_t i = 8; i-- > 0;) length = length << 8 | std::to_integer<uint64_t>(bytes[i]);
  if (length > kMaxHeaderBytes || length > bytes.size() - 8) {
    return refuse(
      where, "the header claims " + std::to_string(length) + " bytes; the file has " +
               std::to_string(bytes.size()) + " and headers may have 8 MiB"
    );
  }
  const std::string_view header(reinterpret_cast<const char*>(bytes.data()) + 8, static_cast<size_t>(length));
  const auto data = bytes.subspan(8 + static_cast<size_t>(length));
  HOB_TRY(entries, parse_header(header, data.size(), where));
  if (tensors_.size() + entries.size() > kMaxTensors) {
    return refuse(where, "the checkpoint has more than 20000 tensors");
  }
  for (TensorEntry& entry : entries) {
    TensorView view{
      .dtype = entry.dtype,
      .shape = std::move(entry.shape),
      .bytes = data.subspan(static_cast<size_t>(entry.begin), static_cast<size_t>(entry.end - entry.begin))
    };
    const auto [at, added] = tensors_.emplace(std::move(entry.name), std::move(view));
    if (!added) return refuse(where, shown(at->first) + " is in another shard, too");
  }
  file_bytes_ += bytes.size();
  files_.push_back(std::move(mapping));
  return {};
}

Result<Safetensors> Safetensors::open_file(const std::filesystem::path& file) {
  Safetensors out;
  HOB_TRY_VOID(out.add_file(file));
  return out;
}

Result<Safetensors> Safetensors::open_directory(const std::filesystem::path& directory) {
  std::error_code ignored;
  const auto single = directory / "model.safetensors";
  if (std::filesystem::exists(single, ignored)) return open_file(single);
  const auto index_file = directory / "model.safetensors.index.json";
  const std::string where = index_file.filename().string();
  if (!std::filesystem::exists(index_file, ignored)) {
    return Error(
      Code::model_failed,
      "There are no weights in " + directory.string() + " (wanted model.safetensors or model.safetensors.index.json)."
    );
  }
  HOB_TRY(text, read_small_file(index_file, kMaxIndexBytes));
  auto parsed = json::parse(text, json::Limits{kMaxIndexBytes, 8, 1'000'000});
  if (!parsed) return refuse(where, parsed.error().message());
  if (!parsed->is_object() || !parsed->contains("weight_map") || !parsed->at("weight_map").is_object()) {
    return refuse(where, "wanted an object with weight_map, an object from tensor to file");
  }
  const Json& map = parsed->at("weight_map");
  if (map.size() > kMaxTensors) return refuse(where, "weight_map names more than 20000 tensors");
  std::set<std::string> shards;
  for (const auto& [name, value] : map.items()) {
    const std::string file = value.is_string() ? value.get<std::string>() : "";
    const bool plain = file.size() <= 255 && file.ends_with(".safetensors") && file.front() != '.' &&
                       file.find('/') == std::string::npos && file.find('\0') == std::string::npos;
    if (!plain) {
      return refuse(where, shown(name) + " must be in a file NAME.safetensors beside the index, got " +
                             json::brief(value));
    }
    shards.insert(file);
    if (shards.size() > kMaxShards) return refuse(where, "weight_map names more than 1000 files");
  }
  Safetensors out;
  for (const std::string& shard : shards) HOB_TRY_VOID(out.add_file(directory / shard));
  for (const auto& [name, value] : map.items()) {
    if (!out.find(name)) {
      return refuse(where, shown(name) + " is not in " + value.get<std::string>() + " nor in another shard");
    }
  }
  return out;
}

const TensorView* Safetensors::find(std::string_view name) const {
  const auto at = tensors_.find(name);
  return at == tensors_.end() ? nullptr : &at->second;
}

}  // namespace hob::gemma
