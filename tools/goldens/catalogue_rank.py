#!/usr/bin/env python3
"""Prints the constants of plugins/rankers/catalogue_rank/catalogue_rank_test.cc: each row's candidates sorted by NumPy.

Vectors are small whole numbers, so that scores are exact and ties many; see `small`, `keys` and `golden` of the test."""
import numpy as np


def small(rows, dim, start):
    k = np.arange(rows * dim)
    return ((7 * k * k + start * k) % 5 - 2).astype(np.float64).reshape(rows, dim)


def ranks(rows, items, dim, width):
    q, x = small(rows, dim, 1), small(items, dim, 3)
    key = np.arange(items, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    key[5] = 0                                                # place 0 has key 0 already
    out = []
    for r in range(rows):
        answer = (r * 31 + 7) % (items + 4) - 2
        seen = {(r * 13 + k * k * 5) % (items + 3) - 1 for k in range(r % (width + 1))}
        order = np.lexsort((key, -(x @ q[r])))                # by descending score, then by key
        order = [j for j in order if key[j] != 0 and (j == answer or j not in seen)]
        out.append(order.index(answer) if answer in order else len(order))
    return out


print("12 x 11, 4 seen", ranks(12, 11, 3, 4))
print("12 x 11, none seen", ranks(12, 11, 3, 0))
big = ranks(701, 1013, 6, 40)
print("701 x 1013", big[:8], "sum", sum(big), "weighted", sum((r + 1) * v for r, v in enumerate(big)))
