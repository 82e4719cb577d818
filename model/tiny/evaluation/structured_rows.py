"""Documents whose answer is JSON by a schema: many shapes of text, values of their own."""
from documents import Document, Maker

S, I, N, B = ({"type": t} for t in ("string", "integer", "number", "boolean"))
L = {"type": "array", "items": S}


def schema(**properties):
    return {"type": "object", "properties": properties, "required": list(properties)}


# text, schema; a slot's name is the schema's key. Lists are written as the text does it.
SHAPES = [
    ("{name} is {age} years old.", dict(name=S, age=I)), ("Age of {name}: {age}", dict(name=S, age=I)), ("Yesterday {name} turned {age}.", dict(name=S, age=I)), ("{name} ({age}) lives in {city}.", dict(name=S, age=I, city=S)),
    ("My cousin {name} lives in {city}.", dict(name=S, city=S)), ("{name} moved from Oslo to {city}.", dict(name=S, city=S)), ("name: {name}\nage: {age}\ncity: {city}", dict(name=S, age=I, city=S)), ("{name}; {city}; {age}", dict(name=S, city=S, age=I)),
    ("You reach {name} at {email}.", dict(name=S, email=S)), ("Mail for {name} goes to {email}", dict(name=S, email=S)), ("{name}, phone {phone}, {city}", dict(name=S, phone=S, city=S)), ("Call {name} at {phone}.", dict(name=S, phone=S)),
    ("The {product} costs {price} euros.", dict(product=S, price=N)), ("We sell the {product} for {price} dollars.", dict(product=S, price=N)), ("{product}: {price} euros", dict(product=S, price=N)), ("Item {product}, {quantity} pieces, {price} euros", dict(product=S, quantity=I, price=N)),
    ("{name} ordered {quantity} {product}.", dict(name=S, quantity=I, product=S)), ("Please send {quantity} {product} to {city}.", dict(quantity=I, product=S, city=S)), ("{name} bought a {product} for {price} euros.", dict(name=S, product=S, price=N)), ("The {product} is {color} and costs {price} dollars.", dict(product=S, color=S, price=N)),
    ("A {color} {product} weighs {weight} kg.", dict(color=S, product=S, weight=N)), ("The {event} takes place in {city} on {date}.", dict(event=S, city=S, date=S)), ("{event}, {date}, {time}", dict(event=S, date=S, time=S)), ("Join the {event} at {time} in {city}!", dict(event=S, time=S, city=S)),
    ("On {date} there is a {event}.", dict(date=S, event=S)), ("Meeting with {name} at {time} on {date}", dict(name=S, time=S, date=S)), ("The train to {city} leaves at {time} from platform {platform}.", dict(city=S, time=S, platform=I)), ("Train from {start} to {goal}, {time}", dict(start=S, goal=S, time=S)),
    ("{name} works as a {job} in {city}.", dict(name=S, job=S, city=S)), ("{name} is a {job}.", dict(name=S, job=S)), ("Our {job} is called {name}.", dict(job=S, name=S)), ("The book {title} was written by {author} in {year}.", dict(title=S, author=S, year=I)),
    ("{title} by {author}", dict(title=S, author=S)), ("We need {items}.", dict(items=L)), ("Groceries: {items}", dict(items=L)), ("{name} packs {items}.", dict(name=S, items=L)), ("In {city} it is {temperature} degrees and {weather}.", dict(city=S, temperature=I, weather=S)),
    ("Weather in {city}: {weather}, {temperature} degrees", dict(city=S, weather=S, temperature=I)), ("The {thing} was {mood:positive}.", dict(thing=S, sentiment={"enum": ["positive", "negative"]})), ("What a {mood:negative} {thing}!", dict(thing=S, sentiment={"enum": ["positive", "negative"]})),
    ("I find the {thing} {mood:positive}.", dict(sentiment={"enum": ["positive", "negative"]})), ("The {thing} in {city} was {mood:negative}.", dict(thing=S, city=S, sentiment={"enum": ["positive", "negative"]})),
    ("Ticket {id} is {status} and belongs to {owner}.", dict(id=S, status={"enum": ["open", "closed", "pending"]}, owner=S)), ("{owner} reported {id} with {priority} priority.", dict(owner=S, id=S, priority={"enum": ["low", "medium", "high"]})),
    ("{alpha}: {x1}, {beta}: {x2}", None), ("{alpha} = {x1}\n{beta} = {x2}", None),
]
ASKS = ["{t}", "{t}", "Extract the details: {t}", "Give me the data of this: {t}", "{t} Put that into JSON.", "Turn the text into a record: {t}", "Can you structure this? {t}", "What does this say? {t}", "Parse: {t}", "From the text \"{t}\" take the fields.", "As data, please: {t}", "Fill the fields from this sentence: {t}"]
GOOD, BAD = ["lovely", "superb", "great", "wonderful"], ["terrible", "dreadful", "awful", "boring"]


def documents(seed, n):
    m, out = Maker("structured/%d" % seed), []
    for i in range(n):
        text, properties = SHAPES[i % len(SHAPES)]
        values = {"name": m.person(), "age": m.number(3, 95), "city": m.town(), "email": m.person().lower() + "@" + m.topic() + ".org", "phone": str(m.number(100000, 9999999)), "product": m.topic(), "price": m.pick([m.number(3, 900), m.number(100, 9900) / 100]),
                  "quantity": m.number(2, 300), "color": m.pick(["red", "green", "black", "purple"]), "weight": m.pick([m.number(1, 40), m.number(11, 99) / 10]), "event": m.topic() + m.pick([" fair", " workshop", " race", ""]), "date": m.pick(["2027-0%d-1%d" % (m.number(1, 9), m.number(0, 9)), "April %d" % m.number(2, 28), "friday"]),
                  "time": "%d:%02d" % (m.number(7, 22), m.pick([0, 10, 25, 45])), "platform": m.number(1, 19), "start": m.town(), "goal": m.town(), "job": m.pick(["roofer", "surgeon", "barista", "glazier", "welder", "teacher"]), "title": " ".join(m.topic().capitalize() for _ in range(m.number(1, 2))), "author": m.person() + " " + m.pick(["Vogel", "Quist", "Haldane", "Obrist"]),
                  "year": m.number(1900, 2025), "temperature": m.number(1, 38), "weather": m.pick(["sunny", "foggy", "windy", "rainy"]), "thing": m.topic(), "id": m.pick(["T-%d" % m.number(10, 999), str(m.number(1000, 99999))]), "status": m.pick(["open", "closed", "pending"]), "owner": m.person(), "priority": m.pick(["low", "medium", "high"])}
        items = list(dict.fromkeys(m.topic() for _ in range(m.number(2, 4))))
        if properties is None:
            a, b = m.topic(), m.place()
            x, y = m.number(), m.person()
            value, text, want = {a: x, b: y}, text.format(alpha=a, beta=b, x1=x, x2=y), schema(**{a: I, b: S})
        else:
            value = {}
            if "{mood:positive}" in text or "{mood:negative}" in text:
                good = "{mood:positive}" in text
                if m.pick([True, False]):
                    good = not good
                text = text.replace("{mood:positive}", "{mood}").replace("{mood:negative}", "{mood}").replace("{mood}", m.pick(GOOD if good else BAD))
                values["sentiment"] = "positive" if good else "negative"
            for key in properties:
                value[key] = items if key == "items" else values[key]
            text = text.replace("{items}", ", ".join(items[:-1]) + " and " + items[-1])
            for key, x in values.items():
                text = text.replace("{%s}" % key, str(x))
            want = schema(**properties)
        out.append(Document("structured answers", ASKS[(i // len(SHAPES) + i) % len(ASKS)].format(t=text), [], schema=want, value=value, part="by sentence"))
    return out
