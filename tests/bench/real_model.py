#!/usr/bin/env python3
"""Rows about a real model, Gemma 3 270M as a GGUF file, beside transformers on the same unpacked weights.

    scripts/bench real-model [--only ROW,...] [--threads N] [--tokens N] [--strings N] [--answers N] [--passages N]
                             [--texts prose,code,json]

Fetches the weights (scripts/real-model), the vocabulary of the tokenizer rows and the fixtures' Python environment where they
are not there. Rows: ids, logits, perplexity, greedy, acceptance (of look-up drafts), schemas. The exit status is 1 when a bound is not kept.
"""
import argparse
import datetime
import decimal
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/bench"))

PROMPTS = [
    "The capital of France is", "Water boils at", "def fibonacci(n):\n", "Once upon a time, in a small village,",
    "The three laws of motion are", "#include <stdio.h>\n\nint main() {\n", "Dear Sir or Madam,\n\nI am writing to",
    "Q: What is the largest planet?\nA:", "{\"name\": \"Alice\", \"age\":", "La capitale de l'Italie est", "Der schnelle braune Fuchs",
    "The recipe calls for two cups of", "In 1969, humans first", "SELECT name, COUNT(*) FROM", "To be, or not to be,",
    "<html>\n<head>\n<title>", "The mitochondria is", "1, 1, 2, 3, 5, 8,", "Photosynthesis is the process by which", "import numpy as np\n\n"]
SCHEMAS = [
    {"type": "object", "properties": {"name": {"type": "string", "maxLength": 20}, "age": {"type": "integer", "minimum": 0, "maximum": 130}},
     "required": ["name", "age"], "additionalProperties": False},
    {"enum": ["red", "green", "blue", None, 7]},
    {"type": "array", "items": {"type": "number", "minimum": -1, "maximum": 1}, "minItems": 2, "maxItems": 5},
    {"type": "object", "properties": {"tags": {"type": "array", "items": {"enum": ["a", "b", "c"]}, "uniqueItems": True, "maxItems": 3}},
     "required": ["tags"]},
    {"oneOf": [{"type": "string", "maxLength": 12}, {"type": "integer", "minimum": 0, "maximum": 99}]},
    {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{3}$"},
    {"type": "object", "properties": {"when": {"type": "string", "format": "date"}, "ok": {"type": "boolean"}}, "required": ["when", "ok"]},
    {"type": "array", "prefixItems": [{"type": "string", "maxLength": 8}, {"type": "integer", "multipleOf": 5}], "items": False, "minItems": 2},
    {"type": "object", "properties": {"kind": {"const": "circle"}, "radius": {"type": "number", "exclusiveMinimum": 0, "maximum": 100}},
     "required": ["kind", "radius"], "additionalProperties": False},
    {"type": "object", "properties": {"a": {"type": "object", "properties": {"b": {"type": "array", "items": {"type": "boolean"}, "maxItems": 4}},
                                                "required": ["b"]}}, "required": ["a"]},
]


def say(**row):
    print(json.dumps(row, ensure_ascii=False), flush=True)


def text_of(kind):
    """Real text that every Debian with Python has."""
    if kind == "prose":
        return pathlib.Path("/usr/share/common-licenses/GPL-3").read_text()
    return pathlib.Path(argparse.__file__).read_text()


def exact(text):
    """A number without a fraction as Python's integer: its floats lose digits, and then what a number is a multiple of."""
    value = decimal.Decimal(text)
    return int(value) if value.adjusted() < 1000 and value == value.to_integral_value() else float(text)


def checker_of_dates(jsonschema):
    """RFC 3339 has a year 0000, which Python's own calendar has not."""
    checker = jsonschema.FormatChecker()

    @checker.checks("date", raises=ValueError)
    def is_date(value):
        return not isinstance(value, str) or bool(datetime.date.fromisoformat(value.replace("0000-", "2000-", 1)))

    return checker


def passages(kind, count):
    """Pieces of some 1,500 characters of real text, each with what begins the continuation."""
    if kind == "json":
        records = [{"path": str(p), "bytes": p.stat().st_size, "suffix": p.suffix, "module": p.stem}
                   for p in sorted(pathlib.Path(argparse.__file__).parent.glob("*.py"))[:12 * count]]
        return [(json.dumps(records[i::count][:12], indent=1)[:-2] + ",\n", ' {\n  "path":') for i in range(count)]
    text = text_of(kind)
    step = (len(text) - 1500) // count
    return [(text[i * step:i * step + 1500], "") for i in range(count)]


class Bench:
    def __init__(self, options):
        self.options = options
        self.file = pathlib.Path(subprocess.run([ROOT / "scripts/real-model"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip())
        self.bin = pathlib.Path(options.bin)
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="hob-bench-"))
        self.failed = False
        self._model = None
        cpu = next(line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name"))
        self.common = {"model": self.file.name, "cpu": cpu, "threads": options.threads}

    def bound(self, kept):
        self.failed = self.failed or not kept
        return kept

    def tokenize(self, strings):
        lines = "".join(json.dumps(s) + "\n" for s in strings)
        done = subprocess.run([self.bin / "hob-model-lite", "tokenize", "--model", self.file], input=lines, stdout=subprocess.PIPE,
                              text=True, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def reference(self):
        if self._model is None:
            import torch
            import transformers
            torch.set_num_threads(self.options.threads)
            self._model = transformers.AutoModelForCausalLM.from_pretrained(
                self.file.parent, gguf_file=self.file.name, dtype=torch.float32, attn_implementation="eager").eval()
            self.common["peer"] = f"transformers {transformers.__version__}"
        return self._model

    def logits(self, ids, dtype):
        """[time, vocab] out of hob, mapped."""
        from safetensors import safe_open
        source, out = self.work / "ids.json", self.work / f"{dtype}.safetensors"
        source.write_text(json.dumps(ids))
        begun = time.perf_counter()
        subprocess.run([self.bin / "hob-model", "logits", "--model", self.file, "--tokens", source, "--out", out, "--dtype", dtype,
                        "--threads", str(self.options.threads)], check=True)
        return safe_open(out, "pt").get_slice("logits"), time.perf_counter() - begun

    def generate(self, steps, dtype):
        lines = "".join(json.dumps(s) + "\n" for s in steps)
        done = subprocess.run([self.bin / "hob-model", "generate", "--model", self.file, "--dtype", dtype, "--context", "2048",
                               "--threads", str(self.options.threads)], input=lines, stdout=subprocess.PIPE, text=True, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def ids(self):
        import tokenizer
        import tokenizers
        path = tokenizer.vocabulary()
        peer = tokenizers.Tokenizer.from_file(str(path))
        model = json.loads(path.read_text())
        # Pieces above the file's vocabulary are for pictures.
        added = [a["content"] for a in model["added_tokens"] if a["id"] < 262144]
        strings = tokenizer.strings(self.options.strings, 7, list(model["model"]["vocab"]), added)
        strings += text_of("prose").split("\n\n") + text_of("code").split("\n\n") + ["The capital of France is"]
        wanted = [one.ids for one in peer.encode_batch_fast(strings, add_special_tokens=False)]
        found = self.tokenize(strings)
        different = [(s, w, f) for s, w, f in zip(strings, wanted, found, strict=True) if w != f]
        for s, w, f in different[:5]:
            at = next((i for i, (a, b) in enumerate(zip(w, f)) if a != b), min(len(w), len(f)))
            print(f"different at {at}: {s[:60]!r} wanted {w[at:at + 6]} got {f[at:at + 6]}", file=sys.stderr)
        self.bound(not different and found[-1] == [818, 5279, 529, 7001, 563])
        say(what="real_ids", strings=len(strings), different=len(different), peer=f"tokenizers {tokenizers.__version__}",
            **self.common)

    def numbers(self, rows):
        """Logits and perplexity, in one run of each."""
        import torch
        for kind in ("prose", "code"):
            ids = [2] + self.tokenize([text_of(kind)])[0][:self.options.tokens - 1]
            model = self.reference()
            begun = time.perf_counter()
            with torch.no_grad():
                hidden = model.model(torch.tensor([ids])).last_hidden_state[0]
            peer_seconds = time.perf_counter() - begun
            target = torch.tensor(ids[1:])
            ours, seconds = {}, {}
            for dtype in ("f32", "bf16"):
                ours[dtype], seconds[dtype] = self.logits(ids, dtype)
            worst, largest, sums, best = 0.0, 0.0, {"peer": 0.0, "f32": 0.0, "bf16": 0.0}, 0
            for first in range(0, len(ids), 100):
                with torch.no_grad():
                    wanted = model.lm_head(hidden[first:first + 100])
                for name in ("peer", "f32", "bf16"):
                    got = wanted if name == "peer" else ours[name][first:first + 100]
                    if name == "f32":
                        worst = max(worst, float((got - wanted).abs().max()))
                        largest = max(largest, float(wanted.abs().max()))
                        best += int((got.argmax(-1) == wanted.argmax(-1)).sum())
                    aims = target[first:first + 100]
                    sums[name] += float(torch.nn.functional.cross_entropy(got[:len(aims)].float(), aims, reduction="sum"))
            perplexity = {name: math.exp(value / len(target)) for name, value in sums.items()}
            if "logits" in rows:
                say(what="real_logits", text=kind, tokens=len(ids), largest_difference=worst, largest_logit=largest,
                    same_best=best, bound=2e-3, kept=self.bound(worst <= 2e-3), **self.common)
            if "perplexity" in rows:
                apart = {d: abs(perplexity[d] / perplexity["peer"] - 1) for d in ("f32", "bf16")}
                say(what="real_perplexity", text=kind, tokens=len(ids), peer_f32=perplexity["peer"], f32=perplexity["f32"],
                    bf16=perplexity["bf16"], f32_apart=apart["f32"], bf16_apart=apart["bf16"],
                    kept=self.bound(apart["f32"] <= 1e-3 and apart["bf16"] <= 1e-2), seconds_f32=round(seconds["f32"], 1),
                    seconds_bf16=round(seconds["bf16"], 1), **self.common)
            for file in self.work.glob("*.safetensors"):
                file.unlink()

    def greedy(self):
        import torch
        model = self.reference()
        steps = [{"prompt": p, "items": [], "maxTokens": 64, "sampling": {"temperature": 0}} for p in PROMPTS]
        begun = time.perf_counter()
        answers = self.generate(steps, "f32")
        seconds = time.perf_counter() - begun
        same = tokens = loops = 0
        for prompt, encoded, answer in zip(PROMPTS, self.tokenize(PROMPTS), answers, strict=True):
            ids = torch.tensor([[2] + encoded])
            with torch.no_grad():
                wanted = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=64, do_sample=False,
                                        eos_token_id=[1, 106], pad_token_id=0)[0, ids.shape[1]:].tolist()
            if wanted and wanted[-1] in (1, 106):
                wanted.pop()
            got = [i for item in answer.get("items", []) for i in (item.get("produced") or {}).get("ids", [])]
            tokens += len(got)
            # A loop of one token is ended by hob's guard, which the reference has not: up to there they must agree.
            looped = answer.get("stop") == "repetition" and len(got) < len(wanted)
            agrees = got == (wanted[:len(got)] if looped else wanted)
            same += agrees
            loops += looped
            if not agrees:
                at = next((i for i, (a, b) in enumerate(zip(got, wanted)) if a != b), min(len(got), len(wanted)))
                print(f"different from token {at} on: {prompt!r} wanted {wanted[at:at + 5]} got {got[at:at + 5]} {str(answer)[:200]}", file=sys.stderr)
        say(what="real_greedy", prompts=len(PROMPTS), identical=same, tokens=tokens, ended_as_loops=loops,
            kept=self.bound(same == len(PROMPTS)),
            seconds_with_loading=round(seconds, 1), **self.common)

    def acceptance(self):
        """What look-up drafts bring where the model goes on with real text, and where it repeats what it was given."""
        for kind in self.options.texts.split(","):
            steps = []
            for text, ending in passages(kind, self.options.passages):
                steps.append({"prompt": text + ending, "items": [], "maxTokens": 128, "sampling": {"temperature": 0}})
            answers = {}
            for draft in ("none", "lookup"):
                answers[draft] = self.generate([step | {"draft": draft} for step in steps], "f32")
            sums = {name: sum(a["usage"].get(name, 0) for a in answers["lookup"])
                    for name in ("outputTokens", "draftedTokens", "acceptedTokens")}
            same = sum(a["items"] == b["items"] for a, b in zip(answers["none"], answers["lookup"], strict=True))
            seconds = {d: sum(a["usage"]["decodeSeconds"] for a in answers[d]) for d in answers}
            say(what="real_acceptance", text=kind, passages=len(steps), tokens=sums["outputTokens"],
                drafted=sums["draftedTokens"], accepted=sums["acceptedTokens"],
                acceptance=round(sums["acceptedTokens"] / max(1, sums["draftedTokens"]), 3),
                tokens_per_forward=round(sums["outputTokens"] / max(1, sums["outputTokens"] - sums["acceptedTokens"]), 2),
                speed_up=round(seconds["none"] / seconds["lookup"], 2), kept=self.bound(same == len(steps)), **self.common)

    def schemas(self):
        import jsonschema
        steps = []
        for seed in range(self.options.answers // len(SCHEMAS)):
            for schema in SCHEMAS:
                steps.append({"items": [{"kind": "user_message", "text": f"Give me an example, number {seed}."}], "responseSchema": schema,
                              "maxTokens": 96, "sampling": {"temperature": 1, "seed": seed}})
        begun = time.perf_counter()
        answers = self.generate(steps, "bf16")
        seconds = time.perf_counter() - begun
        valid = whole = 0
        share = sum(a["usage"]["maskSeconds"] for a in answers) / sum(a["usage"]["decodeSeconds"] for a in answers)
        checker = checker_of_dates(jsonschema)
        for step, answer in zip(steps, answers, strict=True):
            item = (answer.get("items") or [{}])[-1]
            try:
                jsonschema.Draft202012Validator(step["responseSchema"], format_checker=checker).validate(json.loads(item.get("text", ""), parse_float=exact))
                valid += 1
            except (jsonschema.ValidationError, json.JSONDecodeError) as error:
                print(f"not valid: {step['responseSchema']} {str(answer)[:300]} {str(error)[:200]}", file=sys.stderr)
            whole += answer.get("stop") != "max_tokens"
        say(what="real_schemas", answers=len(steps), valid=valid, ended_by_themselves=whole, mask_share_of_decoding=round(share, 5),
            kept=self.bound(valid == len(steps)),
            seconds_with_loading=round(seconds, 1), **self.common)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--bin", default=str(ROOT / "build/release/bin"))
    arguments.add_argument("--only", default="ids,logits,perplexity,greedy,acceptance,schemas")
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--tokens", type=int, default=2000)
    arguments.add_argument("--strings", type=int, default=6000)
    arguments.add_argument("--answers", type=int, default=200)
    arguments.add_argument("--passages", type=int, default=20)
    arguments.add_argument("--texts", default="prose,code,json", help="of the acceptance row")
    options = arguments.parse_args()
    rows = options.only.split(",")
    bench = Bench(options)
    if "ids" in rows:
        bench.ids()
    if "logits" in rows or "perplexity" in rows:
        bench.numbers(rows)
    if "greedy" in rows:
        bench.greedy()
    if "acceptance" in rows:
        bench.acceptance()
    if "schemas" in rows:
        bench.schemas()
    return 1 if bench.failed else 0


if __name__ == "__main__":
    sys.exit(main())
