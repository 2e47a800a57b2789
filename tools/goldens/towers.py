#!/usr/bin/env python3
"""Prints the constants of plugins/towers/*/*_test.cc in PyTorch, float64: rows one by one, convolutions as convolutions.

Inputs: wave(sizes, start) is sin(0.7 k + start), ids(sizes, n, start) is (7 k + start) % n; weight number w (in the order of
declaration) is 0.3 sin(0.7 k + w), plus 1 for the gains of norms."""
import torch
import torch.nn.functional as F

from rankers import Weights, show, wave


def ids(sizes, n, start=1):
    return ((torch.arange(int(torch.Size(sizes).numel())) * 7 + start) % n).view(sizes)


class More(Weights):
    def norm(self, dim):
        return 1 + self(dim), self(dim)

    def block(self, dim, inner):
        n1, qkv, out, n2 = self.norm(dim), self.linear(dim, 3 * dim), self.linear(dim, dim), self.norm(dim)
        return n1, qkv, out, n2, self.linear(dim, inner), self.linear(inner, dim)


def norm(x, p):
    return F.layer_norm(x, x.shape[-1:], *p)


def block(x, p, heads):
    """x [places, dim]: one row, no padding."""
    n1, qkv, out, n2, up, down = p
    length, dim = x.shape
    q, k, v = F.linear(norm(x, n1), *qkv).view(length, 3, heads, dim // heads).permute(1, 2, 0, 3)
    a = torch.softmax(q @ k.transpose(1, 2) / (dim // heads) ** 0.5, -1) @ v
    x = x + F.linear(a.transpose(0, 1).reshape(length, dim), *out)
    return x + F.linear(F.gelu(F.linear(norm(x, n2), *up)), *down)


def text(wires, places, rows, heads=2, dim=8, layers=2, n=11):
    """rows: for each row the places of each wire that hold a token."""
    w = More()
    token, position = w(n, dim), w(max(places), dim)
    types = [w(dim) for _ in range(wires)] if wires > 1 else []
    n_in, blocks, n_out = w.norm(dim), [w.block(dim, 2 * dim) for _ in range(layers)], w.norm(dim)
    tokens = [ids((len(rows), p), n, 1 + k) for k, p in enumerate(places)]
    out = []
    for r, lengths in enumerate(rows):
        x = [token[tokens[k][r, p]] + position[p] + (types[k] if types else 0) for k in range(wires) for p in range(lengths[k])]
        if not x:
            out.append(torch.zeros(dim))
            continue
        x = norm(torch.stack(x), n_in)
        for b in blocks:
            x = block(x, b, heads)
        out.append(norm(x, n_out).mean(0))
    return torch.stack(out)


def picture(layers):
    w = More()
    a, b, c = w.linear(3 * 4, 5), w.linear(4 * 5, 6), w.linear(4 * 6, 8)
    position, blocks, last = w(6, 8), [w.block(8, 16) for _ in range(layers)], w.norm(8)
    x = wave((3, 3, 16, 24))
    # The first step's weights read [channel, y, x] of a patch, the others [y, x, width] of four patches.
    first = lambda t, p, into: F.conv2d(t, p[0].view(-1, into, 2, 2), p[1], stride=2)
    merge = lambda t, p, into: F.conv2d(t, p[0].view(-1, 2, 2, into).permute(0, 3, 1, 2), p[1], stride=2)
    x = F.gelu(first(x, a, 3))
    x = F.gelu(merge(x, b, 5))
    x = merge(x, c, 6).flatten(2).transpose(1, 2) + position
    rows = []
    for r in x:
        for p in blocks:
            r = block(r, p, 2)
        rows.append(norm(r, last))
    return torch.stack(rows)


def features():
    w = Weights()
    a, b = w(5, 3), w(7, 3)
    single, several, on = ids((4,), 5), ids((4, 3), 7), [[1, 1, 1], [1, 0, 1], [0, 0, 0], [1, 1, 0]]
    mean = torch.stack([sum((b[several[r, v]] for v in range(3) if on[r][v]), torch.zeros(3)) / max(sum(on[r]), 1) for r in range(4)])
    return torch.cat([a[single], mean, wave((4, 2))], 1)


def sasrec(rows, layers=2, heads=2, dim=8, places=5, hidden=None, scale=True):
    """rows: for each row the places that hold an item. States [rows, places, dim] and the last one's [rows, dim]."""
    w = More()
    position, blocks = w(places, dim), [w.block(dim, hidden or 4 * dim) for _ in range(layers)]
    last, items = w.norm(dim), wave((len(rows), places, dim))
    states, vectors = torch.zeros(len(rows), places, dim), torch.zeros(len(rows), dim)
    for r, on in enumerate(rows):
        x = [items[r, p] * (dim ** 0.5 if scale else 1) + position[len(on) - 1 - k] for k, p in enumerate(on)]
        for b in blocks:                                      # each event from a block that sees no more than precedes it
            x = [block(torch.stack(x[:j + 1]), b, heads)[-1] for j in range(len(x))]
        for place, state in zip(on, x):
            states[r, place] = vectors[r] = norm(state, last)
    return states, vectors


def light_gcn(layers, users=5, items=4, dim=3):
    """The normalised adjacency as one dense matrix. Edges: one said twice, one with each unknown, one that leads nowhere."""
    edges = {(1, 1), (1, 2), (2, 1), (2, 3), (3, 3), (1, 3)}
    a = torch.zeros(users + items, users + items)
    for u, i in edges:
        a[u, users + i] = a[users + i, u] = 1
    scale = a.sum(0).clamp_min(1) ** -0.5
    a, x = scale[:, None] * a * scale, torch.cat([wave((users, dim)), wave((items, dim), 1.0)])
    mean = sum(torch.linalg.matrix_power(a, k) @ x for k in range(layers + 1)) / (layers + 1)
    return mean[:users], mean[users:]


if __name__ == "__main__":
    show("text, one wire", text(1, [5], [[5], [3], [0], [1]]))
    show("text, two wires", text(2, [3, 4], [[3, 4], [0, 2], [3, 0], [2, 1]]))
    show("pictures, stem alone (mean)", picture(0).mean(1))
    show("pictures, stem alone (tokens of row 1)", picture(0)[1])
    show("pictures, one layer (mean)", picture(1).mean(1))
    show("features", features())
    states, vectors = sasrec([[0, 1, 2, 3, 4], [0, 1, 3], [], [0]])
    show("sasrec, vectors", vectors)
    show("sasrec, states of row 1", states[1])
    show("sasrec, narrow, unscaled, one head", sasrec([[0, 1, 2], [0, 1, 2]], 1, 1, 8, 3, 5, False)[1])
    for layers in (1, 3):
        show("light_gcn, users", light_gcn(layers)[0])
        show("light_gcn, items", light_gcn(layers)[1])


def conv_tower():
    """Two convolutions on pictures of odd sides; row 1 is absent."""
    w = More()
    steps = [(w(5, 3 * 9).view(5, 3, 3, 3), 1 + w(5), w(5)), (w(4, 5 * 9).view(4, 5, 3, 3), 1 + w(4), w(4))]
    last = w.linear(4, 2)
    x = wave((3, 3, 7, 6))
    for kernel, gain, bias in steps:
        x = F.conv2d(x, kernel, stride=2, padding=1)
        mean, var = x.mean((1, 2, 3), keepdim=True), x.var((1, 2, 3), unbiased=False, keepdim=True)
        x = F.relu((x - mean) / (var + 1e-5) ** 0.5 * gain[:, None, None] + bias[:, None, None])
    out = F.linear(x.mean((2, 3)), *last)
    out[1] = 0
    return out


show("conv_tower", conv_tower())
