"""Families: one prefix (system text and declarations) and conversations that follow it independently.

The prefix is computed once for all of them. Kinds:
- built-in: the daemon's own prompt, sometimes with tools of a user after it;
- mixed: some of the built-in tools, in any company, so that requests for the others are refused;
- contrast: one pool of invented tools and one list of requests, several prefixes that declare different parts of the pool:
  the same request is a call under one prefix and a refusal under the next. This is what teaches refusing among users' tools;
- notes: `recall` and `remember` almost alone;
- bare: no tools: structured answers, chat, echo.
"""
import dataclasses
import random

import render
from several import Several
from structured import Structured
from turns import Call, Turn, refusal
from usertools import CONFUSED, FIELDS, LIKE_BUILTIN, REALISTIC, Invented, Realistic

SYSTEMS = [render.SYSTEM] * 5 + ["", "You are a helpful agent.", "You are hob, a local agent.", "Use the tools to help the user."]
BUILTIN_KINDS = {"one": 38, "parallel": 16, "chain": 15, "foreign": 14, "incomplete": 9, "structured": 19, "chat": 1.5, "echo": 4}
# Of the requests for tools that are elsewhere in a pool: with as many as for those that are here the model refuses all.
REFUSED = .16


@dataclasses.dataclass
class Family:
    system: str
    tools: list
    conversations: list  # of lists of turns

    def prefix(self):
        return "<bos>" + render.system(self.system, self.tools)


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.builtin = Several(self.random)
        self.structured = Structured(self.builtin)

    # built-in prompt
    def builtin_conversation(self, extra=()):
        r, b = self.random, self.builtin
        if extra and r.random() < .45:
            tool = r.choice(extra)
            return (tool.incomplete() if r.random() < .12 else None) or [tool.turn()]
        kind = r.choices(list(BUILTIN_KINDS), list(BUILTIN_KINDS.values()))[0]
        if kind == "incomplete":
            turns = b.incomplete()
        elif kind == "structured":
            turns = [self.structured.turn(["read_file", "calculate", "list_directory"])]
        elif kind == "foreign":
            turns = [b.foreign() if r.random() < .75 else refusal(self.far_tool().turn().request)]
        else:
            turns = [getattr(b, kind)()]
        if r.random() < .16:
            turns = turns + self.builtin_conversation(extra)
        return turns[:4]

    def far_tool(self):
        """A tool that no built-in one resembles."""
        while True:
            if self.random.random() < .3:
                tool = Realistic(self.builtin, self.random.choice([row for row in REALISTIC if row[0] not in ("git_commit", "query_database", "add_task", "restart_service", "fetch_url")]))
            else:
                tool = Invented(self.builtin)
                if tool.noun in LIKE_BUILTIN or tool.verb in ("get", "find", "list", "check", "save", "count", "read", "fetch", "lookup", "search", "view", "query", "edit", "file", "copy", "rename", "move", "delete", "print", "measure", "test", "deploy", "clean", "archive"):
                    continue
            return tool

    def builtin_family(self, conversations=20, extra=False):
        tools, own = list(render.BUILTIN_TOOLS), []
        for _ in range(self.random.randint(1, 3) if extra else 0):
            tool = self.far_tool()
            if tool.name not in [t["name"] for t in tools]:
                own.append(tool)
                tools.append(tool.declaration)
        return [Family(render.SYSTEM, tools, [self.builtin_conversation(own) for _ in range(conversations)])]

    def extended_families(self):
        """The built-in tools and some of a pool after them: the same requests are calls under one prefix, refusals under the other."""
        r, pool = self.random, []
        while len(pool) < 4:
            tool = self.far_tool()
            if not any(tool.noun == t.noun or tool.verb == t.verb or tool.name == t.name for t in pool):
                pool.append(tool)
        turns = [(t, t.turn()) for t in pool for _ in range(2)]
        out = []
        r.shuffle(pool)
        for have in (pool[:r.choice([1, 2, 3])], pool[2:]):
            conversations = [[turn] if tool in have else [refusal(turn.request)] for tool, turn in turns if tool in have or r.random() < REFUSED]
            conversations += [x for x in (t.incomplete() for t in have) if x]
            conversations += [self.builtin_conversation() for _ in range(6)]
            out.append(Family(render.SYSTEM, render.BUILTIN_TOOLS + [t.declaration for t in have], conversations))
        return out

    # some built-in tools
    def mixed_family(self, conversations=9):
        r, b = self.random, self.builtin
        names = set(r.sample([t["name"] for t in render.BUILTIN_TOOLS], r.choice([1, 1, 2, 3, 4, 6])))
        tools, own, out = [t for t in render.BUILTIN_TOOLS if t["name"] in names], [], []
        for _ in range(r.choice([0, 0, 1, 2])):
            tool = self.far_tool()
            own.append(tool)
            tools.append(tool.declaration)
        if r.random() < .5:
            r.shuffle(tools)
        others = sorted({t["name"] for t in render.BUILTIN_TOOLS} - names)
        while len(out) < conversations:
            kind = r.random()
            if own and kind < .25:
                turns = [r.choice(own).turn()]
            elif kind < .5:
                turns = [b.one(r.choice(sorted(names)))]
            elif kind < .72:
                if "run_command" in names or not others:
                    continue
                turns = [refusal(b.one(r.choice(others)).request)]
            elif kind < .82:
                turns = [b.foreign()]
            elif kind < .88:
                turns = b.incomplete()
            elif kind < .94:
                turns = [r.choice([b.parallel, b.chain])()]
            else:
                turns = [self.structured.turn(names)]
            used = set().union(*(t.tools() for t in turns))
            if turns[0].kind == "ask" and not used:
                continue
            if used <= names | {t.name for t in own}:
                out.append(turns)
        return [Family(r.choice(SYSTEMS), tools, out)]

    # tools of users
    def pool(self, n):
        """`n` tools that a request tells apart."""
        r, out = self.random, []
        while len(out) < n:
            invented = [t for t in out if isinstance(t, Invented)]
            if r.random() < .22:
                tool = Realistic(self.builtin, r.choice(REALISTIC))
            else:
                tool = Invented(self.builtin, r.choice(invented) if invented and r.random() < .5 else None)
            same = [t for t in out if t.noun == tool.noun]
            if any(t.verb == tool.verb or not (t.past and tool.past) for t in same) or tool.name in [t.name for t in out]:
                continue
            # words that two verbs share ("get me", "i need") would make a request mean both
            if isinstance(tool, Invented) and any(isinstance(t, Invented) and set(t.words) & set(tool.words) for t in same):
                continue
            out.append(tool)
        return out

    def graft(self, pool):
        """Lets one tool take what another returns, so that there is a chain."""
        r = self.random
        reads = [t for t in pool if isinstance(t, Invented) and not t.past and not t.many and not t.plain]
        acts = [t for t in pool if isinstance(t, Invented) and t.past]
        if not reads or not acts or r.random() < .4:
            return
        from usertools import ARGUMENTS
        a = r.choice([a for a in ARGUMENTS if a[0] in ("name", "title", "email", "url", "id", "path", "owner", "text")])
        read, act = r.choice(reads), r.choice(acts)
        if any(CONFUSED.get(x[0], x[0]) == CONFUSED.get(a[0], a[0]) for x, _, _ in act.arguments):
            return
        read.fields = sorted({read.fields[0], a[0]})
        act.arguments = sorted(act.arguments + [(a, None, True)], key=lambda x: x[0][0].lower())
        parameters = act.declaration.setdefault("parameters", {"type": "object", "properties": {}, "required": []})
        parameters["properties"][a[0]] = {"type": "string", "description": a[2]}
        parameters["required"] = [x[0] for x, _, needed in act.arguments if needed]

    def invented_chain(self, have):
        r = self.random
        pairs = [(x, y, f) for x in have for y in have if isinstance(x, Invented) and isinstance(y, Invented) and not x.past and not x.many and not x.plain and y.past
                 for f in x.fields for a, values, _ in y.arguments if not values and a[0] == f and a[1] == "string"]
        if not pairs:
            return None
        x, y, f = r.choice(pairs)
        first, arguments = x.request()
        result = x.result()
        if f not in result or not isinstance(result[f], str):
            return None
        second, more = y.request(said={f: r.choice(["with that " + f, "with the %s from it" % f, "using its " + f, "with its " + f])})
        more[f] = result[f]
        done = y.result()
        request = first.rstrip(".?!") + r.choice([", then ", " and then ", ". Then ", " and "]) + second[:1].lower() + second[1:]
        return [Turn(request, [[Call(x.name, arguments, result)], [Call(y.name, more, done)]], y.answer(done), "invented chain")]

    def contrast_families(self):
        r = self.random
        have_count = r.choice([1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 7])
        pool = self.pool(have_count + r.choice([1, 2, 2, 3]))
        self.graft(pool)
        requests = [(t, t.turn()) for t in pool for _ in range(3)]
        r.shuffle(requests)
        out, system = [], r.choice(SYSTEMS)
        for _ in range(2 if have_count > 3 else 3):
            have = r.sample(pool, have_count)
            conversations = []
            for tool, turn in requests[:15]:  # the same requests under every prefix
                if tool in have or r.random() < REFUSED:
                    conversations.append([turn] if tool in have else [refusal(turn.request)])
            for _ in range(4):
                kind = r.random()
                if kind < .22:
                    turns = [refusal(self.unrelated(have).turn().request) if r.random() < .7 else self.builtin.foreign()]
                    if turns[0].kind == "refuse" and any(isinstance(t, Realistic) for t in have) and not turns[0].steps and kind > .15:
                        continue
                elif kind < .46:
                    turns = next((x for x in (t.incomplete() for t in r.sample(have, len(have))) if x), None)
                elif kind < .6 and len(have) > 1:
                    a, b = (t.turn() for t in r.sample(have, 2))
                    turns = [Turn(a.request.rstrip("?.!") + r.choice([" and ", " and ", ". Also ", " and also ", ", and ", ". And ", " and then "]) + b.request[:1].lower() + b.request[1:], [a.steps[0] + b.steps[0]], a.answer + "\n" + b.answer, "invented parallel")]
                elif kind < .66:
                    turns = self.invented_chain(have)
                elif kind < .74:
                    turns = [self.structured.turn()]
                elif kind < .75:
                    turns = [self.builtin.chat()]
                else:
                    turns = [r.choice(have).turn()]
                if turns:
                    conversations.append(turns + [r.choice(have).turn()] * (r.random() < .12))
            out.append(Family(system, [t.declaration for t in have], conversations))
        return out

    def unrelated(self, have):
        while True:
            tool = Realistic(self.builtin, self.random.choice(REALISTIC)) if self.random.random() < .3 else Invented(self.builtin)
            if not any(tool.noun == t.noun or tool.verb == t.verb or tool.name == t.name for t in have):
                return tool

    # no tools
    def bare_family(self, conversations=9):
        r, b = self.random, self.builtin
        out = []
        for _ in range(conversations):
            kind = r.random()
            out.append([self.structured.turn()] if kind < .72 else [b.chat()] if kind < .76 else [b.echo()] if kind < .94 else [b.foreign()])
        return [Family(r.choice([render.SYSTEM, render.SYSTEM, "", "You are a helpful agent."]), [], out)]

    # memory alone: which of the notes answers, for a short prefix
    def notes_family(self, conversations=16):
        r, b = self.random, self.builtin
        others = [t for t in render.BUILTIN_TOOLS if t["name"] not in ("recall", "remember")]
        tools = [t for t in render.BUILTIN_TOOLS if t["name"] in ("recall", "remember")] + r.sample(others, r.choice([0, 0, 1, 2]))
        r.shuffle(tools)
        return [Family(r.choice(SYSTEMS), tools, [[b.recall() if r.random() < .88 else b.remember() if r.random() < .6 else b.foreign()] for _ in range(conversations)])]

    def group(self):
        """Families that belong together."""
        kind = self.random.random()
        if kind < .35:
            return self.builtin_family(30)
        if kind < .39:
            return self.builtin_family(20, extra=True)
        if kind < .46:
            return self.extended_families()
        if kind < .49:
            return self.mixed_family()
        if kind < .58:
            return self.notes_family()
        if kind < .87:
            return self.contrast_families()
        return self.bare_family(20)


def group(seed, index):
    """The index-th group of families of a seed: the same on every machine, whatever was made before."""
    return Maker("%d/%d" % (seed, index)).group()
