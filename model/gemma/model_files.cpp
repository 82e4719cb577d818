#include "model/gemma/model_files.h"

#include <string>

#include "model/gemma/gguf_parts.h"

namespace hob::gemma {

namespace fs = std::filesystem;

Result<ModelFiles> find_model_files(const fs::path& path) {
  std::error_code failure;
  const auto kind = fs::status(path, failure).type();
  if (kind == fs::file_type::not_found) return Error(Code::not_found, path.string() + ": there is no such file or directory.");
  if (kind == fs::file_type::regular) {
    if (path.extension() == ".gguf") return ModelFiles{path.parent_path(), path};
    return Error(Code::model_failed, path.string() + " is neither a directory nor a file NAME.gguf.");
  }
  ModelFiles out{path, std::nullopt};
  if (fs::exists(path / "config.json", failure)) return out;
  size_t found = 0;
  for (fs::directory_iterator at(path, failure), end; !failure && at != end; at.increment(failure)) {
    if (at->path().extension() != ".gguf") continue;
    const auto part = gguf_part_name(at->path().filename().string());
    if (part && part->number > 1) continue;  // its first part stands for it
    ++found;
    out.gguf = at->path();
  }
  if (failure) return Error(Code::model_failed, path.string() + " cannot be read: " + failure.message());
  if (found == 1) return out;
  return Error(
    Code::model_failed, path.string() + " has no config.json and " +
                          (found == 0 ? std::string("no file *.gguf") : std::to_string(found) + " files *.gguf: name one of them") + "."
  );
}

}  // namespace hob::gemma
