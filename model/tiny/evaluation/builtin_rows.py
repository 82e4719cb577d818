"""Documents for the daemon's own tools: single calls, two at once, two-step chains, memory, refraining, asking."""
from documents import Document, Maker


class BuiltinRows:
    """Makes documents and remembers the files that they need: `files` [path] = text."""

    def __init__(self, seed):
        self.make = Maker("builtin/%d" % seed)
        self.files = {}
        self.memories = []

    def put(self, path=None, lines=None):
        path = path or self.make.file()
        self.files[path] = "\n".join(lines if lines is not None else [self.make.prose() for _ in range(self.make.number(1, 4))]) + "\n"
        return path

    def held(self, path):
        return [line for line in self.files[path].split("\n") if line]

    # single calls
    READ = ["What does {p} say?", "Would you read me {p}?", "I'd love to see {p}.", "Pull up {p} please", "whats in {p}", "{p} - what is written there?", "Open up {p} and show me.", "Let me have a look at {p}", "Display {p}", "What have I put in {p}?",
            "Mind reading {p} to me?", "Could I see what {p} has in it?", "Fetch me the text of {p}.", "Give {p} a read and show it", "I wonder what {p} contains", "Read {p} out.", "Contents of {p}?", "Please take {p} and print it", "Show what's inside {p}", "hey, what's {p} about?"]
    HEAD = [("Just the first {n} lines of {p}", "n"), ("Give me the top {n} lines from {p}", "n"), ("How do the first {n} lines of {p} go?", "n"), ("Print only the first {n} lines of {p}", "n")]
    WRITE = ["Write {q} into {p}", "Please save {q} as {p}", "Make me a file {p} with {q} in it", "Put {q} into a new file named {p}", "{p} should contain {q}, please create it", "I need a file called {p} saying {q}", "Could you store {q} in {p}?", "Create {p} containing {q}", "new file {p}: {q}", "Jot {q} down in {p}"]
    EDIT = ["In {p}, swap {o} for {n}", "Replace {o} by {n} in {p}", "Please change the word {o} to {n} in {p}", "{p}: turn {o} into {n}", "Fix {p}: it says {o} but it should say {n}", "Edit {p} so that {o} becomes {n}", "Could you substitute {n} for {o} in {p}?", "Open {p} and put {n} where it says {o}", "Correct {o} to {n} in the file {p}", "Inside {p} rename {o} to {n}"]
    LIST = ["What's in the folder {d}?", "Show me everything inside {d}", "Which files does the {d} directory have?", "List {d} please", "Could you list what is stored in {d}?", "Have a look into the directory {d}", "I need to know which files are in {d}", "ls {d}", "Give me the files of the folder {d}", "contents of the directory {d}"]
    HERE = ["What files do I have here?", "List this folder", "Which files are in this directory?", "show me the files here", "What's here?"]
    GLOB = [("Find every {e} file", 0), ("Which {e} files exist?", 0), ("Show me all the {e} files please", 0), ("Are there any {e} files in {d}?", 1), ("I want to see all {e} files under {d}", 1), ("Look for {e} files inside {d}", 1), ("list the {e} files of {d}", 1)]
    WHERE = ["Where did I put {f}?", "Find {f} for me", "Locate the file {f}", "Do you know where {f} is?", "I can't find {f}"]
    GREP = [("Which file mentions {w}?", 0), ("Search everything for {w}", 0), ("Where do I talk about {w}?", 0), ("Look for the word {w} in my files", 0), ("grep {w}", 0), ("Find the lines that have {w} in them", 0), ("Is {w} mentioned anywhere?", 0),
            ("Search the folder {d} for {w}", 1), ("Does any file in {d} contain {w}?", 1), ("grep for {w} in {d}", 1), ("Look through {d} for the word {w}", 1)]
    RUN = ["Run {c}", "Please execute {c}", "Can you run `{c}` for me?", "What does {c} print?", "Use the shell: {c}", "I'd like you to run {c} and tell me the output", "execute the command {c} please", "Start {c} in the terminal", "Type {c} in the shell", "Show me the output of {c}"]
    MEANT = [("How much disk space is left?", "df -h"), ("Run the tests", "make test"), ("What's the git status?", "git status"), ("Which branch am I on?", "git branch --show-current"), ("What's my username?", "whoami"), ("Build the project", "make"), ("How much memory is free?", "free -h"), ("What is this machine called?", "hostname")]
    COMMANDS = ["ls -l {d}", "git log", "python {f}.py", "wc -l {f}.txt", "npm run {f}", "echo {f}", "cargo build", "date -u", "cat {f}.md", "make {f}", "{f} --help", "docker ps", "go test", "sort {f}.csv"]
    CALC = ["What is {e}?", "Calculate {e} please", "how much is {e}", "Could you work out {e}?", "{e} = ?", "I need the result of {e}", "Tell me {e}", "Evaluate {e} for me", "What do we get for {e}?", "compute {e}", "Solve {e}", "What would {e} be?"]
    TIME = ["What time is it?", "Tell me the time please", "Do you have the time?", "What's today's date?", "Which day is it today?", "Could you tell me the date?", "what's the time right now", "What weekday do we have?", "Is it Monday today?", "Give me the current time", "how late is it?", "What date do we have today?"]
    ZONED = ["What time is it in {z}?", "Tell me the local time in {z}", "How late is it in {z} now?", "Current time in {z}?"]
    REMEMBER = ["Remember that {s}", "Please keep in mind that {s}.", "Note: {s}", "Don't forget that {s}", "Make a note that {s}", "For the future: {s}", "Could you remember that {s}?", "I want you to know that {s}", "Save this fact: {s}", "Memorize this: {s}", "remember {s}", "Keep this for later: {s}"]
    ZONES = {"Tokyo": "Asia/Tokyo", "Berlin": "Europe/Berlin", "Chicago": "America/Chicago", "Sydney": "Australia/Sydney", "Cairo": "Africa/Cairo", "Lima": "America/Lima"}

    def expression(self):
        m = self.make
        a, b, c = m.number(2, 400), m.number(2, 99), m.number(2, 20)
        return m.pick([("%d + %d" % (a, b),) * 2, ("%d * %d" % (a, b),) * 2, ("%d - %d" % (a, b),) * 2, ("%d / %d" % (a, b),) * 2, ("%d times %d" % (a, b), "%d * %d" % (a, b)), ("%d plus %d" % (a, b), "%d + %d" % (a, b)), ("%d divided by %d" % (a, b), "%d / %d" % (a, b)),
                       ("(%d + %d) * %d" % (a, b, c),) * 2, ("%d.5 * %d" % (b, c),) * 2, ("%d + %d + %d" % (a, b, c),) * 2, ("%d minus %d" % (a, b), "%d - %d" % (a, b))])

    def fact(self):
        """(fact, question, what the answer has to hold); no two share their key."""
        m = self.make
        while True:
            kind, key = m.number(0, 8), m.topic()
            if (kind, key) not in m.used:
                m.used.add((kind, key))
                break
        p, t, n, w = m.person(), m.town(), m.number(1000, 99999), m.topic()
        return [("my %s is called %s" % (key, p), m.pick(["What is my %s called?", "Do you know the name of my %s?", "Tell me my %s's name"]) % key, p),
                ("the %s is kept in %s" % (key, t), m.pick(["Where is the %s kept?", "Do you remember where the %s is?", "Where's the %s?"]) % key, t),
                ("my %s number is %d" % (key, n), m.pick(["What is my %s number?", "Give me my %s number", "I forgot my %s number"]) % key, str(n)),
                ("the %s costs %d euros" % (key, n % 500), m.pick(["What does the %s cost?", "How much is the %s?", "Do you know what the %s costs?"]) % key, str(n % 500)),
                ("my %s comes from %s" % (key, t), m.pick(["Where does my %s come from?", "From where is my %s?", "Do you know where my %s comes from?"]) % key, t),
                ("the %s meeting is on %s" % (key, m.pick(["monday", "friday", "2027-03-14", "May 3"])), m.pick(["When is the %s meeting?", "On what day is the %s meeting?", "Tell me when the %s meeting is"]) % key, None),
                ("my favourite %s is the %s" % (key, w), m.pick(["What is my favourite %s?", "Which %s do I like best?", "Do you remember my favourite %s?"]) % key, w),
                ("the password of the %s is %s" % (key, w + str(n % 90)), m.pick(["What is the password of the %s?", "Tell me the %s password", "I need the password of the %s"]) % key, w + str(n % 90)),
                ("%s owns the %s" % (p, key), m.pick(["Who owns the %s?", "Whose is the %s?", "Do you know who owns the %s?"]) % key, p)][kind]

    def single(self, tool, i):
        m = self.make
        at = lambda xs: xs[i % len(xs)]
        if tool == "read_file":
            if i % 5 == 4:
                n, p = m.number(1, 3), self.put(lines=[m.prose() for _ in range(5)])
                return Document("", at(self.HEAD)[0].format(n=n, p=p), [("read_file", {"path": p, "limit": n})], self.held(p)[:n])
            p = self.put()
            return Document("", at(self.READ).format(p=p), [("read_file", {"path": p})], self.held(p))
        if tool == "write_file":
            p, text = m.file(), m.pick([m.prose(), m.words(4), str(m.number())])
            return Document("", at(self.WRITE).format(p=p, q='"%s"' % text), [("write_file", {"path": p, "content": text})])
        if tool == "edit_file":
            o, n = m.topic(), m.topic()
            p, q = self.put(lines=["the %s is here" % o, m.prose()]), m.pick(['"%s"', "%s", '"%s"'])
            return Document("", at(self.EDIT).format(p=p, o=q % o, n=q % n), [("edit_file", {"path": p, "old_string": o, "new_string": n})])
        if tool == "list_directory":
            if i % 5 == 4:
                return Document("", at(self.HERE), [("list_directory", {"path": "."})])
            d = m.folder()
            names = [m.topic() + "." + m.pick(["txt", "md", "css"]) for _ in range(m.number(1, 3))]
            for name in names:
                self.put(d + "/" + name)
            return Document("", at(self.LIST).format(d=d), [("list_directory", {"path": d})], names)
        if tool == "glob":
            if i % 4 == 3:
                f = m.topic() + str(m.number(100, 999)) + "." + m.pick(["txt", "md", "csv"])
                p = self.put(m.folder() + "/" + f)
                return Document("", at(self.WHERE).format(f=f), [("glob", {"pattern": f})], [p])
            phrase, inside = at(self.GLOB)
            e, d = m.pick(["py", "css", "html", "ts", "toml", "json", "log", "csv"]), m.folder()
            p = self.put(d + "/" + m.topic() + "." + e)
            return Document("", phrase.format(e=e, d=d), [("glob", {"pattern": "*." + e, **({"path": d} if inside else {})})], [p] if inside else [])
        if tool == "grep":
            phrase, inside = at(self.GREP)
            w, d = m.topic() + m.topic(), m.folder()
            p = self.put(d + "/" + m.topic() + ".txt", ["here is " + w, m.prose()])
            quoted = m.pick([w, w, '"%s"' % w])
            return Document("", phrase.format(w=quoted, d=d), [("grep", {"pattern": w, **({"path": d} if inside else {})})], [p])
        if tool == "run_command":
            if i % 4 == 3:
                phrase, command = self.MEANT[i // 4 % len(self.MEANT)]
                return Document("", phrase, [("run_command", {"command": command})])
            c = m.pick(self.COMMANDS).format(d=m.place(), f=m.topic())
            return Document("", at(self.RUN).format(c=c), [("run_command", {"command": c})])
        if tool == "calculate":
            said, e = self.expression()
            result = round(eval(e), 4)
            return Document("", at(self.CALC).format(e=said), [("calculate", {"expression": e})], [format(result, "g") if result == int(result) else str(result)])
        if tool == "current_time":
            if i % 3 == 2:
                z = m.pick(list(self.ZONES))
                return Document("", at(self.ZONED).format(z=z), [("current_time", {"tz": self.ZONES[z]})], [":"])
            return Document("", at(self.TIME), [("current_time", {})], [":"])
        if tool == "remember":
            fact = self.fact()[0]
            return Document("", at(self.REMEMBER).format(s=fact), [("remember", {"text": fact})])
        fact, question, needed = self.fact()
        self.memories.append(fact)
        return Document("", question, [("recall", None)], [needed or fact.split(" is on ")[1]])

    TOOLS = "read_file write_file edit_file list_directory glob grep run_command calculate current_time remember recall".split()

    def calls(self, n):
        out = []
        for i in range(n):
            tool = self.TOOLS[i % len(self.TOOLS)]
            d = self.single(tool, i // len(self.TOOLS))
            d.row, d.part = "built-in tools", tool
            out.append(d)
        return out

    JOINS = ["{a} and {b}", "{a}. Also, {b}", "{a}, and {b}", "{a} and then {b}", "First: {a}. Second: {b}", "{a}; {b}"]

    def two(self, n):
        """Two calls at once."""
        out, m = [], self.make
        kinds = ["read_file", "calculate", "list_directory", "current_time", "grep", "remember"]
        for i in range(n):
            if i % 4 == 3:
                p, q = self.put(), self.put()
                request = ["Read {p} and {q}", "What do {p} and {q} say?", "Show me both {p} and {q}", "I need to see {p} and also {q}", "Open {p}, then {q}"][i // 4 % 5].format(p=p, q=q)
                out.append(Document("two at once", request, [("read_file", {"path": p}), ("read_file", {"path": q})], self.held(p) + self.held(q)))
                continue
            x, y = m.random.sample(kinds, 2)
            a, b = self.single(x, m.number(0, 99) * 5), self.single(y, m.number(0, 99) * 5)
            second = b.request if b.request.startswith("I ") else b.request[:1].lower() + b.request[1:]
            out.append(Document("two at once", m.pick(self.JOINS).format(a=a.request.rstrip("?."), b=second), a.calls + b.calls, a.answer + b.answer))
        return out

    COPY = ["Copy {p} to {q}", "Make a copy of {p} named {q}", "Take what is in {p} and save it as {q}", "Duplicate {p} into {q}", "Read {p} and write its text into {q}", "Please put the contents of {p} into {q}"]
    FIRST = ["Read the first file in {d}", "List {d} and then open the first file", "What does the first file in the folder {d} say?", "Look into {d} and show me the first file", "Open the first file of the directory {d}"]
    MENTION = ["Find the file that mentions {w} and read it to me", "Which file contains {w}? Open it.", "Show me the file with the word {w}", "Look for {w} and read the file you find", "Search for {w}, then print that file"]
    NAMED = ["Find {f} and read it", "Locate {f} and tell me what it says", "Search for the file {f} and show me its text", "Where is {f}? Read it please", "Track down {f} and open it"]
    SUM = ["Add up the numbers in {p}", "What's the total of {p}?", "Read {p} and sum the numbers", "Sum everything in {p}", "How much do the numbers in {p} make together?", "Give me the sum of the values in {p}"]
    SAVE = ["Calculate {e} and save the result in {p}", "Write the result of {e} into {p}", "Work out {e} and store it in {p}", "What is {e}? Put the answer in {p}", "Compute {e}, then write it to {p}"]

    def chains(self, n):
        out, m = [], self.make
        for i in range(n):
            kind, at = i % 6, lambda xs: xs[i // 6 % len(xs)]
            if kind == 0:
                p, q = self.put(), m.file()
                d = Document("", at(self.COPY).format(p=p, q=q), [("read_file", {"path": p}), ("write_file", {"path": q, "content": self.files[p]})], part="copy")
            elif kind == 1:
                f = m.folder()
                name = sorted("%s.%s" % (m.topic(), m.pick(["txt", "md"])) for _ in range(m.number(1, 3)))
                for x in name:
                    self.put(f + "/" + x)
                p = f + "/" + name[0]
                d = Document("", at(self.FIRST).format(d=f), [("list_directory", {"path": f}), ("read_file", {"path": p})], self.held(p), part="list, read")
            elif kind == 2:
                w = m.topic() + m.place()
                p = self.put(lines=["see the " + w, m.prose()])
                d = Document("", at(self.MENTION).format(w=w), [("grep", {"pattern": w}), ("read_file", {"path": p})], self.held(p), part="grep, read")
            elif kind == 3:
                f = m.place() + str(m.number(100, 999)) + ".md"
                p = self.put(m.folder() + "/" + f)
                d = Document("", at(self.NAMED).format(f=f), [("glob", {"pattern": f}), ("read_file", {"path": p})], self.held(p), part="glob, read")
            elif kind == 4:
                numbers = [m.number(2, 400) for _ in range(m.number(2, 5))]
                labels = m.pick([True, False])
                p = self.put(lines=["%s%d" % (m.topic() + " " if labels else "", x) for x in numbers])
                d = Document("", at(self.SUM).format(p=p), [("read_file", {"path": p}), ("calculate", {"expression": " + ".join(map(str, numbers))})], [str(sum(numbers))], part="sum")
            else:
                (said, e), p = self.expression(), m.file()
                result = round(eval(e), 4)
                d = Document("", at(self.SAVE).format(e=said, p=p), [("calculate", {"expression": e}), ("write_file", {"path": p, "content": format(result, ".12g") if result == int(result) else ("%.4f" % result).rstrip("0").rstrip(".")})], part="save")
            d.row = "two-step chains"
            out.append(d)
        return out

    def recalls(self, n):
        out = []
        for _ in range(n):
            d = self.single("recall", 0)
            d.row = "recall"
            out.append(d)
        return out

    # no call
    FAR = ["Send {p} a birthday card", "What's the weather like in {t}?", "Order a large pizza with {w}", "Play a song about a {w}", "Book me a room in {t} for {n} nights", "Turn the heating up", "Who was the first king of {t}?", "Translate \"{w}\" into Spanish", "Call {p}", "Buy {n} shares of {w} Corp", "Wake me at {h}",
           "Tell me a joke about a {w}", "How far is {t} from {u}?", "Post a picture of my {w} online", "Dim the lights in the {l}", "What's on TV tonight?", "Reserve a table for {n} in {t}", "Paint the {w} green", "Water my {w}", "Is {p} married?", "Write me a poem about the {w}", "Drive me to {t}", "Send {n} euros to {p}", "Which team won in {t} yesterday?",
           "Take a photo of the {w}", "Invite {p} to dinner", "Set a timer for {n} minutes", "Cancel my trip to {t}", "What should I cook with {w}?", "Lock the {l} door", "Sing something", "How old is {p}?", "Get me a taxi to {t}", "Text {p} that I will be late", "Show me a map of {t}", "Search the internet for {w}", "Feed the {w}", "Why do {w}s exist?", "Print {n} copies of my poster", "Open the {l} window",
           "Would you vacuum the {l}?", "Explain what a {w} is", "Rent a car in {t}", "Will it snow in {t}?", "Find me a good dentist in {t}", "Email {p} the news", "What do you think of {t}?", "Start the coffee machine", "Draw me a {w}", "When does the train to {t} leave?", "Pay my rent", "Charge the car", "How do you say {w} in Japanese?", "Bring me a {w}", "Can you call a plumber?", "Mute the television",
           "Put on some music", "What is the capital of Peru?", "Convert {n} dollars to yen", "Tell {p} the {w} is ready"]
    POLITE = ["", "", "Please: ", "Hi! ", "Hob, ", "One more thing: "]

    def far(self, n):
        m, out, seen = self.make, [], set()
        while len(out) < n:
            request = m.pick(self.POLITE) + self.FAR[len(out) % len(self.FAR)].format(p=m.person(), t=m.town(), u=m.town(), w=m.topic(), n=m.number(2, 60), h="%d:15" % m.number(5, 11), l=m.pick(["kitchen", "hall", "garage", "bedroom"]))
            if request in seen:
                request = m.pick(["Quick, ", "Listen: ", "Okay. ", "Now: ", "Today: "]) + request
            if request in seen:
                continue
            seen.add(request)
            out.append(Document("refraining", request, [], ["no tool"]))
        return out

    LACKING = [("path", ["Read a file for me", "I want to look at a file", "Open the file, would you?", "Show me some file", "Can you read a document?", "Print the contents of my file", "What's in the file?", "Would you open a file", "Please display the document", "How long is the file?"]),
               ("path", ["Write {q} to a file", "Save {q} for me", "Put {q} somewhere on disk", "Make a file with {q}", "Store the text {q}", "I want {q} saved in a file", "Create a text file saying {q}", "Please write down {q} in some file"]),
               ("path", ["Replace {o} with {n}", "Change the word {o} into {n}", "Swap {o} for {n} please", "I want {o} replaced by {n}", "Turn {o} into {n} in the file", "Substitute {n} for {o}"]),
               ("expression", ["Calculate something", "Do a sum for me", "I need something computed", "Can you do some math?", "Work something out please", "Let's do a calculation", "Please compute a result for me", "I have a calculation for you"]),
               ("command", ["Run a command", "Execute something in the shell", "Please start a program", "I'd like to run something", "Use the terminal for me", "Can you execute a command?", "Run something in a shell please"]),
               ("pattern", ["Search my files", "Grep the folder {d}", "Look for a word in {d}", "Can you search for some text?", "I'm looking for a word in my files", "Search the directory {d}", "Please search in {d}", "Find some text in the files"]),
               ("text", ["Remember something", "Please make a note", "I want you to remember something", "Keep something in memory for me", "Can you memorize something?", "Note something down for me"])]
    GREET = ["", "Hi, ", "Hello! ", "Hob: ", "Hey! ", "Good morning. ", "One thing: ", "Okay, "]
    CLOSE = ["", " please", " now", " - thanks", " today"]

    def lacking(self, n):
        m, out, seen, i = self.make, [], set(), 0
        while len(out) < n:
            argument, phrases = self.LACKING[i % len(self.LACKING)]
            phrase = phrases[i // len(self.LACKING) % len(phrases)].format(q='"%s"' % m.words(), o='"%s"' % m.topic(), n='"%s"' % m.topic(), d=m.folder())
            i += 1
            request = m.pick(self.GREET) + phrase + (m.pick(self.CLOSE) if phrase[-1] not in "?\"" and "please" not in phrase.lower() else "")
            if request in seen:
                continue
            seen.add(request)
            out.append(Document("asking for what is missing", request, [], [argument], part=argument))
        return out
