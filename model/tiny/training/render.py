"""Gemma 4's prompt as (text, kind) pieces, byte for byte what the daemon sends (`generator_test.py` compares the two).

The kind says what a token is for: CONTEXT is not trained, DECISION begins a turn of the model, NAME is a tool's name.
"""
import json
import pathlib

CONTEXT, PLAIN, NAME = range(3)
QUOTE = '<|"|>'
CONTRACT = json.loads((pathlib.Path(__file__).resolve().parents[3] / "tests/fixtures/prompt-contract.json").read_text())
SYSTEM, BUILTIN_TOOLS = CONTRACT["system"], CONTRACT["tools"]


def value(x):
    if isinstance(x, str):
        return QUOTE + x + QUOTE
    if x is True or x is False:
        return str(x).lower()
    if x is None:
        return "null"
    if isinstance(x, list):
        return "[" + ",".join(map(value, x)) + "]"
    if isinstance(x, dict):
        return "{" + ",".join(k + ":" + value(x[k]) for k in sorted(x, key=str.lower)) + "}"
    return str(x)  # numbers as Python prints them


def declaration(tool):
    """`tool`: name, description and flat parameters."""
    out = "<|tool>declaration:" + tool["name"] + "{description:" + value(tool["description"])
    parameters = tool.get("parameters") or {}
    if parameters.get("properties"):
        properties = []
        for key in sorted(parameters["properties"], key=str.lower):
            p, parts = parameters["properties"][key], []
            if p.get("description"):
                parts.append("description:" + value(p["description"]))
            if p.get("enum"):
                parts.append("enum:" + value(p["enum"]))
            if p.get("items"):
                parts.append("items:{type:" + value(p["items"]["type"].upper()) + "}")
            parts.append("type:" + value(p["type"].upper()))
            properties.append(key + ":{" + ",".join(parts) + "}")
        out += ",parameters:{properties:{" + ",".join(properties) + "}"
        if parameters.get("required"):
            out += ",required:" + value(parameters["required"])
        out += ",type:" + value("OBJECT") + "}"
    return out + "}<tool|>"


def system(text, tools):
    """The prefix that a session's turns follow; empty without text and tools."""
    if not text and not tools:
        return ""
    return "<|turn>system\n" + text + "".join(map(declaration, tools)) + "<turn|>\n"


def call(name, arguments):
    rest = "{" + ",".join(k + ":" + value(arguments[k]) for k in sorted(arguments, key=str.lower)) + "}<tool_call|>"
    return [("<|tool_call>call:", PLAIN), (name, NAME), (rest, PLAIN)]


def turn(t):
    """Pieces of a turn: the user's words, steps of calls with their results, the answer."""
    out = [("<|turn>user\n" + t.request + "<turn|>\n<|turn>model\n", CONTEXT)]
    for step in t.steps:
        for c in step:
            out += call(c.name, c.arguments)
        # the first <|tool_response> is the model's own stop, the others are rendered
        out += [("<|tool_response>", PLAIN),
                ("<|tool_response>".join("response:" + c.name + value(c.result) + "<tool_response|>" for c in step), CONTEXT)]
    return out + [(t.answer + "<turn|>", PLAIN), ("\n", CONTEXT)]


def type_of(schema):
    """The compact type in the line `Answer with JSON: TYPE`."""
    if "enum" in schema:
        out = " | ".join('"%s"' % e for e in schema["enum"])
    elif schema["type"] == "array":
        out = "[" + type_of(schema["items"]) + "]"
    elif schema["type"] == "object":
        required = schema.get("required", list(schema["properties"]))
        out = "{" + ", ".join('"%s"%s: %s' % (k, "" if k in required else "?", type_of(v)) for k, v in schema["properties"].items()) + "}"
    else:
        out = schema["type"]
    return out + (" (%s)" % schema["description"] if schema.get("description") else "")
