// config.json and generation_config.json: what is read is within limits, and nothing computed from
// it overflows.
#include "tests/fuzz/promises.h"
#include "tests/fuzz/target.h"

namespace hob::fuzz {
namespace {

void run(std::string_view bytes) {
  const auto config = gemma::parse_config(bytes, "config.json");
  if (config) check_config(*config);
  const auto generation = gemma::parse_generation(bytes, "generation_config.json", 1000);
  if (generation) check_generation(*generation, 1000);
  for (const Error* error :
       {config ? nullptr : &config.error(), generation ? nullptr : &generation.error()}) {
    if (error == nullptr) continue;
    expect(error->message().find("config.json") != std::string::npos, "a refusal names the file");
    expect(error->message().size() < 2000, "a refusal is not the whole file");
  }
}

std::vector<std::string> seeds() {
  return {
      R"({"model_type":"gemma4_text","vocab_size":320,"hidden_size":32,"num_hidden_layers":4,"num_attention_heads":4,"num_key_value_heads":2,
"head_dim":8,"global_head_dim":16,"intermediate_size":64,"sliding_window":8,"max_position_embeddings":256,"rms_norm_eps":1e-06,
"num_kv_shared_layers":2,"hidden_size_per_layer_input":4,"vocab_size_per_layer_input":320,"use_double_wide_mlp":true,
"layer_types":["sliding_attention","full_attention","sliding_attention","full_attention"],"final_logit_softcapping":30.0,
"tie_word_embeddings":true,"rope_parameters":{"sliding_attention":{"rope_type":"default","rope_theta":10000.0},
"full_attention":{"rope_type":"proportional","rope_theta":1000000.0,"partial_rotary_factor":0.25}},"hidden_activation":"gelu_pytorch_tanh"})",
      R"({"model_type":"gemma3_text","vocab_size":320,"hidden_size":32,"num_hidden_layers":6,"num_attention_heads":4,"num_key_value_heads":1,
"head_dim":8,"intermediate_size":64,"sliding_window":8,"sliding_window_pattern":6,"max_position_embeddings":256,"rms_norm_eps":1e-06,
"query_pre_attn_scalar":8,"rope_theta":1000000.0,"rope_local_base_freq":10000.0,"hidden_activation":"gelu_pytorch_tanh"})",
      R"({"bos_token_id":2,"eos_token_id":[1,106],"do_sample":true,"temperature":1.0,"top_k":64,"top_p":0.95,"suppress_tokens":[7]})",
      R"({"eos_token_id":1,"temperature":0,"top_p":1})"};
}

const Target kTarget({"model_config", run, seeds, 3000});

}  // namespace
}  // namespace hob::fuzz
