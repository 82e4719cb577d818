#!/usr/bin/env python3
"""Masks under grammars and regular expressions, over a real vocabulary of 262,144 pieces.

    scripts/bench words
"""
import subprocess

from tokenizer import ROOT, vocabulary

subprocess.run([ROOT / "build/release/bin/words_bench", vocabulary()], check=True)
