#!/usr/bin/env python3
"""Prints the constants of plugins/fields/number/number_test.cc, computed by NumPy (2.x) from their definitions."""
import numpy as np

x = np.array([978300760.0, 978300761.5, 978824351.25, 975768738.0, 978300760.0])
w = np.array([1, 3, 2, 5, 1])
r = np.repeat(x, w)
print("mean", repr(r.mean()), "deviation", repr(r.std()))
print("standard", [repr(np.float32(v)) for v in (x - r.mean()) / r.std()])
print("log + standard", [repr(np.float32(v)) for v in (np.log1p(x) - np.log1p(r).mean()) / np.log1p(r).std()])
print("range", [repr(np.float32(v)) for v in (x - r.min()) / (r.max() - r.min())])

v = np.array([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9], float)
c = np.array([1, 2, 1, 1, 3, 1, 1, 2, 1, 1, 1, 4, 1, 1, 2])
for b in (1, 2, 4, 7):
    edges = np.quantile(np.repeat(v, c), [k / b for k in range(1, b)], method="inverted_cdf")
    print(b, "buckets of -1 .. 10:", (np.searchsorted(edges, np.arange(-1, 11), side="left") + 1).tolist())
