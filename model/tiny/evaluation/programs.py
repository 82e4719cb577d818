"""The programs that are measured: a private hobd with real tools, and hob-model alone for tools that no plugin offers."""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time


class Client:
    """JSON-RPC over the daemon's socket, one request at a time."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.lines = self.socket.makefile("rw", encoding="utf-8", newline="\n")
        self.next_id = 0

    def call(self, method, **params):
        self.next_id += 1
        self.lines.write(json.dumps({"jsonrpc": "2.0", "id": self.next_id, "method": method, "params": params}) + "\n")
        self.lines.flush()
        for line in self.lines:
            message = json.loads(line)
            if message.get("id") == self.next_id and "method" not in message:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                return message["result"]
        raise RuntimeError("the daemon went away")


class Daemon:
    """A hobd with its own state and directory of files, computing in float32; ends with the `with` block."""

    def __init__(self, programs, model, files, memories):
        self.programs, self.model, self.files, self.memories = programs, model, files, memories

    def __enter__(self):
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="hob-evaluate-"))
        self.work = self.place / "work"
        self.work.mkdir()
        for name, text in self.files.items():
            (self.work / name).parent.mkdir(parents=True, exist_ok=True)
            (self.work / name).write_text(text)
        for name in ("config", "state"):
            (self.place / name).mkdir(mode=0o700)
        config = self.place / "config/hob.yaml"
        config.write_text(f"model:\n  path: {json.dumps(self.model)}\n  dtype: f32\n")
        config.chmod(0o600)
        self.path = str(self.place / "state/hob.sock")
        environment = dict(os.environ, HOB_STATE_DIR=str(self.place / "state"), HOB_CONFIG_DIR=str(self.place / "config"))
        self.process = subprocess.Popen([self.programs + "/hobd", "--socket", self.path, "--log-file", str(self.place / "hobd.log")], env=environment)
        while not os.path.exists(self.path):
            if self.process.poll() is not None:
                raise SystemExit("hobd did not start: " + (self.place / "hobd.log").read_text()[-2000:])
            time.sleep(.05)
        client = Client(self.path)
        for text in self.memories:
            client.call("memory/put", text=text)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.place, ignore_errors=True)

    def turn(self, client, document):
        """(calls [(tool, arguments)], answer, structured value) of a document in a session of its own; greedy."""
        session = client.call("session/new", cwd=str(self.work), mcpServers=[])["sessionId"]
        extra = {"responseSchema": document.schema} if document.schema else {}
        started = client.call("turn/start", sessionId=session, input=[{"type": "text", "text": document.request}], sampling={"temperature": 0},
                              onAsk="deny", limits={"maxTokens": 400, "maxModelCalls": 6}, **extra)
        state = client.call("turn/wait", turnId=started["turnId"], timeoutMs=120000)
        items = client.call("session/get", sessionId=session, includeItems=True)["items"]
        calls = [(i["name"], json.loads(i["arguments"])) for i in items if i["kind"] == "tool_call"]
        return calls, state.get("output") or "", state.get("structured")


def first_steps(programs, model, documents, system):
    """What hob-model does first in each document: (calls, text). Names and keys stand under the grammar of the declared tools."""
    lines = [json.dumps({"system": system, "tools": d.tools, "allowed": [t["name"] for t in d.tools], "items": [{"kind": "user_message", "text": d.request}],
                         "sampling": {"temperature": 0}, "maxTokens": 200}) for d in documents]
    done = subprocess.run([programs + "/hob-model", "generate", "--model", model, "--dtype", "f32"], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True)
    out = []
    for line in done.stdout.strip().split("\n"):
        result = json.loads(line)
        if "error" in result:
            raise RuntimeError(result["error"])
        out.append(([(i["name"], json.loads(i["arguments"])) for i in result["items"] if i["kind"] == "tool_call"], "".join(i.get("text", "") for i in result["items"] if i["kind"] == "agent_message")))
    return out
