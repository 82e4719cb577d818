"""Turns with more than one call: two at once, and two steps where the second needs what the first returned."""
from builtin import Builtin, number
from turns import Call, Turn, answer, error
from wording import expand, fill

FIRST = ["read_file", "calculate", "list_directory", "current_time", "read_file", "run_command", "grep", "write_file", "read_file", "glob", "calculate", "list_directory"]
SECOND = ["read_file", "calculate", "current_time", "calculate", "list_directory", "remember", "write_file", "recall", "read_file", "current_time", "list_directory"]
JOIN = [" and ", " and ", " and ", ", and ", " and also ", ". And ", ". Also ", " as well as ", "; also ", ", and also ", " and then ", ". And also ", ", then ", "; then ", ". Then ", " plus ", ". Also, ", ", and please ",
        " and after that ", ". Next, ", "; and ", " & ", ". Besides, ", " and in addition ", ", plus ", ". After that, ", " and at the same time ", ". I also want to know: ", ". And: ", " and, while you are at it, "]

TWO_FILES = """(read|show|open|print|display|show me|view|give me|look at|get|output|check|load|let me see|compare|have a look at|let me read|fetch|present) (|the files |both |both files |my files |the contents of |the text of |the two files )(|the file ){p}(| and also|, and|,| and|; and| as well as| and then| plus| and the file)
(what do|what does) (|the files |the file ){p} and {q} (say|contain|hold|have in them|tell us)?
(what is|what's|what is written|what do we have|what can i find|what stands) in {p} and (|in )(|the file ){q}?
(i want|i'd like|i need|we need) to (see|read|check|look at|view) (|both |the files ){p} and (|the file ){q}
(tell me|show me|say) what (|the files ){p} and {q} (say|contain|hold)"""

CHAINS = {
    "list": """(list|show|open|look into|browse|check) (|the folder |the directory ){d}(,| and|, then| and then|;) (read|show me|open|print|display|give me|tell me what is in) the {o} (file|one|entry)(| in it| there| you find|)
(read|show me|open|print|display|view|give me|output) the {o} (file|entry|document) (in|of|from|inside|under) (|the folder |the directory ){d}
(list|show) the files (in|of) (|the folder ){d}(,| and|, then| and then) (read|show me|open|print) the {o} (one|of them|file)
what (does|is in) the {o} file (in|of|inside) (|the folder |the directory ){d}(| say| contain)?
(tell me|show me) what the {o} file (in|of) (|the folder ){d} (says|contains)
(go|look) (through|into) (|the folder ){d} and (read|open|print|show) the {o} file
(i want|i'd like|i need) to (read|see) the {o} file (in|of) (|the folder |the directory ){d}""",
    "grep": """(find|look for|search for|locate|look up|get) (|me )(the file|a file|which file) (that mentions|that contains|with|about|containing|mentioning|which has|has) (|the word |the text ){w}(,| and|, then| and then|;) (read|open|show me|print|display|show|tell me what is in|give me) (it|the file|that file|the text)
(read|open|print|display|show me|show|view|give me) the (|first )file (that mentions|that contains|containing|which has|with|mentioning|that has|with the word|talking about) (|the word |the text ){w}(| in it)
which file (mentions|contains|has|talks about) (|the word ){w}?( read it|. read it| open it| show it to me| and what does it say?| print it| show me that file)
(search|grep) for (|the word |the text ){w}(,| and|, then| and then) (read|open|show me|print) (the file|the first file|the first match|the file you find|what you find)
(grep|search|find) {w} (in the files |in my files ||in all files )and (read|open|show|print) (the first file|the file|it)
what (does|is in) the file (that mentions|with|that contains|about) (|the word ){w}(| say)?""",
    "glob": """(find|locate|look up|search for|look for|track down|hunt down|get) (|the file |my file |a file called ){f}(,| and|, then| and then|;) (read it|open it|show me its text|print it|tell me what it says|show it|read it to me|show it to me|tell me what is in it|give me its contents|display it|show me what it says|read its contents)
where is (|the file |my file ){f}(,|?| and) (and |)(what does it say|what is in it|what does it contain)?
(search|look) for (|the file ){f} and (read|open|print|show) (it|the file)
(find|locate) (|the file ){f}, i want to (read|see) (it|what it says)""",
    "copy": """(copy|duplicate|clone|back up) (|the text of |the contents of |the content of |the file |everything in ){p} (to|into|in|as|onto|over to) (|the file |a new file |a file called ){q}
(read|open|take|load) (|the file ){p}(,| and|, then| and then) (write|save|copy|put|store) (it|the text|its text|its contents|the same text|everything|the contents|what it says|its content) (to|into|in|as) (|the file |a new file |a file called ){q}
(write|save|put|store) (|the text of |the contents of |everything from |the content of |what is in ){p} (to|into|in|as) (|a new file |the file ){q}
(make|create) a (copy|backup|duplicate) of (|the file ){p} (called|named|in|as|at|under the name) {q}
{q} should (have the same text as|be a copy of|contain the same as|contain what is in) {p}
(i want|i need|i'd like) a copy of (|the file ){p} (in|called|as) {q}""",
    "sum": """(add|add up|sum up|sum|calculate the sum of|calculate|total|compute the sum of|work out the sum of|get the total of|tell me the sum of) (|all |all the |the )(numbers|prices|amounts|values|costs|figures|entries|sums) (in|of|from|inside|listed in) (|the file ){p}
(what is|what's|how much is|tell me|give me|compute|find) the (sum|total|grand total|sum total) (of|in) (|the file |the numbers in |all numbers in |the amounts in |the prices in ){p}?
(read|open|look at|take) (|the file ){p}(,| and|, then| and then) (add|sum|add up|total|sum up) (the numbers|everything|all numbers|it up|what is in it|the values|all the amounts|the prices)
(read|open) (|the file ){p} and (tell me|give me|calculate|compute) the (total|sum)
(how much|what) (is|does) (everything|it all|all) (in|of) {p} (together|come to|add up to|cost|make)?
(sum|add|total) (up |)(|the file ){p}""",
    "save": """(calculate|compute|work out|evaluate|find|determine|solve) {x}(,| and|, then| and then|;) (save|write|store|put|note|record|keep) (the result|it|the answer|the value|the number|what you get|the outcome) (in|to|into|as) (|the file |a file called |a file named |a new file ){p}
(save|write|put|store|record|note) the (result|value|answer|outcome) of {x} (in|to|into) (|the file |a file called ){p}
what is {x}? (save|write|put|store) (it|the result|the answer) (in|to|into) (|the file ){p}
(create|make|write) (a file |the file |)(|called ){p} with the (result|value|answer) of {x}
(write|save|put) (into|in|to) (|the file ){p} (what {x} is|the result of {x}|the value of {x})""",
    "time": """(write|save|put|store|note|record|log|enter|add) (the|the current|today's|the present) {k} (to|in|into) (|the file |a file called |my file ){p}
(get|check|look up|find out|take|tell me) the (|current ){k}(,| and|, then| and then) (write|save|put|store|note|record) it (to|in|into) (|the file ){p}
(create|make|write) (a file|the file|a file called|) {p} (with|containing|that contains|that says) the (current |){k}
what is the {k}? (write|save|put) it (to|in|into) (|the file ){p}
{p} should (contain|say|hold) the (current |){k}""",
}


class Several(Builtin):
    def two_files(self):
        r, v = self.random, self.values
        p, q = v.path(), v.path()
        while q == p:
            q = v.path()
        phrase = expand(r, r.choice(TWO_FILES.split("\n")))
        if "{q}" not in phrase:
            phrase += " {q}" if not phrase.endswith(" and") else " {q}"
            if " and" not in phrase and "," not in phrase and "plus" not in phrase and "well as" not in phrase:
                phrase = phrase.replace("{p} {q}", "{p} and {q}")
        request = self.courtesy_filled(phrase, "question" if phrase.startswith("what") else "statement" if phrase.startswith("i ") else "order", False, dict(p=p, q=q))
        calls = [Call("read_file", {"path": path}, self.content("content", {}, 4)) for path in (p, q)]
        return Turn(request, [calls], "\n".join(map(answer, calls)), "parallel")

    def parallel(self):
        r = self.random
        if r.random() < .3:
            return self.two_files()
        while True:
            first, second = self.one(r.choice(FIRST)), self.one(r.choice(SECOND))
            a, b = first.steps[0][0], second.steps[0][0]
            if (a.name, a.arguments) == (b.name, b.arguments) or a.name == b.name == "current_time":
                continue
            for t in (first, second):
                content = t.steps[0][0].result.get("content") or t.steps[0][0].result.get("output")
                if content and content.count("\n") > 3:
                    break
            else:
                break
        join = r.choice(JOIN)
        if first.request.endswith("?") and r.random() < .3:
            join = r.choice(["? And ", "? Also, ", "? Then ", "? ", "? And also ", "? Please also "])
        two = second.request
        if not two.startswith("I ") and join[-2:] not in (". ", "? "):
            two = two[:1].lower() + two[1:]
        return Turn(first.request.rstrip("?.!") + join + two, [[a, b]], first.answer + "\n" + second.answer, "parallel")

    def chain(self, kind=None):
        r, v = self.random, self.values
        kind = kind or r.choice(["list", "grep", "copy", "sum", "save", "time", "glob", "list", "grep", "copy", "sum"])
        p, q, d, w = v.path(), v.path(), v.directory(), self.searched()
        slots = dict(p=p, q=q, d=d, w=r.choice(["%s", "%s", '"%s"']) % w)
        if kind == "list":
            files, last = [v.file() for _ in range(r.choice([1, 2, 2, 3, 4, 5]))], r.random()
            slots["o"], at = ("last", -1) if last < .25 else ("second", 1) if last < .35 and len(files) > 1 else ("only", 0) if last < .42 and len(files) == 1 else ("first", 0)
            path = d.rstrip("/") + "/" + files[at]
            steps = [[Call("list_directory", {"path": d}, {"entries": files, "truncated": False})], [Call("read_file", {"path": path}, self.content("content", {}, 4))]]
        elif kind == "grep":
            found = self.matches(w, n=r.choice([1, 1, 1, 2, 3]))
            steps = [[Call("grep", {"pattern": w}, {"matches": found, "truncated": False})], [Call("read_file", {"path": found[0].split(":")[0]}, self.content("content", {}, 4))]]
        elif kind == "glob":
            slots["f"] = f = v.file()
            path = v.directory() + "/" + f if r.random() < .8 else f
            steps = [[Call("glob", {"pattern": f}, {"paths": [path], "truncated": False})], [Call("read_file", {"path": path}, self.content("content", {}, 4))]]
        elif kind == "copy":
            lines = v.lines(r.choice([1, 1, 2, 2, 3]))
            text = "\n".join(lines)
            steps = [[Call("read_file", {"path": p}, {"content": text, "lines": len(lines), "truncated": False})], [Call("write_file", {"path": q, "content": text}, {"bytes": len(text.encode()), "path": q})]]
        elif kind == "sum":
            numbers = [r.choice([r.randint(1, 99), r.randint(1, 999), r.randint(1, 9)]) for _ in range(r.randint(2, 6))]
            between = r.choice([": ", " ", "", "", ",", " = "])
            content = "\n".join((v.word() + between if between else "") + str(x) for x in numbers)
            steps = [[Call("read_file", {"path": p}, {"content": content, "lines": len(numbers), "truncated": False})], [Call("calculate", {"expression": " + ".join(map(str, numbers))}, {"result": number(sum(numbers))})]]
        elif kind == "save":
            slots["x"], e, value = self.expression()
            steps = [[Call("calculate", {"expression": e}, {"result": value})], [Call("write_file", {"path": p, "content": value}, {"bytes": len(value), "path": p})]]
        else:
            clock = self.clock()
            slots["k"], key = r.choice([("date", "date"), ("time", "time"), ("weekday", "weekday"), ("date", "date")])
            steps = [[Call("current_time", {}, clock)], [Call("write_file", {"path": p, "content": clock[key]}, {"bytes": len(clock[key]), "path": p})]]
        if r.random() < .05:  # the first step fails: the model says so and stops
            steps = steps[:1]
            steps[0][0].result = error(*r.choice([("denied", "The user said no.", "Ask the user."), ("timeout", "It took too long.", "Try again."), ("not_found", "There is nothing like that.", "Look again.")]))
        elif kind == "grep" and r.random() < .06:
            steps = steps[:1]
            steps[0][0].result = {"matches": [], "truncated": False}
        phrase = expand(r, r.choice(CHAINS[kind].split("\n")))
        style = "question" if phrase.startswith(("what", "which", "how", "where", "{")) else "statement" if phrase.startswith("i ") else "order"
        return Turn(self.courtesy_filled(phrase, style, False, slots), steps, answer(steps[-1][-1]), "chain")
