// GgufPartName: how the files of a model that lies in several GGUF files are called: NAME-00002-of-00005.gguf.
//
//   const auto name = gemma::gguf_part_name("gemma-00002-of-00005.gguf");
//   name->file(1);                                     // "gemma-00001-of-00005.gguf", which holds the keys
//
// Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hob::gemma {

struct GgufPartName {
  std::string stem;
  uint32_t number = 0, count = 0;  // from 1
  std::string file(uint32_t number) const;
};

/// Nothing where a file is not called so.
std::optional<GgufPartName> gguf_part_name(std::string_view file);

}  // namespace hob::gemma
