#!/usr/bin/env python3
"""Rows about the engine beside its peers, on random weights of one shape, measured one after the other.

    scripts/bench engine [--synthetic e2b|FILE] [--weights bf16|f32] [--prompt N] [--depth N] [--generate N] [--repeat N]
                         [--threads N] [--peers transformers,llama]

Prints the rows of `hob bench` with one sequence and with four, each peer's rows, and ratios: hob to the peer for prefill and
decoding, four sequences to one. transformers runs in the environment of the fixtures (scripts/fixtures/setup); llama.cpp is
built into the cache, with a file of random weights (dense models with per-layer embeddings only). E2B in bf16 takes about
10 GB of memory, in a peer as well; they run one at a time. An idle machine is up to you; the load is printed.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def rows_of(command, environment=None):
    """Runs a program that prints a JSON object a line; its words for people pass through."""
    rows = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        for line in process.stdout:
            row = json.loads(line)
            rows.append(row)
            print(json.dumps(row), flush=True)
    if process.returncode != 0:
        raise SystemExit(f"{command[0]} failed with status {process.returncode}")
    return rows


def speed(rows, what, sequences=None):
    for row in rows:
        if row["what"] == what and row.get("sequences") in (sequences, None):
            return row["tokens_per_s"]
    raise SystemExit(f"no {what} row was printed")


def ratio(name, above, below):
    print(json.dumps({"what": "ratio", "name": name, "value": round(above / below, 3)}), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--synthetic", default="e2b")
    parser.add_argument("--weights", default="bf16", choices=["bf16", "f32"])
    parser.add_argument("--prompt", default=512, type=int)
    parser.add_argument("--depth", default=128, type=int)
    parser.add_argument("--generate", default=16, type=int)
    parser.add_argument("--repeat", default=3, type=int)
    parser.add_argument("--threads", default=os.cpu_count(), type=int)
    parser.add_argument("--preset", default="release", help=argparse.SUPPRESS)
    parser.add_argument("--peers", default="transformers,llama", help="of transformers and llama; empty for none")
    options = parser.parse_args()
    print(f"load average {os.getloadavg()[0]:.1f}", file=sys.stderr)
    program = ROOT / "build" / options.preset / "bin" / "hob-model"
    common = ["--synthetic", options.synthetic, "--weights", options.weights]
    for name in ("prompt", "depth", "generate", "repeat", "threads"):
        common += [f"--{name}", str(getattr(options, name))]
    ours = rows_of([str(program), "bench", *common, "--sequences", "1", "--sequences", "4"])
    ratio("four sequences to one, tokens a second", speed(ours, "decode", 4), speed(ours, "decode", 1))
    for peer in filter(None, options.peers.split(",")):
        python = subprocess.run([ROOT / "scripts/fixtures/setup"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        config = subprocess.run([str(program), "bench", "--print-config", options.synthetic], check=True,
                                stdout=subprocess.PIPE, text=True).stdout
        theirs = rows_of([python, str(ROOT / f"tests/bench/engine_{peer}.py"), *common, "--config", config])
        for what in ("prefill", "decode"):
            ratio(f"{what}, hob to {peer}", speed(ours, what, 1), speed(theirs, what))


if __name__ == "__main__":
    main()
