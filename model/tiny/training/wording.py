"""Phrase grammars: `(a|b|)` is a choice, choices nest, `{p}` is a slot that is filled after the choice is made.

A grammar is parsed once; `expand` then walks it with the generator's own random numbers, so that a seed gives a phrase.
"""
import functools
import random


def parse(text):
    """A sequence of strings and of choices (lists of sequences)."""
    stack = [[[]]]
    for piece in _pieces(text):
        if piece == "(":
            stack.append([[]])
        elif piece == "|" and len(stack) > 1:
            stack[-1].append([])
        elif piece == ")" and len(stack) > 1:
            choice = stack.pop()
            stack[-1][-1].append(choice)
        else:
            stack[-1][-1].append(piece)
    if len(stack) != 1:
        raise ValueError(f"a choice is not closed in {text!r}")
    return stack[0][0]


def _pieces(text):
    start = 0
    for at, character in enumerate(text):
        if character in "(|)":
            if at > start:
                yield text[start:at]
            yield character
            start = at + 1
    if start < len(text):
        yield text[start:]


@functools.lru_cache(maxsize=None)
def _parsed(text):
    return parse(text)


def _walk(random_numbers, sequence, out):
    for part in sequence:
        if isinstance(part, str):
            out.append(part)
        else:
            _walk(random_numbers, random_numbers.choice(part), out)


def expand(random_numbers: random.Random, text: str) -> str:
    """One phrase of a grammar; runs of spaces become one."""
    out = []
    _walk(random_numbers, _parsed(text), out)
    return " ".join("".join(out).split())


def count(text: str) -> int:
    """How many phrases a grammar has (equal ones counted as often as they are written)."""
    def of(sequence):
        total = 1
        for part in sequence:
            if not isinstance(part, str):
                total *= sum(of(option) for option in part)
        return total
    return of(_parsed(text))


def fill(phrase: str, **slots) -> str:
    """Puts values into `{slot}`s, once each and never into a value."""
    out, at = [], 0
    while at < len(phrase):
        end = phrase.find("}", at) if phrase[at] == "{" else -1
        name = phrase[at + 1:end] if end > 0 else ""
        if name in slots:
            out.append(str(slots[name]))
            at = end + 1
        else:
            out.append(phrase[at])
            at += 1
    return "".join(out)


def capital(text):
    return text[:1].upper() + text[1:]


# What people put before a request that is an order, before a question, and after either.
ORDER_LEAD = ("(please|can you|could you|would you|will you|could you please|can you please|would you please|i want you to|"
              "i'd like you to|i need you to|i would like you to|go ahead and|now|next|ok,|okay,|hey,|hey hob,|hob,|hi,|hello,|hi, please|"
              "hello, can you|let's|just|quickly|first|kindly|be so kind and|do me a favour and|try to|you should|then|also|"
              "if possible|when you can,|it would be nice if you could|would it be possible to|is it possible to|are you able to|"
              "i was wondering if you could|may i ask you to|please help me and|make sure to|don't forget to|we need to|"
              "now please|so,|well,|alright,|and now|after that|your task:|task:|again,|once more|would you mind and|"
              "another thing:|and another thing,|something else:|one last thing:|last request:|new task:|a favour:|for later:|listen,|"
              "right,|good,|attention:|next one:|small job:|quick one:|now this:|my wish:|dear hob,|excuse me,|sorry,|"
              "quick:|i'd love you to|i want to|i need to|i'd like to|i have to|help me to|can we|could we|we should|time to|you can) ")
QUESTION_LEAD = ("(so|ok,|hey,|hi,|hob,|and|now|tell me:|tell me,|quick question:|question:|by the way,|just checking:|"
                 "please tell me:|i was wondering:|one question:|well,|hello,|say,|hey hob,|please,|also,|next question:|"
                 "i wonder:|do you know:|can you tell me:|could you tell me:|i'd like to know:|i want to know:) ")
TAIL = ("( please|, please| for me| for me, please|, thanks| thanks|. Thanks!| now| right now| quickly|, ok?| if you can|"
        " when you have time| again|. Thank you.|!|...|, will you| if possible| once more| today| first| then|, hob| please!|"
        ". Thanks| and that's all| , thank you|, would you| asap| at once|. Please.|. That's it.)")
QUESTION_TAIL = "( please|, please| now| right now|, hob| again| then| exactly|, thanks| , do you know)"
