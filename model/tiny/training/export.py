#!/usr/bin/env python3
"""Writes the weights of a training run as a checkpoint directory, bfloat16, with shape and tokenizer of the one it began with.

    export.py run.pt DIRECTORY [--from model/tiny/checkpoint]
"""
import argparse
import pathlib
import shutil

import safetensors.torch
import torch

HERE = pathlib.Path(__file__).resolve().parent
FILES = ["config.json", "generation_config.json", "hob-model.json", "tokenizer.json", "tokenizer_config.json"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run")
    parser.add_argument("directory")
    parser.add_argument("--from", dest="start", default=str(HERE.parent / "checkpoint"))
    options = parser.parse_args()
    out, start = pathlib.Path(options.directory), pathlib.Path(options.start)
    out.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        if (out / name).resolve() != (start / name).resolve():
            shutil.copyfile(start / name, out / name)
    saved = torch.load(options.run, weights_only=False)
    tensors = {"model." + name: t.to(torch.bfloat16).contiguous() for name, t in saved["network"].items()}
    safetensors.torch.save_file(tensors, str(out / "model.safetensors"), metadata={"format": "pt"})
    print("%s: %d tensors, %d parameters, %s" % (out, len(tensors), sum(t.numel() for t in tensors.values()), saved["done"]))


if __name__ == "__main__":
    main()
