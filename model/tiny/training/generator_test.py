#!/usr/bin/env python3
"""What is generated is what the daemon would send, and what the model is taught is right.

    generator_test.py [--bin build/release/bin]

Prompts are compared byte for byte with those of hob-model-lite, which renders as the model process does. What needs torch
is skipped, saying so, where the environment of `scripts/fixtures/setup` is missing.
"""
import argparse
import importlib.util
import json
import os
import pathlib
import random
import socket
import struct
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ENVIRONMENT = pathlib.Path(os.environ.get("HOB_FIXTURE_ENV") or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "hob/fixture-env") / "bin/python"
if __name__ == "__main__" and ENVIRONMENT.exists() and importlib.util.find_spec("torch") is None:
    os.execv(ENVIRONMENT, [str(ENVIRONMENT), *sys.argv])

import families
import render
import wording

PROGRAMS = str(HERE.parents[2] / "build/release/bin")
GROUPS = 30
SEED = 20261130
WITH_TORCH = unittest.skipIf(importlib.util.find_spec("torch") is None, "no torch: scripts/fixtures/setup makes the environment")


class Renderer:
    """hob-model-lite, asked for prompts over its socket (frames: schemas/wire/README.md)."""

    def __init__(self):
        script = tempfile.NamedTemporaryFile("w", suffix=".json")
        json.dump({"tokenizer": str(HERE.parent / "checkpoint/tokenizer.json"), "context": 8192, "rules": []}, script)
        script.flush()
        mine, theirs = socket.socketpair()
        os.set_inheritable(theirs.fileno(), True)
        self.process = subprocess.Popen([PROGRAMS + "/hob-model-lite", "--fd", str(theirs.fileno())], close_fds=False)
        theirs.close()
        self.socket, self.stream = mine, mine.makefile("rb")
        self.receive()  # hello
        self.ask("start", {"script": script.name})

    def receive(self):
        header, payload = struct.unpack("<II", self.stream.read(8))
        return json.loads(self.stream.read(header)), json.loads(self.stream.read(payload) or "null")

    def ask(self, method, body):
        header, payload = json.dumps({"id": 1, "kind": "request", "method": method}).encode(), json.dumps(body).encode()
        self.socket.sendall(struct.pack("<II", len(header), len(payload)) + header + payload)
        while True:
            got, answer = self.receive()
            if got["kind"] == "error":
                raise RuntimeError(answer)
            if got["kind"] == "reply":
                return answer

    def prompt(self, family, items):
        return self.ask("render", {"system": family.system, "tools": family.tools, "items": items})["prompt"]

    def close(self):
        self.stream.close()
        self.socket.close()
        self.process.wait()


def items_of(turn, steps):
    """The items of a turn before its model step number `steps`."""
    text, _, asked = turn.request.partition("\nAnswer with JSON: ")
    items = [{"kind": "user_message", "text": text, **({"responseSchema": turn.schema} if asked else {})}]
    for i, step in enumerate(turn.steps[:steps]):
        ids = ["call_%d_%d" % (i, k) for k in range(len(step))]
        items += [{"kind": "tool_call", "step": i + 1, "callId": c, "name": call.name, "arguments": json.dumps(call.arguments)} for c, call in zip(ids, step)]
        items += [{"kind": "tool_result", "callId": c, "name": call.name, "result": call.result, "ok": call.result.get("ok") is not False} for c, call in zip(ids, step)]
    return items


def conversations():
    for index in range(GROUPS):
        for family in families.group(SEED, index):
            for conversation in family.conversations:
                yield family, conversation


class Generated(unittest.TestCase):
    def test_prompts_are_the_daemons(self):
        renderer = Renderer()
        compared = 0
        try:
            for number, (family, conversation) in enumerate(conversations()):
                if number % 3:
                    continue
                before, text = [], family.prefix()
                for turn in conversation:
                    pieces = "".join(piece for piece, _ in render.turn(turn))
                    for steps in range(len(turn.steps) + 1):
                        prompt = renderer.prompt(family, before + items_of(turn, steps))
                        self.assertTrue((text + pieces).startswith(prompt), "%r\nis not how\n%r begins" % (prompt[-400:], (text + pieces)[len(text) - 200:]))
                        compared += 1
                    before += items_of(turn, len(turn.steps)) + [{"kind": "structured_output" if turn.schema else "agent_message", "step": len(turn.steps) + 1, "text": turn.answer}]
                    text += pieces
        finally:
            renderer.close()
        self.assertGreater(compared, 150)

    def test_calls_fit_their_declarations(self):
        kinds = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list}
        for family, conversation in conversations():
            declared = {t["name"]: t for t in family.tools}
            for call in (c for turn in conversation for step in turn.steps for c in step):
                parameters = declared[call.name].get("parameters", {"properties": {}, "required": []})
                self.assertLessEqual(set(parameters.get("required", [])), set(call.arguments), call)
                for key, value in call.arguments.items():
                    self.assertIsInstance(value, kinds[parameters["properties"][key]["type"]], call)
                    self.assertIn(value, parameters["properties"][key].get("enum", [value]))

    def test_structured_answers_are_json_of_their_schema(self):
        seen = 0
        for _, conversation in conversations():
            for turn in conversation:
                if turn.schema:
                    seen += 1
                    value = json.loads(turn.answer)
                    self.assertEqual(value, turn.value)
                    self.assertTrue(turn.request.endswith("\nAnswer with JSON: " + render.type_of(turn.schema)))
                    if turn.schema.get("type") == "object":
                        self.assertEqual(list(value), list(turn.schema["properties"]))
        self.assertGreater(seen, 50)

    def test_a_request_is_refused_exactly_where_its_tool_is_missing(self):
        calls, refused = 0, 0
        for index in range(GROUPS):
            group = families.group(SEED, index)
            if len(group) < 2:
                continue
            called = {c[0].request: c[0].tools() for f in group for c in f.conversations if c[0].steps}
            for family in group:
                have = {t["name"] for t in family.tools}
                for turn in (c[0] for c in family.conversations):
                    if turn.request in called:
                        self.assertEqual(bool(turn.steps), called[turn.request] <= have, turn.request)
                        calls += bool(turn.steps)
                        refused += not turn.steps
        self.assertGreater(min(calls, refused), 10)

    def test_a_seed_gives_the_same_families(self):
        self.assertEqual(families.group(3, 7), families.group(3, 7))
        self.assertNotEqual(families.group(3, 7), families.group(4, 7))

    def test_phrase_grammars(self):
        r = random.Random(1)
        self.assertEqual({wording.expand(r, "a (b|c (d|e)|) f") for _ in range(200)}, {"a b f", "a c d f", "a c e f", "a f"})
        self.assertEqual(wording.count("(a|b) (c|d|)"), 6)
        self.assertEqual(wording.fill("{a} {b} {c}", a="{b}", b="(x|y)"), "{b} (x|y) {c}")
        with self.assertRaises(ValueError):
            wording.parse("(a|b")


@WITH_TORCH
class Training(unittest.TestCase):
    def setUp(self):
        import tokenizers
        from network import Network, Shape
        import train
        self.checkpoint = HERE.parent / "checkpoint"
        self.tokenizer = tokenizers.Tokenizer.from_file(str(self.checkpoint / "tokenizer.json"))
        self.network = Network(Shape(self.checkpoint)).eval()
        train.load_checkpoint(self.network, self.checkpoint)

    def test_a_shared_prefix_changes_nothing(self):
        import torch
        from network import Layout
        from packing import Weights, encode, pack
        family = families.Maker("shared").builtin_family(5)[0]
        shape = self.network.shape
        with torch.no_grad():
            ids, layout, source, target, _ = pack(shape, self.tokenizer, family, Weights(), False)
            logits = self.network.logits(self.network(ids, layout)[source])
            prefix = self.tokenizer.encode(family.prefix(), add_special_tokens=False).ids
            rows = {}
            for conversation in family.conversations:
                own, weight = encode(self.tokenizer, conversation, Weights())
                alone = torch.tensor(prefix + own)
                every = Layout(shape, 0, [(1, len(alone))], [torch.arange(len(alone))[None]], False)
                plain = self.network.logits(self.network(alone, every))
                rows[tuple(own)] = plain[[len(prefix) + k - 1 for k in range(1, len(own)) if weight[k]]]
            ordered = torch.cat([rows[tuple(own)] for own in sorted(rows, key=lambda x: -len(x))])
        self.assertEqual(len(ordered), len(logits))
        self.assertLess((ordered - logits).abs().max().item(), 1e-3)

    def test_only_the_models_turns_are_trained(self):
        from packing import Weights, encode
        conversation = families.Maker("weights").builtin_family(1)[0].conversations[0]
        ids, weight = encode(self.tokenizer, conversation, Weights())
        trained = self.tokenizer.decode([i for i, w in zip(ids, weight) if w], skip_special_tokens=False)
        own = "".join(text for turn in conversation for text, kind in render.turn(turn) if kind != render.CONTEXT)
        self.assertEqual(trained, own)

    def test_the_rate_ends_where_the_tokens_end(self):
        from train import rate
        self.assertLess(rate(0, .05, .5), .1)
        self.assertEqual(rate(.3, .05, .5), 1)
        self.assertAlmostEqual(rate(.75, .05, .5), .5)
        self.assertEqual(rate(1, .05, .5), .02)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--bin", default=PROGRAMS)
    known, rest = parser.parse_known_args()
    PROGRAMS = known.bin
    unittest.main(argv=sys.argv[:1] + rest)
