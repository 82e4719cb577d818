"""What a conversation is made of."""
from __future__ import annotations

import dataclasses


@dataclasses.dataclass
class Call:
    name: str
    arguments: dict
    result: dict


@dataclasses.dataclass
class Turn:
    request: str
    steps: list  # of lists of Call: the calls of a list are made at once
    answer: str
    kind: str
    schema: dict | None = None  # of a structured answer
    value: object = None

    def tools(self):
        return {c.name for step in self.steps for c in step}


REFUSAL = "I have no tool for that."


def refusal(request):
    return Turn(request, [], REFUSAL, "refuse")


def question(request, argument):
    return Turn(request, [], "Please tell me the %s." % argument.replace("_", " "), "ask")


def error(kind, message, hint):
    return {"ok": False, "kind": kind, "message": message, "hint": hint}


def answer(call):
    """What the model says after a built-in tool's result: a function of the call and the result, nothing else."""
    name, arguments, result = call.name, call.arguments, call.result
    if result.get("ok") is False:
        return "That failed: " + result["message"]
    if name == "read_file":
        path, content = arguments["path"], result["content"]
        if result["truncated"]:
            return "%s has %d lines. It begins:\n%s" % (path, result["lines"], content.split("\n")[0])
        return path + (" says:\n" + content if content else " is empty.")
    if name == "write_file":
        return "I wrote %s." % arguments["path"]
    if name == "edit_file":
        return "I changed %s." % arguments["path"]
    if name in ("list_directory", "glob"):
        found = result["entries" if name == "list_directory" else "paths"]
        if found:
            return ("There is, among others, " if result["truncated"] else "There is ") + ", ".join(found) + "."
        return "There is nothing in %s." % arguments["path"] if name == "list_directory" else "No file matches %s." % arguments["pattern"]
    if name == "grep":
        if not result["matches"]:
            return "Nothing matches %s." % arguments["pattern"]
        return ("I found, among others:\n" if result["truncated"] else "I found:\n") + "\n".join(result["matches"])
    if name == "run_command":
        output = result["output"]
        if result["exit_code"]:
            return "It failed with exit code %d" % result["exit_code"] + (":\n" + output.split("\n")[0] if output else ".")
        if result["truncated"]:
            return "It printed a long text that begins:\n" + output.split("\n")[0]
        return "It printed:\n" + output if output else "Done. It printed nothing."
    if name == "calculate":
        return arguments["expression"] + " = " + result["result"]
    if name == "current_time":
        return "It is %(time)s on %(weekday)s, %(date)s." % result
    if name == "remember":
        return "I will remember that."
    raise KeyError(name)
