#!/usr/bin/env python3
"""Trains the demonstration model on generated conversations. Seeded, resumable: the same command goes on where it stopped.

    train.py --out run.pt --tokens 9e6 [--from model/tiny/checkpoint] [--scratch] [--seed 1]

The rate follows the computed tokens, not the clock: warm-up, constant, linear to 2 % over the last `--decay` of `--tokens`,
so that a run that is stopped, slowed down or given fewer tokens at a resume still ends on its schedule. SIGTERM saves and
ends. `--tag` is ignored; it lets others find the process.
"""
import argparse
import os
import pathlib
import signal
import time

import safetensors.torch
import tokenizers
import torch
import torch.nn.functional as F

import families
from network import Network, Shape
from optimiser import Optimiser
from packing import Weights, pack

HERE = pathlib.Path(__file__).resolve().parent


def load_checkpoint(network, directory):
    saved = safetensors.torch.load_file(str(pathlib.Path(directory) / "model.safetensors"))
    network.load_state_dict({name.removeprefix("model."): t.float() for name, t in saved.items()})


def rate(share, warm, decay):
    """Of the full rate; `share` of the tokens is done, `warm` is the share of the warm-up."""
    return min(1., (share + warm / 20) / warm, max(.02, (1 - share) / decay))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True)
    parser.add_argument("--tokens", type=float, required=True, help="computed tokens of the whole schedule")
    parser.add_argument("--from", dest="start", default=str(HERE.parent / "checkpoint"), help="checkpoint with shape, tokenizer and first weights")
    parser.add_argument("--scratch", action="store_true", help="random first weights")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--batch", type=int, default=6000, help="computed tokens of a step, at least")
    parser.add_argument("--muon", type=float, default=.012)
    parser.add_argument("--adam", type=float, default=2e-3)
    parser.add_argument("--decay", type=float, default=.56)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--float32", action="store_true", help="no bfloat16 products: faster where the CPU has none")
    parser.add_argument("--save-every", type=float, default=180, help="seconds")
    parser.add_argument("--tag", default="")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    shape, half = Shape(options.start), not options.float32
    tokenizer = tokenizers.Tokenizer.from_file(str(pathlib.Path(options.start) / "tokenizer.json"))
    network, weights = Network(shape), Weights()
    optimiser = Optimiser(network, options.muon, options.adam)
    done = {"step": 0, "tokens": 0, "group": 0, "seconds": 0.}
    if os.path.exists(options.out):
        saved = torch.load(options.out, weights_only=False)
        network.load_state_dict(saved["network"])
        optimiser.load(saved["optimiser"])
        done = saved["done"]
        print("resumed at", done, flush=True)
    elif not options.scratch:
        load_checkpoint(network, options.start)

    def save():
        torch.save({"network": network.state_dict(), "optimiser": optimiser.state(), "done": done, "options": vars(options)}, options.out + ".new")
        os.replace(options.out + ".new", options.out)

    stopping = []
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(True))
    losses, saved_at, shown_at = [], done["seconds"], time.time()
    while done["tokens"] < options.tokens and not stopping:
        began, batch, computed = time.process_time(), [], 0
        while computed < options.batch:
            for family in families.group(options.seed, done["group"]):
                packed = pack(shape, tokenizer, family, weights, half)
                if packed:
                    batch.append(packed)
                    computed += len(packed[0])
            done["group"] += 1
        total = sum(p[4].sum() for p in batch)
        loss_sum = 0.
        for ids, layout, source, target, weight in batch:
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                logits = network.logits(network(ids, layout)[source])
            loss = (F.cross_entropy(logits, target, reduction="none") * weight).sum() / total
            loss.backward()
            loss_sum += loss.item()
        optimiser.step(rate(done["tokens"] / options.tokens, min(.05, 2e5 / options.tokens), options.decay))
        network.zero_grad(set_to_none=False)
        losses.append(loss_sum)
        done["tokens"] += computed
        done["step"] += 1
        done["seconds"] += (time.process_time() - began) / options.threads
        if done["step"] % 20 == 0:
            print("step %d, %.2fM tokens, loss %.4f, %.0f tokens per CPU second, minute %.1f" % (
                done["step"], done["tokens"] / 1e6, sum(losses[-20:]) / len(losses[-20:]), done["tokens"] / max(done["seconds"] * options.threads, 1e-9), (time.time() - shown_at) / 60), flush=True)
        if done["seconds"] - saved_at > options.save_every:
            save()
            saved_at = done["seconds"]
    save()
    print("stopped" if stopping else "done", done, flush=True)


if __name__ == "__main__":
    main()
