"""Tools of users, invented without end: a verb, a thing, arguments; and a few realistic ones with wording of their own.

Both give a declaration, turns that call the tool, and turns in which a required argument is missing.
"""
import re

from builtin import Builtin
from turns import Call, Turn, error, question
from vocabulary import *
from wording import capital, expand, fill

# verb: (words of a request, description, past; no past: the tool reads)
VERBS = {
    "create": ("create|make|add|set up|i need|put together|start", "Creates a new|Adds a|Makes a new", "created"), "delete": ("delete|remove|get rid of|erase|drop|throw away|discard", "Deletes the|Removes a", "deleted"),
    "update": ("update|modify|change|edit|refresh", "Updates the|Changes a", "updated"), "send": ("send|deliver|dispatch|ship|forward", "Sends a|Delivers the", "sent"),
    "start": ("start|launch|begin|kick off|fire up", "Starts the|Launches a", "started"), "stop": ("stop|end|halt|terminate|kill", "Stops the|Ends a", "stopped"),
    "open": ("open|open up", "Opens the|Opens a", "opened"), "close": ("close|shut", "Closes the|Shuts a", "closed"),
    "book": ("book|reserve|get me|i need", "Books a|Reserves a", "booked"), "order": ("order|buy|purchase|get me", "Orders a|Buys a", "ordered"),
    "rename": ("rename|give a new name to", "Renames the|Renames a", "renamed"), "move": ("move|transfer|relocate|shift", "Moves the|Transfers a", "moved"),
    "copy": ("copy|duplicate|clone|replicate", "Copies the|Duplicates a", "copied"), "share": ("share|publish", "Shares the|Publishes a", "shared"),
    "schedule": ("schedule|plan|arrange", "Schedules a|Plans the", "scheduled"), "cancel": ("cancel|call off|abort", "Cancels the|Calls off a", "cancelled"),
    "print": ("print|print out", "Prints the|Prints a", "printed"), "save": ("save|store|keep", "Saves the|Stores a", "saved"),
    "lock": ("lock|secure", "Locks the|Secures a", "locked"), "unlock": ("unlock", "Unlocks the|Unlocks a", "unlocked"), "assign": ("assign|hand over|give", "Assigns the|Assigns a", "assigned"),
    "export": ("export|dump", "Exports the|Dumps a", "exported"), "import": ("import|load|bring in", "Imports the|Loads a", "imported"), "archive": ("archive|put away", "Archives the|Archives a", "archived"),
    "approve": ("approve|accept|confirm|sign off", "Approves the|Confirms a", "approved"), "reject": ("reject|decline|refuse|turn down", "Rejects the|Declines a", "rejected"),
    "play": ("play|put on", "Plays the|Plays a", "played"), "pause": ("pause|suspend|hold", "Pauses the|Suspends a", "paused"), "resume": ("resume|continue|unpause", "Resumes the|Continues a", "resumed"),
    "enable": ("enable|switch on|turn on|activate", "Enables the|Switches on a", "enabled"), "disable": ("disable|switch off|turn off|deactivate", "Disables the|Switches off a", "disabled"),
    "restart": ("restart|reboot|reset", "Restarts the|Resets a", "restarted"), "merge": ("merge|combine|join", "Merges the|Combines the", "merged"), "tag": ("tag|label|mark", "Tags the|Labels a", "tagged"),
    "repair": ("repair|fix|mend", "Repairs the|Fixes a", "repaired"), "clean": ("clean|wash|tidy up", "Cleans the|Washes a", "cleaned"), "rent": ("rent|hire|lease", "Rents a|Hires a", "rented"),
    "upload": ("upload", "Uploads the|Uploads a", "uploaded"), "download": ("download", "Downloads the|Downloads a", "downloaded"), "register": ("register|sign up|enrol", "Registers the|Registers a", "registered"),
    "convert": ("convert|transform|turn", "Converts the|Converts a", "converted"), "test": ("test|try out|try", "Tests the|Tries a", "tested"), "deploy": ("deploy|roll out|release", "Deploys the|Rolls out a", "deployed"),
    "get": ("get|show me|give me|tell me|fetch|look up|read|bring me|show", "Gets the|Returns the|Fetches the", ""), "find": ("find|look up|search for|locate|look for", "Finds a|Looks up the|Searches for a", ""),
    "check": ("check|verify|inspect|examine|look at", "Checks the|Inspects a", ""), "list": ("list|show all|list all|enumerate|show me the|give me all", "Lists all|Lists the", ""),
    "read": ("read|read out|tell me|get|show", "Reads the|Reads a", ""), "fetch": ("fetch|get|bring|bring me", "Fetches the|Fetches a", ""), "lookup": ("look up|find|search for|check", "Looks up the|Looks up a", ""), "estimate": ("estimate|guess|work out", "Estimates the|Estimates a", ""),
    "predict": ("predict|forecast|foresee", "Predicts the|Forecasts the", ""), "search": ("search|search for|look for|find", "Searches for a|Searches the", ""), "view": ("view|see|show me|look at", "Views the|Shows a", ""), "describe": ("describe|explain|tell me about", "Describes the|Tells about a", ""),
    "monitor": ("monitor|watch|keep an eye on", "Monitors the|Watches a", ""), "identify": ("identify|name|recognize", "Identifies the|Names a", ""), "compare": ("compare", "Compares the|Compares a", ""), "query": ("query|ask for|ask about", "Queries the|Returns the", ""),
    "count": ("count|tell me the number of|how many are the", "Counts the|Counts all", ""), "track": ("track|follow|trace", "Tracks the|Follows a", ""), "measure": ("measure|gauge", "Measures the|Measures a", ""),
}


def third_person(verb):
    """As descriptions begin: "Washes", "Fries", "Prints"."""
    if verb.endswith(("sh", "ch", "x", "ss")):
        return capital(verb) + "es"
    return capital(verb[:-1] + "ies" if re.search("[^aeiou]y$", verb) else verb + "s")


# Things that are done to things: the request says the verb itself.
for word, past in (pair.split("=") for pair in """paint=painted wash=washed cook=cooked bake=baked fill=filled empty=emptied lift=lifted lower=lowered push=pushed pull=pulled cut=cut fold=folded pack=packed wrap=wrapped
sell=sold teach=taught feed=fed walk=walked light=lit heat=heated cool=cooled dry=dried polish=polished sharpen=sharpened charge=charged pump=pumped dig=dug plant=planted harvest=harvested pick=picked sort=sorted shuffle=shuffled
sign=signed stamp=stamped scan=scanned mount=mounted install=installed replace=replaced adjust=adjusted calibrate=calibrated align=aligned rotate=rotated aim=aimed drop=dropped hang=hung sew=sewn knit=knitted grind=ground
brew=brewed pour=poured serve=served chop=chopped slice=sliced peel=peeled freeze=frozen boil=boiled fry=fried grill=grilled inflate=inflated tow=towed dock=docked fly=flown sail=sailed steer=steered drill=drilled
weld=welded bend=bent press=pressed iron=ironed escort=escorted greet=greeted invite=invited guide=guided train=trained examine=examined treat=treated grade=graded inspect=inspected roll=rolled spin=spun shake=shaken
stir=stirred spray=sprayed shovel=shovelled rake=raked trim=trimmed prune=pruned carve=carved frame=framed bind=bound seal=sealed load=loaded unload=unloaded stack=stacked hoist=hoisted raise=raised tilt=tilted dim=dimmed
mute=muted draw=drawn draft=drafted proofread=proofread edit=edited bill=billed insure=insured ship=shipped post=posted file=filed shred=shredded staple=stapled refill=refilled refuel=refuelled rinse=rinsed""".split()):
    VERBS.setdefault(word, (word, third_person(word) + " the|" + third_person(word) + " a", past))
READING = [verb for verb, (_, _, past) in VERBS.items() if not past]
DOING = [verb for verb, (_, _, past) in VERBS.items() if past]
# name, type, description, phrases with {v}, generator
ARGUMENTS = [
    ("name", "string", "The name", "called {v}|named {v}|with the name {v}|by the name of {v}|, name {v}", "name"), ("title", "string", "The title", "titled {v}|with the title {v}|with title \"{v}\"|with the heading {v}", "title"),
    ("text", "string", "The text", "saying {v}|with the text {v}|that says \"{v}\"|with the words {v}", "text"), ("message", "string", "The message", "with the message {v}|saying \"{v}\"|: {v}", "text"), ("city", "string", "The city", "in {v}|for {v}|in the city of {v}|near {v}", "city"),
    ("location", "string", "The place", "in {v}|at {v}|near {v}|located in {v}", "city"), ("path", "string", "The file path", "at {v}|in {v}|under {v}|from {v}", "path"), ("recipient", "string", "Who receives it", "to {v}|for {v}|addressed to {v}", "name"),
    ("owner", "string", "The owner", "owned by {v}|of {v}|belonging to {v}", "name"), ("user", "string", "The user", "for user {v}|of the user {v}|for {v}", "first"), ("email", "string", "The email address", "with email {v}|to {v}|for {v}|with the address {v}", "email"),
    ("url", "string", "The web address", "from {v}|at {v}|with url {v}", "url"), ("id", "string", "The identifier", "{v}|number {v}|with id {v}|with the id {v}|no {v}", "identifier"), ("date", "string", "The date", "on {v}|for {v}|dated {v}", "day"),
    ("time", "string", "The time", "at {v}|for {v}", "clock"), ("topic", "string", "The subject", "about {v}|on {v}|regarding {v}|on the topic {v}", "title"), ("query", "string", "What to search", "matching {v}|for \"{v}\"|that mention {v}|with the words {v}", "title"),
    ("tag", "string", "A label", "tagged {v}|with tag {v}|with the label {v}", "word"), ("company", "string", "The company", "from {v}|of the company {v}|made by {v}", "company"), ("country", "string", "The country", "in {v}|from {v}", "country"),
    ("minutes", "integer", "Minutes", "for {v} minutes|lasting {v} minutes|of {v} minutes", "integer"), ("hours", "integer", "Hours", "for {v} hours|lasting {v} hours", "integer"), ("days", "integer", "Days", "for {v} days|lasting {v} days", "integer"),
    ("count", "integer", "How many", "{v} times|with count {v}", "integer"), ("limit", "integer", "Maximum number", "up to {v}|at most {v}|limited to {v}", "integer"), ("amount", "number", "The amount", "of {v}|for {v} dollars|with amount {v}", "price"),
    ("price", "number", "The price", "for {v} euros|at a price of {v}|costing {v}", "price"), ("level", "integer", "From 0 to 100", "to {v} percent|at level {v}|to level {v}", "integer"), ("year", "integer", "The year", "from {v}|of the year {v}", "integer"),
    ("size", "integer", "The size", "of size {v}|with size {v}|with a size of {v}", "integer"), ("people", "integer", "How many people", "for {v} people|for {v} persons|with {v} people", "integer"),
    ("priority", "enum", "Priority", "with {v} priority|with priority {v}", ""), ("unit", "enum", "The unit", "in {v}|using {v}", ""), ("format", "enum", "Output format", "as {v}|in {v} format", ""), ("mode", "enum", "The mode", "in {v} mode|with mode {v}", ""),
    ("color", "enum", "The color", "in {v}|with color {v}", ""), ("type", "enum", "The type", "of type {v}|with type {v}", ""),
    ("urgent", "boolean", "Whether it is urgent", "urgently/as urgent|not urgent/without urgency", ""), ("recursive", "boolean", "Include subfolders", "recursively/with subfolders|not recursively/without subfolders", ""),
    ("notify", "boolean", "Send a notification", "and notify everyone/with a notification|and do not notify/without notification", ""), ("force", "boolean", "Force it", "by force/with force|without force/gently", ""),
]
ROLES = "client member tenant driver pupil player visitor passenger worker buyer seller chef pilot neighbour artist winner speaker author mentor partner sender cook clerk nurse patient student teacher trainer traveller singer judge".split()
# two arguments of one group would be told by the same word
CONFUSED = {"city": "in", "location": "in", "path": "in", "unit": "in", "color": "in", "country": "in", "recipient": "to", "email": "to", "level": "to", "user": "for", "time": "for", "date": "for", "minutes": "for", "hours": "for", "days": "for", "people": "for",
            "amount": "for", "price": "for", "owner": "of", "url": "from", "year": "from", "company": "from", "text": "says", "message": "says"}
FIELDS = ["status", "temperature", "price", "total", "count", "size", "name", "title", "email", "id", "path", "url", "date", "time", "owner", "location", "score", "color", "text", "author", "phone", "number", "version", "level"]
LIKE_BUILTIN = set("file document folder record log text table program session record letter label note memo reminder database backup job snapshot".split())
FAILURES = ["There is no such %s.", "The server does not answer.", "Permission denied.", "The %s is busy.", "Invalid id.", "The %s was not found.", "Too many requests."]


def field_value(v, name):
    r = v.random
    return {"status": lambda: r.choice("ok active pending open closed ready busy done".split()), "temperature": lambda: r.randint(-20, 40), "price": v.price, "total": v.price, "count": v.integer, "size": v.integer, "name": v.name, "title": v.title, "email": v.email,
            "id": v.identifier, "path": v.path, "url": v.url, "date": v.date, "time": v.clock, "owner": v.name, "location": v.city, "score": v.integer, "color": v.color, "text": v.text, "author": v.full_name, "phone": v.phone,
            "number": v.identifier, "version": lambda: "%d.%d" % (r.randint(0, 9), r.randint(0, 30)), "level": lambda: r.randint(0, 100)}[name]()


class Invented:
    """One tool that nobody has seen. `like`: shares the verb or the thing with another, so that only the other half tells them apart."""

    def __init__(self, builtin, like=None, arguments=None):
        r = self.random = builtin.random
        self.builtin, v = builtin, builtin.values
        self.values = v
        self.verb = r.choices([r.choice(READING), r.choice(DOING), self.unheard()], [32, 60, 8])[0]
        self.noun = v.rare() if r.random() < .22 else r.choice(NOUNS)
        if like is not None and r.random() < .5:
            self.verb = like.verb
        elif like is not None:
            self.noun = like.noun
        words, described, self.past = VERBS.get(self.verb) or (self.verb, third_person(self.verb) + " the", self.verb + "ed")
        self.words = words.split("|")
        extra = r.choice(COLORS + "new old main user daily team local guest night summer office home".split()) + " " if r.random() < .14 else ""
        self.thing = extra + self.noun
        snake = self.thing.replace(" ", "_")
        self.many = self.verb in ("list", "count")
        plural = "s" if self.many else ""
        base = self.verb + "_" + snake + plural
        place = r.choice(["fs", "app", "db", "shop", "home", "net", "sys", "mail", "web", "api", "crm", "hr", "lab", v.rare(1)])
        self.name = r.choices([base, snake + "_" + self.verb, self.verb + "".join(map(capital, self.thing.split())) + plural, place + "_" + base, place + "__" + base, "mcp__" + place + "__" + base, base.replace("_", "-")], [50, 9, 10, 11, 8, 9, 5])[0]
        self.thing += plural
        self.arguments, seen = [], set()
        for _ in range(r.choice([0, 1, 1, 1, 2, 2, 3]) if arguments is None else arguments):
            a = self.argument()
            group = CONFUSED.get(a[0], a[0])
            if group in seen or a[0] in seen:
                continue
            seen |= {a[0], group}
            self.arguments.append((a, r.choice(ENUMS) if a[1] == "enum" else None, r.random() < .78))
        self.arguments.sort(key=lambda x: x[0][0].lower())
        description = r.choice(described.split("|")) + " " + self.thing + r.choice([".", ".", "", " by its details.", " for the user.", " and returns the result.", " of the shop."])
        bare = r.random() < .3  # many servers describe no argument
        properties = {}
        for (name, kind, text, _, _), values, _ in self.arguments:
            p = {"type": "string" if kind == "enum" else kind}
            if not bare:
                p["description"] = text
            if values:
                p["enum"] = values
            properties[name] = p
        self.declaration = {"name": self.name, "description": description}
        if properties:
            self.declaration["parameters"] = {"type": "object", "properties": properties, "required": [a[0] for a, _, required in self.arguments if required]}
        self.fields = sorted(r.sample(FIELDS, r.choice([1, 1, 2, 3]) if not self.past else r.choice([0, 0, 1])))
        self.plain = r.random() < .2

    def unheard(self):
        """A verb that no dictionary has."""
        while True:
            verb = self.values.rare(1)
            if verb not in VERBS and verb.isalpha():
                return verb

    def argument(self):
        r, v = self.random, self.values
        if r.random() < .62:
            if r.random() < .22:
                name, kind = r.choice(ROLES), r.choice(["first", "first", "name"])
                return (name, "string", r.choice(["The %s", "Name of the %s", "Who the %s is", "Which %s", "The %s's name"]) % name, "for {v}|to {v}|for the %s {v}|of {v}|to the %s {v}|with {v}|by {v}|for %s {v}".replace("%s", name), kind)
            name = r.choice([v.rare, lambda: v.rare(1) + "_" + v.word(1), lambda: v.word(1) + "_" + v.word(1), lambda: r.choice(NOUNS), lambda: v.word(.9), lambda: r.choice(NOUNS), lambda: r.choice(NOUNS) + r.choice(["_id", "_name", "_count", "_code", "_type"])])()
            words, kind = name.replace("_", " "), r.choice(["integer", "integer", "title", "identifier", "price", "name", "word", "word", "city", "noun"])
            phrases = "with %s {v}|with a %s of {v}|and %s {v}|, %s {v}|with the %s {v}|%s {v}"
            if kind in ("integer", "price"):
                if r.random() < .5 and "_" not in name:
                    name = words = words if words.endswith("s") else words + "s"
                phrases += "|{v} %s|with {v} %s|for {v} %s|by {v} %s|of {v} %s|{v} %s of it|to {v} %s|with {v} %s of it"
                texts = ["The %s", "How many %s", "Number of %s", "%s", "How much", "Amount of %s"]
            else:
                phrases += "|for the %s {v}|of the %s {v}|to the %s {v}|in %s {v}|for %s {v}|the %s is {v}|whose %s is {v}|at %s {v}|of %s {v}|on the %s {v}|in the %s {v}|from the %s {v}|into %s {v}|in {v}|with {v}|for {v}|from {v}|of {v}|on {v}|at {v}|in the {v} %s|of the {v} %s|at the {v} %s|on the {v} %s"
                texts = ["The %s", "Which %s", "The %s", "What %s", "%s to use", "Name of the %s", "%s", "Id of the %s", "What to use as %s"]
            return (name, {"integer": "integer", "price": "number"}.get(kind, "string"), capital(r.choice(texts).replace("%s", words)), phrases.replace("%s", words), kind)
        return r.choice(ARGUMENTS)

    def value(self, argument, values):
        if argument[1] == "boolean":
            return self.random.random() < .6
        if values:
            return self.random.choice(values)
        x = getattr(self.values, argument[4])()
        return min(x, 100) if argument[0] == "level" and isinstance(x, int) else x

    def phrase(self, argument, x):
        if argument[1] == "boolean":
            return self.random.choice(argument[3].split("|")[0 if x else 1].split("/"))
        phrases = argument[3].split("|")
        if argument[1] == "string" and sum(a[1] == "string" for a, _, _ in self.arguments) > 1 and argument not in ARGUMENTS:
            phrases = [p for p in phrases if not re.fullmatch(r"\w+ \{v\}", p) or argument[0] in p or (argument[0] in ROLES and p in ("for {v}", "to {v}"))]
        return fill(self.random.choice(phrases), v=x)

    def request(self, skip=None, field=None, said=None):
        """`skip`: the argument to leave out; `field`: what to ask of the result; `said`: {argument: its phrase}."""
        r, arguments, told, person, before = self.random, {}, [], None, ""
        for a, values, required in self.arguments:
            if said and a[0] in said:
                told.append(said[a[0]])
                continue
            if a[0] == skip or (not required and r.random() < .5):
                continue
            x = arguments[a[0]] = self.value(a, values)
            if not field and not said and person is None and a[0] in ROLES and r.random() < .45:
                person = x
            elif not field and not said and not before and a[1] in ("string", "enum") and a not in ARGUMENTS and r.random() < .2 and sum(b[1] == "string" for b, _, _ in self.arguments) == 1:
                before = x + " "  # "the north gate" for the gate that is called north
            else:
                told.append(self.phrase(a, x))
        r.shuffle(told)
        word = r.choice(self.words)
        article = "" if self.many else "a " if self.verb in ("create", "book", "order", "schedule", "rent") and r.random() < .6 else r.choice(["the ", "the ", "my ", "this ", "our "])
        thing = article + before + self.thing
        if before and r.random() < .3 and article:
            thing = before + self.thing
        if field:
            phrase = r.choice(["what is the %s of %s%s?", "tell me the %s of %s%s", "what %s has %s%s?", "give me the %s of %s%s", "i need the %s of %s%s"]) % (field, article or "the ", " ".join([self.thing] + told))
        elif person is not None:
            phrase = self.for_somebody(person, word, thing, told)
        else:
            phrase = self.worded(word, thing, told)
        phrase = re.sub(" ([,:?]|$)", r"\1", " ".join(phrase.split()))
        kind = "question" if phrase.endswith("?") else "order" if phrase.startswith(word) and not phrase.startswith(("i need", "how many")) else "statement"
        return self.builtin.courtesy(phrase, kind, bool(told) and r.random() < .6), arguments

    def for_somebody(self, person, word, thing, told):
        """A request that begins with the person who is an argument."""
        r, rest = self.random, " ".join(told)
        if not self.past:
            return r.choice(["%s wants to know about %s %s", "%s asks for %s %s", "%s needs to see %s %s", "%s: " + word + " %s %s"]) % (person, thing, rest)
        if r.random() < .35:
            thing = re.sub("^(the|a|my|this|our) ", "", thing)
            return r.choice(["%s's %s has to be {past} %s", "%s's %s should be {past} %s", "{word} %s's %s %s", "have %s's %s {past} %s", "%s's %s needs to be {past} %s"]).format(past=self.past, word=word) % (person, thing, rest)
        return r.choice(["%s wants {0} {past} {1}", "%s needs {0} {past} {1}", "%s wants {0} to be {past} {1}", "%s would like to have {0} {past} {1}", "%s asked to {word} {0} {1}", "{word} %s {0} {1}", "%s wants to {word} {0} {1}", "%s: {word} {0} {1}", "%s has to {word} {0} {1}", "for %s {word} {0} {1}"]).format(thing, rest, past=self.past, word=word) % person

    def worded(self, word, thing, told):
        r, rest = self.random, " ".join(told)
        plain = word + " " + thing + " " + rest
        if word.startswith(("i need", "how many", "tell me the number")) or self.many:
            return plain
        if self.past:
            return r.choices([plain, thing + " " + rest + ": " + word + " it", (told[0] + ": " + word + " " + thing + " " + " ".join(told[1:])) if told and not told[0].startswith((",", ":", "and ")) else plain,
                              r.choice(["{0} {1} should be {2}", "{0} {1} has to be {2}", "{0} has to be {2} {1}", "{0} must be {2} {1}", "{0} needs to be {2} {1}", "i want {0} {2} {1}", "have {0} {2} {1}", "get {0} {2} {1}", "i want {0} {1} {2}", "{0} {1} must get {2}", "i need {0} {2} {1}"]).format(thing, rest, self.past),
                              r.choice(["it is time to {w} {0} {1}", "somebody has to {w} {0} {1}", "you must {w} {0} {1}", "make sure to {w} {0} {1}", "let us {w} {0} {1}", "start to {w} {0} {1}", "i want you to {w} {0} {1}", "is it possible to {w} {0} {1}?", "can we {w} {0} {1}?"]).format(thing, rest, w=word),
                              re.sub("^(the|a|my|this|our) ", "", thing) + r.choice([": ", ": please ", ", "]) + word + " " + rest], [55, 6, 8, 18, 8, 5 if told else 0])[0]
        return r.choices([plain, r.choice(["what about %s %s?", "how is %s %s?", "i need %s %s", "what do you know about %s %s?", "what does %s %s say?", "what does %s %s show?", "is there anything on %s %s?", "let me see %s %s", "can i have %s %s?", "i want to see %s %s", "what is %s %s like?", "how does %s %s look?", "where do we stand with %s %s?", "what is %s %s?", "what's %s %s?", "tell me %s %s", "give me %s %s", "i want to know %s %s", "i need to know %s %s", "%s %s is what i need", "do you know %s %s?", "is %s %s ready?", "what has %s %s?", "look what %s %s says"]) % (thing, rest),
                          r.choice(["how high is %s %s?", "how long is %s %s?", "how big is %s %s?", "how old is %s %s?", "how much is %s %s?", "how far is %s %s?", "how good is %s %s?", "how many has %s %s?", "where is %s %s?", "which is %s %s?", "when is %s %s?", "who has %s %s?"]) % (thing, rest),
                          re.sub("^(the|a|my|this|our) ", "", thing) + " " + rest + r.choice(["?", "", ", please"])], [50, 32, 8, 10])[0]

    def result(self):
        r, v = self.random, self.values
        if r.random() < .06:
            message = r.choice(FAILURES)
            return error(r.choice(["not_found", "denied", "timeout", "failed"]), message % self.noun if "%" in message else message, "Try again.")
        if self.plain:
            return {"value": "\n".join(v.lines(r.choice([1, 1, 2])))}
        if self.verb == "list":
            return {"items": [r.choice([v.name, v.title, v.identifier])() for _ in range(r.randint(1, 4))]}
        out = {f: field_value(v, f) for f in self.fields}
        if self.past and (not out or r.random() < .4):
            out["ok"] = True
        return out

    def answer(self, result, field=None):
        if result.get("ok") is False:
            return "That failed: " + result["message"]
        if "value" in result:
            return result["value"]
        if "items" in result:
            return "There is " + ", ".join(result["items"]) + "."
        out = "I %s the %s." % (self.past, self.thing) if self.past else ""
        keys = [field] if field else [k for k in sorted(result) if k != "ok" and not (self.past and k == "status")]
        told = " and the ".join("%s is %s" % (k, result[k]) for k in keys)
        return out + ((" The " if out else "The ") + told + "." if told else "")

    def turn(self):
        field = self.random.choice(self.fields) if not self.past and not self.many and not self.plain and self.random.random() < .35 else None
        request, arguments = self.request(field=field)
        result = self.result()
        return Turn(request, [[Call(self.name, arguments, result)]], self.answer(result, field), "invented")

    def incomplete(self):
        """Leaves a required argument out; in half of the cases the user then gives it. None: there is none to leave out."""
        r = self.random
        required = [(a, values) for a, values, needed in self.arguments if needed and a[1] != "boolean"]
        if not required:
            return None
        a, values = r.choice(required)
        request, arguments = self.request(skip=a[0])
        turns = [question(request, a[0])]
        if r.random() < .4:
            arguments[a[0]] = self.value(a, values)
            result = self.result()
            turns.append(Turn(str(arguments[a[0]]), [[Call(self.name, arguments, result)]], self.answer(result), "given"))
        return turns


# name, description, {argument: (type, description, generator)}, phrases, result fields, answer
REALISTIC = [
    ("get_weather", "Gets the current weather for a city.", {"city": ("string", "City name", "city")}, "(what is|how is|what's) the weather (in|like in) {city}(| today| now)?|weather in {city}|(is it|will it be) (cold|warm|sunny|windy|raining) in {city}(| today)?|do i need (an umbrella|a coat) in {city}?|will it (rain|snow) in {city}(| today)?|(tell me|check|show me) the weather (in|for) {city}|how (cold|warm) is it in {city}?|temperature in {city}", {"condition": "weather", "temperature": "degrees"}, "It is {condition} and {temperature} degrees in {city}."),
    ("set_timer", "Starts a timer.", {"minutes": ("integer", "Minutes", "small")}, "(set|start|make) a timer (for|of) {minutes} minutes|timer {minutes} minutes|(start|set) a {minutes} minute timer|(remind me|wake me|tell me|call me) in {minutes} minutes|i need a timer for {minutes} minutes|{minutes} minutes(, please|) on the timer", {"status": "ok"}, "The timer runs for {minutes} minutes."),
    ("send_message", "Sends a message to a person.", {"text": ("string", "Message text", "text"), "to": ("string", "Recipient", "name")}, "tell {to} that {text}|send {to} the message {text}|write to {to}: {text}|message {to}: {text}|send a message to {to} saying {text}|let {to} know that {text}|text {to}: {text}|send \"{text}\" to {to}|say {text} to {to}", {"status": "ok"}, "I sent it to {to}."),
    ("set_light", "Switches the light of a room.", {"on": ("boolean", "On or off", "flag"), "room": ("string", "Room", "room")}, "turn {on} the light in the {room}|switch {on} the {room} light|turn the {room} light {on}|light {on} in the {room}|(turn|switch) the lights {on} in the {room}|{room} light {on}", {"status": "ok"}, "The light in the {room} is {on}."),
    ("play_song", "Plays a song.", {"title": ("string", "Title", "title")}, "play {title}|play the song {title}|put on {title}|i want to hear {title}|let me hear {title}|start the song {title}|play me {title}|music: {title}", {"artist": "name"}, "Now playing {title} by {artist}."),
    ("get_stock_price", "Returns the price of a share.", {"symbol": ("string", "Ticker symbol", "symbol")}, "(what is|what's|tell me) the price of {symbol}?|how is {symbol} doing?|stock price of {symbol}|what does {symbol} cost?|(check|look up) {symbol}|how much is a share of {symbol}?|where is {symbol} trading?", {"price": "price"}, "{symbol} is at {price}."),
    ("create_event", "Adds an event to the calendar.", {"date": ("string", "Day", "day"), "title": ("string", "Title", "title")}, "put {title} into my calendar (on|for) {date}|add the event {title} on {date}|schedule {title} for {date}|plan {title} on {date}|(new event|calendar): {title} on {date}|i have {title} on {date}, put it in the calendar|enter {title} for {date}", {"id": "identifier"}, "I added {title} on {date}."),
    ("add_task", "Adds a task to the list.", {"title": ("string", "What to do", "title")}, "add the task {title}|put {title} on my (list|todo list)|i have to {title}, add it to my tasks|new task: {title}|add {title} to my (tasks|todo list|list)|(task|todo): {title}|note the task {title}", {"id": "identifier"}, "I added the task {title}."),
    ("book_hotel", "Books a hotel room.", {"city": ("string", "City", "city"), "nights": ("integer", "Nights", "small")}, "book a hotel in {city} for {nights} nights|i need a room in {city} for {nights} nights|reserve a hotel in {city}, {nights} nights|(find|get) me a hotel in {city} for {nights} nights|{nights} nights in {city}, book a room", {"hotel": "title", "price": "price"}, "I booked {hotel} in {city} for {price}."),
    ("search_web", "Searches the web.", {"query": ("string", "Search words", "title")}, "search the web for {query}|google {query}|look up {query} on the web|find pages about {query}|search for {query} online|what does the web say about {query}?|web search: {query}", {"value": "text"}, "{value}"),
    ("get_contact", "Finds the phone number of a person.", {"name": ("string", "Name", "name")}, "(what is|what's|tell me) the number of {name}?|phone number of {name}|how can i reach {name}?|give me the number of {name}|find the contact {name}|look up {name} in my contacts|i need the number of {name}", {"phone": "phone"}, "The number of {name} is {phone}."),
    ("set_temperature", "Sets the heating of a room.", {"degrees": ("integer", "Degrees", "small"), "room": ("string", "Room", "room")}, "heat the {room} to {degrees} degrees|set the {room} to {degrees} degrees|make the {room} {degrees} degrees warm|{degrees} degrees in the {room}|i want {degrees} degrees in the {room}|turn the heating in the {room} to {degrees}", {"status": "ok"}, "The {room} is set to {degrees} degrees."),
    ("convert_currency", "Converts money.", {"amount": ("integer", "Amount", "integer"), "from": ("string", "Currency", "money"), "to": ("string", "Currency", "money2")}, "convert {amount} {from} to {to}|how much is {amount} {from} in {to}?|{amount} {from} in {to}|change {amount} {from} into {to}|exchange {amount} {from} for {to}|what are {amount} {from} in {to}?", {"result": "price"}, "{amount} {from} is {result} {to}."),
    ("query_database", "Runs a query on the database.", {"sql": ("string", "SQL", "sql")}, "run the query {sql}|ask the database: {sql}|execute the sql {sql}|query: {sql}|run {sql} on the database|database: {sql}", {"rows": "integer"}, "The query returned {rows} rows."),
    ("restart_service", "Restarts a service.", {"service": ("string", "Service name", "service")}, "restart {service}|restart the service {service}|bounce {service}|{service} hangs, restart it|reboot the {service} service|stop and start {service}", {"status": "ok"}, "I restarted {service}."),
    ("track_parcel", "Tells where a parcel is.", {"number": ("string", "Tracking number", "identifier")}, "where is parcel {number}?|track {number}|where is my parcel {number}?|track the parcel {number}|follow the parcel {number}|what happened to parcel {number}?|status of parcel {number}", {"location": "city"}, "Parcel {number} is in {location}."),
    ("git_commit", "Commits all changes.", {"message": ("string", "Commit message", "text")}, "commit with the message {message}|commit: {message}|git commit {message}|commit everything as {message}|make a commit saying {message}", {"id": "identifier"}, "I committed {id}."),
    ("order_food", "Orders food.", {"dish": ("string", "Dish", "dish"), "count": ("integer", "How many", "small")}, "order {count} {dish}|get me {count} {dish}|i want {count} {dish}|order {count} portions of {dish}|{count} {dish}, please|we would like {count} {dish}", {"minutes": "small"}, "{count} {dish} come in {minutes} minutes."),
    ("translate", "Translates text.", {"text": ("string", "Text", "text"), "language": ("string", "Target language", "language")}, "translate {text} to {language}|translate \"{text}\" into {language}|how do you say {text} in {language}?|put {text} into {language}|what is {text} in {language}?|say {text} in {language}", {"translation": "text"}, "{translation}"),
    ("send_mail", "Sends an email.", {"subject": ("string", "Subject", "title"), "to": ("string", "Address", "email")}, "(send|write) an email to {to} (with the subject|about) {subject}|email {to} about {subject}|mail {to}: {subject}|write {to} a mail about {subject}", {"id": "identifier"}, "I sent the email {id}."),
    ("fetch_url", "Fetches a web page.", {"url": ("string", "Address", "url")}, "fetch {url}|(get|load|download|open) the page {url}|what is on {url}?|read the web page {url}|load {url}|what does {url} say?", {"value": "text"}, "{value}"),
    ("get_exchange_rate", "Returns the exchange rate of two currencies.", {"from": ("string", "Currency", "money"), "to": ("string", "Currency", "money2")}, "(what is|tell me) the exchange rate from {from} to {to}?|how do {from} stand against {to}?|rate of {from} in {to}|{from} to {to} rate", {"rate": "price"}, "The rate is {rate}."),
    ("set_volume", "Sets the volume of the speaker.", {"level": ("integer", "From 0 to 100", "small")}, "set the volume to {level}|(turn|put) the volume to {level}|volume {level}|make it volume {level}|(louder|quieter), {level} percent|speaker to {level}", {"status": "ok"}, "The volume is {level}."),
    ("find_flight", "Finds a flight.", {"from": ("string", "Start", "city"), "to": ("string", "Goal", "city2"), "date": ("string", "Day", "day")}, "find a flight from {from} to {to} on {date}|i want to fly from {from} to {to} on {date}|flights from {from} to {to}, {date}|how can i fly from {from} to {to} on {date}?", {"flight": "identifier", "price": "price"}, "Flight {flight} costs {price}."),
    ("lock_door", "Locks or unlocks a door.", {"door": ("string", "Which door", "room")}, "lock the {door} door|lock the {door}|close and lock the {door}|is the {door} locked? lock it|secure the {door} door", {"status": "ok"}, "The {door} is locked."),
    ("log_workout", "Records a workout.", {"kind": ("string", "Kind of sport", "sport"), "minutes": ("integer", "Minutes", "small")}, "i did {minutes} minutes of {kind}|log {minutes} minutes of {kind}|record a workout: {kind}, {minutes} minutes|{kind} for {minutes} minutes, log it", {"calories": "integer"}, "You burned {calories} calories."),
]


class Realistic:
    noun = verb = ""
    arguments = ()

    def __init__(self, builtin, row):
        self.builtin, self.random, self.values, self.row = builtin, builtin.random, builtin.values, row
        self.name = self.noun = self.verb = row[0]
        self.past, self.many, self.plain = "done", False, True
        self.declaration = {"name": row[0], "description": row[1], "parameters": {"type": "object", "properties": {k: {"type": t, "description": d} for k, (t, d, _) in sorted(row[2].items())}, "required": sorted(row[2])}}

    def value(self, kind):
        v, r = self.values, self.random
        return {"small": lambda: r.randint(1, 99), "flag": lambda: r.random() < .5, "room": lambda: r.choice("kitchen office bedroom hall garage cellar bathroom attic garden balcony".split() + [v.rare()]), "symbol": lambda: v.rare(1).upper()[:5],
                "money": lambda: r.choice("dollars euros yen".split()), "money2": lambda: r.choice("pounds francs kronor".split()), "sql": lambda: "select %s from %s" % (v.word(), v.word()), "service": lambda: r.choice(["nginx", "postgres", "redis", v.rare(), v.word() + "-" + v.word()]),
                "dish": lambda: r.choice(["pizza", "soup", "salad", "burger", v.rare(), v.word()]), "language": lambda: r.choice(LANGUAGE_NAMES), "city2": v.city, "sport": lambda: r.choice("running swimming cycling yoga rowing boxing".split() + [v.rare()]),
                "weather": lambda: r.choice("sunny cloudy rainy windy snowy".split()), "degrees": lambda: r.randint(-10, 40), "ok": lambda: "ok"}.get(kind) or getattr(v, kind)

    def turn(self):
        _, _, arguments, grammar, fields, told = self.row
        values = {k: self.value(g)() for k, (_, _, g) in arguments.items()}
        shown = {k: ("on" if x else "off") if isinstance(x, bool) else x for k, x in values.items()}
        phrase = expand(self.random, "(" + grammar + ")")
        request = fill(self.builtin.courtesy(phrase, "question" if phrase.endswith("?") else "statement" if phrase.startswith(("i ", "{", "weather", "timer")) else "order", phrase.endswith("}")), **shown)
        result = {k: self.value(g)() for k, g in fields.items()}
        if self.random.random() < .06:
            result = error(self.random.choice(["not_found", "timeout", "denied"]), self.random.choice(["Nothing found.", "The service does not answer.", "Permission denied."]), "Try again.")
            return Turn(request, [[Call(self.name, values, result)]], "That failed: " + result["message"], "realistic")
        return Turn(request, [[Call(self.name, values, result)]], fill(told, **{**shown, **result}), "realistic")

    def incomplete(self):
        return None
