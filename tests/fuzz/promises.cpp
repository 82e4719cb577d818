#include "tests/fuzz/promises.h"

#include <cmath>

#include "model/gemma/limits.h"
#include "model/gemma/weights.h"
#include "model/text/detokenizer.h"
#include "schemas/base/utf8.h"
#include "tests/fuzz/target.h"

namespace hob::fuzz {

void check_model_refusal(const Error& error) {
  expect(error.code() == Code::model_failed, "a refusal is model_failed");
  expect(!error.message().empty(), "a refusal says something");
  expect(error.message().size() < 2000, "a refusal is not the whole file");
}

void check_config(const gemma::Config& config) {
  expect(
      !config.layers.empty() && config.layers.size() <= gemma::kMaxLayers,
      "there are layers, and not too many"
  );
  expect(
      config.vocab > 0 && config.vocab <= gemma::kMaxVocab && config.hidden > 0 &&
          config.hidden <= gemma::kMaxHidden && config.heads > 0 &&
          config.heads <= gemma::kMaxHeads && config.max_positions > 0,
      "sizes are within their limits"
  );
  expect(std::isfinite(config.norm_eps) && config.norm_eps >= 0, "the norm's epsilon is a number");
  for (const gemma::Rope& rope : {config.sliding_rope, config.full_rope}) {
    expect(
        std::isfinite(rope.theta) && rope.theta > 0 && std::isfinite(rope.factor) &&
            rope.factor > 0,
        "frequencies are numbers"
    );
    expect(rope.partial_rotary_factor >= 0 && rope.partial_rotary_factor <= 1, "a part is a part");
  }
  for (size_t i = 0; i < config.layers.size(); ++i) {
    const gemma::LayerConfig& layer = config.layers[i];
    expect(
        layer.head_dim > 0 && layer.head_dim <= gemma::kMaxHeadDim && layer.kv_heads > 0,
        "heads have a size"
    );
    expect(config.heads % layer.kv_heads == 0, "heads are shared evenly");
    expect(layer.kv_source <= i, "a layer reads keys that are there");
    const gemma::LayerConfig& source = config.layers[layer.kv_source];
    expect(source.owns_kv && source.type == layer.type, "keys come from an owner of the same kind");
    expect(layer.owns_kv == (layer.kv_source == i), "an owner reads its own keys");
  }
  uint64_t all = 0;
  for (const gemma::Need& need : gemma::needed_tensors(config)) {
    uint64_t size = 4;
    for (const uint64_t length : need.shape) {
      expect(
          length > 0 && !__builtin_mul_overflow(size, length, &size),
          "a tensor's size does not overflow"
      );
    }
    expect(
        !__builtin_add_overflow(all, size, &all) && all < uint64_t{1} << 63,
        "all sizes together do not overflow"
    );
  }
}

void check_generation(const gemma::Generation& generation, uint32_t vocab) {
  for (const uint32_t token : generation.eos) expect(token < vocab, "a stop token is a token");
  for (const uint32_t token : generation.suppress)
    expect(token < vocab, "a suppressed token is a token");
  expect(
      std::isfinite(generation.temperature) && generation.temperature >= 0,
      "the temperature is a number"
  );
  expect(generation.top_p >= 0 && generation.top_p <= 1, "top_p is a share");
  expect(generation.min_p >= 0 && generation.min_p <= 1, "min_p is a share");
}

void check_text(const text::Tokenizer& tokenizer, std::string_view text) {
  const std::vector<text::Token> ids = tokenizer.encode(text, text::Control::as_text);
  bool bytes_missing = false;
  for (const text::Token id : ids) {
    expect(id < tokenizer.size(), "an id is one of the vocabulary");
    if (tokenizer.shown(id) == "<unk>") {
      bytes_missing = true;
      continue;
    }
    expect(!tokenizer.is_special(id), "text from outside has no control token");
  }
  const std::string decoded = tokenizer.decode(ids, text::Specials::keep);
  expect(utf8::valid(decoded), "decoded text is UTF-8");
  if (!bytes_missing && utf8::valid(text)) {
    // A space mark in the text is a space by then.
    std::string wanted(text);
    for (size_t at = 0; (at = wanted.find("\u2581", at)) != std::string::npos;)
      wanted.replace(at, 3, " ");
    if (decoded != wanted) broken("text comes back as \"" + decoded + "\"");
    text::Detokenizer stream(tokenizer, text::Specials::keep);
    std::string streamed;
    for (const text::Token id : ids) {
      const std::string piece = stream.push(id);
      expect(utf8::valid(piece), "a stream never gives half a character");
      streamed += piece;
    }
    streamed += stream.finish();
    expect(streamed == decoded, "a stream gives what decode gives");
  }
  const std::vector<text::Piece> whole{{std::string(text), false}};
  expect(tokenizer.encode(whole) == ids, "an untrusted piece is text");
}

}  // namespace hob::fuzz
