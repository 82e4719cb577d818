"""Muon for the matrices of the layers, AdamW for the rest.

Muon: momentum .95 (Nesterov), the update made orthogonal by five Newton-Schulz steps, scaled by max(1, rows/columns)^.5
(K. Jordan et al., 2024).
"""
import torch


def orthogonal(x, half):
    """x [n, rows, columns]: nearly the nearest orthogonal matrices; `half`: by bfloat16 products."""
    tall = x.shape[-2] > x.shape[-1]
    x = x.mT if tall else x
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    x = x.bfloat16() if half else x
    for _ in range(5):
        a = x @ x.mT
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return x.float().mT if tall else x.float()


class Optimiser:
    def __init__(self, network, muon_rate, adam_rate, half, decay=.01):
        self.muon_rate, self.adam_rate, self.half, self.decay = muon_rate, adam_rate, half, decay
        self.matrices = [p for n, p in network.named_parameters() if p.dim() == 2 and "embed" not in n and "per_layer" not in n]
        chosen = set(map(id, self.matrices))
        self.rest = [p for p in network.parameters() if id(p) not in chosen]
        self.adam = torch.optim.AdamW(self.rest, lr=adam_rate, betas=(.9, .98), weight_decay=0.)
        self.momentum = [torch.zeros_like(p) for p in self.matrices]
        self.by_shape = {}
        for i, p in enumerate(self.matrices):
            self.by_shape.setdefault(tuple(p.shape), []).append(i)

    @torch.no_grad()
    def step(self, scale):
        torch.nn.utils.clip_grad_norm_(self.rest, 1.0)
        for group in self.adam.param_groups:
            group["lr"] = self.adam_rate * scale
        self.adam.step()
        rate = self.muon_rate * scale
        for shape, indices in self.by_shape.items():
            for i in indices:
                self.momentum[i].lerp_(self.matrices[i].grad, .05)
            updates = orthogonal(torch.stack([self.matrices[i].grad.lerp(self.momentum[i], .95) for i in indices]), self.half)
            for i, update in zip(indices, updates):
                self.matrices[i].mul_(1 - rate * self.decay).add_(update, alpha=-rate * max(1, shape[0] / shape[1]) ** .5)

    def state(self):
        return {"adam": self.adam.state_dict(), "momentum": self.momentum}

    def load(self, state):
        self.adam.load_state_dict(state["adam"])
        for mine, saved in zip(self.momentum, state["momentum"]):
            mine.copy_(saved)
