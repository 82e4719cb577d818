"""Sentences that tell several things in any order: what is wanted stands before, between and behind words that only look like it."""
from vocabulary import *
from wording import capital, expand, fill

# < and > stand for parentheses in the scenes.
# slot: names in schemas, type, generator of `values.Values` or a list of words
SLOTS = {
    "name": ("name|name|name|person|who|full_name|customer|contact", "string", "person"), "other": ("", "", "person"), "age": ("age|age|years|age_in_years", "integer", "age"), "city": ("city|city|town|place|location|where|home", "string", "city"),
    "from": ("from|origin|start|departure|old_city", "string", "city"), "to": ("to|destination|goal|arrival|new_city|city", "string", "city"), "job": ("job|profession|role|occupation", "string", "job"), "email": ("email|email|mail|address|contact", "string", "email"), "phone": ("phone|phone|number|phone_number|telephone", "string", "phone"),
    "company": ("company|employer|firm|maker|brand", "string", "company"), "date": ("date|date|day|when|on", "string", "day"), "time": ("time|time|at|start|hour", "string", "clock"), "event": ("event|event|title|what|occasion|name", "string", "event"), "product": ("product|item|product|article|thing|name", "string", "product"),
    "price": ("price|price|cost|amount|total", "number", "price"), "count": ("count|quantity|number|pieces|amount|how_many", "integer", "count"), "color": ("color|color|colour", "string", "color"), "weight": ("weight|kg|weight_kg|mass", "number", "weight"), "title": ("title|book|name|title", "string", "booktitle"),
    "author": ("author|writer|by|author", "string", "full_name"), "year": ("year|year|published|since", "integer", "year"), "pages": ("pages|page_count|length", "integer", "pages"), "room": ("room|room_number|hall", "string", "room"), "platform": ("platform|track|gate", "integer", "platform"),
    "id": ("id|ticket|number|key|reference", "string", "identifier"), "status": ("status|state", "open closed pending", ""), "priority": ("priority|urgency|level", "low medium high", ""), "owner": ("owner|assignee|reporter|assigned_to|who", "string", "person"), "degrees": ("temperature|degrees|temp", "integer", "temperature"),
    "weather": ("weather|sky|condition", "string", "weather"), "minutes": ("minutes|duration|length", "integer", "minutes"), "items": ("items|list|things|goods", "array", "items"), "language": ("language|tongue", "string", "language"), "animal": ("pet|animal", "string", "pet"), "people": ("people|guests|persons|count", "integer", "count"),
}
KIN = "(uncle|aunt|nephew|niece|brother|sister|neighbour|colleague|friend|boss|teacher|dentist|old friend|grandfather|guest|landlord|assistant|best friend|new colleague|pen pal|twin|partner|cousin|mother|father|son|daughter|grandmother|husband|wife|flatmate|little brother|big sister|godfather|stepson|coach|doctor|lawyer|gardener|tenant|client|ex|fan|student|nurse|pilot|rival|second cousin)"
WHEN = "(Last week|On Sunday|Recently|Today|This morning|In May|Last year|At last|Two days ago|Since then|Soon|In spring|Now|Finally|Tonight|As planned,|Of course,|By the way,|I heard that|They say that|Surely|Next month|As you know,|It seems that|Yesterday|Tomorrow|On Monday|Last night|Perhaps|Maybe|Luckily|Sadly|Meanwhile|Then|However,|Also|In the end|Once again|After that|Last summer|In 1998|Years ago|At noon|Earlier|Later|Indeed,|Apparently|Suddenly|Rumour has it that|Just now|In winter|This year|Long ago|Already|Well,|Guess what:|Good news:|It is true that|Everybody knows that|On Friday|At Easter|Somehow|Clearly|Officially|Oddly)"
LABELS = "(Note|Update|News|Reminder|Info|Message|Memo|Minutes|FYI|Attention|Draft|Subject|Re|Hint|Fact|Entry|Report|Caption|Status|Comment|Header|PS|Summary|Question|Line 4|Page 2)"
SCENES = f"""{WHEN} {{name}} (turned|became|celebrated turning|will be|is going to be|has turned) {{age}}(| years old)
{WHEN} {{name}} (moved to|went to|arrived in|left for|settled in|flew to|came back to) {{city}}
(My|Our|Her|His|The) {KIN} {{name}} (is from|comes from|works in|stays in|has a house in|grew up in|likes|was seen in|returned to) {{city}}
(My|Our) {KIN} {{name}}, {{age}},(| who lives in {{city}},) (is a|became a|works as a|wants to be a) {{job}}
(My|Our|The|Their) {{job}} (is|goes by|has the name|answers to|is named|was) {{name}}(| and comes from {{city}}|, phone {{phone}}|, aged {{age}})
{{name}} (travelled|went|drove|flew|walked|is going|commutes|changed) from {{from}} to {{to}}(| on {{date}}| at {{time}}|)
{{name}} (left|has left|said goodbye to) {{from}} (for|and went to|and now lives in|to live in) {{to}}
(The|A|My|Our) (bus|flight|ferry|coach|tram|plane|parcel) (from {{from}} to {{to}}|to {{to}} from {{from}}|between {{from}} and {{to}}) (leaves|goes|departs|starts|sets off) at {{time}}(| from gate {{platform}}| on {{date}})
(Bus|Flight|Ferry|Coach|Tram|Trip|Ride) {{from}} to {{to}}, {{time}}(|, platform {{platform}}|, {{price}} euros)
(From|Out of) {{from}} (to|into) {{to}} (it takes|the ride takes|one needs) {{minutes}} minutes(| and costs {{price}} euros)
(Letters|Post|Invoices|Questions|Parcels|Messages|Complaints|Replies|The bill|Notes) (for|to) {{name}} (go|should go|are sent|have to be sent|must go|can be sent) to {{email}}(|, phone {{phone}})
(Write|Send a note|Answer|Reply|Forward this) to {{name}} (at|under|via|using) {{email}}
(Ring|Phone|Reach|Dial|Contact|Ask for) {{name}} (on|under|at|with the number) {{phone}}(| before {{time}}| on {{date}}|)
{{email}} is (the address of|how to reach|used by|where you find|the mail of) {{name}}
{{phone}} is (the number of|how to reach|what to dial for) {{name}}
(The number|Phone number|The phone) of {{name}} is {{phone}}
(The age|Years|The year count) of {{name}}(:| is|=) {{age}}
(At|With|By) {{age}}(| years), {{name}} (is the oldest|moved to {{city}}|became a {{job}}|is still a {{job}}|lives in {{city}})
(Ring|Call|Phone|Meet|Visit|Thank|See|Text|Pay|Invite|Find|Greet|Email|Help|Join|Pick up) {{name}} (before {{time}}|in {{city}}|on {{date}}|on {{date}} in {{city}}|at {{time}} in {{city}}|about the {{product}}|from {{company}}|, the {{job}})
(A meeting|Meeting|Date|Breakfast|Drinks|Trip|Chess|Tennis|Class|A walk|Yoga) with {{name}} (in {{city}}|in room {{room}}|from {{company}}|, {{phone}}|about the {{product}}|in {{city}}, {{time}}|for {{minutes}} minutes)
(Lunch|Dinner|A call|Talk|An interview|Appointment|Coffee|A session|Tea|Training) with {{name}} (on {{date}} at {{time}}|at {{time}} on {{date}}|at {{time}}|on {{date}}|in room {{room}} at {{time}}|in {{city}} on {{date}})
(I will meet|We see|You will see|They expect|She meets) {{name}} (on {{date}} at {{time}}|at {{time}} on {{date}}|in {{city}} on {{date}}|in {{city}} at {{time}})
(On|For|From) {{date}} (we have|we planned|there will be|they hold|you can visit|nobody should miss|the town hosts|is) (a|the|our) {{event}}(| in {{city}}| at {{time}}| for {{people}} people|)
(At|From|Around) {{time}} (we have|they start|there will be|begins) (a|the|our) {{event}}(| in {{city}}| on {{date}}|)
(Come to|Visit|Do not miss|See you at|Welcome to|Sign up for|Tickets for|We invite you to) (the|our) {{event}} (at {{time}} in {{city}}|in {{city}} at {{time}}|on {{date}} at {{time}}|in {{city}} on {{date}}|on {{date}})(!|)
(In|Near) {{city}} (there is|they hold|you find|we have) (a|the|our) {{event}} (on {{date}}|at {{time}}|on {{date}} at {{time}})
{{name}} (hosts|leads|opens|organizes|will run|gives) the {{event}} (in {{city}}|on {{date}}|at {{time}}|in {{city}} on {{date}})
{{event}}, {{date}}, {{time}}, {{city}}
{{event}}, {{city}}, {{time}}
{{event}} - {{date}} - {{city}}
{{time}}, {{city}}: {{event}}
{{date}}: {{event}}(| in {{city}}|, {{time}})
(A|One|This|That|Our|Some|My) {{color}} {{product}} (has a weight of {{weight}} kilos|of {{weight}} kg|costs {{price}} euros|for {{price}} dollars|is heavy: {{weight}} kg|was sold for {{price}} euros|stands here)
(The|This|Our) {{product}}(|,) (in|painted|coloured) {{color}}(|,) (costs|goes for|is worth|sells at) {{price}} (euros|dollars|pounds)
(The|A|Our) {{product}} of {{weight}} kg (is {{color}}|costs {{price}} euros|was sent to {{city}}|belongs to {{owner}})
(We offer|They sell|You get|I bought|She found|I saw|He wants) (the|a|one) {{product}} for {{price}} (euros|dollars|francs)(| in {{city}}| from {{company}}|)
(For|At) {{price}} (euros|dollars|pounds) (you get|they sell|we offer|I bought) (a|the|one) {{product}}(| in {{color}}| from {{company}}|)
{{price}} (euros|dollars|pounds) (for|buys|is the price of) (a|the|one) {{product}}
(Article|Product|Position|Goods:|Line:|Sold:|Part|Entry) {{product}}, {{count}} (units|items|boxes|times|bottles), {{price}} (euros|dollars)
{{count}} (x|times|units of|boxes of|pieces of) {{product}}(, {{price}} euros| for {{name}}| to {{city}}| at {{price}} dollars)
{{product}} {{count}} {{price}}
{{product}}, {{color}}, {{weight}} kg
{{name}}, {{age}}(| years), {{city}}
{{name}}, {{city}}, {{phone}}
{{name}}, {{email}}, {{phone}}
{{name}}, tel {{phone}}, {{email}}
{{city}}, {{name}}, {{date}}
{{name}} <{{age}}>, {{job}}, {{city}}
{{name}} <{{city}}> (is a|works as a) {{job}}
{{name}} <{{job}}> (can be called at {{phone}}|lives in {{city}}|is {{age}})
(Deliver|Ship|Bring|Carry|Take|Order) {{count}} {{product}} (to|for) {{city}}(| by {{date}}| on {{date}}|)
{{name}} (paid {{price}} euros for|got|took|returned|asked for|picked up|ordered|sent back) (a|the|one) {{product}}(| in {{city}}| on {{date}}|)
{{name}} (took|returned|asked for|picked up|ordered|received|needs) {{count}} {{product}}
{{name}} (carries|collects|wrote down|forgot|sells|shows|takes along|eats|asked for) {{items}}
(On the list|To buy|Missing|In the bag|For the trip|Left|In stock|Breakfast): {{items}}
(You should get|They lack|She wants|We ran out of|Put) {{items}}(| for {{name}}|)
{{items}} (are missing|belong to {{name}}|go to {{city}}|were sold|are on the table)
(The story|The novel|A text called|The volume|The report) {{title}} (is by|comes from|was penned by|by) {{author}}(|, {{year}}| from {{year}}| and has {{pages}} pages|)
{{author}} (wrote|published|is the author of|finished) {{title}}(| in {{year}}| <{{year}}>|, {{pages}} pages|)
{{title}} <{{year}}>, {{author}}
{{author}}: {{title}}(|, {{pages}} pages|, {{year}})
(In|During) {{year}} {{author}} (wrote|published) {{title}}
(Weather|Report|Today) (in|from|for) {{city}}: {{degrees}} degrees(| and {{weather}}|, {{weather}})
(It is|We have|They expect) {{weather}} (and {{degrees}} degrees|with {{degrees}} degrees) in {{city}}
{{city}}: {{weather}}, {{degrees}} degrees
{{degrees}} degrees and {{weather}} in {{city}}
{{owner}} (opened|filed|found|closed|took|works on|is working on|looks after|raised) {{id}}(| with {{priority}} priority|, priority {{priority}}|, which is {{status}}| as {{priority}}|)
{{id}} (was opened|is owned|was filed|is looked after|was found) by {{owner}} (and is {{status}}|with {{priority}} priority|, priority {{priority}}|, status {{status}})
(The case|Number|The request|Job|Problem) {{id}} (of {{owner}}|from {{owner}}) (is {{status}}|has {{priority}} priority)
{{status}}: {{id}} <{{owner}}>
{{name}} (speaks|learned|teaches|writes in) {{language}}(| in {{city}}| and is {{age}}|)
{{name}} (has|owns|lost|found|walks) (a|the) {{animal}} (in {{city}}|called Rex|since {{year}}|at {{age}})
{{company}} (from {{city}}|in {{city}}) (sells|makes|built|delivers) (the|a) {{product}}(| for {{price}} euros|)
{{name}} (joined|left|founded|works at|manages) {{company}} in {{year}}
(The|A) {{event}} (lasts|takes|goes on for) {{minutes}} minutes(| and starts at {{time}}| in room {{room}}|)
(Table|Seats|Room|Tickets) for {{people}} (at {{time}}|on {{date}}|on {{date}} at {{time}})(|, {{name}}|, name {{name}})
{{name}} (booked|reserved|wants|needs) (a table|seats|a room|tickets) for {{people}} (at {{time}}|on {{date}}|on {{date}} at {{time}}| in {{city}})
(Neither {{other}} nor|Not {{other}} but|Instead of {{other}}) {{name}} (lives in {{city}}|is a {{job}}|turned {{age}}|has the number {{phone}})
{{other}} (says|thinks|wrote|knows) that {{name}} (lives in {{city}}|is a {{job}}|is {{age}}|works at {{company}}|comes on {{date}})
(Say hello to|Thank|Ask|Remember) {{name}}(, the {{job}}| from {{city}}|, {{age}}, from {{city}})"""


class Scenes:
    """Part of `Structured`."""

    def slot(self, kind):
        """A value and how a text writes it."""
        r, v = self.random, self.values
        own = {"person": lambda: r.choice([v.first, v.first, v.name, v.full_name])(), "event": lambda: v.word(.7) + r.choice(["", " party", " dinner", " course", " concert", " talk", " walk", " meeting", " show", " match"]), "product": lambda: r.choice([v.noun, v.word, v.noun, v.title])(),
               "count": lambda: r.randint(2, 400), "booktitle": lambda: " ".join(map(capital, v.words(1, 2).split())), "year": lambda: r.randint(1800, 2030), "minutes": lambda: r.randint(5, 300)}
        made = own.get(kind) or getattr(v, kind, None)
        if not made:
            return self.field(kind)
        x = made()
        return x, str(x)

    def scene(self):
        """(text, [(field, names, schema, value)])"""
        r, v = self.random, self.values
        phrase = expand(r, r.choice(SCENES.split("\n"))).replace("<", "(").replace(">", ")")
        values, got = {}, []
        for key, (names, kind, made) in SLOTS.items():
            if "{%s}" % key not in phrase:
                continue
            if kind == "array":
                x = list(dict.fromkeys(r.choice([v.word, v.noun, v.rare])() for _ in range(r.choice([2, 2, 3, 3, 4]))))
                values[key] = ", ".join(x[:-1]) + r.choice([" and ", " and ", ", "]) + x[-1] if len(x) > 1 else x[0]
            elif not made:
                x = values[key] = r.choice(kind.split())
            else:
                x, values[key] = self.slot(made)
            if names:
                schema = {"type": "array", "items": {"type": "string"}} if kind == "array" else {"type": kind} if made else {"enum": kind.split()}
                got.append((key, names, schema, x, phrase.index("{%s}" % key)))
        got = [x[:4] for x in sorted(got, key=lambda x: x[4])]
        text = fill(phrase, **values)
        if r.random() < .1:
            text = expand(r, LABELS) + r.choice([": ", ": ", " - "]) + text
        if r.random() < .2:
            text = r.choice([text.lower, lambda: text, lambda: capital(text)])() if all(isinstance(x[3], (int, float)) for x in got) else text
        return text + r.choice([".", ".", "", "!", ""]) * (text[-1] not in ".!?"), got
