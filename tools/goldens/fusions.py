#!/usr/bin/env python3
"""Prints the constants of plugins/fusions/*/*_test.cc in PyTorch, float64.

The FQ-Former follows the paper's equations row by row: every row of [queries; tokens] goes through every layer, and the query rows
are cut out at the end. Inputs and weights as in towers.py."""
import torch
import torch.nn.functional as F

from rankers import show, wave
from towers import More, norm


def attention(h, layer, heads):
    """Self-attention over h [places, dim], post-norm, no feed-forward part."""
    q, kv, o, n = layer
    dim = h.shape[1]
    split = lambda x: x.view(-1, heads, dim // heads).transpose(0, 1)
    q, (k, v) = split(F.linear(h, *q)), (split(x) for x in F.linear(h, *kv).chunk(2, 1))
    a = torch.softmax(q @ k.transpose(1, 2) / (dim // heads + 1e-5) ** 0.5, -1) @ v
    return norm(F.linear(a.transpose(0, 1).reshape(-1, dim), *o) + h, n)


def fq(inputs, shown, dim=8, queries=2, heads=2, layers=1, project=False, types=False):
    """inputs: [rows, places, width] each; shown[k][row]: places of input k that hold a token."""
    w = More()
    query = w(queries, dim)
    projections = [w.linear(x.shape[2], dim) for x in inputs] if project else []
    kinds = [w(dim) for _ in inputs] if types else []
    blocks = [(w.linear(dim, dim), w.linear(dim, 2 * dim), w.linear(dim, dim), w.norm(dim)) for _ in range(layers)]
    out = w.linear(queries * dim, dim)
    vectors, all_queries = [], []
    for r in range(inputs[0].shape[0]):
        tokens = [(F.linear(x[r, p], *projections[k]) if project else x[r, p]) + (kinds[k] if types else 0)
                  for k, x in enumerate(inputs) for p in shown[k][r]]
        if not tokens:
            vectors.append(torch.zeros(dim))
            all_queries.append(torch.zeros(queries, dim))
            continue
        h = torch.cat([query, torch.stack(tokens)])
        for b in blocks:
            h = attention(h, b, heads)
        all_queries.append(h[:queries])
        vectors.append(F.linear(h[:queries].flatten(), *out))
    return torch.stack(vectors), torch.stack(all_queries)


words, sight = wave((4, 3, 8)), wave((4, 2, 8), 1.0)
shown = [[[0, 1, 2], [1], [], []], [[0, 1], [0, 1], [], [1]]]
show("fq_former vector", fq([words, sight], shown)[0])
show("fq_former queries", fq([words, sight], shown)[1])
show("fq_former, two layers, types", fq([words, sight], shown, layers=2, types=True)[0])
vectors = [wave((3, 1, 5)), wave((3, 1, 6), 2.0)]
show("fq_former, projected vectors", fq(vectors, [[[0]] * 3] * 2, project=True)[0])


def concat():
    w = More()
    w(1, 2)                                                   # absent.0: no row of input 0 is absent
    absent = w(1, 3)
    b = wave((3, 3), 1.0)
    b[1] = absent
    return torch.cat([wave((3, 2)), b], 1)


def projected_sum(gates, normed):
    w = More()
    a, b = w.linear(2, 4), w.linear(3, 4)
    gate = w(1) if gates else torch.ones(1)
    p = w.norm(4) if normed else None
    y = F.linear(wave((3, 3), 1.0), *b) * gate
    y[1] = 0
    x = F.linear(wave((3, 2)), *a) + y
    return norm(x, p) if normed else x


show("concat", concat())
show("projected_sum", projected_sum(False, True))
show("projected_sum, gated, bare", projected_sum(True, False))


def gated(softmax):
    """Row by row; row 1 lacks the second input."""
    w = More()
    streams = [(w.linear(n, 4), w.linear(5, 4)) for n in (2, 3)]
    a, b = wave((3, 2)), wave((3, 3), 1.0)
    b[1] = 0
    rows = []
    for r in range(3):
        x, together, has = (a[r], b[r]), torch.cat([a[r], b[r]]), [0] if r == 1 else [0, 1]
        z = torch.stack([F.linear(together, *streams[k][1]) for k in has])
        z = torch.softmax(z, 0) if softmax else torch.sigmoid(z)
        rows.append(sum(z[j] * torch.tanh(F.linear(x[k], *streams[k][0])) for j, k in enumerate(has)))
    return torch.stack(rows)


show("gated sigmoid", gated(False))
show("gated softmax", gated(True))
