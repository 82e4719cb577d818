"""Families as tensors: ids, what each token weighs in the loss, and conversations in rows of about one length."""
import dataclasses
import itertools

import torch

import render
from network import Layout


@dataclasses.dataclass
class Weights:
    """Of the tokens of the model's turns; all others weigh nothing."""
    decision: float = 5.0  # the first token of a turn decides between call, question, refusal and answer
    name: float = 2.0      # of a tool
    plain: float = 1.0


def encode(tokenizer, conversation, weights):
    """(ids, weights) of a conversation; kinds follow the pieces' characters."""
    kinds, text = [], []
    for turn in conversation:
        for piece, kind in render.turn(turn):
            text.append(piece)
            kinds += [kind] * len(piece)
    encoding = tokenizer.encode("".join(text), add_special_tokens=False)
    out, before = [], render.CONTEXT
    for start, _ in encoding.offsets:
        kind = kinds[start]
        out.append(0. if kind == render.CONTEXT else weights.decision if before == render.CONTEXT else weights.name if kind == render.NAME else weights.plain)
        before = kind
    return encoding.ids, out


def buckets_of(lengths, least=.85):
    """(rows, length) for lengths that do not grow: a row has at least `least` of its bucket's length."""
    out = []
    for n in lengths:
        if not out or n < least * out[-1][1]:
            out.append([0, n])
        out[-1][0] += 1
    return [tuple(x) for x in out]


def pack(shape, tokenizer, family, weights, half, longest=1200):
    """(ids, layout, source, target, weight): logits of `source`, among the layout's picked, are to predict `target`."""
    prefix = tokenizer.encode(family.prefix(), add_special_tokens=False).ids
    conversations = [c for c in (encode(tokenizer, c, weights) for c in family.conversations) if len(c[0]) <= longest]
    conversations.sort(key=lambda c: -len(c[0]))
    if not conversations:
        return None
    buckets = buckets_of([len(c[0]) for c in conversations])
    ids, picked, source, target, weight, rest, start = list(prefix), [], [], [], [], iter(conversations), 0
    for rows, length in buckets:
        bucket = list(itertools.islice(rest, rows))
        trained = [[k for k in range(1, len(own)) if w[k]] for own, w in bucket]
        most = max(map(len, trained))
        picked.append(torch.tensor([[k - 1 for k in ks] + [0] * (most - len(ks)) for ks in trained]))
        for (own, w), ks in zip(bucket, trained):
            source += range(start, start + len(ks))
            target += [own[k] for k in ks]
            weight += [w[k] for k in ks]
            ids += own + [0] * (length - len(own))
            start += most
    return torch.tensor(ids), Layout(shape, len(prefix), buckets, picked, half), torch.tensor(source), torch.tensor(target), torch.tensor(weight)
