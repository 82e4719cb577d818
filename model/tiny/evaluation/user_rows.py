"""Documents with tools of users that no training has seen: calling them, refusing what they cannot do, asking for what is missing."""
from documents import Document, Maker

# name, description, {argument: (type, description)}, requests (with all arguments), requests that lack the first argument
TOOLS = [
    ("water_plants", "Waters the plants of a bed.", {"bed": ("string", "Which bed"), "litres": ("integer", "How much water")}, ["Water the {bed} bed with {litres} litres", "Give the {bed} bed {litres} litres of water", "The {bed} bed needs {litres} litres"], ["Water a bed with {litres} litres"]),
    ("tune_piano", "Tunes the piano of a customer.", {"customer": ("string", "Name of the customer")}, ["Tune the piano of {customer}", "{customer} wants the piano tuned", "Please have {customer}'s piano tuned"], ["Tune the piano"]),
    ("get_tide", "Returns the tide at a port.", {"port": ("string", "Name of the port")}, ["What is the tide in {port}?", "Tell me the tide at {port}", "How high is the tide at {port}?"], ["What is the tide?"]),
    ("mix_paint", "Mixes paint.", {"shade": ("string", "Name of the shade"), "cans": ("integer", "Number of cans")}, ["Mix {cans} cans of {shade} paint", "I need {cans} cans of paint in {shade}", "Make {cans} cans of the paint {shade}"], ["Mix {cans} cans of paint"]),
    ("find_recipe", "Finds a recipe with an ingredient.", {"ingredient": ("string", "What to cook with")}, ["Find a recipe with {ingredient}", "What can I cook with {ingredient}?", "Look up a recipe for {ingredient}"], ["Find a recipe"]),
    ("assign_desk", "Assigns a desk to an employee.", {"desk": ("integer", "Number of the desk"), "employee": ("string", "Who gets it")}, ["Assign desk {desk} to {employee}", "{employee} gets desk {desk}", "Give {employee} the desk {desk}"], ["Assign a desk to {employee}"]),
    ("shop__cancel_basket", "Cancels a basket of the shop.", {"basket": ("string", "Number of the basket")}, ["Cancel basket {basket}", "Please cancel the basket {basket}", "I want basket {basket} cancelled"], ["Cancel the basket"]),
    ("read_meter", "Reads the meter of a flat.", {"flat": ("string", "Which flat")}, ["Read the meter of flat {flat}", "What does the meter in flat {flat} show?", "Meter reading for flat {flat}"], ["Read the meter"]),
    ("lend_book", "Lends a book to a reader.", {"reader": ("string", "Who lends it"), "title": ("string", "Title of the book")}, ["Lend the book {title} to {reader}", "{reader} wants to lend the book {title}", "Give {reader} the book {title}"], ["Lend the book {title}"]),
    ("move_crane", "Moves the crane.", {"degrees": ("integer", "How far to turn")}, ["Move the crane by {degrees} degrees", "Turn the crane {degrees} degrees", "The crane has to move {degrees} degrees"], ["Move the crane"]),
    ("label_sample", "Labels a sample of the lab.", {"sample": ("string", "Id of the sample"), "text": ("string", "What to write on it")}, ["Label sample {sample} with {text}", "Write {text} on the sample {sample}", "Put the label {text} on sample {sample}"], ["Label a sample with {text}"]),
    ("get_queue_length", "Tells how many people wait at a counter.", {"counter": ("string", "Name of the counter")}, ["How long is the queue at the {counter} counter?", "How many people wait at the {counter} counter?", "Get the queue length for the counter {counter}"], ["How long is the queue?"]),
    ("ring_bell", "Rings the bell some times.", {"times": ("integer", "How often")}, ["Ring the bell {times} times", "Let the bell ring {times} times", "The bell should ring {times} times"], ["Ring the bell"]),
    ("rent_kayak", "Rents a kayak.", {"hours": ("integer", "For how long"), "name": ("string", "Who rents it")}, ["Rent a kayak for {hours} hours for {name}", "{name} wants a kayak for {hours} hours", "Kayak rental: {name}, {hours} hours"], ["Rent a kayak for {name}"]),
    ("weigh_parcel", "Weighs a parcel.", {"parcel": ("string", "Number of the parcel")}, ["Weigh parcel {parcel}", "How heavy is parcel {parcel}?", "What does the parcel {parcel} weigh?"], ["Weigh the parcel"]),
    ("seat_guest", "Seats a guest at a table.", {"guest": ("string", "Name of the guest"), "table": ("integer", "Number of the table")}, ["Seat {guest} at table {table}", "{guest} sits at table {table}", "Put {guest} at the table {table}"], ["Seat a guest at table {table}"]),
    ("park_trailer", "Parks a trailer in a bay.", {"bay": ("string", "Which bay")}, ["Park the trailer in bay {bay}", "The trailer goes into bay {bay}", "Put the trailer in bay {bay}"], ["Park the trailer"]),
    ("archive_email", "Archives the mails of a sender.", {"sender": ("string", "Address of the sender")}, ["Archive the emails from {sender}", "Archive all mail of {sender}", "Put the mail from {sender} into the archive"], ["Archive the emails"]),
    ("play_trumpet", "Plays a tune on the trumpet.", {"tune": ("string", "Name of the tune")}, ["Play {tune} on the trumpet", "Trumpet: play {tune}", "I want to hear {tune} on the trumpet"], ["Play the trumpet"]),
    ("set_oven", "Sets the oven.", {"celsius": ("integer", "Temperature"), "program": ("string", "Heating program")}, ["Set the oven to {celsius} degrees with the program {program}", "Oven to {celsius}, program {program}", "Heat the oven to {celsius} degrees on {program}"], ["Set the oven to the program {program}"]),
]
SYSTEM = "You are hob, an agent on the user's own machine. Use a tool when one fits and answer from what it returns. If no tool fits or something is missing, say so and do not guess."


def declaration(row):
    return {"name": row[0], "description": row[1], "parameters": {"type": "object", "properties": {k: {"type": t, "description": d} for k, (t, d) in row[2].items()}, "required": list(row[2])}}


def values(m, row):
    special = {"customer": m.person, "employee": m.person, "reader": m.person, "guest": m.person, "name": m.person, "port": m.town, "sender": lambda: m.person().lower() + "@" + m.topic() + ".net", "basket": lambda: str(m.number(1000, 99999)), "parcel": lambda: "P%d" % m.number(100, 9999),
               "sample": lambda: "S-%d" % m.number(10, 999), "flat": lambda: m.pick(["4B", "12", "7A", "21"]), "bay": lambda: m.pick(["north", "C4", "seven", "A1"]), "title": lambda: m.topic() + " " + m.topic(), "celsius": lambda: m.number(80, 250)}
    return {k: m.number(2, 60) if t == "integer" and k not in special else special.get(k, m.topic)() for k, (t, _) in row[2].items()}


def documents(seed, n, builtin_tools):
    """Three rows of `n`; in half of the documents the tools stand after the daemon's eleven, in half alone with others."""
    m, out = Maker("user/%d" % seed), []
    for i in range(n):
        row = TOOLS[i % len(TOOLS)]
        with_builtin = (i // len(TOOLS)) % 2 == 0
        others = m.random.sample([r for r in TOOLS if r is not row], 3 + i % 2)
        x = values(m, row)
        mine = [row] + others[:i % 3 + (0 if with_builtin else 1)]
        m.random.shuffle(mine)
        tools = (builtin_tools if with_builtin else []) + [declaration(r) for r in mine]
        part = "after the built-in ones" if with_builtin else "alone"
        out.append(Document("tools never seen", row[3][(i // len(TOOLS)) % 3].format(**x), [(row[0], x)], tools=tools, part=part))
        # the same request under tools that cannot serve it
        absent = [declaration(r) for r in others[:1 + i % 3]]
        out.append(Document("refraining, users' tools", row[3][(i // len(TOOLS) + 1) % 3].format(**values(m, row)), [], ["no tool"], tools=(builtin_tools if with_builtin else []) + absent, part=part))
        first = list(row[2])[0]
        out.append(Document("asking, users' tools", m.pick(["", "", "Please: ", "Hi, "]) + row[4][0].format(**values(m, row)) + m.pick(["", "", " please"] if not row[4][0].endswith("?") else [""]), [], [first], tools=tools, part=part))
    return out
