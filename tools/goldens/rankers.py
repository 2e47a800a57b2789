#!/usr/bin/env python3
"""Prints the constants of plugins/rankers/*/*_test.cc: the rankers as their equations say, in PyTorch, float64.

The din here concatenates [t, h, t - h, t * h] as the paper does; the component never builds that tensor.
Inputs: wave(sizes, start) is sin(0.7 k + start); weight number w (in the order of declaration) is 0.3 sin(0.7 k + w)."""
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


def wave(sizes, start=0.0, step=0.7, scale=1.0):
    n = int(torch.Size(sizes).numel())
    return (scale * torch.sin(step * torch.arange(n, dtype=torch.float64) + start)).view(sizes)


class Weights:
    """The next declared weight, filled by the formula."""

    def __init__(self):
        self.count = 0

    def __call__(self, *sizes):
        self.count += 1
        return wave(sizes, self.count - 1, 0.7, 0.3)

    def linear(self, into, out, bias=True):
        w = self(out, into)
        return w, self(out) if bias else None


def perceptron(x, layers, act):
    for w, b in layers[:-1]:
        x = act(F.linear(x, w, b))
    return F.linear(x, *layers[-1])[:, 0]


def show(name, t):
    print(name, "{" + ", ".join("%.10g" % v for v in t.flatten().tolist()) + "}")


def mlp():
    for act in (F.relu, F.gelu, F.silu):
        w = Weights()
        absent = [w(3), w(2)]                                 # one vector per wire
        layers = [w.linear(5, 9), w.linear(9, 8), w.linear(8, 1)]
        a, b = wave((4, 3)), wave((4, 2), 1.0)
        b[1] = absent[1]                                      # row 1 lacks the second wire
        show("mlp " + act.__name__, perceptron(torch.cat([a, b], 1), layers, act))


def din(streams, rows, places, hidden, attention, mask, norm="softmax", act=F.relu, other=None, dot=False, lacks=None):
    """mask [rows, places]; lacks: (stream, row, place) whose item has no such stream, and (stream, row) of targets."""
    w = Weights()
    d, o = sum(streams), sum(other or [])
    absent = [w(n) for n in streams]
    for n in other or []:
        w(n)                                                  # absent.other: no row of other is absent here
    unit, width = [], 4 * d
    for n in attention:
        unit.append(w.linear(width, n))
        width = n
    unit.append(w.linear(width, 1, norm != "softmax"))
    layers, width = [], o + 3 * d
    for n in hidden + [1]:
        layers.append(w.linear(width, n))
        width = n
    user = w.linear(o, d) if dot else None

    ts = [wave((rows, n), k) for k, n in enumerate(streams)]
    hs = [wave((rows, places, n), 2.0 + k) * mask[:, :, None] for k, n in enumerate(streams)]
    for place in lacks or []:
        k, stand_in = place[0], absent[place[0]]
        if len(place) == 2:
            ts[k][place[1]] = stand_in
        else:
            hs[k][place[1], place[2]] = stand_in
    t, h = torch.cat(ts, 1), torch.cat(hs, 2)
    e = t[:, None].expand_as(h)
    z = torch.cat([e, h, e - h, e * h], 2)
    for k, (a, b) in enumerate(unit):
        z = F.linear(z, a, b)
        if k + 1 < len(unit):
            z = act(z)
    s = z[..., 0]
    if norm == "softmax":
        s = torch.softmax(s.masked_fill(~mask, -1e4), 1)
    pooled = ((s * mask)[..., None] * h).sum(1)
    x = [wave((rows, n), 5.0 + k) for k, n in enumerate(other or [])]
    logit = perceptron(torch.cat(x + [t, pooled, t * pooled], 1), layers, act)
    if dot:
        logit = logit + (F.linear(torch.cat(x, 1), *user) * t).sum(1) / d ** 0.5
    return logit


class Deep:
    """The layers of a perceptron, in the order of declaration."""

    def __init__(self, w, width, hidden, beside=0):
        self.layers = []
        for n in hidden:
            self.layers.append(w.linear(width, n))
            width = n
        self.layers.append(w.linear(width + beside, 1))

    def inside(self, x):
        for layer in self.layers[:-1]:
            x = F.relu(F.linear(x, *layer))
        return x

    def __call__(self, x):
        return F.linear(self.inside(x), *self.layers[-1])[:, 0]


def fields():
    """Two wires: two fields, the second row absent, and one field. [4, 3, 3]; and terms, [4, 3]."""
    a, b, terms = wave((4, 2, 3)), wave((4, 1, 3), 1.0), wave((4, 3), 2.0)
    a[1] = 0
    return torch.cat([a, b], 1), terms


def pairs(v):
    """After the equation: every two fields."""
    n = v.shape[1]
    return sum((v[:, i] * v[:, j]).sum(1) for i in range(n) for j in range(i + 1, n))


def linear():
    w = Weights()
    bias, weigh = w(1), w(1, 2)
    terms, numbers = wave((4, 3)), wave((4, 2), 1.0)
    terms[2] = 0
    show("linear", bias + terms.sum(1) + F.linear(numbers, weigh)[:, 0])


def fm():
    bias = Weights()(1)
    v, terms = fields()
    show("fm", bias + terms.sum(1) + pairs(v))


def deep_fm():
    deep = Deep(Weights(), 9, [5, 4])
    v, terms = fields()
    show("deep_fm", terms.sum(1) + pairs(v) + deep(v.flatten(1)))


def dcn_v2(rank, parallel):
    w = Weights()
    a, b = wave((4, 3)), wave((4, 2), 1.0)
    b[1] = 0
    x0 = x = torch.cat([a, b], 1)
    cross = [(w(rank, 5) if rank else torch.eye(5), w(5, rank or 5), w(5)) for _ in range(2)]
    deep = Deep(w, 5, [4, 3], 5 if parallel else 0)
    for down, up, bias in cross:
        x = x0 * (x @ (up @ down).T + bias) + x
    if parallel:
        logit = F.linear(torch.cat([deep.inside(x0), x], 1), *deep.layers[-1])[:, 0]
    else:
        logit = deep(x)
    show("dcn_v2 rank %d %s" % (rank, "parallel" if parallel else "stacked"), logit)


def autoint():
    """Each head and row apart."""
    w = Weights()
    heads, width = 2, 2
    v, terms = fields()
    maps = [[w(heads * width, 3 if k == 0 else heads * width) for _ in range(4)] for k in range(2)]
    attended = w(1, 3 * heads * width)
    deep = Deep(w, 9, [4])
    e = v
    for query, key, value, residual in maps:
        rows = []
        for x in e:                                           # [fields, dim]
            parts = []
            for h in range(heads):
                one = slice(h * width, (h + 1) * width)
                q, k, u = x @ query[one].T, x @ key[one].T, x @ value[one].T
                parts.append(torch.softmax(q @ k.T / width ** 0.5, 1) @ u)
            rows.append(F.relu(torch.cat(parts, 1) + x @ residual.T))
        e = torch.stack(rows)
    show("autoint", terms.sum(1) + F.linear(e.flatten(1), attended)[:, 0] + deep(v.flatten(1)))


def mask_of(rows, places, hidden):
    m = torch.ones(rows, places, dtype=torch.bool)
    for r, p in hidden:
        m[r, p] = False
    return m


def neumf(gmf=True, mlp=True, hidden=(5, 4), absent=False):
    """The row's item and the candidates, one pair at a time: eq. 9, 10 and 12, weights [in, out]."""
    w = Weights()
    layers, width = [], 5
    for n in hidden:
        layers.append((w(width, n) if mlp else w(0), w(n) if mlp else w(0)))
        width = n
    weight, bias = w((4 if gmf else 0) + (width if mlp else 0), 1), w(1)
    gu, gi, gc = wave((3, 4), 0.0), wave((3, 4), 1.0), wave((3, 2, 4), 2.0)
    mu, mi, mc = wave((3, 3), 3.0), wave((3, 2), 4.0), wave((3, 2, 2), 5.0)
    if absent:
        mu[1], gi[2] = 0, 0

    def one(r, g, m):
        seen = [gu[r] * g] if gmf else []
        if mlp:
            x = torch.cat([mu[r], m])
            for a, b in layers:
                x = F.relu(a.T @ x + b)
            seen.append(x)
        return (weight.T @ torch.cat(seen) + bias)[0]

    scores = torch.stack([one(r, gc[r, k], mc[r, k]) for r in range(3) for k in range(2)])
    if absent:
        scores[[1, 4, 5]] = 0
    return torch.stack([one(r, gi[r], mi[r]) for r in range(3)]), scores


def show_neumf():
    for name, options in {"both": {}, "flat": {"hidden": ()}, "gmf": {"mlp": False}, "mlp": {"gmf": False}, "hidden": {"absent": True}}.items():
        logit, scores = neumf(**options)
        show("neumf " + name, logit)
        show("neumf " + name + " scores", scores)


if __name__ == "__main__":
    mlp()
    linear()
    fm()
    deep_fm()
    for rank, parallel in ((0, False), (2, False), (0, True)):
        dcn_v2(rank, parallel)
    autoint()
    # Row 1 has one place, row 2 none.
    hidden = [(0, 0), (1, 0), (1, 1), (1, 3), (2, 0), (2, 1), (2, 2), (2, 3)]
    m = mask_of(4, 4, hidden)
    lacks = [(1, 3), (1, 0, 2), (1, 3, 1)]                    # the second stream: target of row 3, two places
    show("din plain", din([3], 4, 4, [], [7], m))
    show("din streams", din([8, 16], 4, 4, [6, 4], [5], m, other=[3, 2], dot=True, lacks=lacks))
    show("din odd streams", din([3, 2], 4, 4, [6, 4], [5], m, other=[3, 2], dot=True, lacks=lacks))
    show("din none", din([8], 4, 4, [6], [5], m, norm="none"))
    show("din deep gelu", din([4], 4, 4, [6], [5, 3], m, act=F.gelu))
    show("din linear unit", din([4], 4, 4, [], [], m, norm="none"))
    show_neumf()
