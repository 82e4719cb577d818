"""The peer of tests/bench/engine.py: transformers on random weights of the same shape, in the fixtures' environment."""
import argparse
import json
import time

import torch
import transformers
from transformers import DynamicCache, Gemma4ForCausalLM, Gemma4TextConfig


def model_of(config, dtype):
    """Shapes first, then random values: the library's own initialisation would take minutes."""
    text = config.get("text_config", config)
    with torch.device("meta"):
        model = Gemma4ForCausalLM(Gemma4TextConfig(**{k: v for k, v in text.items() if k not in ("architectures", "dtype")}))
    model = model.to(dtype).to_empty(device="cpu").eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() < 2:
                parameter.fill_(1.0)
                continue
            block = torch.empty(min(parameter.numel(), 1 << 22), dtype=torch.float32).normal_(std=0.02).to(dtype)
            flat = parameter.view(-1)
            for first in range(0, flat.numel(), block.numel()):
                part = flat[first:first + block.numel()]
                part.copy_(block[:part.numel()])
        for name, buffer in model.named_buffers():
            if "scalar" in name:
                buffer.fill_(1.0)
            elif "embed_scale" in name:
                buffer.fill_(text["hidden_size"] ** 0.5)
            elif buffer.is_floating_point():
                buffer.uniform_(0, 1)  # frequencies: speed does not depend on them
    return model


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--synthetic")
    parser.add_argument("--config", required=True, help="the text of config.json")
    parser.add_argument("--weights", choices=["bf16", "f32"], required=True)
    for name in ("prompt", "depth", "generate", "repeat", "threads"):
        parser.add_argument(f"--{name}", type=int, required=True)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model = model_of(json.loads(options.config), torch.bfloat16 if options.weights == "bf16" else torch.float32)

    def ids(count):
        return torch.tensor([[(i * 7919 + 13) % model.config.vocab_size for i in range(count)]])

    def emit(what, seconds, tokens, **more):
        seconds.sort()
        print(json.dumps({
            "what": what, "tokens": tokens, **more, "seconds": seconds,
            "tokens_per_s": round(tokens / seconds[len(seconds) // 2], 3), "threads": options.threads,
            "weights": options.weights, "peer": f"transformers {transformers.__version__}, torch {torch.__version__}",
        }), flush=True)

    with torch.inference_mode():
        seconds = []
        for _ in range(options.repeat):
            start = time.perf_counter()
            model(ids(options.prompt), past_key_values=DynamicCache(config=model.config), logits_to_keep=1)
            seconds.append(time.perf_counter() - start)
        emit("prefill", seconds, options.prompt, depth=0)
        seconds = []
        for _ in range(options.repeat):
            cache = DynamicCache(config=model.config)
            model(ids(options.depth), past_key_values=cache, logits_to_keep=1)
            start = time.perf_counter()
            for _ in range(options.generate):
                model(ids(1), past_key_values=cache)
            seconds.append(time.perf_counter() - start)
        emit("decode", seconds, options.generate, depth=options.depth)


if __name__ == "__main__":
    main()
