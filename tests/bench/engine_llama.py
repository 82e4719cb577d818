"""The peer of tests/bench/engine.py: llama.cpp, as the source package of llama-cpp-python has it, on random weights of one shape.

It is built once into the cache (llama-bench alone; some minutes), and reads a GGUF file of random numbers that is written
beside it: E2B in bf16 takes 10 GB there. `prefill` and `decode` are its pp and tg tests.
"""
import argparse
import hashlib
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tarfile

import numpy as np

from tokenizer import CACHE

PACKAGE, VERSION = "llama-cpp-python", "0.3.36"
SHA256 = "832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e"
HOME = CACHE / "llama" / VERSION
KINDS = {"f32": 0, "bf16": 30}  # GGUF's numbers of them
UINT32, FLOAT32, BOOL, STRING, ARRAY = 4, 6, 7, 8, 9


def program():
    """llama-bench, fetched and built when it is not there."""
    built = HOME / "llama-bench"
    if built.exists():
        return built
    print(f"building llama.cpp out of {PACKAGE} {VERSION}", file=sys.stderr)
    work = HOME / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:",
                    f"{PACKAGE}=={VERSION}", "-d", work], check=True, stdout=sys.stderr)
    archive = next(work.glob("*.tar.gz"))
    if hashlib.sha256(archive.read_bytes()).hexdigest() != SHA256:
        raise SystemExit(f"{archive.name} is not the one that was measured: its sha256 differs from {SHA256}")
    with tarfile.open(archive) as packed:
        packed.extractall(work)
    source = next(work.glob("*/vendor/llama.cpp"))
    subprocess.run(["cmake", "-S", source, "-B", work / "build", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", "-DBUILD_SHARED_LIBS=OFF",
                    "-DGGML_NATIVE=ON", "-DLLAMA_CURL=OFF", "-DLLAMA_BUILD_TESTS=OFF", "-DLLAMA_BUILD_SERVER=OFF", "-DLLAMA_BUILD_EXAMPLES=OFF",
                    "-DLLAMA_BUILD_TOOLS=ON"], check=True, stdout=sys.stderr)
    subprocess.run(["cmake", "--build", work / "build", "--target", "llama-bench"], check=True, stdout=sys.stderr)
    shutil.copy2(work / "build/bin/llama-bench", built)
    shutil.rmtree(work)
    return built


def value(kind, given):
    if kind == STRING:
        return struct.pack("<Q", len(given)) + given.encode()
    return struct.pack({UINT32: "<I", FLOAT32: "<f", BOOL: "<?"}[kind], given)


def field(key, kind, given):
    head = value(STRING, key)
    if isinstance(given, list):
        return head + struct.pack("<IIQ", ARRAY, kind, len(given)) + b"".join(value(kind, each) for each in given)
    return head + struct.pack("<I", kind) + value(kind, given)


def metadata(text, layers, wide):
    full = text["rope_parameters"]["full_attention"]
    sliding = text["rope_parameters"]["sliding_attention"]
    arch = "gemma4."
    yield field("general.architecture", STRING, "gemma4")
    yield field("tokenizer.ggml.model", STRING, "none")
    yield field(arch + "vocab_size", UINT32, text["vocab_size"])
    for key, given in (("block_count", len(layers)), ("context_length", text["max_position_embeddings"]),
                       ("embedding_length", text["hidden_size"]), ("attention.head_count", text["num_attention_heads"]),
                       ("attention.head_count_kv", text["num_key_value_heads"]), ("attention.key_length", text["global_head_dim"]),
                       ("attention.value_length", text["global_head_dim"]), ("attention.key_length_swa", text["head_dim"]),
                       ("attention.value_length_swa", text["head_dim"]), ("attention.sliding_window", text["sliding_window"]),
                       ("attention.shared_kv_layers", text["num_kv_shared_layers"]),
                       ("rope.dimension_count", text["global_head_dim"]), ("rope.dimension_count_swa", text["head_dim"]),
                       ("embedding_length_per_layer_input", text["hidden_size_per_layer_input"])):
        yield field(arch + key, UINT32, given)
    yield field(arch + "feed_forward_length", UINT32, wide)
    yield field(arch + "attention.sliding_window_pattern", BOOL, [kind == "sliding_attention" for kind in layers])
    yield field(arch + "attention.layer_norm_rms_epsilon", FLOAT32, text["rms_norm_eps"])
    yield field(arch + "final_logit_softcapping", FLOAT32, text["final_logit_softcapping"])
    yield field(arch + "rope.freq_base", FLOAT32, full["rope_theta"])
    yield field(arch + "rope.freq_base_swa", FLOAT32, sliding["rope_theta"])


def tensors(text, layers, wide):
    """(name, GGUF's shape: the innermost first) of all tensors."""
    hidden, ple, count = text["hidden_size"], text["hidden_size_per_layer_input"], len(layers)
    yield "token_embd.weight", (hidden, text["vocab_size"])
    yield "output_norm.weight", (hidden,)
    yield "per_layer_token_embd.weight", (ple * count, text["vocab_size"])
    yield "per_layer_model_proj.weight", (hidden, ple * count)
    yield "per_layer_proj_norm.weight", (ple,)
    yield "rope_freqs.weight", (text["global_head_dim"] // 2,)
    for layer, kind in enumerate(layers):
        head = text["head_dim"] if kind == "sliding_attention" else text["global_head_dim"]
        queries, kv = head * text["num_attention_heads"], head * text["num_key_value_heads"]
        at = f"blk.{layer}."
        for norm in ("attn_norm", "post_attention_norm", "ffn_norm", "post_ffw_norm", "post_norm"):
            yield at + norm + ".weight", (hidden,)
        yield at + "layer_output_scale.weight", (1,)
        yield at + "attn_q.weight", (hidden, queries)
        yield at + "attn_q_norm.weight", (head,)
        if layer < count - text["num_kv_shared_layers"]:
            yield at + "attn_k.weight", (hidden, kv)
            yield at + "attn_v.weight", (hidden, kv)
            yield at + "attn_k_norm.weight", (head,)
        yield at + "attn_output.weight", (queries, hidden)
        for name in ("ffn_gate", "ffn_up"):
            yield at + name + ".weight", (hidden, wide[layer])
        yield at + "ffn_down.weight", (wide[layer], hidden)
        yield at + "inp_gate.weight", (hidden, ple)
        yield at + "proj.weight", (ple, hidden)


def write(path, text, weights):
    layers = text["layer_types"]
    shared = len(layers) - text["num_kv_shared_layers"]
    double = 2 if text["use_double_wide_mlp"] else 1
    wide = [text["intermediate_size"] * (double if layer >= shared else 1) for layer in range(len(layers))]
    fields, all_tensors = list(metadata(text, layers, wide)), list(tensors(text, layers, wide))
    infos, offset = b"", 0
    for name, shape in all_tensors:
        kind = weights if len(shape) > 1 else "f32"
        infos += value(STRING, name) + struct.pack("<I", len(shape)) + struct.pack(f"<{len(shape)}Q", *shape)
        infos += struct.pack("<IQ", KINDS[kind], offset)
        offset += -(-int(np.prod(shape)) * (2 if kind == "bf16" else 4) // 32) * 32
    head = b"GGUF" + struct.pack("<IQQ", 3, len(all_tensors), len(fields)) + b"".join(fields) + infos
    noise = np.random.default_rng(1).normal(0, 0.02, 1 << 22).astype(np.float32)
    block = (noise.view(np.uint32) >> 16).astype(np.uint16).tobytes() if weights == "bf16" else noise.tobytes()
    with open(path, "wb") as out:
        out.write(head + bytes(-len(head) % 32))
        for _, shape in all_tensors:
            count = int(np.prod(shape))
            data = block if len(shape) > 1 else np.ones(count, np.float32).tobytes()
            left = count * (2 if len(shape) > 1 and weights == "bf16" else 4)
            padding = bytes(-left % 32)
            while left > 0:
                out.write(data[:left])
                left -= len(data)
            out.write(padding)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--synthetic", required=True, help="a name for the file of random weights")
    parser.add_argument("--config", required=True, help="the text of config.json")
    parser.add_argument("--weights", choices=["bf16", "f32"], required=True)
    for name in ("prompt", "depth", "generate", "repeat", "threads"):
        parser.add_argument(f"--{name}", type=int, required=True)
    options = parser.parse_args()
    config = json.loads(options.config)
    bench, path = program(), HOME / f"{pathlib.Path(options.synthetic).stem}-{options.weights}.gguf"
    if not path.exists():
        part = path.with_suffix(".part")
        write(part, config.get("text_config", config), options.weights)
        part.rename(path)
    common = [str(bench), "-m", str(path), "-t", str(options.threads), "-r", str(options.repeat), "-o", "json", "-fa", "auto"]
    for what, tokens, depth in (("prefill", options.prompt, 0), ("decode", options.generate, options.depth)):
        tests = ["-p", str(tokens), "-n", "0"] if what == "prefill" else ["-p", "0", "-n", str(tokens), "-d", str(depth)]
        done = subprocess.run(common + tests, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        row = json.loads(done.stdout)[0]
        seconds = sorted(each / 1e9 for each in row["samples_ns"])
        print(json.dumps({"what": what, "tokens": tokens, "depth": depth, "seconds": seconds,
                          "tokens_per_s": round(tokens / seconds[len(seconds) // 2], 3), "threads": options.threads,
                          "weights": options.weights, "peer": f"llama.cpp of {PACKAGE} {VERSION}"}), flush=True)


if __name__ == "__main__":
    main()
