"""Values that requests and results are made of: names, paths, texts, numbers. Every draw comes from one random stream."""
import functools
import json
import pathlib
import random
import re

from vocabulary import *
from wording import capital


@functools.lru_cache(maxsize=None)
def pieces():
    """The tokenizer's pieces that are letters alone: words made of them make every piece one that is copied."""
    vocabulary = json.loads((pathlib.Path(__file__).resolve().parents[1] / "checkpoint/tokenizer.json").read_text())["model"]["vocab"]
    return sorted(piece for piece in vocabulary if re.fullmatch("[a-z]+", piece))


class Values:
    def __init__(self, random_numbers: random.Random):
        self.random = random_numbers

    # words
    def rare(self, syllables=None):
        """A word that nobody has written: copying has to work for those, too."""
        r = self.random
        kind = r.random()
        if kind < .12:
            return r.choice(PREFIXES) + r.choice(WORDS)
        if kind < .24:
            return r.choice(WORDS) + r.choice(SUFFIXES)
        if kind < .3:
            return r.choice(WORDS) + r.choice(WORDS)
        if kind < .6:
            word = "".join(r.choice(pieces()) for _ in range(syllables or r.choice([1, 2, 2, 2, 3])))
            return word if len(word) > 2 else word + r.choice(pieces())
        out = ""
        for _ in range(syllables or r.choice([1, 2, 2, 2, 3, 3, 4])):
            out += (r.choice(ONSETS) if r.random() < .85 else "") + r.choice(NUCLEI) + (r.choice(CODAS) if r.random() < .4 else "")
        return out if len(out) > 2 else out + r.choice(CODAS)

    def word(self, common=.62):
        return self.random.choice(WORDS) if self.random.random() < common else self.rare()

    def noun(self):
        return self.random.choice(NOUNS) if self.random.random() < .55 else self.rare()

    def words(self, low, high, common=.75):
        return " ".join(self.word(common) for _ in range(self.random.randint(low, high)))

    def title(self):
        return self.words(1, self.random.choice([1, 2, 2, 3]))

    def text(self):
        return self.words(2, 6, .8)

    def sentence(self):
        return capital(self.words(3, 8, .85)) + self.random.choice([".", ".", ".", "", "!", "?"])

    # people and places
    def first(self):
        return self.random.choice(FIRST_NAMES) if self.random.random() < .55 else capital(self.rare())

    def name(self):
        r = self.random
        last = r.choice(LAST_NAMES) if r.random() < .55 else capital(self.rare())
        return r.choice([self.first(), self.first() + " " + last, self.first(), r.choice(["Mr ", "Mrs ", "Dr "]) + last if r.random() < .3 else self.first()])

    def full_name(self):
        return self.first() + " " + (self.random.choice(LAST_NAMES) if self.random.random() < .55 else capital(self.rare()))

    def city(self):
        return self.random.choice(CITIES) if self.random.random() < .55 else capital(self.rare())

    def country(self):
        return self.random.choice(COUNTRIES)

    def color(self):
        return self.random.choice(COLORS)

    def job(self):
        return self.random.choice(JOBS) if self.random.random() < .85 else self.rare()

    def company(self):
        r = self.random
        return capital(self.rare() if r.random() < .6 else self.word()) + r.choice(["", "", " Ltd", " GmbH", " Inc", " & Co", " Works", "soft"])

    # files
    def directory(self):
        r = self.random
        plain = lambda: r.choice(DIRECTORIES) if r.random() < .7 else self.rare()
        one = lambda: plain() if r.random() < .75 else plain() + r.choice(["-" + self.word(), "_" + self.word(), str(r.randint(1, 99)), "-" + str(r.randint(1, 2030))])
        kind = r.random()
        if kind < .6:
            return one()
        if kind < .85:
            return one() + "/" + one()
        return r.choice(["/tmp/", "/home/" + self.first().lower() + "/", "./", "../", "/etc/", "/var/", "~/"]) + one()

    def stem(self):
        r = self.random
        kind = r.random()
        if kind < .45:
            return r.choice(STEMS)
        if kind < .6:
            return self.word(.5)
        if kind < .72:
            return self.rare()
        if kind < .86:
            return self.word() + r.choice("__-") + self.word()
        return r.choice(STEMS) + r.choice(["", "_", "-"]) + str(r.randint(1, 2030))

    def file(self):
        r = self.random
        kind = r.random()
        if kind < .12:
            return r.choice(KNOWN_FILES)
        stem = self.stem()
        stem = capital(stem) if kind < .18 else stem.upper() if kind < .21 else stem
        return stem + "." + (r.choice(EXTENSIONS[:12]) if r.random() < .6 else r.choice(EXTENSIONS))

    def path(self):
        return (self.directory() + "/" if self.random.random() < .32 else "") + self.file()

    # identifiers and numbers
    def email(self):
        r = self.random
        who = self.first().lower() + (r.choice(["", ".", "_"]) + r.choice(LAST_NAMES).lower() if r.random() < .4 else "")
        return who + "@" + r.choice(["mail", "home", "work", "example", self.rare(), self.rare()]) + "." + r.choice(["com", "org", "net", "de", "io", "eu"])

    def url(self):
        r = self.random
        return r.choice(["https://", "https://", "http://", ""]) + r.choice(["", "www."]) + self.rare() + "." + r.choice(["com", "org", "io", "net", "dev"]) + r.choice(["", "/" + self.word(), "/" + self.rare() + "/" + self.word()])

    def digits(self, low=3, high=8):
        r = self.random
        n = r.randint(low, high)
        if r.random() < .25:
            return "".join(r.choice("0123456789") * r.randint(1, 3) for _ in range(n))[:n]
        return "".join(r.choice("0123456789") for _ in range(n))

    def identifier(self):
        r = self.random
        return r.choice([lambda: str(r.randint(100, 99999)), lambda: self.rare(1).upper() + "-" + str(r.randint(10, 9999)),
                         lambda: "".join(r.choice("abcdef0123456789") for _ in range(r.choice([6, 7, 8]))),
                         lambda: r.choice("ABCDEFGHKMPRSTXZ") + str(r.randint(1, 999)), lambda: self.digits(4, 8)])()

    def integer(self):
        r = self.random
        return r.choice([r.randint(1, 9), r.randint(1, 60), r.randint(10, 999), r.randint(1000, 20000)])

    def decimal(self):
        r = self.random
        return round(r.uniform(.1, r.choice([10, 100, 300, 2000])), r.choice([1, 2]))

    def price(self):
        return self.random.choice([self.random.randint(1, 999), self.random.randint(1, 99), self.decimal()])

    def phone(self):
        r = self.random
        return r.choice([self.digits(5, 9), "+" + str(r.randint(1, 99)) + " " + self.digits(3, 4) + " " + self.digits(4, 6), self.digits(3, 4) + "-" + self.digits(4, 5)])

    # time
    def clock(self):
        r = self.random
        return "%s:%02d" % (r.choice(["%d", "%02d"]) % r.randint(0, 23), r.choice([0, 15, 30, 45, r.randint(0, 59)]))

    def date(self):
        r = self.random
        return "20%02d-%02d-%02d" % (r.randint(15, 35), r.randint(1, 12), r.randint(1, 28))

    def day(self):
        r = self.random
        kind = r.random()
        if kind < .4:
            return self.date()
        if kind < .65:
            return r.choice(["today", "tomorrow", "next week"] + [x.lower() for x in WEEKDAYS] + WEEKDAYS)
        return r.choice(["%d %s" % (r.randint(1, 28), r.choice(MONTHS)), "%s %d" % (r.choice(MONTHS), r.randint(1, 28)), "%d.%d.20%d" % (r.randint(1, 28), r.randint(1, 12), r.randint(20, 30))])

    # lines of files
    def line(self):
        """A line of a real-looking file: prose, lists, markdown, code, data."""
        r, w = self.random, self.word
        kind = r.random()
        if kind < .22:
            return self.sentence()
        if kind < .38:
            return self.words(2, 5, .6)
        if kind < .5:
            ws = [w(.8) for _ in range(r.randint(4, 9))]
            at = r.randrange(1, len(ws))
            ws[at] = r.choice(["(%s)", '"%s"', "'%s'", "%s,", "%s;", "%s:", "- %s", "%s's", "*%s*", "%s/" + w(), "%s-" + w(), "& %s", "%s...", "NO %s", "(%s)"]) % ws[at]
            if r.random() < .4:
                ws.append(r.choice([str(self.integer()), str(self.decimal()), self.clock(), self.date(), "(%d)" % r.randint(1, 9), "50%"]))
            return capital(" ".join(ws)) + r.choice([".", ".", "", "!", "?", ","])
        if kind < .62:
            return r.choice(["- ", "* ", "- [ ] ", "- [x] ", "1. ", "2. ", "3. ", "# ", "## ", "> ", "  ", "TODO: ", "// ", "# ", "+ "]) + r.choice([capital(self.text()), self.title(), self.text()])
        if kind < .75:
            return w(.5) + r.choice([": ", "=", " = ", ", ", " - ", "; ", " ", ","]) + r.choice([self.title, self.name, self.path, lambda: str(self.integer()), lambda: "%.2f" % self.decimal(), self.digits])()
        if kind < .79:
            return r.choice([str(self.integer()), self.digits(2, 10), str(self.decimal())])
        if kind < .9:
            return r.choice([self.name, self.full_name, self.email, self.url, self.date, self.path, self.city, self.phone])() + r.choice(["", "", " " + w()])
        a, b, c = w(.6), w(.6), self.rare()
        return r.choice(["int %s = %d;" % (a, self.integer()), 'print("%s")' % self.title(), "def %s(%s):" % (a, b), "    return %s + %d" % (a, self.integer()),
                         '#include "%s.h"' % c, "if (%s < %s) {" % (a, b), "}", "%s(%s);" % (a, c), '{"%s": %d}' % (a, self.integer()), "import %s" % c,
                         "$ %s --%s" % (a, b), "<p>%s</p>" % self.title(), "%s,%s,%d" % (a, b, self.integer()), "[%s]" % a, "error: %s" % self.text(),
                         "const %s = '%s'" % (c, b), "%s.%s" % (capital(a), b), "%s INFO %s" % (self.clock(), self.text()), "error in line %d" % self.integer(),
                         ".%s { color: %s; }" % (a, self.color()), "%s == %s" % (a, c)])

    def lines(self, n):
        return [self.line() for _ in range(n)]
