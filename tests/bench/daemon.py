#!/usr/bin/env python3
"""Rows about hobd: how long it takes to answer, how much memory it holds when idle, how fast a ping and a tool call are.

    tests/bench/daemon.py [--bin DIR] [--repeat N]

One JSON object a line: {"what", "seconds": [...], "median", ...}. hobd runs alone: the model is not loaded.
"""
import argparse
import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Client:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.lines = self.socket.makefile("rw", encoding="utf-8", newline="\n")
        self.id = 0

    def call(self, method, **params):
        self.id += 1
        self.lines.write(json.dumps({"jsonrpc": "2.0", "id": self.id, "method": method, "params": params}) + "\n")
        self.lines.flush()
        while True:
            message = json.loads(self.lines.readline())
            if message.get("id") == self.id:
                return message


def row(what, seconds, **more):
    print(json.dumps({"what": what, "seconds": [round(s, 6) for s in seconds], "median": round(statistics.median(seconds), 6),
                      "max": round(max(seconds), 6), **more}), flush=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--bin", default=str(ROOT / "build/release/bin"))
    arguments.add_argument("--repeat", type=int, default=20)
    options = arguments.parse_args()
    place = pathlib.Path(tempfile.mkdtemp(prefix="hob-bench-"))
    for name in ("state", "config", "work"):
        (place / name).mkdir(mode=0o700)
    (place / "config/hob.yaml").write_text("model:\n  load_at_start: false\nlog:\n  level: warn\n")
    (place / "config/hob.yaml").chmod(0o600)
    environment = dict(os.environ, HOB_STATE_DIR=str(place / "state"), HOB_CONFIG_DIR=str(place / "config"))
    path = str(place / "state/hob.sock")
    starts, memory = [], []
    daemon = None
    try:
        for turn in range(options.repeat):
            begin = time.perf_counter()
            daemon = subprocess.Popen([options.bin + "/hobd", "--socket", path], env=environment, stderr=subprocess.DEVNULL)
            while True:
                try:
                    client = Client(path)
                    client.call("ping")
                    break
                except (FileNotFoundError, ConnectionRefusedError):
                    if daemon.poll() is not None:
                        raise SystemExit("hobd ended at once")
                    time.sleep(0.0005)
            starts.append(time.perf_counter() - begin)
            status = dict(line.split(":", 1) for line in open(f"/proc/{daemon.pid}/status"))
            memory.append(int(status["VmRSS"].split()[0]) / 1024)
            if turn + 1 < options.repeat:
                daemon.terminate()
                daemon.wait()
        row("hobd_start_to_ping", starts, bound_seconds=0.1)
        print(json.dumps({"what": "hobd_idle_memory", "rss_MiB": round(statistics.median(memory), 1),
                          "max_MiB": round(max(memory), 1), "bound_MiB": 30}), flush=True)
        pings = []
        for _ in range(2000):
            begin = time.perf_counter()
            client.call("ping")
            pings.append(time.perf_counter() - begin)
        pings.sort()
        print(json.dumps({"what": "ping", "median": round(pings[1000], 7), "p99": round(pings[1980], 7)}), flush=True)
        session = client.call("session/new", cwd=str(place / "work"), mcpServers=[])["result"]["sessionId"]
        calls = []
        for _ in range(50):
            begin = time.perf_counter()
            reply = client.call("tools/call", name="calculate", arguments={"expression": "17 * 23"}, sessionId=session)
            assert "result" in reply, reply
            calls.append(time.perf_counter() - begin)
        print(json.dumps({"what": "tool_call", "first": round(calls[0], 6), "median": round(statistics.median(calls[1:]), 6)}), flush=True)
    finally:
        if daemon is not None:
            daemon.terminate()
            daemon.wait()
        shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    main()
