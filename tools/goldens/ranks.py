#!/usr/bin/env python3
"""Prints the constants of the tests of recall, precision, hit_rate, ndcg, mrr and map: plain loops after the equations.

The rows are those of plugins/parts/ranks_testing.h: a list of (rank, group), and rows of (score, label, group)."""
import math

import numpy as np


def given():
    """Groups of ascending ranks."""
    groups = {}
    for k in range(300):
        groups.setdefault(7 * k % 13, []).append((11 * (k // 13) + 5 * (k % 13)) % 53)
    for k in range(20):
        groups.setdefault(-1 - k, []).append(7 * k % 25)
    return {g: sorted(r) for g, r in groups.items()}


def ranked():
    rows = {}
    for k in range(500):
        if k % 17 == 4:
            continue                                          # no label
        g = 7 * k % 13
        score = np.float32(math.floor(math.sin(0.1 * k) * 20 + 0.5) / 20)
        rows.setdefault(g, []).append((score, g != 3 and math.sin(0.37 * k + 1) > 0.05 * (k % 13) + 0.2))
    groups = {}
    for g, own in rows.items():
        order = np.argsort([-s for s, _ in own], kind="stable")
        groups[g] = [place for place, k in enumerate(order) if own[k][1]]
    return {g: r for g, r in groups.items() if r}


def recall(ranks, at):
    return sum(1 for r in ranks if r < at) / len(ranks)


def precision(ranks, at):
    return sum(1 for r in ranks if r < at) / at


def hit_rate(ranks, at):
    return 1.0 if any(r < at for r in ranks) else 0.0


def ndcg(ranks, at):
    gained = sum(1 / math.log2(r + 2) for r in ranks if r < at)
    return gained / sum(1 / math.log2(i + 2) for i in range(min(len(ranks), at)))


def mrr(ranks, at):
    return 1 / (ranks[0] + 1) if ranks[0] < at or at == 0 else 0.0


def map(ranks, at):
    total = 0.0
    for place in range(at):                                   # the precision of each place that holds an answer
        if place in ranks:
            total += sum(1 for r in ranks if r <= place) / (place + 1)
    return total / min(len(ranks), at)


for name, groups in (("given", given()), ("ranked", ranked())):
    print(name, len(groups), "groups, answers", [len(r) for r in groups.values()])
    for metric in (recall, precision, hit_rate, ndcg, mrr, map):
        for at in (1, 5, 10, 1000) + ((0,) if metric is mrr else ()):
            print(" ", metric.__name__, "at", at, repr(float(np.mean([metric(r, at) for r in groups.values()]))))
