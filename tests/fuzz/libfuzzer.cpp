// The door of libFuzzer to the one target of this program. HOB_FUZZ_SEEDS names a directory where
// the seeds are put before it is read as a corpus.
#include <cstdint>
#include <cstdlib>
#include <fstream>

#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  const char* folder = std::getenv("HOB_FUZZ_SEEDS");
  if (folder == nullptr) return 0;
  int number = 0;
  for (const std::string& seed : hob::fuzz::targets().front().seeds()) {
    std::ofstream(std::string(folder) + "/seed-" + std::to_string(number++), std::ios::binary)
        << seed;
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  hob::fuzz::targets().front().run({reinterpret_cast<const char*>(data), size});
  return 0;
}
