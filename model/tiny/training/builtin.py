"""Turns with the eleven built-in tools: a request, the call it means, a result as the daemon gives it, the answer."""
import math
import re

import phrases
from memories import Memories
from turns import Call, Turn, answer, error, question, refusal
from values import Values
from vocabulary import *
from wording import ORDER_LEAD, QUESTION_LEAD, QUESTION_TAIL, TAIL, capital, expand, fill

WEIGHTS = {"read_file": 3.2, "write_file": 2, "edit_file": 1.7, "list_directory": 2, "glob": 1.5, "grep": 1.8, "run_command": 1.8,
           "calculate": 2.4, "current_time": 1.2, "remember": 1.6, "recall": 5}
FILE_NOUNS = "files files files files files contents content entries things documents names items".split() + ["files and folders"]


def number(x):
    """As the calculate tool prints a number for this model: at most four decimals."""
    text = format(x, ".12g")
    if "e" in text or "." not in text or len(text) - text.index(".") - 1 <= 4:
        return text
    return ("%.4f" % x).rstrip("0").rstrip(".")


class Builtin(Memories):
    def __init__(self, random_numbers):
        self.random = random_numbers
        self.values = Values(random_numbers)

    # wording
    def courtesy(self, phrase, kind, free_end=False):
        """What comes before and after; `free_end`: the request ends in free text, so that nothing may follow it."""
        r = self.random
        if kind == "order" and r.random() < .5:
            lead = expand(r, ORDER_LEAD)
            phrase = lead + " " + phrase
            asks = lead.split()[0] in ("can", "could", "would", "will", "is", "are") or lead.endswith(("can you", "could you"))
            if asks and not free_end and r.random() < .6:
                phrase += "?"
        elif kind == "question" and r.random() < .22:
            phrase = expand(r, QUESTION_LEAD) + " " + phrase
        if not free_end and r.random() < .3:
            if phrase.endswith("?"):
                phrase = phrase[:-1] + expand_raw(r, QUESTION_TAIL) + "?"
            else:
                phrase += expand_raw(r, TAIL)
        return self.finish(phrase, free_end)

    def finish(self, phrase, free_end=False):
        """Capitals and full stops as people set them, or do not."""
        r = self.random
        if phrase.endswith("?") and r.random() < .18:
            phrase = phrase[:-1]
        elif phrase[-1:] not in "?.!\"'`" and r.random() < .28:
            phrase += "."
        style = r.random()
        if style < .55 and phrase[:1].isalpha():
            phrase = capital(phrase)
        if style < .7:
            phrase = phrase.replace(" i ", " I ").replace(" i'", " I'")
            if phrase.startswith("i "):
                phrase = "I" + phrase[1:]
        return phrase

    def say(self, key, free_end=False, **slots):
        r = self.random
        kinds = [(k, t[key], w) for k, t, w in (("order", phrases.ORDERS, .55), ("question", phrases.QUESTIONS, .45), ("statement", phrases.STATEMENTS, .15)) if key in t]
        kind, grammar, _ = r.choices(kinds, [w for _, _, w in kinds])[0]
        phrase = expand(r, "(" + grammar + ")")
        ends_free = free_end and phrase.rstrip("?").endswith("}")
        lead_kind = kind
        return self.courtesy_filled(phrase, lead_kind, ends_free, slots)

    def courtesy_filled(self, phrase, kind, free_end, slots):
        return fill(self.courtesy(phrase, kind, free_end), **slots)

    def named(self, path):
        """A path as people write it: mostly bare."""
        r = self.random
        return r.choice(['"%s"', "'%s'", "`%s`"]) % path if r.random() < .1 else path

    def quoted(self, text):
        return self.random.choice(['"%s"', '"%s"', '"%s"', "'%s'", "%s", "%s"]) % text

    # results
    def content(self, key, rest, most=10):
        """A text result: `key` is content or output. Long ones are cut as the daemon cuts them."""
        r = self.random
        n = r.choice([1, 1, 2, 2, 3, 3, 4, 5, r.randint(min(5, most), most)])
        n = min(n, most)
        with_lines = lambda count: {"lines": count} if key == "content" else rest
        kind = r.random()
        if kind < .03:
            return {key: "", "truncated": False, **with_lines(0)}
        if kind < .09:
            cut = r.randint(5, 900)
            lines = self.values.lines(r.randint(2, 6)) + ["[... %d lines cut ...]" % cut] + self.values.lines(r.randint(1, 3))
            return {key: "\n".join(lines), "truncated": True, **with_lines(cut + len(lines) - 1)}
        return {key: "\n".join(self.values.lines(n)), "truncated": False, **with_lines(n)}

    def missing_file(self, path):
        return error("not_found", self.random.choice(["There is no file %s.", "No such file: %s"]) % path, "List the directory.")

    def turn(self, request, call, text=None):
        return Turn(request, [[call]], answer(call) if text is None else text, "builtin:" + call.name)

    # one method for each tool
    def read_file(self):
        r, v = self.random, self.values
        path, kind = v.path(), r.random()
        result = self.missing_file(path) if r.random() < .05 else self.content("content", {})
        shown = self.named(path)
        if kind < .78:
            return self.turn(self.say("read", p=shown), Call("read_file", {"path": path}, result))
        n = r.choice([1, 2, 3, 5, 10, 20, r.randint(1, 400)])
        if kind < .86:
            if "ok" not in result and not result["truncated"]:
                result = self.content("content", {}, min(n, 8))
            return self.turn(self.say("head", p=shown, i=n), Call("read_file", {"path": path, "limit": n}, result))
        if kind < .92:
            return self.turn(self.say("from", p=shown, i=n + 1), Call("read_file", {"path": path, "offset": n + 1}, result))
        call = Call("read_file", {"path": path}, result)
        return self.turn(self.say("lines", p=shown), call, answer(call) if "ok" in result else "%s has %d lines." % (path, result["lines"]))

    def written(self):
        v = self.values
        return self.random.choice([v.text, v.text, v.text, v.sentence, lambda: str(v.integer()), v.title, v.name, v.word, v.email, v.date])().rstrip(".")

    def write_file(self):
        r, v = self.random, self.values
        path, text = v.path(), self.written()
        result = error("denied", "Writing %s was denied." % path, "Ask the user.") if r.random() < .06 else {"bytes": len(text), "path": path}
        return self.turn(self.say("write", free_end=True, p=self.named(path), t=self.quoted(text)), Call("write_file", {"path": path, "content": text}, result))

    def edit_file(self):
        r, v = self.random, self.values
        path, every = v.path(), r.random() < .25
        piece = r.choice([v.word, v.word, v.title, v.name, v.color, lambda: str(v.integer()), v.city, v.rare])
        old, new = piece(), piece()
        arguments = {"path": path, "old_string": old, "new_string": new}
        if every:
            arguments["replace_all"] = True
        quote = r.choice(['"%s"', '"%s"', "%s", "%s", "'%s'", "`%s`"])
        result = error("no_match", "%s does not occur in %s." % (old, path), "Read the file.") if r.random() < .06 else {"path": path, "replaced": r.randint(1, 9) if every else 1}
        return self.turn(self.say("edit_all" if every else "edit", free_end=True, p=self.named(path), o=quote % old, n=quote % new), Call("edit_file", arguments, result))

    def entries(self):
        r, v = self.random, self.values
        n = r.choice([0, 1, 2, 2, 3, 3, 4, 5, 6, 8])
        return [r.choice(DIRECTORIES) + "/" if r.random() < .25 else v.file() for _ in range(n)]

    def list_directory(self):
        r, v = self.random, self.values
        nouns = r.choice(FILE_NOUNS)
        if r.random() < .3:
            path, request = ".", self.say("list_here", N=nouns)
        else:
            path = v.directory()
            request = self.say("list", d=self.named(path + ("/" if r.random() < .1 else "")), N=nouns)
            if path + "/" in request:
                path += "/"
        entries = self.entries()
        result = error("not_found", "There is no directory %s." % path, "List its parent.") if path != "." and r.random() < .05 else \
            {"entries": entries, "truncated": bool(entries) and r.random() < .05}
        return self.turn(request, Call("list_directory", {"path": path}, result))

    def extension(self):
        """The ending, and how people call such files."""
        r = self.random
        e = r.choice(EXTENSIONS[:24]) if r.random() < .75 else r.choice(EXTENSIONS)
        name = LANGUAGES.get(e, e) if r.random() < .4 else r.choice([e, e, "." + e, "*." + e])
        return e, name

    def glob(self):
        r, v = self.random, self.values
        kind, (e, name), directory = r.random(), self.extension(), v.directory()
        if kind < .4:
            request, arguments = self.say("glob", e=name, E=e), {"pattern": "*." + e}
        elif kind < .68:
            request, arguments = self.say("glob_in", e=name, E=e, d=directory), {"pattern": "*." + e, "path": directory}
        else:
            f = v.file()
            request, arguments = self.say("where", f=self.named(f)), {"pattern": f}
        pattern, at = arguments["pattern"], arguments.get("path", "")
        paths = [(at + "/" if at else v.directory() + "/" if r.random() < .6 else "") + (v.stem() + pattern[1:] if pattern[0] == "*" else pattern)
                 for _ in range(r.choice([0, 1, 1, 2, 3, 4]))]
        return self.turn(request, Call("glob", arguments, {"paths": paths, "truncated": bool(paths) and r.random() < .05}))

    def searched(self):
        v = self.values
        return self.random.choice([v.word, v.word, v.word, v.rare, lambda: "TODO", v.title, v.name, lambda: "FIXME", v.city, lambda: str(v.integer()), v.email])()

    def matches(self, word, at="", extension=None, n=None):
        r, v = self.random, self.values
        out = []
        for _ in range(r.choice([0, 1, 1, 1, 2, 3]) if n is None else n):
            path = (at + "/" if at else "") + (v.stem() + "." + extension if extension else v.path())
            before, after = [v.word()] * (r.random() < .6), [v.word() for _ in range(r.randint(0, 3))]
            out.append("%s:%d: %s" % (path, r.randint(1, 300), " ".join(before + [word] + after)))
        return out

    def grep(self):
        r, v = self.random, self.values
        word, kind, directory = self.searched(), r.random(), v.directory()
        shown = r.choice(["%s", "%s", "%s", '"%s"', '"%s"', "'%s'", "`%s`"]) % word
        if kind < .5:
            request, arguments, found = self.say("grep", w=shown), {"pattern": word}, self.matches(word)
        elif kind < .82:
            request, arguments, found = self.say("grep_in", w=shown, d=directory), {"pattern": word, "path": directory}, self.matches(word, directory)
        else:
            e, name = self.extension()
            request, arguments, found = self.say("grep_kind", w=shown, e=name), {"pattern": word, "include": "*." + e}, self.matches(word, extension=e)
        return self.turn(request, Call("grep", arguments, {"matches": found, "truncated": bool(found) and r.random() < .05}))

    def command(self):
        r, v = self.random, self.values
        return r.choice([lambda: r.choice(phrases.COMMANDS), lambda: r.choice(phrases.COMMANDS), lambda: r.choice(["python ", "python3 ", "node ", "bash ", "sh ", "ruby "]) + v.path(),
                         lambda: r.choice(["cat ", "wc -l ", "head -n 3 ", "tail ", "sort ", "file ", "touch ", "rm ", "stat "]) + v.path(),
                         lambda: v.rare() + " --" + v.word(.5), lambda: r.choice(["ls ", "du -sh ", "ls -l ", "mkdir ", "find "]) + v.directory(),
                         lambda: "echo " + v.text(), lambda: r.choice(["make ", "npm run ", "cargo ", "git checkout ", "npm install ", "pip install ", "which ", "docker run "]) + v.word(.6),
                         lambda: "./" + v.stem() + ".sh", lambda: r.choice(["cp ", "mv "]) + v.file() + " " + v.file(), lambda: "git commit -m " + v.word(), lambda: "grep -r " + v.word() + " ."])()

    def run_command(self):
        r = self.random
        arguments = {"command": self.command()}
        code = 0 if r.random() < .88 else r.choice([1, 1, 2, 127])
        if r.random() < .28:
            arguments["command"] = r.choice(list(phrases.SHELL))
            request = expand(r, "(" + phrases.SHELL[arguments["command"]] + ")")
            request = self.courtesy(request, "question" if request.endswith("?") or request.startswith(("who", "what", "how", "which", "is ", "are ", "do ", "since", "as whom", "where")) else "order")
        else:
            shown = r.choice(["%s", "%s", "%s", '"%s"', "`%s`", "'%s'"]) % arguments["command"]
            if r.random() < .85:
                request = self.say("run", free_end=True, c=shown)
            else:
                arguments["workdir"] = self.values.directory()
                request = self.say("run_in", free_end=True, c=shown, d=arguments["workdir"])
        return self.turn(request, Call("run_command", arguments, self.content("output", {"exit_code": code}, 6)))

    def expression(self):
        """How the user says it, the expression, its value."""
        r = self.random
        n = lambda: r.choice([r.randint(2, 20), r.randint(2, 99), r.randint(2, 99), r.randint(100, 9999), r.randint(100, 99999), round(r.uniform(.1, 99), 1), round(r.uniform(.1, 999), 2)])
        x, y, z, o = n(), n(), n(), r.choice("+-**/")
        word = r.choice({"+": ["plus", "added to", "plus"], "-": ["minus", "less"], "*": ["times", "multiplied by", "x"], "/": ["divided by", "over", "by"][:2]}[o])
        kind = r.random()
        if kind < .42:
            said = e = "%s %s %s" % (x, o, y)
        elif kind < .5:
            said = e = "%s%s%s" % (x, o, y)
        elif kind < .66:
            said, e = "%s %s %s" % (x, word, y), "%s %s %s" % (x, o, y)
        elif kind < .76:
            said = e = "%s %s %s %s %s" % (x, o, y, r.choice("+-*"), z)
        elif kind < .85:
            said = e = r.choice(["(%s %s %s) * %s", "(%s %s %s) / %s"]) % (x, r.choice("+-"), y, z) if r.random() < .6 else "%s * (%s %s %s)" % (x, y, r.choice("+-"), z)
        elif kind < .88:
            root = r.choice([4, 9, 16, 25, 36, 49, 64, 81, 100, 144, r.randint(2, 999)])
            said, e = r.choice(["the square root of %d", "sqrt(%d)", "the root of %d"]) % root, "sqrt(%d)" % root
        elif kind < .91:
            p = r.randint(1, 99)
            said, e = r.choice(["%d percent of %s", "%d%% of %s"]) % (p, y), "%d / 100 * %s" % (p, y)
        elif kind < .93:
            said, e = r.choice(["the square of %s", "%s squared"]) % x, "%s ** 2" % x
        elif kind < .95:
            said, e = r.choice([("half of %s", "%s / 2"), ("twice %s", "2 * %s"), ("a third of %s", "%s / 3"), ("the double of %s", "2 * %s"), ("a quarter of %s", "%s / 4")])
            said, e = said % x, e % x
        else:
            said, e = r.choice([("the sum of %s and %s", "%s + %s"), ("the product of %s and %s", "%s * %s"), ("the difference of %s and %s", "%s - %s"), ("the quotient of %s and %s", "%s / %s")])
            said, e = said % (x, y), e % (x, y)
        return said, e, number(eval(e, {"sqrt": math.sqrt}))

    def calculate(self):
        r = self.random
        if r.random() < .14:
            x, y = r.randint(1, 999), r.randint(1, 99)
            said, e, result = r.choice([("(add|add up|sum) {x} and {y}", "%d + %d", x + y), ("(multiply|times) {x} (by|with|and) {y}", "%d * %d", x * y), ("divide {x} by {y}", "%d / %d", x / y),
                                        ("add {y} to {x}", "%d + %d", x + y), ("take {x} (minus|less) {y}", "%d - %d", x - y), ("split {x} by {y}", "%d / %d", x / y), ("take {x} times {y}", "%d * %d", x * y)])
            return self.turn(self.courtesy_filled(expand(r, said), "order", False, dict(x=x, y=y)), Call("calculate", {"expression": e % (x, y)}, {"result": number(result)}))
        said, e, result = self.expression()
        return self.turn(self.say("calculate", x=said), Call("calculate", {"expression": e}, {"result": result}))

    def clock(self, zone="UTC"):
        r = self.random
        return {"date": self.values.date(), "time": "%02d:%02d" % (r.randint(0, 23), r.randint(0, 59)), "tz": zone, "weekday": r.choice(WEEKDAYS)}

    def current_time(self):
        r = self.random
        kind = r.choices(["time", "date", "weekday", "time_in"], [.35, .22, .18, .25])[0]
        if kind == "time_in":
            city = r.choice(list(ZONES))
            return self.turn(self.say(kind, z=city), Call("current_time", {"tz": ZONES[city]}, self.clock(ZONES[city])))
        return self.turn(self.say(kind), Call("current_time", {}, self.clock()))

    def one(self, name=None):
        return getattr(self, name or self.random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0])()

    # turns without a call
    def foreign(self):
        r, v = self.random, self.values
        phrase = expand(r, "(" + phrases.FOREIGN + ")")
        kind = "question" if phrase.endswith("?") else "order"
        request = self.courtesy_filled(phrase, kind, False, dict(c=v.city(), n=v.name(), t=self.quoted(v.text()), i=r.randint(2, 90), w=v.noun() if r.random() < .5 else v.word(), h=v.clock(), l=r.choice(LANGUAGE_NAMES),
                                                                r=r.choice("kitchen office bedroom hall garage cellar bathroom attic garden".split())))
        return refusal(request)

    def incomplete(self):
        """A request that lacks an argument; in half of the cases the user then gives it and the call follows."""
        r, v = self.random, self.values
        name = r.choice(list(phrases.INCOMPLETE))
        argument, grammar = phrases.INCOMPLETE[name]
        text, directory, old, new, n = v.text(), v.directory(), v.word(), v.word(), r.randint(2, 20)
        phrase = expand(r, "(" + grammar + ")")
        request = self.courtesy_filled(phrase, "question" if phrase.endswith("?") else "statement" if phrase.startswith("i ") else "order", False,
                                       dict(t='"%s"' % text, d=directory, o='"%s"' % old, n='"%s"' % new, i=n))
        first = question(request, argument)
        if r.random() < .55:
            return [first]
        told = None
        if name == "read_file":
            arguments = {"path": v.path(), **({"limit": n} if "{i}" in phrase else {})}
            result, said = self.content("content", {}, 4), arguments["path"]
            if "how many" in phrase:
                told = "%s has %d lines." % (said, result["lines"])
        elif name == "write_file":
            arguments = {"path": v.path(), "content": text}
            result, said = {"bytes": len(text), "path": arguments["path"]}, arguments["path"]
        elif name == "calculate":
            said, e, value = self.expression()
            arguments, result = {"expression": e}, {"result": value}
        elif name == "run_command":
            arguments = {"command": self.command()}
            result, said = self.content("output", {"exit_code": 0}, 3), arguments["command"]
        elif name == "grep":
            said = self.searched()
            arguments = {"pattern": said, **({"path": directory} if "{d}" in phrase else {})}
            result = {"matches": self.matches(said, arguments.get("path", "")), "truncated": False}
        elif name == "remember":
            said = self.fact().text
            arguments, result = {"text": said}, {"saved": True}
        else:
            arguments = {"path": v.path(), "old_string": old, "new_string": new, **({"replace_all": True} if "every" in phrase else {})}
            said, result = arguments["path"], {"path": arguments["path"], "replaced": 1}
        call = Call(name, arguments, result)
        said = r.choice(["%s", "%s", "%s", "it is %s", "%s, please", "use %s", "take %s", "I mean %s"]) % said if name in ("read_file", "write_file", "edit_file") else said
        follow = self.turn(said, call, told)
        follow.kind = "given"
        return [first, follow]

    def chat(self):
        said, told = self.random.choice(phrases.CHAT)
        return Turn(self.finish(expand(self.random, said) + self.random.choice(["", "", "!", "."])), [], told, "chat")

    def echo(self):
        v = self.values
        some = lambda: " ".join(v.rare() for _ in range(self.random.randint(2, 6)))
        x = self.random.choice([v.text, v.name, v.path, v.email, v.identifier, v.title, v.url, v.sentence, v.line, v.digits, v.rare, some, some, some])()
        return Turn(self.random.choice(["repeat ", "say ", "echo ", "Repeat: ", "Say: "]) + x, [], x, "echo")


def expand_raw(random_numbers, grammar):
    """A tail keeps the space or comma it begins with."""
    from wording import _parsed, _walk
    out = []
    _walk(random_numbers, _parsed(grammar), out)
    return "".join(out).rstrip()
