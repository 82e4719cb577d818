"""Facts that a user tells and asks for, and turns that save and find them.

A fact is of a kind: two facts about one thing answer different questions where their kinds differ. The query of `recall` is a
function of the question alone: the thing that it asks about, and the words by which a note would say it.
"""
import dataclasses
import re

from turns import Call
from vocabulary import *
from wording import capital, expand, fill

KNOW = "(what is|what's|what was|do you know|tell me|give me|i forgot|i need|look up|please tell me|can you tell me|remind me of|say|find|do you remember|could you give me|could you tell me|i need to know|let me know|get me|i can't remember|show me|remind me what was)"
KNOWS = "(do you know|can you tell me|tell me|do you remember|i forgot|remind me|please say|could you say|say|can you remember|do you recall|please tell me|i want to know|i need to know|i can't remember|let me know)"


@dataclasses.dataclass
class Fact:
    text: str   # as the user says it
    thing: str  # that it is about; other facts may be about it, too
    kind: str   # facts of one kind answer the same question
    asks: str   # a grammar of questions
    query: str  # that finds it
    answer: str
    maker: str = ""  # the method of `Memories` that makes such facts


def fact_of(text, thing, kind, asks, query):
    """The answer says the text to the user: you, your."""
    told = re.sub("^I was ", "you were ", text)
    told = re.sub(r"^I\b|\bi\b|\bme\b", "you", told)
    return Fact(text, thing, kind, asks, query, capital(re.sub(r"\bmy ", "your ", told)) + ".")


def alike(query, text):
    """How many of the query's words are in the text, endings aside: about how the daemon ranks notes."""
    have = {w[:5].rstrip("sed") for w in re.findall(r"[^\W_]+", text.lower())}
    return sum(w[:5].rstrip("sed") in have for w in query.lower().split())


class Memories:
    """Part of `Builtin`, whose random numbers, values and wording it uses."""

    FACTS = {"property": 24, "relation": 12, "own_place": 5, "event": 9, "place": 10, "part_of": 12, "part": 12, "thing": 20, "life": 5}
    ABOUT = {"property": 1, "relation": 1, "event": 1, "place": 2, "part_of": 1, "part": 3, "thing": 4}  # those that can be about any thing

    def fact(self, thing=None):
        kinds = self.ABOUT if thing else self.FACTS
        maker = "fact_" + self.random.choices(list(kinds), list(kinds.values()))[0]
        fact = getattr(self, maker)(thing)
        fact.maker = maker
        return fact

    def some_thing(self, words):
        return self.random.choice(words) if self.random.random() < .5 else self.values.word(.5)

    def fact_property(self, thing):
        r, v = self.random, self.values
        key = thing or self.some_thing(PROPERTIES)
        x = {"color": v.color, "food": v.word, "city": v.city, "birthday": v.day, "number": v.digits, "code": v.digits, "password": lambda: r.choice([v.rare(), v.rare() + str(r.randint(1, 99)), v.identifier()]), "address": r.choice([v.email, lambda: v.rare().capitalize() + " street %d" % r.randint(1, 99)]),
             "town": v.city, "size": lambda: str(r.randint(30, 50)), "job": v.job, "drink": v.word, "time": v.clock, "language": lambda: r.choice(LANGUAGE_NAMES)}.get(key.split()[-1], lambda: r.choice([v.title, v.name, v.identifier, v.city, v.word])())()
        asks = KNOW + " my {k}?|which {k} do i have?|my {k}?|what {k} (do i have|did i tell you|did i mention)?|what is (the {k} that i told you|my {k} again)?|" + KNOWS + " what my {k} (is|was)?|what did i say (about my {k}|my {k} was)?"
        return fact_of("my %s is %s" % (key, x), key, "is", asks, key)

    def fact_relation(self, thing):
        r, v = self.random, self.values
        key, verb = thing or self.some_thing(RELATIONS), r.choice(["is called", "is named", "is called", "has the name", "goes by the name of"])
        x = r.choice([v.name, v.first, lambda: capital(v.rare())])()
        asks = "what is (my {k} called|the name of my {k}|my {k}'s name|my {k} named)?|" + KNOW + " (the name of my {k}|my {k}'s name)?|(who|how) is my {k}(| called)?|what name does my {k} have?|" + KNOWS + " (what|how) my {k} is called?|what (did|do) i call my {k}?|what was my {k} called?|what did i name my {k}?|my {k}'s name?"
        return fact_of("my %s %s %s" % (key, verb, x), key, "name", asks, key + " called name")

    def fact_own_place(self, _):
        r, v = self.random, self.values
        verb, asking, x = r.choice([("live in", "live", v.city()), ("work in", "work", v.city()), ("work for", "work", v.company()), ("work at", "work", v.company()), ("was born in", "born", v.city()), ("study in", "study", v.city()), ("work with", "work", v.name()), ("park in", "park", v.city())])
        where = verb.endswith(("in", "at"))
        asks = {"live": "(where|in which city|in what town|which city|in which town) do i live(| in)?|" + KNOWS + " where i live?|where is my home?|what is my city?|which place do i live in?",
                "born": "(where|in which city) was i born?|" + KNOWS + " where i was born?", "study": "(where|in which city) do i study?|" + KNOWS + " where i study?", "park": "where do i park?|" + KNOWS + " where i park?",
                "work": "(where|in which place) do i work?|" + KNOWS + " where i work?" if where else "who(m|) do i %s?|%s who i %s?" % (verb, KNOWS, verb)}[asking]
        return fact_of("I %s %s" % (verb, x), "I", verb if not where else asking, asks, asking)

    def fact_event(self, thing):
        r, v = self.random, self.values
        key, verb = thing or self.some_thing(NOUNS), r.choice(["is on", "is at", "starts at", "leaves at", "is in", "begins on", "opens at", "ends at", "closes at", "takes place on"])
        x = v.clock() if verb.endswith("at") else (r.choice(MONTHS).lower() if r.random() < .5 else r.choice(MONTHS)) if verb == "is in" else r.choice([v.day(), v.day() + " at " + v.clock(), v.day()])
        plain = {"is": "", "starts": "start", "leaves": "leave", "begins": "begin", "opens": "open", "ends": "end", "closes": "close", "takes": "take place"}[verb.split()[0]]
        asks = "(when|on which day|on what date|at what time|at which time) (is|was) the {k}?|" + KNOWS + " when the {k} is?|what (day|time) is the {k}(| on| at)?" if not plain else \
            "(when|at what time|on which day) does the {k} %s?|%s when the {k} %s?" % (plain, KNOWS, plain.replace(plain.split()[0], plain.split()[0] + "s"))
        return fact_of("the %s %s %s" % (key, verb, x), key, "when" if verb[:2] == "is" else plain, asks, (key + " " + plain.split()[0]) if plain else key)

    def fact_place(self, thing):
        r, v = self.random, self.values
        key, of = thing or self.some_thing(NOUNS + HOUSEHOLD), r.choice(["the", "the", "my"])
        x = r.choice(["in ", "under ", "behind ", "in ", "on ", "near "]) + "the " + v.word(.9) if r.random() < .6 else r.choice([lambda: "in " + v.directory(), lambda: "in room %d" % r.randint(1, 400), lambda: "in " + v.path(), lambda: "at " + v.name() + "'s", lambda: "in " + v.city(), lambda: "in " + v.city()])()
        verb = r.choice(["is", "is", "is kept", "is kept", "is stored", "lies", "stands", "can be found", "is parked", "is hidden"])
        asks = "where (is|did i put|was|can i find|are|do i keep|did i leave|do i have) %s {k}?|%s where %s {k} is?|where's %s {k}?|in which place is %s {k}?|what is the place of %s {k}?|where (is|was) %s {k} %s?" % (of, KNOWS, of, of, of, of, of, verb.split()[-1] if " " in verb and "can" not in verb else "now")
        return fact_of("%s %s %s %s" % (of, key, verb, x), key, "where", asks, key + " kept")

    def fact_part_of(self, thing):
        """A code, price, ... of a thing."""
        r, v = self.random, self.values
        part, owner = r.choice(["code", "password", "password", "password", "price", "color", "name", "number", "number", "size", "owner", "address", "pin", "weight", "width", "id", "boss", "topic", "date", "key", "code"]), thing or self.some_thing(NOUNS + HOUSEHOLD)
        x = {"code": v.digits, "password": v.rare, "price": lambda: str(v.price()), "color": v.color, "owner": v.name, "boss": v.name, "number": v.digits, "pin": lambda: v.digits(4, 4), "date": v.day, "address": v.email}.get(part, lambda: r.choice([v.word, v.title, lambda: str(v.integer())])())()
        of = r.choice(["the", "the", "my"])
        asks = KNOW + " (the %s of %s {k}|%s {k} %s|the {k}'s %s)?|what did i say about the %s of %s {k}?|the %s of %s {k}?|the {k} %s(|, please)?" % (part, of, of, part, part, part, of, part, of, part)
        kind = {"price": "price", "owner": "owner", "name": "name", "weight": "weight", "date": "when"}.get(part, part)
        return fact_of("the %s of %s %s is %s" % (part, of, owner, x), owner, kind, asks, owner + " " + part)

    def fact_part(self, thing):
        """A number, password, ... that goes with a thing or a word, and events called after one."""
        r, v = self.random, self.values
        key, of = thing or self.some_thing(NOUNS + HOUSEHOLD), r.choice(["my", "my", "the"])
        if r.random() < .3:
            part, x = r.choice(["meeting", "party", "exam", "lesson", "trip", "lunch", "call", "appointment", "course", "concert", "deadline", "visit"]), r.choice([v.day, v.day, v.date, v.clock, lambda: v.day() + " at " + v.clock()])()
            verb = "at" if ":" in x and len(x) < 6 else "on"
            asks = "(when|on which day|at what time|what day|what time) is %s {k} %s?|%s (when|on which day) %s {k} %s (is|takes place)?|when (will|does) %s {k} %s (be|take place|start)?|(what is|give me) the (date|day|time) of %s {k} %s?" % (of, part, KNOWS, of, part, of, part, of, part)
            return fact_of("%s %s %s is %s %s" % (of, key, part, verb, x), key, part, asks, key + " " + part)
        part, x = r.choice([("number", v.digits), ("number", lambda: str(v.integer())), ("password", lambda: v.word(.5) + str(r.randint(1, 99))), ("password", v.rare), ("password", v.identifier), ("code", v.digits), ("color", v.color), ("size", lambda: str(r.randint(1, 60))), ("address", v.email), ("price", lambda: str(v.price())), ("team", v.title), ("name", v.name), ("brand", v.company)])
        x = x()
        said = r.choice(["%s {k} %s" % (of, part), "%s {k} %s" % (of, part), "the %s of %s {k}" % (part, of), "the %s for %s {k}" % (part, of)])
        asks = KNOW + " (%s|%s {k} %s|the %s of %s {k})?|what did i say about %s {k} %s?|which %s (has|does) %s {k}(| have)?|%s {k} %s?" % (said, of, part, part, of, of, part, part, of, of, part)
        return fact_of(fill(said, k=key) + " is " + x, key, part, asks, key + " " + part)

    THINGS = {
        "price": ("the {k} costs {p} {m}|the {k} is worth {p} {m}|i paid {p} {m} for the {k}", "what is the price of the {k}?|{K} (what|how much) the {k} (costs|is)?|what (did|does) the {k} cost?|how much (was|does|is) the {k}(| cost)?|what do i pay for (the|a) {k}?|what is the {k} worth?|how much did i pay for the {k}?|the price of the {k}?", "{k} costs price"),
        "owner": ("the {k} belongs to {n}|the owner of the {k} is {n}|{n} has the {k}|{n} is the owner of the {k}|{n} got the {k}", "(to whom|to who|who|whom) does the {k} belong(| to)?|who is the owner of the {k}?|who (has|got|holds) (the|my) {k}?|{K} (who has|who owns|who the owner of|whom) the {k}(| is| belongs to)?|whose {k} is (it|that)?|with whom is the {k}?|whose is (the|that) {k}?|who owns (the|this) {k}?|the owner of the {k}?", "{k} owns belongs"),
        "origin": ("the {k} comes from {c}|my {k} is from {c}|the {k} was made in {c}|i got my {k} in {c}", "where (is|was) (my|the) {k} from?|which (place|town|city) (is|does) (my|the) {k} (from|come from)?|{K} where (my|the) {k} (is|was|comes) from?|what is the origin of (my|the) {k}?|from which town is my {k}?|where (did|does) (my|the) {k} come from?|where did i get my {k}?|where was the {k} made?", "{k} comes from"),
        "favourite": ("my favourite {k} is {w}|my favourite {k} is the {w}|i like the {w} best of every {k}|my best {k} is the {w}|the {k} that i like most is {w}", "(what's|what was|which is|what is) my (favourite|best|preferred) {k}?|which {k} is my (favourite|best)?|{K} (what|which) my (favourite|best) {k} (is|was)?|(what|which) {k} do i (like|prefer|love)(| most| best)?|{K} (what|which) {k} i (like|prefer|love)(| best| most)?|my favourite {k}?", "favourite {k} best"),
        "weight": ("the {k} weighs {i} kilos|my {k} weighs {i} kilos", "how heavy is (the|my) {k}?|what is the weight of (the|my) {k}?|{K} how (heavy (the|my) {k} is|much (the|my) {k} weighs)?|how much does (the|my) {k} weigh?|what does (the|my) {k} weigh?", "{k} weighs weight"),
        "age": ("the {k} is {i} years old|i bought the {k} in {y}|the {k} is from {y}", "how old is (the|my) {k}?|what is the age of (the|my) {k}?|{K} how old (the|my) {k} is?|when did i (buy|get) (the|my) {k}?", "{k} years old"),
        "giver": ("i got the {k} from {n}|{n} gave me the {k}|{n} lent me the {k}", "(from whom|from who) (did i get|do i have|is) the {k}?|who gave me (the|my) {k}?|{K} who (gave|lent) me the {k}?|who lent me the {k}?", "{k} gave from"),
    }

    def fact_thing(self, thing):
        """What something costs, whose it is, where it comes from, which kind of it somebody likes, ..."""
        r, v = self.random, self.values
        key, kind = thing or self.some_thing(NOUNS + HOUSEHOLD), r.choices(list(self.THINGS), [3, 3, 3, 3, 1, 1, 1])[0]
        said, asks, query = self.THINGS[kind]
        fact = fill(r.choice(said.split("|")), k=key, p=v.price(), n=v.name(), c=v.city(), w=v.word(.4), i=v.integer(), y=r.randint(1950, 2026), m=r.choice(["euros", "dollars", "pounds", "francs"]))
        return fact_of(fact, key, kind, asks.replace("{K}", KNOWS), query.replace("{k}", key))

    def fact_life(self, _):
        r, v = self.random, self.values
        key, verb = self.some_thing(RELATIONS), r.choice(["lives in", "works in", "comes from", "likes", "drives a", "plays"])
        x = v.city() if verb.split()[-1] in ("in", "from") else v.word(.8)
        base = {"lives": "live", "works": "work", "comes": "come", "likes": "like", "drives": "drive", "plays": "play"}[verb.split()[0]]
        tail = {"comes from": " from"}.get(verb, "")
        asks = "(where|in which city) does my {k} %s%s?|%s where my {k} %s%s?" % (base, tail, KNOWS, verb.split()[0], tail) if verb.split()[-1] in ("in", "from") else \
            "what does my {k} %s?|%s what my {k} %s?" % (base, KNOWS, verb.split()[0])
        return fact_of("my %s %s %s" % (key, verb, x), key, base, asks, key + " " + base)

    def remember(self):
        fact = self.fact().text
        return self.turn(self.say("remember", free_end=True, s=fact), Call("remember", {"text": fact}, {"saved": True}))

    def notes_beside(self, fact, count):
        """Other facts: most are about the same thing or answer the same question about another."""
        r, out = self.random, []
        while len(out) < count:
            like = r.random()
            if like < .42 and fact.thing != "I":
                other = self.fact(fact.thing)
            elif like < .84:
                other = self.fact_like(fact)
            else:
                other = self.fact()
            if other.text not in out and (other.kind != fact.kind if other.thing == fact.thing else fact.thing not in other.text):
                out.append(other.text)
        return out

    def fact_like(self, fact):
        """A fact of the same kind about something else, if a few draws find one."""
        for _ in range(12):
            other = getattr(self, fact.maker)(None)
            if other.kind == fact.kind and other.thing != fact.thing:
                return other
        return self.fact()

    def recall(self):
        r = self.random
        fact = self.fact()
        request = self.courtesy_filled(expand(r, "(" + fact.asks + ")"), "question", False, dict(k=fact.thing))
        found = r.random() >= .14
        notes = [fact.text] + self.notes_beside(fact, r.choice([0, 1, 2, 3, 4, 4, 4, 4])) if found else self.notes_beside(fact, r.choice([0, 0, 1, 2]))
        r.shuffle(notes)
        notes.sort(key=lambda text: -alike(fact.query, text))
        return self.turn(request, Call("recall", {"query": fact.query}, {"notes": notes}), fact.answer if found else "I have no note about that.")


PROPERTIES = """favourite color|favourite food|favourite city|favourite song|favourite drink|favourite book|favourite film|favourite animal|favourite team|favourite number|birthday|phone number|email address|
address|wifi password|shoe size|locker code|passport number|home town|job|bank|train|flight number|room number|office|editor|main language|account number|hotel|desk|door code|blood type|student number|
middle name|nickname|parking spot|license plate|postcode|user name|door number|pin code|lucky number|dentist|gate code|favourite flower|favourite season|favourite game|favourite tea|favourite fruit|hobby|
password|customer number|member number|tax number|ring size|hat size|wedding day|anniversary|deadline|native language|first language|lunch time|street|employer|age|height|time zone|project code""".replace("\n", "").split("|")
RELATIONS = """cat dog car boat horse sister brother wife husband son daughter boss doctor teacher neighbour friend dentist lawyer bird hamster colleague cousin uncle aunt project team rabbit parrot fish turtle
mother father grandmother grandfather nephew niece landlord manager coach student assistant roommate bike ship street school company server laptop band partner trainer vet barber plumber""".split()
HOUSEHOLD = """key keys wallet passport umbrella charger ladder hammer spare key bike glasses phone remote torch suitcase tent scarf drill blanket backpack contract first aid kit toolbox vase teapot broom receipt""".split()


