#!/usr/bin/env python3
"""Prints generated conversations, to be read.

    generate.py [--seed 1] [--groups 2] [--prompts]
"""
import argparse

import families
import render


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--groups", type=int, default=2)
    parser.add_argument("--prompts", action="store_true", help="whole prompts, as the model sees them")
    options = parser.parse_args()
    for index in range(options.first, options.first + options.groups):
        for family in families.group(options.seed, index):
            print("=" * 80)
            print(family.prefix() if options.prompts else "tools: " + ", ".join(t["name"] for t in family.tools))
            for conversation in family.conversations:
                print("-" * 20, ", ".join(turn.kind for turn in conversation))
                for turn in conversation:
                    if options.prompts:
                        print("".join(text for text, _ in render.turn(turn)), end="")
                        continue
                    print(">", turn.request)
                    for step in turn.steps:
                        for call in step:
                            print("  ", call.name, call.arguments)
                            print("     ->", call.result)
                    print("  ", turn.answer)


if __name__ == "__main__":
    main()
