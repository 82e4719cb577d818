// hob-model-lite: the model process without libtorch. It plays scripts, for tests, and does what needs no weights.
#include "model/serve/lite_commands.h"
#include "model/serve/program.h"

int main(int argc, char** argv) {
  return hob::serve::run(argc, argv, {"hob-model-lite", hob::serve::load_script, hob::serve::add_lite_commands});
}
