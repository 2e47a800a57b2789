#!/usr/bin/env python3
"""Prints the constants of tools/bootstrap_test.cc: every resample's rows written out, each drawn group as one of its own,
and AUC, grouped AUC and NDCG@10 of them by their definitions, over all pairs of rows.

Scores are small whole numbers, so that ties are many; see `world` of the test."""
import numpy as np

ROWS, GROUPS, RESAMPLES, SEED = 400, 23, 50, 7
MASK = 2**64 - 1


def mixed(x):
    """splitmix64 (Steele, Lea and Flood 2014)."""
    x = (x + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def draw(seed, number, k, count):
    return (mixed((mixed((mixed(seed) + number) & MASK) + k) & MASK) >> 32) * count >> 32


def world():
    k = np.arange(ROWS)
    group = (k * k * 7 + k // 5) % GROUPS
    label = ((k * 37) % 11 < 4) & (group != 3)                # group 3 has no positive row
    a = (k * 13) % 17 + 3 * label
    b = (k * 29) % 19 + 5 * label * (group % 2)
    return group, label, a.astype(float), b.astype(float)


def auc(label, score):
    won = np.sign(score[label][:, None] - score[~label][None, :])
    return (won.sum() / won.size + 1) / 2 if won.size else np.nan


def ndcg(label, score):
    order = np.argsort(-score, kind="stable")[:10]
    gains = 1 / np.log2(np.arange(10) + 2)
    return (label[order] * gains[: len(order)]).sum() / gains[: label.sum()].sum() if label.any() else np.nan


def figures(groups, label, score):
    """`groups`: the rows of each."""
    rows = np.concatenate(groups)
    areas = [(len(g), auc(label[g], score[g])) for g in groups]
    areas = [(n, a) for n, a in areas if not np.isnan(a)]
    gains = [ndcg(label[g], score[g]) for g in groups]
    return np.array([auc(label[rows], score[rows]), sum(n * a for n, a in areas) / sum(n for n, _ in areas), np.nanmean(gains)])


group, label, a, b = world()
numbers = np.unique(group)
own = [np.flatnonzero(group == g) for g in numbers]
first, second = figures(own, label, a), figures(own, label, b)
differences = []
for n in range(RESAMPLES):
    drawn = [own[draw(SEED, n, k, len(own))] for k in range(len(own))]
    differences.append(figures(drawn, label, b) - figures(drawn, label, a))
differences = np.array(differences)
print("groups", len(own), "draws", [draw(SEED, 3, k, len(own)) for k in range(6)])
for m, name in enumerate(("auc", "grouped_auc", "ndcg@10")):
    d = differences[:, m]
    other = np.mean(np.where(d == 0, 0.5, (d < 0) != (second[m] < first[m])))
    low, high = np.quantile(d, [0.025, 0.975])
    print(f'{{"{name}", {first[m]!r}, {second[m]!r}, {second[m] - first[m]!r}, {low!r}, {high!r}, {other!r}}}'.replace("np.float64(", "").replace(")", ""))
