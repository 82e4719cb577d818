#!/usr/bin/env python3
"""An engine of others behind the requests of `hob-model grammar-bench --stdio`: grammar_peer.py llguidance|xgrammar.

hello, tokenizer, compile, mask_walk and quit, one JSON object a line; see model/bench. Times are microseconds around the
engine's own calls. Every engine allocates its mask once; it is full when the call returns.
"""
import importlib.metadata
import json
import sys
import time


def now():
    return time.perf_counter_ns() / 1e3


def pieces(path, size):
    """The bytes of every id (empty: special), as the Gemma family's tokenizer.json says them, and the id of <eos>."""
    with open(path) as file:
        data = json.load(file)
    out = [b""] * size

    def put(text, token):
        if token < size:
            byte = len(text) == 6 and text.startswith("<0x") and text.endswith(">")
            out[token] = bytes([int(text[3:5], 16)]) if byte else text.replace("\u2581", " ").encode()

    for text, token in data["model"]["vocab"].items():
        put(text, token)
    for added in data["added_tokens"]:
        put(added["content"], added["id"])
        if added["special"] and added["id"] < size:
            out[added["id"]] = b""
    return out, next(added["id"] for added in data["added_tokens"] if added["content"] == "<eos>")


class LlGuidance:
    def __init__(self):
        import llguidance
        import numpy
        self.engine, self.numpy, self.version = llguidance, numpy, llguidance.__version__

    def tokenizer(self, path, size):
        _, eos = pieces(path, size)
        start = now()
        self.words = self.engine.LLTokenizer(path, eos_token=eos)  # of all the file's ids
        self.words = self.words.with_slices(self.engine.LLTokenizer.json_slices())
        took = now() - start
        self.eos, self.bits = eos, self.numpy.zeros((self.words.vocab_size + 31) // 32, dtype=self.numpy.int32)
        return took

    def compile(self, schema):
        start = now()
        self.grammar = self.engine.LLMatcher.grammar_from_json_schema(schema)
        self.first = self.engine.LLMatcher(self.words, self.grammar, log_level=0)
        took = now() - start
        error = self.first.get_error()
        return took, error or None

    def matcher(self):
        matcher = self.first.deep_copy()
        place, size = self.bits.ctypes.data, self.bits.nbytes
        return (lambda: matcher.unsafe_compute_mask_ptr(place, size)), matcher.consume_token

    def allowed(self, token):
        return bool(self.bits[token // 32] >> (token % 32) & 1)


class XGrammar:
    def __init__(self):
        import torch
        import xgrammar
        torch.set_num_threads(1)
        self.engine, self.torch = xgrammar, torch
        self.version = importlib.metadata.version("xgrammar")

    def tokenizer(self, path, size):
        words, self.eos = pieces(path, size)
        start = now()
        info = self.engine.TokenizerInfo(words, vocab_type=self.engine.VocabType.RAW, vocab_size=size, stop_token_ids=[self.eos])
        self.compiler = self.engine.GrammarCompiler(info, max_threads=1, cache_enabled=False)
        took = now() - start
        self.bits = self.engine.allocate_token_bitmask(1, size)
        self.view = self.bits.numpy()[0]
        return took

    def compile(self, schema):
        start = now()
        try:
            self.grammar = self.compiler.compile_json_schema(schema, any_whitespace=True, strict_mode=False)
        except Exception as error:  # noqa: BLE001: whatever it says is its refusal
            return now() - start, str(error)[:300]
        return now() - start, None

    def matcher(self):
        matcher = self.engine.GrammarMatcher(self.grammar)
        return (lambda: matcher.fill_next_token_bitmask(self.bits, 0)), matcher.accept_token

    def allowed(self, token):
        return bool(self.view[token // 32] >> (token % 32) & 1)


def walk(engine, tokens):
    start = now()
    mask, commit = engine.matcher()
    reply = {"ok": True, "accepted": False, "at": None, "reason": None, "n": len(tokens), "start_us": now() - start,
             "mask_us": [], "commit_us": []}
    for at, token in enumerate([*tokens, engine.eos]):
        start = now()
        engine_says = mask()
        reply["mask_us"].append(now() - start)
        full = engine_says is False and isinstance(engine, XGrammar)  # "nothing is masked": the bits are not written then
        if not full and not engine.allowed(token):
            reply.update(at=at, reason="mask" if at < len(tokens) else "end")
            return reply
        if at == len(tokens):
            break
        start = now()
        taken = commit(token)
        reply["commit_us"].append(now() - start)
        if taken is False:
            reply.update(at=at, reason="commit")
            return reply
    reply["accepted"] = True
    return reply


def main():
    engine = {"llguidance": LlGuidance, "xgrammar": XGrammar}[sys.argv[1]]()
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["op"] == "quit":
                return
            if request["op"] == "hello":
                reply = {"ok": True, "protocol": 1, "name": sys.argv[1], "version": engine.version, "threads": 1}
            elif request["op"] == "tokenizer":
                reply = {"ok": True, "us": engine.tokenizer(request["path"], request["vocab_size"])}
            elif request["op"] == "compile":
                took, error = engine.compile(json.dumps(request["schema"]))
                reply = {"ok": error is None, "us": took, "refused": error is not None, "error": error}
            elif request["op"] == "mask_walk":
                reply = walk(engine, request["tokens"])
            else:
                reply = {"ok": False, "error": "unknown op"}
        except Exception as error:  # noqa: BLE001: the runner counts it
            reply = {"ok": False, "error": f"{type(error).__name__}: {error}"[:300]}
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
