#!/usr/bin/env python3
"""Trains the demonstration model on generated conversations. Seeded, resumable: the same command goes on where it stopped.

    train.py --out run.pt --tokens 9e6 [--from model/tiny/checkpoint] [--scratch] [--seed 1]

The rate follows the computed tokens, not the clock: warm-up, constant, linear to 2 % over the last `--decay` of `--tokens`,
so that a run that is stopped, slowed down or given fewer tokens at a resume still ends on its schedule. SIGTERM to the first
process saves and ends. `--tag` is ignored; it lets others find the process.
"""
import argparse
import os
import pathlib
import signal
import tempfile
import time

import safetensors.torch
import tokenizers
import torch
import torch.distributed as dist
import torch.nn.functional as F

import families
import render
from network import Network, Shape
from optimiser import Optimiser
from packing import Weights, pack

HERE = pathlib.Path(__file__).resolve().parent
CHARACTERS = 3.3  # of a token, about


def load_checkpoint(network, directory):
    saved = safetensors.torch.load_file(str(pathlib.Path(directory) / "model.safetensors"))
    network.load_state_dict({name.removeprefix("model."): t.float() for name, t in saved.items()})


def rate(share, warm, decay):
    """Of the full rate; `share` of the tokens is done, `warm` is the share of the warm-up."""
    return min(1., (share + warm / 20) / warm, max(.02, (1 - share) / decay))


def shares(sized, processes):
    """Families for each process, of (size, family), so that all have about as much to compute: the largest go first, to who
    has least."""
    out, load = [[] for _ in range(processes)], [0] * processes
    for size, family in sorted(sized, key=lambda x: -x[0]):
        least = load.index(min(load))
        out[least].append(family)
        load[least] += size
    return out


def characters(family):
    """Of a family's prompts, the prefix once."""
    return len(family.prefix()) + sum(len(piece) for conversation in family.conversations for turn in conversation for piece, _ in render.turn(turn))


def together(values):
    """The sums over all processes, in place."""
    if dist.is_initialized():
        dist.all_reduce(values)
    return values


def options_of():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True)
    parser.add_argument("--tokens", type=float, required=True, help="computed tokens of the whole schedule")
    parser.add_argument("--from", dest="start", default=str(HERE.parent / "checkpoint"), help="checkpoint with shape, tokenizer and first weights")
    parser.add_argument("--scratch", action="store_true", help="random first weights")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--batch", type=int, default=8000, help="tokens of a step, about")
    parser.add_argument("--muon", type=float, default=.012)
    parser.add_argument("--adam", type=float, default=2e-3)
    parser.add_argument("--decay", type=float, default=.56)
    parser.add_argument("--processes", type=int, default=2, help="of one thread each; they share every step")
    parser.add_argument("--float32", action="store_true", help="no bfloat16 products: faster where the CPU has none")
    parser.add_argument("--save-every", type=float, default=180, help="seconds")
    parser.add_argument("--tag", default="")
    return parser.parse_args()


def train(rank, options, meeting):
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    if options.processes > 1:
        dist.init_process_group("gloo", init_method="file://" + meeting, rank=rank, world_size=options.processes)
    shape, half = Shape(options.start), not options.float32
    tokenizer = tokenizers.Tokenizer.from_file(str(pathlib.Path(options.start) / "tokenizer.json"))
    network, weights = Network(shape), Weights()
    optimiser = Optimiser(network, options.muon, options.adam, half)
    done = {"step": 0, "tokens": 0, "group": 0, "seconds": 0.}
    if os.path.exists(options.out):
        saved = torch.load(options.out, weights_only=False)
        network.load_state_dict(saved["network"])
        optimiser.load(saved["optimiser"])
        done = saved["done"]
        if rank == 0:
            print("resumed at", done, flush=True)
    elif not options.scratch:
        load_checkpoint(network, options.start)

    def save():
        if rank == 0:
            torch.save({"network": network.state_dict(), "optimiser": optimiser.state(), "done": done, "options": vars(options)}, options.out + ".new")
            os.replace(options.out + ".new", options.out)

    stopping = []
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(True))
    parameters = list(network.parameters())
    losses, saved_at, began, shown = [], done["seconds"], time.time(), done["tokens"]
    while done["tokens"] < options.tokens:
        last, sized = time.time(), []
        while sum(size for size, _ in sized) < options.batch * CHARACTERS:
            sized += [(characters(family), family) for family in families.group(options.seed, done["group"])]
            done["group"] += 1
        counts = torch.zeros(4, dtype=torch.float64)  # weights, losses, computed tokens, who wants to stop
        for family in shares(sized, options.processes)[rank]:
            packed = pack(shape, tokenizer, family, weights, half)
            if not packed:
                continue
            ids, layout, source, target, weight = packed
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                logits = network.logits(network(ids, layout)[source])
            loss = (F.cross_entropy(logits, target, reduction="none") * weight).sum()
            (loss * 1e-3).backward()
            counts += torch.tensor([weight.sum(), loss.item(), len(ids), 0])
        counts[3] = bool(stopping)
        together(counts)
        flat = together(torch.cat([torch.zeros(p.numel()) if p.grad is None else p.grad.flatten() for p in parameters])) * (1e3 / counts[0].item())
        for p, gradient in zip(parameters, flat.split([p.numel() for p in parameters])):
            p.grad = gradient.view_as(p)
        optimiser.step(rate(done["tokens"] / options.tokens, min(.05, 2e5 / options.tokens), options.decay))
        network.zero_grad()
        losses.append((counts[1] / counts[0]).item())
        done["tokens"] += int(counts[2])
        done["step"] += 1
        done["seconds"] += time.time() - last
        if done["step"] % 20 == 0 and rank == 0:
            print("step %d, %.2fM tokens, loss %.4f, %.0f tokens/s, minute %.1f" % (
                done["step"], done["tokens"] / 1e6, sum(losses[-20:]) / len(losses[-20:]), (done["tokens"] - shown) / (time.time() - began), (time.time() - began) / 60), flush=True)
        if counts[3]:
            break
        if done["seconds"] - saved_at > options.save_every:
            save()
            saved_at = done["seconds"]
    save()
    if rank == 0:
        print("stopped" if stopping else "done", done, flush=True)


def main():
    options = options_of()
    with tempfile.TemporaryDirectory() as place:
        arguments = (options, place + "/meeting")
        if options.processes == 1:
            return train(0, *arguments)
        others = [torch.multiprocessing.get_context("spawn").Process(target=train, args=(rank, *arguments)) for rank in range(1, options.processes)]
        for process in others:
            process.start()
        train(0, *arguments)
        for process in others:
            process.join()


if __name__ == "__main__":
    main()
