"""What a measured document is, and the values that documents are made of. Seeded; nothing here is shared with `training/`."""
from __future__ import annotations

import dataclasses
import random


@dataclasses.dataclass
class Document:
    row: str
    request: str
    calls: list          # [(tool, arguments)]: what has to be called, in this order; of two at once, in either
    answer: list = dataclasses.field(default_factory=list)  # what the answer has to hold
    schema: dict | None = None
    value: object = None        # of a structured answer
    part: str = ""              # finer than the row
    tools: list | None = None   # declarations, for documents with tools of a user; None: the daemon's own


TOPICS = """kayak lantern quilt marmot orchid saffron gravel thimble walrus biscuit plaza trombone velvet wagon zebra anvil bamboo cactus dagger ember
ferret gazelle harpoon iguana jigsaw kernelpanic lagoon mango nectar obelisk pebble quarry raccoon sleigh teapot urchin vortex wombat yogi zipper
acorn banjo cobalt dahlia easel falafel goblet hazelnut inkwell jasmine""".split()
PLACES = "hangar attic shed studio kiosk depot cellar dock pantry loft barnyard terrace annex bunker chapel foyer gazebo harbor igloo jetty".split()
ENDINGS = "txt md log csv json py html css ts toml yaml".split()
PEOPLE = """Bettina Rolf Imke Sören Dalia Quentin Yara Malik Ottilie Fabrice Noemi Goran Ulrike Xaver Zelda Ignaz Wilma Lorenz Hedda Caspar
Tobias Marlene Enzo Pilar Ruben Saskia Anton Brigitte Cyrus Delphine""".replace("ö", "o").split()
TOWNS = "Bremen Nantes Trieste Lublin Ostrava Tampere Faro Girona Arezzo Kassel Tromso Limerick Cusco Nara Hobart Spokane Tucson Laredo Mendoza Izola".split()
PROSE = ["the {a} stands by the {b}", "bring the {a} before noon", "{a} and {b}", "ask {p} about the {a}", "{p} sold the {a} in {t}", "total: {n}", "no {a} today", "paint the {b} again",
         "{t} is far from {u}", "call {p} at {n}", "keep {n} of the {a}s", "the {b} is broken", "# {a} list", "- wash the {a}", "{a}={n}", "{p}, {t}", "warning: the {a} failed", "see page {n}"]


class Maker:
    """Draws values; every document of a row comes from one of these, so that a seed gives the same documents."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.used = set()

    def pick(self, xs):
        return self.random.choice(xs)

    def topic(self):
        return self.pick(TOPICS)

    def place(self):
        return self.pick(PLACES)

    def person(self):
        return self.pick(PEOPLE)

    def town(self):
        return self.pick(TOWNS)

    def number(self, low=2, high=999):
        return self.random.randint(low, high)

    def prose(self):
        return self.pick(PROSE).format(a=self.topic(), b=self.topic(), p=self.person(), t=self.town(), u=self.town(), n=self.number())

    def words(self, n=3):
        return " ".join(self.topic() for _ in range(self.random.randint(1, n)))

    def file(self):
        """A new name each time."""
        while True:
            name = self.pick([self.topic() + "." + self.pick(ENDINGS), self.topic() + "_" + self.topic() + "." + self.pick(ENDINGS), self.place() + "/" + self.topic() + "." + self.pick(ENDINGS), self.topic() + str(self.number(1, 99)) + "." + self.pick(ENDINGS)])
            if name not in self.used:
                self.used.add(name)
                return name

    def folder(self):
        while True:
            name = self.pick([self.place() + str(self.number(1, 99)), self.place() + "-" + self.topic(), self.place() + "/" + self.topic()])
            if name not in self.used:
                self.used.add(name)
                return name
