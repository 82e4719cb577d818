#include "model/gemma/gguf_parts.h"

#include <algorithm>
#include <charconv>

#include "model/gemma/fields.h"
#include "model/gemma/gguf.h"

namespace hob::gemma {
namespace {

constexpr uint32_t kMaxParts = 65'535;
constexpr size_t kDigits = 5;

std::optional<uint32_t> number(std::string_view digits) {
  uint32_t out = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  if (failure != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return out;
}

std::string padded(uint32_t value) {
  const std::string out = std::to_string(value);
  return std::string(kDigits - std::min(kDigits, out.size()), '0') + out;
}

/// What a part says of itself; `number` counts from 0, as the file does.
struct Split {
  uint32_t number = 0, count = 0, tensors = 0;
};

Result<Split> split_of(const Gguf& file) {
  const Fields fields(file.metadata(), file.name(), "key ");
  HOB_TRY(count, fields.integer_or("split.count", 0, kMaxParts, 0));
  if (count < 2) return Split{0, count, 0};
  HOB_TRY(index, fields.integer("split.no", 0, count - 1));
  HOB_TRY(tensors, fields.integer("split.tensors.count", 1, kMaxTensors));
  return Split{index, count, tensors};
}

}  // namespace

std::string GgufPartName::file(uint32_t of) const { return stem + "-" + padded(of) + "-of-" + padded(count) + ".gguf"; }

std::optional<GgufPartName> gguf_part_name(std::string_view file) {
  constexpr std::string_view kEnd = ".gguf", kOf = "-of-";
  constexpr size_t kTail = 1 + kDigits + kOf.size() + kDigits + kEnd.size();
  if (file.size() <= kTail || !file.ends_with(kEnd)) return std::nullopt;
  const std::string_view tail = file.substr(file.size() - kTail);
  if (tail[0] != '-' || tail.substr(1 + kDigits, kOf.size()) != kOf) return std::nullopt;
  const auto index = number(tail.substr(1, kDigits)), count = number(tail.substr(1 + kDigits + kOf.size(), kDigits));
  if (!index || !count || *index < 1 || *index > *count) return std::nullopt;
  return GgufPartName{std::string(file.substr(0, file.size() - kTail)), *index, *count};
}

Result<void> Gguf::add_parts(const std::filesystem::path& file) {
  HOB_TRY(split, split_of(*this));
  if (split.count < 2) return tensors_.empty() ? Result<void>(refuse("the file has no tensors")) : Result<void>();
  const std::string parts = std::to_string(split.count);
  const auto called = gguf_part_name(name_);
  if (!called || called->count != split.count) {
    return refuse("key split.count says that this is one of " + parts + " parts; then their files are called NAME-00001-of-" +
                  padded(split.count) + ".gguf and so on");
  }
  if (split.number != called->number - 1) {
    return refuse("key split.no is " + std::to_string(split.number) + "; a file of this name has " +
                  std::to_string(called->number - 1));
  }
  if (split.number != 0) {
    return refuse("this is part " + std::to_string(called->number) + " of " + parts + "; give the first, " + called->file(1));
  }
  for (uint32_t i = 1; i < split.count; ++i) {
    const std::string name = called->file(i + 1);
    std::error_code failure;
    if (!std::filesystem::exists(file.parent_path() / name, failure)) {
      return refuse("part " + std::to_string(i + 1) + " of " + parts + " is missing: " + name + " does not lie beside it");
    }
    HOB_TRY(part, open_file(file.parent_path() / name));
    HOB_TRY(other, split_of(part));
    if (other.count != split.count || other.number != i || other.tensors != split.tensors) {
      return part.refuse("it is no part of " + name_ + ": its keys say part " + std::to_string(other.number + 1) + " of " +
                         std::to_string(other.count) + " with " + std::to_string(other.tensors) + " tensors in all; wanted part " +
                         std::to_string(i + 1) + " of " + parts + " with " + std::to_string(split.tensors));
    }
    constexpr const char* kArchitecture = "general.architecture";
    if (part.metadata_.contains(kArchitecture) && part.metadata_[kArchitecture] != metadata_.value(kArchitecture, Json())) {
      return part.refuse("it is no part of " + name_ + ": key general.architecture is another");
    }
    for (auto& [tensor, view] : part.tensors_) {
      if (!tensors_.emplace(tensor, std::move(view)).second) {
        return part.refuse("tensor \"" + tensor + "\" is in an earlier part, too");
      }
    }
    mappings_.push_back(part.mappings_.front());
  }
  if (tensors_.size() != split.tensors) {
    return refuse("key split.tensors.count is " + std::to_string(split.tensors) + "; the " + parts + " parts have " +
                  std::to_string(tensors_.size()) + " tensors");
  }
  return {};
}

Result<Gguf> Gguf::open(const std::filesystem::path& file) {
  HOB_TRY(out, open_file(file));
  HOB_TRY_VOID(out.add_parts(file));
  return out;
}

}  // namespace hob::gemma
