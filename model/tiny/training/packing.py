"""Families as tensors: ids, what each token weighs in the loss, and conversations packed into rows."""
import dataclasses

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


def pack(shape, tokenizer, family, weights, half, longest=1200):
    """(ids, layout, source, target, weight): logits of `source` are to predict `target`."""
    prefix = tokenizer.encode(family.prefix(), add_special_tokens=False).ids
    conversations = [c for c in (encode(tokenizer, c, weights) for c in family.conversations) if len(c[0]) <= longest]
    conversations.sort(key=lambda c: -len(c[0]))
    if not conversations:
        return None
    length = -(-len(conversations[0][0]) // 8) * 8
    rows, used, place = [], [], []
    for i, (ids, _) in enumerate(conversations):
        row = next((k for k, u in enumerate(used) if u + len(ids) <= length), None)
        if row is None:
            row = len(rows)
            rows.append([])
            used.append(0)
        place.append((row, used[row]))
        used[row] += len(ids)
        rows[row].append(i)
    flat = torch.zeros(len(rows), length, dtype=torch.long)
    position = torch.full((len(rows), length), len(prefix))
    owner = torch.full((len(rows), length), -1)
    source, target, weight = [], [], []
    for i, ((ids, w), (row, start)) in enumerate(zip(conversations, place)):
        n = len(ids)
        flat[row, start:start + n] = torch.tensor(ids)
        position[row, start:start + n] = torch.arange(len(prefix), len(prefix) + n)
        owner[row, start:start + n] = i
        at = len(prefix) + row * length + start
        for k in range(1, n):
            if w[k]:
                source.append(at + k - 1)
                target.append(ids[k])
                weight.append(w[k])
    ids = torch.cat((torch.tensor(prefix, dtype=torch.long), flat.reshape(-1)))
    return ids, Layout(shape, len(prefix), position, owner, half), torch.tensor(source), torch.tensor(target), torch.tensor(weight)
