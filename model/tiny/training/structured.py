"""Structured answers: a text that tells of something, a schema over a part of it, the JSON value.

A subject (person, event, product, ...) has fields; each field has clauses that tell it, names that a schema may give it and a
type. Texts are put together from the clauses, so that no list of whole sentences limits the wording.
"""
import json

from render import type_of
from scenes import Scenes
from turns import Call, Turn
from vocabulary import *
from wording import capital, expand, fill

STRING, INTEGER, NUMBER, BOOLEAN = ({"type": t} for t in ("string", "integer", "number", "boolean"))
STRINGS = {"type": "array", "items": STRING}
GOOD = "great good excellent wonderful lovely perfect nice delicious fantastic helpful friendly superb brilliant amazing pleasant beautiful tasty awesome".split()
BAD = "bad terrible awful horrible poor broken dirty boring useless slow rude ugly noisy disappointing unfriendly dreadful cold stale".split()

# field: schema, names in schemas, clauses that follow the subject, labels in lists
FIELDS = {
    "age": (INTEGER, "age|age|age|years|age_in_years", "is {x} years old|is {x}|is {x} years of age|turned {x}|is aged {x}|, aged {x},|just turned {x} years|has an age of {x}|, {x} years old,", "age|Age"),
    "city": (STRING, "city|city|place|location|town|home|lives_in", "lives in {x}|comes from {x}|is from {x}|lives in the city of {x}|moved to {x}|has a home in {x}|stays in {x}|resides in {x}|, from {x},|grew up in {x}", "city|City|place|from"),
    "country": (STRING, "country|country|nation|from", "comes from {x}|is from {x}|was born in {x}|moved here from {x}", "country|Country"),
    "job": (STRING, "job|profession|role|occupation|work", "works as a {x}|is a {x}|has a job as a {x}|earns money as a {x}|became a {x}|is a {x} by trade|, a {x},", "job|Job|profession|role"),
    "email": (STRING, "email|email|mail|email_address|contact", "can be reached at {x}|has the email {x}|uses {x}|has the address {x}|reads mail at {x}|writes from {x}|has the email address {x}", "email|Email|mail|E-mail"),
    "phone": (STRING, "phone|phone|phone_number|number|telephone", "has the number {x}|can be called at {x}|has the phone number {x}|answers the phone at {x}|can be reached under {x}", "phone|Phone|tel|number"),
    "company": (STRING, "company|employer|firm|organization", "works for {x}|works at {x}|is employed by {x}|runs {x}|has a job at {x}", "company|Company|employer"),
    "hobby": (STRING, "hobby|interest|likes", "likes {x}|loves {x}|enjoys {x}|is a fan of {x}", "hobby|likes"),
    "date": (STRING, "date|date|day|when|on", "is on {x}|takes place on {x}|will be on {x}|is planned for {x}|happens on {x}|is set for {x}|was moved to {x}|, on {x},", "date|Date|when|day"),
    "time": (STRING, "time|time|start|start_time|at|begins", "starts at {x}|begins at {x}|is at {x}|opens at {x}|kicks off at {x}", "time|Time|start|at"),
    "place": (STRING, "place|city|location|where|venue|city", "is in {x}|takes place in {x}|will be held in {x}|happens in {x}|is at {x}", "place|Place|where|city|location"),
    "minutes": (INTEGER, "minutes|duration|length|duration_minutes", "lasts {x} minutes|takes {x} minutes|is {x} minutes long|goes on for {x} minutes", "minutes|duration|length"),
    "guests": (INTEGER, "guests|people|attendees|participants|count", "has {x} guests|expects {x} people|is for {x} people|has {x} participants|hosts {x} guests", "guests|people|attendees"),
    "host": (STRING, "host|organizer|speaker|leader|name|who", "is led by {x}|is hosted by {x}|is organized by {x}|is run by {x}|is given by {x}", "host|organizer|speaker|with"),
    "room": (STRING, "room|room_number|hall", "is in room {x}|takes place in room {x}|uses room {x}", "room|Room"),
    "price": (NUMBER, "price|price|cost|amount|total", "costs {x} {m}|is sold for {x} {m}|is {x} {m}|sells for {x} {m}|has a price of {x} {m}|can be had for {x} {m}|goes for {x} {m}", "price|Price|cost"),
    "stock": (INTEGER, "stock|count|quantity|in_stock|available|pieces", "has {x} pieces in stock|is available {x} times|has {x} units left|has a stock of {x}", "stock|quantity|pieces"),
    "color": (STRING, "color|color|colour", "is {x}|comes in {x}|has the color {x}|is painted {x}|is available in {x}", "color|Color|colour"),
    "weight": (NUMBER, "weight|weight_kg|kg|mass", "weighs {x} kg|has a weight of {x} kg|weighs {x} kilos|is {x} kg heavy", "weight|Weight|kg"),
    "maker": (STRING, "maker|brand|company|manufacturer", "is made by {x}|comes from {x}|is built by {x}|is a product of {x}", "brand|maker|by"),
    "rating": (INTEGER, "rating|stars|score|points", "has {x} stars|got {x} stars|is rated {x}|has a rating of {x}|scored {x} points", "rating|stars|score"),
    "code": (STRING, "id|code|number|reference", "has the code {x}|has the id {x}|carries the number {x}|is filed under {x}", "id|code|no|reference"),
    "year": (INTEGER, "year|year|published|since", "is from {x}|dates from {x}|came out in {x}|appeared in {x}|is from the year {x}", "year|Year"),
    "author": (STRING, "author|author|writer|by|name", "was written by {x}|is by {x}|is a work of {x}", "author|Author|by"),
    "pages": (INTEGER, "pages|page_count|length", "has {x} pages|is {x} pages long|runs to {x} pages", "pages|Pages"),
    "from": (STRING, "from|origin|start|departure", "leaves from {x}|starts in {x}|departs from {x}|begins in {x}", "from|From|start"),
    "to": (STRING, "to|destination|arrival|goal", "goes to {x}|arrives in {x}|ends in {x}|travels to {x}|is bound for {x}", "to|To|destination"),
    "platform": (INTEGER, "platform|track|gate", "leaves from platform {x}|stops at platform {x}|uses track {x}", "platform|track"),
    "status": ({"enum": ["open", "closed", "pending"]}, "status|state", "is {x}|is still {x}|is marked as {x}|has the status {x}|is now {x}", "status|state"),
    "priority": ({"enum": ["low", "medium", "high"]}, "priority|urgency|level", "has {x} priority|is of {x} priority|has a {x} priority", "priority|urgency"),
    "owner": (STRING, "owner|assignee|assigned_to|name|who", "belongs to {x}|is assigned to {x}|is handled by {x}|was reported by {x}", "owner|assignee|by"),
    "paid": (BOOLEAN, "paid|is_paid|settled", "|", "paid|Paid"),
    "temperature": (INTEGER, "temperature|degrees|temp", "has {x} degrees|reports {x} degrees|measures {x} degrees", "temperature|degrees|temp"),
    "weather": (STRING, "weather|condition|sky", "is {x}|has {x} weather|reports {x} skies", "weather|sky"),
    "wind": (INTEGER, "wind|wind_speed|wind_kmh", "has wind of {x} km/h|has a wind speed of {x}", "wind"),
    "people": (INTEGER, "population|people|inhabitants", "has {x} inhabitants|counts {x} people|is home to {x} people", "population|inhabitants"),
    "language": (STRING, "language|language|tongue|speaks", "speaks {x}|has {x} as a first language|talks in {x}", "language|Language"),
    "pet": (STRING, "pet|animal", "has a {x}|owns a {x}|keeps a {x}", "pet|animal"),
}
# subject: names in schemas, how a text calls it, fields
SUBJECTS = {
    "person": ("name|name|name|person|who|full_name|customer", "{x}|{x}|{x}|Our colleague {x}|My friend {x}|Mr. {x}|The new member, {x},|A person named {x}|{x}, a friend,|Someone called {x}|My neighbour {x}|Our guest {x}", "age age city city job email phone company hobby country language pet".split()),
    "event": ("title|event|name|title|what|topic", "The {x}|The {x}|Our {x}|The next {x}|This year's {x}|The planned {x}|A {x}", "date date time time place place minutes guests host room".split()),
    "product": ("product|item|item|name|article|product", "The {x}|The {x}|A {x}|This {x}|Our {x}|The new {x}|One {x}", "price price price stock color weight maker rating code".split()),
    "book": ("title|book|name|title", "The book {x}|{x}|The novel {x}|My copy of {x}|\"{x}\"|The story {x}", "author author year pages price rating language".split()),
    "train": ("train|line|number|name|id", "The train {x}|Train {x}|The {x}|The bus {x}|Line {x}|Flight {x}", "from to time platform price date".split()),
    "ticket": ("id|ticket|issue|number|key", "Ticket {x}|The ticket {x}|Issue {x}|The bug {x}|Task {x}|Case {x}", "status priority owner date code".split()),
    "town": ("city|town|place|name|city", "{x}|{x}|The city of {x}|Today {x}|The town {x}", "temperature weather wind people country".split()),
}
SCHEMA_NOTES = {"age": "in years", "price": "without currency", "date": "as written", "time": "as written", "minutes": "in minutes", "weight": "in kg", "city": "where", "name": "full name"}

ASK = """{t}|{t}|{t}|{t}
|(extract|take|pull|collect|read|give me|return|get|find|pick|fetch|list|note|gather|read out) (|me )(the data|the fields|the details|the values|the information|what you find|the facts|the key facts|the important parts|all the details|everything) (from|out of|in|contained in) (this|the text|this text|this sentence|the text below|the following|the following text|this note|this message|that|this line|here): {t}
|(turn|convert|put|transform|bring|parse|change|translate|write|format|structure|express|represent|make|render) (this|the text|this text|the sentence|the note|the following|this sentence|it|that|this message|this line) (into|as|to|in) (json|a record|structured form|fields|structured data|a json object|data|an object|a form|json form): {t}
|{t} (extract the data.|which values are in this?|put this into fields.|make a record of it.|return the fields.|give me this as json.|as json, please.|give me the details.|what are the facts?|put it in json.|turn it into json.|please structure that.|parse it.|fill in the fields.|i need it as data.)
|(here is a text|this is the note|the message|a line from a mail|input|note|data|text|message|sentence|record|json|the text|from a letter|an entry|a report|the facts|info|news): {t}
|(analyse|read|look at|process|understand|parse|structure|handle|take|interpret|scan|digitize|summarize) (this|the text|the following text|this note|the following|this sentence|this message|this line): {t}
|(fill|complete) (in |)(the form|the fields|the record|the schema) (from|with|using) (this|this text|the text|the following): {t}
|(what|which) (are|is) the (details|facts|data|values|information) (in|of|here|in this)?: {t}
|(please|can you|could you) (extract|parse|structure|read) (this|the data from this|the following|the facts from): {t}
|(make|create|build|write) (a record|json|an entry|an object|data) (of|from|out of|for) (this|this text|the following|the sentence)(:|,) {t}
|(who|what) is (this|it|meant)(| about)? {t}|(json|data|fields) (please|for this|from this): {t}"""
READ_ASK = """(read|open|look at|take|parse|load|go through|process|use) (|the file |my file ){p} and (extract the data|give me the details|return the fields|give me the facts|tell me the values|turn it into json|fill in the fields|structure it|make a record of it|parse it)
|(extract|get|take|pull|read) (the fields|the data|the details|the facts|the information|the values) (from|out of|in) (|the file |my file ){p}|what are the (details|facts|values|fields) in (|the file ){p}?|(turn|convert|transform|parse) (|the file |the text in ){p} (into|to|as) (json|a record|structured data)|read {p}|{p} as json|(the data|the details|the facts) (in|of) {p}, please"""


class Structured(Scenes):
    """Makes structured turns with a `Builtin`'s random numbers, values and wording."""

    def __init__(self, builtin):
        self.builtin, self.random, self.values = builtin, builtin.random, builtin.values

    def field(self, name):
        """A value, and how a text writes it."""
        r, v = self.random, self.values
        x = {"age": lambda: r.randint(1, 99), "city": v.city, "country": v.country, "job": v.job, "email": v.email, "phone": v.phone, "company": v.company, "hobby": lambda: v.word(.8), "date": v.day, "time": v.clock,
             "place": v.city, "minutes": lambda: r.choice([10, 15, 30, 45, 60, 90, r.randint(5, 300)]), "guests": lambda: r.randint(2, 900), "host": v.name, "room": lambda: r.choice([str(r.randint(1, 500)), v.identifier()]), "price": v.price,
             "stock": v.integer, "color": v.color, "weight": lambda: r.choice([r.randint(1, 90), round(r.uniform(.1, 50), 1)]), "maker": v.company, "rating": lambda: r.randint(1, 5), "code": v.identifier, "year": lambda: r.randint(1850, 2030),
             "author": v.full_name, "pages": lambda: r.randint(20, 1200), "from": v.city, "to": v.city, "platform": lambda: r.randint(1, 30), "status": lambda: r.choice(["open", "closed", "pending"]),
             "priority": lambda: r.choice(["low", "medium", "high"]), "owner": v.name, "paid": lambda: r.random() < .5, "temperature": lambda: r.randint(-20, 42), "weather": lambda: r.choice("sunny cloudy rainy windy snowy foggy stormy clear grey".split()),
             "wind": lambda: r.randint(1, 120), "people": lambda: r.randint(100, 900000), "language": lambda: r.choice(LANGUAGE_NAMES), "pet": lambda: r.choice("dog cat rabbit parrot hamster goldfish turtle horse snake".split() + [v.rare()])}[name]()
        return x, str(x)

    def subject(self, kind):
        v, r = self.values, self.random
        return {"person": lambda: r.choice([v.name, v.first, v.full_name])(), "event": lambda: v.word(.85) + r.choice(["", " meeting", " party", " dinner", " course", " workshop", " concert", " talk"]), "product": lambda: r.choice([v.noun, v.word, v.title])(),
                "book": lambda: " ".join(map(capital, v.words(1, 3).split())), "train": lambda: r.choice([v.identifier(), "%s %d" % (r.choice(["IC", "RE", "ICE", "S", "TGV"]), r.randint(1, 999)), str(r.randint(1, 999))]), "ticket": v.identifier, "town": v.city}[kind]()

    def record(self):
        """(text, [(field name, names, schema, value)])"""
        r, v = self.random, self.values
        kind = r.choices(list(SUBJECTS), [5, 3, 4, 1.5, 1.5, 1.2, 1.2])[0]
        names, calls, fields = SUBJECTS[kind]
        fields = list(dict.fromkeys(r.sample(fields, min(len(fields), r.choice([1, 1, 2, 2, 3, 4])))))
        who = self.subject(kind)
        got = [(kind, names, STRING, who)] + [(f, FIELDS[f][1], FIELDS[f][0], None) for f in fields]
        money = r.choice(["euros", "dollars", "euros", "pounds", "francs", "EUR", "$"])
        written = {}
        for i, (f, n, s, _) in enumerate(got[1:], 1):
            x, text = self.field(f)
            got[i], written[f] = (f, n, s, x), text
        style = r.random()
        if style < .62:
            text = self.told(who, calls, fields, written, money)
        elif style < .86:
            label, between = r.choice([": ", ": ", " = ", "=", " - ", ":"]), r.choice([", ", "; ", "\n", " | ", "\n", ". "])
            rows = [(r.choice(names.split("|")), who)] + [(r.choice(FIELDS[f][3].split("|")), written[f]) for f in fields]
            if r.random() < .4:
                r.shuffle(rows)
            style = r.choice([str, capital, str.upper, str])
            text = between.join(style(k) + label + x for k, x in rows)
        elif style < .94:
            between = r.choice([", ", "; ", " / ", " | ", "\t", " - "])
            text = between.join([who] + [written[f] for f in fields])
        else:
            between = r.choice([";", ",", " | ", ", "])
            text = between.join([names.split("|")[0]] + [FIELDS[f][1].split("|")[0] for f in fields]) + "\n" + between.join([who] + [written[f] for f in fields])
        return text, got

    def told(self, who, calls, fields, written, money):
        r = self.random
        clauses = []
        for f in fields:
            if f == "paid":
                clause = r.choice(["was paid", "is paid"]) if written[f] == "True" else r.choice(["is not paid", "was not paid yet"])
            else:
                clause = r.choice(FIELDS[f][2].split("|")).replace("{x}", written[f]).replace("{m}", money)
            clauses.append(clause)
        head = r.choice(calls.split("|")).replace("{x}", who)
        apposed = [c for c in clauses if c.startswith(",")][:1]
        rest = [c.strip(", ") if c.startswith(",") and c not in apposed else c for c in clauses if c not in apposed]
        rest = [("is " + c if not c.split()[0].endswith("s") and c.split()[0] not in ("can", "just", "will", "was", "has", "turned", "moved", "became", "got", "grew", "came", "appeared", "scored", "counts") else c) for c in rest]
        out = head + (apposed[0] if apposed else "")
        if not rest:
            return out.rstrip(",") + r.choice([".", "", "!"])
        if len(rest) > 1 and r.random() < .3:
            return out + " " + rest[0] + ". " + r.choice(["It also ", "And it ", "Also, it ", "It "] if not calls.startswith("{x}|{x}|{x}") else ["She ", "He ", "He also ", "She also "]) + " and ".join(rest[1:]) + r.choice([".", ""])
        joined = rest[0] if len(rest) == 1 else ", ".join(rest[:-1]) + r.choice([" and ", ", and ", ", ", " and "]) + rest[-1]
        return (out + " " + joined).replace(",,", ",") + r.choice([".", ".", "", "!"])

    def free(self):
        """Labels that nobody has written: matched by their letters alone."""
        r, v = self.random, self.values
        keys = []
        while len(keys) < r.randint(2, 5):
            k = v.word() if r.random() < .55 else v.rare() if r.random() < .7 else v.word(.8) + "_" + v.word(.8)
            if k not in keys:
                keys.append(k)
        between, join = r.choice([(": ", ", "), ("=", "; "), (": ", "\n"), (" is ", " and "), (" = ", "\n"), (" -> ", ", "), (" ", ", ")])
        got = []
        for k in keys:
            x = r.choice([v.integer, v.word, v.name, v.city, v.price, v.rare, v.title])()
            got.append((k, k, INTEGER if isinstance(x, int) else NUMBER if isinstance(x, float) else STRING, x))
        return join.join(k + between + str(x) for k, _, _, x in got), got

    def items(self):
        """A list in a sentence."""
        r, v = self.random, self.values
        xs = [r.choice([v.word, v.word, v.noun, v.rare])() for _ in range(r.choice([1, 2, 2, 3, 3, 4, 5]))]
        xs = list(dict.fromkeys(xs))
        said = xs[0] if len(xs) == 1 else ", ".join(xs[:-1]) + r.choice([" and ", " and ", ", ", ", and "]) + xs[-1]
        name, price, city, day = v.name(), v.price(), v.city(), v.day()
        forms = [("I need {l}|We need {l}|Please buy {l}|Shopping list: {l}|Buy {l}|Items: {l}|Things to get: {l}|Bring {l}|Don't forget {l}|Pack {l}|{l}", {}), ("{n} bought {l}|{n} ordered {l}|{n} wants {l}|{n} likes {l}|{n} brought {l}|For {n}: {l}", {"n": 1}), ("{n} bought {l} for {p} euros|{n} paid {p} dollars for {l}|{n} got {l} for {p} euros", {"n": 1, "p": 1}),
                 ("We bought {l} in {c}|{l} from {c}|They sell {l} in {c}|Take {l} to {c}", {"c": 1}), ("{n} brings {l} on {d}|On {d} {n} needs {l}", {"n": 1, "d": 1}), ("The bill for {l} is {p} euros|{l} cost {p} dollars together|We paid {p} for {l}", {"p": 1})]
        grammar, has = r.choice(forms)
        text = fill(r.choice(grammar.split("|")), l=said, n=name, p=price, c=city, d=day) + r.choice([".", "", "!"])
        got = [("items", "items|list|things|products|items|goods|shopping", STRINGS, xs)]
        got += [("name", "name|person|customer|who|buyer", STRING, name)] * ("n" in has) + [("price", "price|total|amount|cost", NUMBER, price)] * ("p" in has)
        got += [("city", "city|place|where|location", STRING, city)] * ("c" in has) + [("date", "date|day|when", STRING, day)] * ("d" in has)
        return text, got

    def opinion(self):
        r, v = self.random, self.values
        positive, thing = r.random() < .5, v.noun()
        word = r.choice(GOOD if positive else BAD)
        labels = r.choice([["positive", "negative"], ["positive", "negative"], ["good", "bad"], ["negative", "positive"], ["happy", "unhappy"]])
        value = next(x for x in labels if (x in ("positive", "good", "happy")) == positive)
        text = fill(expand(r, "((the|our|my|this|your) {h} (was|is|is really|was very|was quite|seems|was so|is just) {w}(.|!|)|what a {w} {h}(!|.)|i (think|find|believe|say) the {h} is {w}.|{n} (says|thinks|writes) the {h} is {w}.|(a|such a) {w} {h}(.|!)|{w} {h}(!|.|)|i (had|got|bought) a {w} {h}.|the {h} in {c} is {w}.)"), h=thing, w=word, n=v.name(), c=v.city())
        return capital(text), [("sentiment", "sentiment|mood|opinion|feeling|rating", {"enum": labels}, value), ("thing", "thing|subject|what|topic|product", STRING, thing)]

    def order(self):
        r, v = self.random, self.values
        n, count, product, price, city, paid = v.name(), r.randint(2, 200), v.noun() + "s" if r.random() < .7 else v.word(), v.price(), v.city(), r.random() < .5
        text = fill(expand(r, "({n} ordered {k} {h} for {p} (euros|dollars)|{n} (bought|wants|needs|sold) {k} {h}|(an order of|we sent|please send|send) {k} {h} to {n} in {c}|{k} {h} to {c}(, please|)|{k} {h} at {p} (euros|dollars) for {n}|{n} from {c} (ordered|bought) {k} {h})(.|)"), n=n, k=count, h=product, p=price, c=city)
        got = [(f, names, s, x) for f, names, s, x, slot in [("name", "name|customer|buyer|who|person", STRING, n, n), ("count", "count|quantity|number|how_many|amount", INTEGER, count, str(count)), ("product", "product|item|article|what|goods", STRING, product, product),
                                                                 ("price", "price|total|cost", NUMBER, price, str(price)), ("city", "city|destination|place|town", STRING, city, city)] if slot in text]
        if r.random() < .3:
            text += r.choice([" It is paid.", " Already paid.", " The bill was paid."] if paid else [" It is not paid.", " Not paid yet.", " The bill is still open."])
            got.append(("paid", "paid|is_paid|settled", BOOLEAN, paid))
        return text, got

    def facts(self):
        """(text, schema, value): a text and a part of what it says."""
        r = self.random
        text, got = r.choices([self.scene, self.record, self.free, self.items, self.opinion, self.order], [7, 3.5, 1.6, 1.1, .9, .8])[0]()
        keep = r.sample(got, r.choice([len(got), len(got), len(got), r.randint(1, len(got))]))
        if r.random() < .6:
            keep.sort(key=got.index)
        if len(keep) == 1 and r.random() < .2:
            schema = dict(keep[0][2])
            return text, schema, keep[0][3]
        properties, value = {}, {}
        for field, names, schema, x in keep:
            key = r.choice(names.split("|"))
            if key in properties:
                key = field
            if key in properties:
                continue
            if schema is NUMBER and isinstance(x, int) and r.random() < .2:
                schema = INTEGER
            properties[key], value[key] = dict(schema), x
            if field in SCHEMA_NOTES and r.random() < .08:
                properties[key]["description"] = SCHEMA_NOTES[field]
        schema = {"type": "object", "properties": properties, "required": list(properties)}
        if len(properties) > 1 and r.random() < .06:
            schema["required"] = list(properties)[:-1]
        return text, schema, value

    def turn(self, tools=()):
        """`tools`: names that the prefix declares; some answers need one of them first."""
        r, b = self.random, self.builtin
        kind, steps = r.random(), []
        if kind < .76 or "read_file" not in tools:
            text, schema, value = self.facts()
            request = fill(capital(expand(r, "(" + ASK.replace("\n", "") + ")")) if r.random() < .6 else expand(r, "(" + ASK.replace("\n", "") + ")"), t=text)
        elif kind < .88:
            text, schema, value = self.facts()
            path = b.values.path()
            request = b.courtesy_filled(expand(r, "(" + READ_ASK.replace("\n", "") + ")"), "order", False, dict(p=path))
            steps = [[Call("read_file", {"path": path}, {"content": text, "lines": text.count("\n") + 1, "truncated": False})]]
        elif kind < .95:
            said, e, result = b.expression()
            request, name = b.say("calculate", x=said), r.choice("result value answer number total sum".split())
            schema = {"type": "object", "properties": {name: NUMBER}, "required": [name]}
            result = "12" if "e" in result else result
            value = {name: float(result) if "." in result else int(result)}
            steps = [[Call("calculate", {"expression": e}, {"result": result})]]
        else:
            path, entries, name = b.values.directory(), b.entries() or ["a.txt"], r.choice("files entries names items list".split())
            request = b.say("list", d=path, N="files")
            schema, value = {"type": "object", "properties": {name: STRINGS}, "required": [name]}, {name: entries}
            steps = [[Call("list_directory", {"path": path}, {"entries": entries, "truncated": False})]]
        return Turn(request + "\nAnswer with JSON: " + type_of(schema), steps, json.dumps(value, ensure_ascii=False), "structured", schema, value)
