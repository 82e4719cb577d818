#!/usr/bin/env python3
"""One turn of hob, with nothing but the standard library.

usage: turn.py SOCKET "What is 17 * 23?"

Every method that is used here, with its parameters, is in the answer to {"method": "rpc.discover"}.
"""
import json
import os
import socket
import sys


class Hob:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.lines = self.socket.makefile("r", encoding="utf-8")
        self.last_id = 0
        self.events = []  # that came while an answer was waited for

    def call(self, method, **params):
        self.last_id += 1
        request = {"jsonrpc": "2.0", "id": self.last_id, "method": method, "params": params}
        self.socket.sendall(json.dumps(request).encode() + b"\n")
        for line in self.lines:
            message = json.loads(line)
            if message.get("method") == "event":
                self.events.append(message["params"])
            elif message.get("id") == self.last_id and "method" not in message:
                if "error" in message:
                    sys.exit(f"{method}: {message['error']['message']}")
                return message["result"]
        sys.exit("hob closed the connection")

    def next_event(self):
        while not self.events:
            message = json.loads(next(self.lines))
            if message.get("method") == "event":
                self.events.append(message["params"])
        return self.events.pop(0)


if len(sys.argv) != 3:
    sys.exit(__doc__)
hob = Hob(sys.argv[1])
session = hob.call("session/new", cwd=os.getcwd(), mcpServers=[])["sessionId"]
hob.call("events/subscribe", sessionIds=[session])
# Nobody is here to answer questions, so what would ask is denied.
hob.call("turn/start", sessionId=session, input=[{"type": "text", "text": sys.argv[2]}], onAsk="deny")
while (event := hob.next_event())["type"] != "turn.completed":
    if event["type"] == "item.delta" and event["data"]["kind"] == "agent_message":
        print(event["data"]["text"], end="", flush=True)
    elif event["type"] == "item.completed" and event["data"]["kind"] == "tool_call":
        print("  >", event["data"]["name"], event["data"]["arguments"])
print()
sys.exit(0 if event["data"]["status"] == "completed" else 1)
