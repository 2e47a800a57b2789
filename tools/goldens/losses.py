#!/usr/bin/env python3
"""Prints the constants of the tests of losses and distillers, in PyTorch, float64, after each loss's equation.

Inputs: wave(sizes, start) is sin(0.7 k + start); weight number w (in the order of declaration) is 0.3 sin(0.7 k + w)."""
import torch
import torch.nn.functional as F

from rankers import Weights, show, wave


def bce():
    x, y = wave((6,), 0.0, 0.7, 4.0), torch.tensor([1.0, 0.0, 0.25, 1.0, 0.0, 1.0])
    show("bce", F.binary_cross_entropy_with_logits(x, y, reduction="none"))
    s = y * 0.8 + 0.1
    show("bce smoothed 0.2, importance", wave((6,), 1.0) * F.binary_cross_entropy_with_logits(x, s, reduction="none"))


def soft_label():
    s, t, T = wave((5,), 0.0, 0.7, 3.0), wave((5,), 1.0, 0.9, 2.0), 2.5
    show("soft_label", F.binary_cross_entropy_with_logits(s / T, torch.sigmoid(t / T), reduction="none") * T * T)


def nce(normalize, symmetric, present=None, keys=None):
    q, x = wave((5, 4)), wave((5, 4), 0.5, 0.9)
    if normalize:
        q, x = F.normalize(q, dim=1), F.normalize(x, dim=1)
    out = torch.zeros(5)
    rows = [r for r in range(5) if present is None or r in present]

    def side(a, b, i):                                        # -log softmax over the allowed columns, by a plain loop
        terms = [torch.exp(a[i] @ b[j] / 0.2) for j in rows if j == i or not keys or all(k[i] != k[j] for k in keys)]
        return -torch.log(torch.exp(a[i] @ b[i] / 0.2) / sum(terms))

    for i in rows:
        out[i] = side(q, x, i)
        if symmetric:
            out[i] = 0.5 * (out[i] + side(x, q, i))
    return out


def contrast_sides(mode, dim=4):
    c, e = wave((5, 3)), wave((5, 6 if mode != "raw" else 3), 0.3, 0.9)
    if mode != "raw":
        w = Weights()
        c = F.normalize(F.linear(c, *w.linear(3, dim)), dim=1, eps=1e-5)
        e = F.normalize(F.linear(e, *w.linear(6, dim)), dim=1, eps=1e-5)
    return c, e


def contrast(mode, present=None):
    c, e = contrast_sides(mode)
    rows = [r for r in range(5) if present is None or r in present]
    out = torch.zeros(5)
    for i in rows:
        s = lambda a, b: sum(torch.exp(a[i] @ b[j] / 0.1) for j in rows)
        own = torch.exp(c[i] @ e[i] / 0.1)
        out[i] = -0.5 * (torch.log(own / s(c, e)) + torch.log(own / s(e, c)))
    return out


def contrast_drawn(n):
    """[5, 5]: row i's loss when row r was drawn n times (authors' code: the same draws for both directions)."""
    c, e = contrast_sides("sampled")
    out = torch.zeros(5, 5)
    for i in range(5):
        for r in range(5):
            own = torch.exp(c[i] @ e[i] / 0.1)
            out[i, r] = -0.5 * (torch.log(own / (own + n * torch.exp(c[i] @ e[r] / 0.1))) + torch.log(own / (own + n * torch.exp(e[i] @ c[r] / 0.1))))
    return out


if __name__ == "__main__":
    bce()
    soft_label()
    show("nce", nce(False, False))
    show("nce normalised, symmetric", nce(True, True))
    show("nce rows 0 2 3", nce(True, False, [0, 2, 3]))
    show("nce keys", nce(True, True, None, [[7, 8, 7, 9, 10], [1, 2, 3, 2, 1]]))
    show("contrast in_batch", contrast("in_batch"))
    show("contrast in_batch rows 0 1 4", contrast("in_batch", [0, 1, 4]))
    show("contrast raw", contrast("raw"))
    show("contrast drawn once", contrast_drawn(1))
    show("contrast drawn 3 times", contrast_drawn(3))
