"""Attention of a family: the prefix looks at itself, every conversation at the prefix and at itself.

Products of matrices do all of it, forward and backward: the prefix's keys and values stand once for all conversations, so
that what is gathered for them is a sum inside a product, and conversations of about one length share a product. With bfloat16
products (Zen 4, one thread) PyTorch's fused attention took half of a step, nearly twice as long as this.
"""
import torch


class Attend(torch.autograd.Function):
    """q [m, heads, size], k and v [n, kv heads, size] of a family, and the parts that say who sees what; [m, heads, size].

    Exponentials are taken as they are: the norms of queries and keys bound a score to about 26, and float32 and bfloat16
    hold them up to 88. Masks are factors of 0 and 1.
    """

    @staticmethod
    def forward(ctx, q, k, v, parts):
        queries, k, v = by_kv_head(q, k.shape[1]), k.transpose(0, 1).contiguous(), v.transpose(0, 1).contiguous()
        out, total, weights = torch.zeros_like(queries), torch.zeros_like(queries[..., :1]), []
        for part in parts:
            values = part.keys(v)
            w = part.queries(queries) @ part.keys(k).mT
            part.weigh(w.exp_())
            part.add_to_queries(out, w @ values)
            part.add_to_queries(total, w @ torch.ones_like(values[..., :1]))
            weights.append(w)
        out /= total
        ctx.save_for_backward(queries, k, v, out, total, *weights)
        ctx.parts = parts
        return from_kv_head(out, q.shape)

    @staticmethod
    def backward(ctx, gradient):
        queries, k, v, out, total, *weights = ctx.saved_tensors
        shape = gradient.shape
        gradient = by_kv_head(gradient, k.shape[0])
        mean = (gradient * out).sum(-1, keepdim=True) / total
        gradient = gradient / total
        dq, dk, dv = (torch.zeros_like(t) for t in (queries, k, v))
        for part, w in zip(ctx.parts, weights):
            g = part.queries(gradient)
            part.add_to_keys(dv, w.mT @ g)
            d = (g @ part.keys(v).mT).sub_(part.queries(mean)).mul_(w)
            part.add_to_queries(dq, d @ part.keys(k))
            part.add_to_keys(dk, d.mT @ part.queries(queries))
        return from_kv_head(dq, shape), dk.transpose(0, 1), dv.transpose(0, 1), None


def by_kv_head(x, kv_heads):
    """[n, heads, size] to [kv heads, n * queries of one, size]."""
    n, heads, size = x.shape
    return x.view(n, kv_heads, heads // kv_heads, size).transpose(0, 1).reshape(kv_heads, -1, size)


def from_kv_head(x, shape):
    n, heads, size = shape
    return x.view(x.shape[0], n, heads // x.shape[0], size).transpose(0, 1).reshape(shape)


class Part:
    """Some queries and the keys that they look at: ranges of tokens, cut into `rows` that know nothing of each other.

    `mask` [queries, keys] of a row or [rows, queries, keys]; None: all keys are seen.
    """

    def __init__(self, group, queries, keys, rows=1, mask=None):
        self.asking, self.seen, self.rows = slice(queries[0] * group, queries[1] * group), slice(*keys), rows
        self.mask = None if mask is None else mask.repeat_interleave(group, -2)

    def weigh(self, w):
        if self.mask is not None:
            (w if self.mask.dim() == 2 else w.view(-1, *self.mask.shape)).mul_(self.mask)

    def queries(self, x):
        return self.cut(x[:, self.asking])

    def keys(self, x):
        return self.cut(x[:, self.seen])

    def cut(self, x):
        return x if self.rows == 1 else x.reshape(x.shape[0] * self.rows, -1, x.shape[-1])

    def add_to_queries(self, whole, x):
        whole[:, self.asking] += x.view(whole.shape[0], -1, whole.shape[-1])

    def add_to_keys(self, whole, x):
        whole[:, self.seen] += x.view(whole.shape[0], -1, whole.shape[-1])


def parts(group, prefix, buckets, window, kind, picked=None):
    """The parts of a family's attention.

    `buckets`: (rows, length) of conversations, whose tokens follow the prefix's last; `window`: None for full attention;
    `kind`: of the masks; `picked`: for each bucket the places [rows, n] that alone ask, as places in a conversation.
    """
    def mask(asking, keys):
        """1 where a place of `asking` sees one of `keys`, both counted from the prefix's end."""
        distance = asking[..., None] - keys
        return ((distance >= 0) & (distance < (window or 1 << 30))).to(kind)

    out, key, query = [], prefix, 0
    near = prefix if window is None else min(prefix, window - 1)
    if prefix and picked is None:
        every = torch.arange(prefix)
        out.append(Part(group, (0, prefix), (0, prefix), mask=mask(every, every)))
        query = prefix
    first = query
    for i, (rows, length) in enumerate(buckets):
        asking = torch.arange(length) if picked is None else picked[i]
        count = asking.shape[-1]
        queries, keys = (query, query + rows * count), (key, key + rows * length)
        if near and window:
            seen = mask(asking, torch.arange(-near, 0))
            out.append(Part(group, queries, (prefix - near, prefix), mask=seen.repeat(rows, 1) if picked is None else seen.flatten(0, 1)))
        out.append(Part(group, queries, keys, rows, mask(asking, torch.arange(length))))
        query, key = queries[1], keys[1]
    if near and window is None and query > first:
        out.append(Part(group, (first, query), (0, prefix)))
    return out
