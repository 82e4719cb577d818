#!/usr/bin/env python3
"""The constraint engine beside llguidance and XGrammar: masks, compile times and verdicts over a folder of schemas.

    scripts/bench grammar [--schemas FOLDER] [--most N] [--passes N] [--engines hob,llguidance,xgrammar]

The folder has files {"schema": ..., "tests": [{"data": ..., "valid": bool}, ...]}, as JSONSchemaBench's are here:
HOB_TEST_DATA/jsonschemabench, else shared/data/jsonschemabench beside the repository. All engines walk the same tokens of
the same vocabulary of 262,144 pieces. One process at a time measures, on one thread; each figure is the least of the passes.
Times are given over what all engines compiled, and for each over what it compiled. XGrammar needs torch and is measured
where the fixtures' environment (scripts/fixtures/setup) is there. The packages are installed into the cache.
"""
import argparse
import json
import os
import pathlib
import resource
import select
import subprocess
import sys

os.environ["RAYON_NUM_THREADS"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
from tokenizer import CACHE, PEER, ROOT, vocabulary  # noqa: E402

HOME = CACHE / "grammar-env"
LLGUIDANCE, XGRAMMAR = ["llguidance==1.9.1", "numpy", PEER], ["xgrammar==0.2.8", "apache-tvm-ffi"]
SIZE = 262144
SECONDS = 60  # for one request; then the schema is lost and the process made anew
MEMORY = 8 << 30


def environment():
    """Runs this script again in an environment that has the peers."""
    if pathlib.Path(sys.prefix) == HOME:
        return
    if not (HOME / "installed").exists():
        subprocess.run([sys.executable, "-m", "venv", HOME], check=True)
        pip = [HOME / "bin/pip", "install", "--quiet"]
        subprocess.run([*pip, *LLGUIDANCE], check=True, stdout=sys.stderr)
        subprocess.run([*pip, "--no-deps", *XGRAMMAR], check=True, stdout=sys.stderr)
        (HOME / "installed").write_text("")
    os.execv(HOME / "bin/python", [str(HOME / "bin/python"), *sys.argv])


def torch_home():
    return next((CACHE / "fixture-env").glob("lib/python3*/site-packages/torch"), pathlib.Path("")).parent


class Engine:
    def __init__(self, name, program, path):
        self.name, self.path, self.lost = name, path, 0
        self.command = [program, "grammar-bench", "--stdio"] if name == "hob" else [sys.executable, str(ROOT / "tests/bench/grammar_peer.py"), name]
        self.process = None

    def start(self):
        there = dict(os.environ)
        if self.name == "xgrammar":
            there["PYTHONPATH"] = str(torch_home())
        limit = None if self.name == "xgrammar" else (lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)))  # torch maps more than it uses
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=there, preexec_fn=limit,
                                        stderr=subprocess.DEVNULL)
        self.hello = self.ask(op="hello", seconds=300)
        loaded = self.ask(op="tokenizer", path=str(self.path), vocab_size=SIZE, seconds=600)
        if not loaded or not loaded["ok"]:
            raise SystemExit(f"{self.name}: the tokenizer was not taken: {loaded}")
        self.load_us = loaded["us"]

    def ask(self, seconds=SECONDS, **request):
        if self.process is None:
            self.start()
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            if select.select([self.process.stdout], [], [], seconds)[0]:
                line = self.process.stdout.readline()
                if line:
                    return json.loads(line)
        except BrokenPipeError:
            pass
        self.process.kill()
        self.process.wait()
        self.process = None
        self.lost += 1
        return None

    def stop(self):
        if self.process:
            self.process.stdin.close()
            self.process.wait()
            self.process = None


def least(old, new):
    return new if old is None or len(old) != len(new) else [min(a, b) for a, b in zip(old, new)]


def measure(engine, cases, passes):
    """By schema: {"compile": us, "masks": [[us, ...] by instance], "wrong": [0 or 1: valid refused, invalid taken]}, or None."""
    out = {}
    for _ in range(passes):
        for name, schema, tests in cases:
            compiled = engine.ask(op="compile", schema=schema, cold=True)
            if not compiled or not compiled.get("ok"):
                out.setdefault(name, None)
                continue
            row = out.get(name) or {"compile": compiled["us"], "masks": [None] * len(tests), "wrong": [0, 0]}
            row["compile"] = min(row["compile"], compiled["us"])
            row["wrong"] = [0, 0]
            for i, (tokens, text, valid) in enumerate(tests):
                walked = engine.ask(op="mask_walk", instance=text, tokens=tokens)
                if not walked or not walked.get("ok"):
                    row = None
                    break
                row["masks"][i] = least(row["masks"][i], walked["mask_us"])
                if walked["accepted"] != valid:
                    row["wrong"][0 if valid else 1] += 1
            out[name] = row
    engine.stop()
    return out


def figures(values):
    values = sorted(values)
    at = lambda share: round(values[min(len(values) - 1, int(share * len(values)))], 1)  # noqa: E731
    return {"n": len(values), "p50": at(.5), "p99": at(.99), "p999": at(.999), "max": at(1)} if values else {"n": 0}


def say(**row):
    print(json.dumps(row), flush=True)


def spread(result, names, what):
    rows = [result[name] for name in names if result.get(name)]
    return figures([row["compile"] for row in rows] if what == "compile" else
                   [us for row in rows for masks in row["masks"] for us in masks or []])


def own_rows(options, path, common):
    """Rows about hob alone: growth with the position in the output, and large enums."""
    engine = Engine("hob", options.bin + "/hob-model-lite", path)

    def masks(schema, text):
        best, compiled = None, None
        for _ in range(options.passes):
            reply = engine.ask(op="compile", schema=schema, cold=True)
            compiled = min(compiled or reply["us"], reply["us"])
            walked = engine.ask(op="mask_walk", instance=text)
            if not walked["accepted"]:
                raise SystemExit(f"hob refused {text[:80]}")
            best = least(best, walked["mask_us"])
        return compiled, best

    many = {f"key{i}": i for i in range(3000)}
    growth = {"an array of 5,000 numbers": ({"type": "array", "items": {"type": "integer"}}, json.dumps(list(range(5000)))),
              "an object of 3,000 keys of any name": ({"type": "object", "additionalProperties": {"type": "integer"}}, json.dumps(many)),
              "a string of 40,000 letters": ({"type": "string"}, json.dumps("some words " * 4000))}
    for name, (schema, text) in growth.items():
        _, found = masks(schema, text)
        tenth = len(found) // 10
        say(what="grammar_growth", of=name, tokens=len(found), first_us=figures(found[10:10 + tenth])["p50"],
            last_us=figures(found[-tenth:])["p50"], bound="flat", **common)
    for name, values in {"numbered": [f"value-{i:05d}" for i in range(10000)],
                         "words": [f"{'abcdefghij'[i % 10]}{'lmnoprstuv'[i // 10 % 10]}{'aeiou'[i // 100 % 5]}{i:x}" for i in range(10000)]}.items():
        took, found = masks({"enum": values}, json.dumps(values[7777]))
        say(what="grammar_enum", values=len(values), kind=name, compile_us=round(took, 1), bound_compile_us=5000, mask=figures(found), bound_mask_p99_us=100,
            **common)
    stats = engine.ask(op="stats")
    say(what="grammar_tokenizer", seconds=round(engine.load_us / 1e6, 3), trie_MiB=round(stats["trie_bytes"] / 2**20, 1), bound_MiB=32, **common)
    engine.stop()


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--bin", default=str(ROOT / "build/release/bin"))
    data = pathlib.Path(os.environ.get("HOB_TEST_DATA", ROOT.parent / "shared/data"))
    arguments.add_argument("--schemas", type=pathlib.Path, default=data / "jsonschemabench")
    arguments.add_argument("--most", type=int, default=0, help="so many schemas, spread evenly; 0: all")
    arguments.add_argument("--passes", type=int, default=3)
    arguments.add_argument("--engines", default="hob,llguidance,xgrammar")
    options = arguments.parse_args()
    environment()
    import tokenizers
    path = vocabulary()
    words = tokenizers.Tokenizer.from_file(str(path))
    files = sorted(options.schemas.glob("*.json"))
    if not files:
        raise SystemExit(f"no schemas in {options.schemas}; give a folder with --schemas")
    if options.most:
        files = files[::max(1, len(files) // options.most)][:options.most]
    cases = []
    for file in files:
        case = json.loads(file.read_text())
        tests = []
        for test in case["tests"]:
            text = json.dumps(test["data"], ensure_ascii=False)
            tests.append((words.encode(text, add_special_tokens=False).ids, text, test["valid"]))
        cases.append((file.stem, case["schema"], tests))
    cpu = next(line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name"))
    common = {"cpu": cpu, "threads": 1, "passes": options.passes}
    names = options.engines.split(",")
    if "xgrammar" in names and not (torch_home() / "torch").exists():
        print("xgrammar is left out: it needs torch; run scripts/fixtures/setup first", file=sys.stderr)
        names.remove("xgrammar")
    results, engines = {}, {}
    for name in names:
        engines[name] = Engine(name, options.bin + "/hob-model-lite", path)
        results[name] = measure(engines[name], cases, options.passes)
    shared = [name for name, _, _ in cases if all(results[engine].get(name) for engine in names)]
    labels = [sum(valid == want for _, _, tests in cases for _, _, valid in tests) for want in (True, False)]
    common["load"] = round(os.getloadavg()[0], 1)
    for name in names:
        compiled = [row for row in results[name].values() if row]
        say(what="grammar_verdicts", engine=name, version=engines[name].hello.get("version"), schemas=len(cases), compiled=len(compiled),
            passing=sum(row["wrong"] == [0, 0] for row in compiled), valid=labels[0], invalid=labels[1],
            valid_refused=sum(row["wrong"][0] for row in compiled), invalid_taken=sum(row["wrong"][1] for row in compiled),
            lost=engines[name].lost, tokenizer_seconds=round(engines[name].load_us / 1e6, 2), **common)
    for what in ("mask", "compile"):
        for over, chosen in (("compiled by all", shared), ("compiled by it", [case[0] for case in cases])):
            ours = spread(results["hob"], chosen, what) if "hob" in results else {"n": 0}
            for name in names:
                found = spread(results[name], chosen, what)
                ratio = {key: round(found[key] / ours[key], 2) for key in ("p50", "p99", "p999", "max") if ours["n"] and found["n"]} if over == "compiled by all" else {}
                say(what=f"grammar_{what}_us", engine=name, over=over, schemas=len([n for n in chosen if results[name].get(n)]), **found,
                    **({"over_hob": ratio} if name != "hob" and ratio else {}), **common)
    if "hob" in names:
        own_rows(options, path, common)


if __name__ == "__main__":
    main()
