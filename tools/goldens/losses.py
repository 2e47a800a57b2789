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


def catalogue(places, items, dim, T, answers, hidden=(), weight=None):
    """Places and items as flat lists; item 0 is no candidate. Values, and with `weight` the gradients."""
    q, x = wave((places, dim)), wave((items, dim), 0.5, 0.9)
    q.requires_grad_(), x.requires_grad_()
    out = [torch.zeros(())] * places
    for p in range(places):
        if p not in hidden and 0 < answers[p] < items:
            out[p] = F.cross_entropy((x[1:] @ q[p] / T)[None], torch.tensor([answers[p] - 1]))
    out = torch.stack(out)
    if weight is not None:
        (out * weight).sum().backward()
    return out, q.grad, x.grad


def show_catalogue():
    show("catalogue", catalogue(12, 6, 3, 0.5, [1, 5, 2, 0, 3, 0, 4, 4, 0, 0, 6, -1], [3, 9])[0])
    loss, q, x = catalogue(360, 5001, 5, 1.0, [k * 37 % 5001 for k in range(360)], [], wave((360,), 0.3, 0.2))
    show("catalogue of 5001, sum", loss.sum())
    show("its query's gradient at 100", q.flatten()[100:105])
    show("its item's gradient at 185", x.flatten()[185:190])


def bpr(hidden):
    q, x, y = wave((5, 4)), wave((5, 4), 0.5, 0.9), wave((5, 3, 4), 1.0, 0.6)
    out = torch.zeros(5)
    for r in range(5):
        negatives = {0: [1], 1: [], 2: [], 3: []}.get(r, [0, 1, 2]) if hidden else [0, 1, 2]
        if negatives:
            out[r] = sum(-F.logsigmoid(q[r] @ x[r] - q[r] @ y[r, k]) for k in negatives) / len(negatives)
    return out


def sampled(normalize=False, counts=False, keys=False, hidden=False, T=0.5):
    """-log softmax over the answer and the negatives that are left, place by place."""
    q, x, y = wave((3, 4, 3)), wave((3, 4, 3), 0.5, 0.9), wave((3, 5, 3), 1.0, 0.6)
    if normalize:
        q, x, y = (F.normalize(v, dim=2) for v in (q, x, y))
    drawn = lambda v: torch.where(v < -0.9, 1.0, v.abs() * 20).log() if counts else torch.zeros(())
    of_item, of_negative = drawn(wave((3, 4), 2.0, 0.5)).expand(3, 4), drawn(wave((3, 5), 3.0, 0.4)).expand(3, 5)
    key = torch.tensor([[1, 2, 3, 4], [1, 2, 3, 4], [7, 7, 8, 8]])
    other = torch.tensor([[2, 9, 8, 2, 7], [9, 9, 8, 7, 6], [7, 7, 7, 7, 7]])
    out = torch.zeros(3, 4)
    for r in range(3):
        for p in range(4):
            left = [k for k in range(5) if not (hidden and (r == 2 or (r == 1 and k in (0, 2, 4))))]
            left = [k for k in left if not keys or other[r, k] != key[r, p]]
            if not left or (hidden and r == 0 and p in (0, 3)):
                continue
            s = [q[r, p] @ x[r, p] / T - of_item[r, p]] + [q[r, p] @ y[r, k] / T - of_negative[r, k] for k in left]
            out[r, p] = -torch.log_softmax(torch.stack(s), 0)[0]
    return out


def show_sampled():
    show("bpr", bpr(False))
    show("bpr hidden", bpr(True))
    show("sampled", sampled())
    show("sampled normalised", sampled(normalize=True))
    show("sampled counts", sampled(counts=True))
    show("sampled keys", sampled(keys=True))
    show("sampled counts keys hidden", sampled(counts=True, keys=True, hidden=True))


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
    show_catalogue()
    show_sampled()
