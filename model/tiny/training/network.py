"""The decoder in plain PyTorch with the names of the published checkpoints, for training on a CPU.

`forward` takes one family: the prefix once, then conversations that all attend to the prefix's keys and values.
Equal to the plain forward of a whole prompt (generator_test.py compares), at a fraction of its cost.
"""
import json
import pathlib

import torch
import torch.nn as nn
import torch.nn.functional as F

from attention import Attend, parts


class Shape:
    """What config.json of a checkpoint says, as far as this family needs it."""

    def __init__(self, directory):
        c = json.loads((pathlib.Path(directory) / "config.json").read_text())
        self.vocabulary, self.hidden, self.layers = c["vocab_size"], c["hidden_size"], c["num_hidden_layers"]
        self.heads, self.kv_heads, self.head = c["num_attention_heads"], c["num_key_value_heads"], c["head_dim"]
        self.full = [t == "full_attention" for t in c["layer_types"]]
        per_layer = c.get("per_layer_config", {})
        self.heads_of_layer = [per_layer.get(str(i), {}).get("head_dim", self.head) for i in range(self.layers)]
        self.inner, self.per_layer, self.window = c["intermediate_size"], c["hidden_size_per_layer_input"], c["sliding_window"]
        self.shared, self.cap = c["num_kv_shared_layers"], c["final_logit_softcapping"]
        self.wide = c["use_double_wide_mlp"]
        rope = c["rope_parameters"]
        self.theta = {True: rope["full_attention"]["rope_theta"], False: rope["sliding_attention"]["rope_theta"]}
        self.partial = rope["full_attention"]["partial_rotary_factor"]

    def head_size(self, full):
        return next(h for h, f in zip(self.heads_of_layer, self.full) if f == full)


class Norm(nn.Module):
    def __init__(self, size, start=1.0):
        super().__init__()
        self.weight = nn.Parameter(torch.full((size,), start))

    def forward(self, x):
        return F.rms_norm(x.float(), self.weight.shape, self.weight, 1e-6)


def rotate(x, rotation):
    cos, sin = rotation
    a, b = x.chunk(2, -1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)


def rotation(s, full, places):
    """(cosines, sines) [n, 1, size / 2] of the places; in full attention a part of the dimensions turns."""
    size = s.head_size(full)
    turning = int(s.partial * size // 2) if full else size // 2
    frequency = torch.cat((s.theta[full] ** -(torch.arange(0, 2 * turning, 2).float() / size), torch.zeros(size // 2 - turning)))
    angle = places[:, None] * frequency
    return angle.cos()[:, None], angle.sin()[:, None]


class Attention(nn.Module):
    def __init__(self, s, layer):
        super().__init__()
        self.shape, self.full, self.size, self.reuses = s, s.full[layer], s.heads_of_layer[layer], layer >= s.layers - s.shared
        temperature = self.size ** -.25 * 1.2  # the attention scale is 1: the norms set the temperature
        self.q_proj = nn.Linear(s.hidden, s.heads * self.size, bias=False)
        self.o_proj = nn.Linear(s.heads * self.size, s.hidden, bias=False)
        self.q_norm = Norm(self.size, temperature)
        if not self.reuses:
            self.k_proj = nn.Linear(s.hidden, s.kv_heads * self.size, bias=False)
            self.v_proj = nn.Linear(s.hidden, s.kv_heads * self.size, bias=False)
            self.k_norm = Norm(self.size, temperature)

    def forward(self, x, layout, store):
        s, n, rotation = self.shape, x.shape[0], layout.rotation[self.reuses][self.full]
        q = rotate(self.q_norm(self.q_proj(x).view(n, s.heads, self.size)), rotation)
        if self.reuses:
            k, v = store[self.full]
        else:
            k = rotate(self.k_norm(self.k_proj(x).view(n, s.kv_heads, self.size)), rotation)
            v = F.rms_norm(self.v_proj(x).view(n, s.kv_heads, self.size).float(), (self.size,), None, 1e-6)
            store[self.full] = (k, v)
        if layout.half:
            q, k, v = q.bfloat16(), k.bfloat16(), v.bfloat16()
        return self.o_proj(Attend.apply(q, k, v, layout.parts[self.reuses][self.full]).flatten(1))


class FeedForward(nn.Module):
    def __init__(self, s, layer):
        super().__init__()
        inner = s.inner * (2 if s.wide and layer >= s.layers - s.shared else 1)
        self.gate_proj = nn.Linear(s.hidden, inner, bias=False)
        self.up_proj = nn.Linear(s.hidden, inner, bias=False)
        self.down_proj = nn.Linear(inner, s.hidden, bias=False)

    def forward(self, x):
        return self.down_proj(F.gelu(self.gate_proj(x), approximate="tanh") * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, s, layer):
        super().__init__()
        after = (2 * s.layers) ** -.5 * 1.5
        self.self_attn, self.mlp = Attention(s, layer), FeedForward(s, layer)
        self.input_layernorm, self.post_attention_layernorm = Norm(s.hidden), Norm(s.hidden, after)
        self.pre_feedforward_layernorm, self.post_feedforward_layernorm = Norm(s.hidden), Norm(s.hidden, after)
        self.per_layer_input_gate = nn.Linear(s.hidden, s.per_layer, bias=False)
        self.per_layer_projection = nn.Linear(s.per_layer, s.hidden, bias=False)
        self.post_per_layer_input_norm = Norm(s.hidden, after * .5)
        self.register_buffer("layer_scalar", torch.ones(1))

    def forward(self, x, per_layer, layout, store):
        x = x + self.post_attention_layernorm(self.self_attn(self.input_layernorm(x), layout, store))
        x = x + self.post_feedforward_layernorm(self.mlp(self.pre_feedforward_layernorm(x)))
        gate = F.gelu(self.per_layer_input_gate(x), approximate="tanh") * per_layer
        return (x + self.post_per_layer_input_norm(self.per_layer_projection(gate))) * self.layer_scalar


class Network(nn.Module):
    def __init__(self, s):
        super().__init__()
        self.shape = s
        self.embed_tokens = nn.Embedding(s.vocabulary, s.hidden)
        self.embed_tokens_per_layer = nn.Embedding(s.vocabulary, s.layers * s.per_layer)
        self.per_layer_model_projection = nn.Linear(s.hidden, s.layers * s.per_layer, bias=False)
        self.per_layer_projection_norm = Norm(s.per_layer)
        self.layers = nn.ModuleList(Layer(s, i) for i in range(s.layers))
        self.norm = Norm(s.hidden)
        for name, p in self.named_parameters():
            if p.dim() == 2:
                spread = .7 * s.hidden ** -.5 if name.startswith("embed_tokens.") else s.per_layer ** -.5 if "embed_tokens_per" in name else p.shape[1] ** -.5
                nn.init.normal_(p, 0, spread)

    def forward(self, ids, layout):
        """`ids` [n] in the layout's order; hidden states of the tokens that the layout picks."""
        s, n = self.shape, len(ids)
        x = self.embed_tokens(ids) * s.hidden ** .5
        own = (self.embed_tokens_per_layer(ids) * s.per_layer ** .5).view(n, s.layers, s.per_layer)
        projected = self.per_layer_projection_norm((self.per_layer_model_projection(x) * s.hidden ** -.5).view(n, s.layers, s.per_layer))
        per_layer, store = (projected + own) * 2 ** -.5, {}
        for i, layer in enumerate(self.layers):
            if i == s.layers - s.shared:  # no token needs another's hidden state from here on
                x, per_layer = x[layout.picked], per_layer[layout.picked]
            x = layer(x, per_layer[:, i], layout, store)
        return self.norm(x)

    def logits(self, hidden):
        return self.shape.cap * torch.tanh(F.linear(hidden, self.embed_tokens.weight).float() / self.shape.cap)


class Layout:
    """Where each token of a family stands: the prefix, then buckets (rows, length) of conversations, filled up at their ends.

    `picked`: for each bucket the places [rows, n] in its conversations whose hidden states are wanted. Layers that reuse keys
    and values compute those alone.
    """

    def __init__(self, s, prefix, buckets, picked, half):
        self.half = half
        places, self.picked, start = [torch.arange(prefix)], [], prefix
        for (rows, length), asked in zip(buckets, picked):
            places.append(torch.arange(prefix, prefix + length).repeat(rows))
            self.picked.append((start + torch.arange(rows)[:, None] * length + asked).flatten())
            start += rows * length
        places, self.picked = torch.cat(places), torch.cat(self.picked)
        group, kind = s.heads // s.kv_heads, torch.bfloat16 if half else torch.float32
        windows = {True: None, False: s.window}
        self.rotation = [{full: rotation(s, full, p.float()) for full in windows} for p in (places, places[self.picked])]
        self.parts = [{full: parts(group, prefix, buckets, window, kind, p) for full, window in windows.items()} for p in (None, picked)]
