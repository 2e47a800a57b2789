#!/usr/bin/env python3
"""Prints the constants of plugins/metrics/*/*_test.cc: pairs counted one by one, and scikit-learn's answer beside it.

Row k of n: score float32(round(sin(0.1 k) * 20) / 20) (many ties), label sin(0.37 k + 1) > 0.1, group (7 k) % 13 * 2^40."""
import math

import numpy as np
from sklearn.metrics import log_loss, roc_auc_score

N = 500
k = np.arange(N)
# math.floor(x + 0.5), so that C++ and Python round halves alike
score = np.array([math.floor(math.sin(0.1 * i) * 20 + 0.5) / 20 for i in k], np.float32)
label = (np.sin(0.37 * k + 1) > 0.1).astype(int)
group = (7 * k) % 13


def auc(y, s):
    won = total = 0.0
    for a in s[y == 1]:
        for b in s[y == 0]:
            won += 1.0 if a > b else 0.5 if a == b else 0.0
            total += 1
    return won / total if total else float("nan")


print("auc", repr(auc(label, score)), "sklearn", repr(roc_auc_score(label, score)))
one_class = np.where(group == 3, 1, label)                    # group 3 has positives only
parts = [(auc(one_class[group == g], score[group == g]), int((group == g).sum())) for g in range(13)]
parts = [(a, n) for a, n in parts if a == a]
print("groups", len(parts), "grouped_auc rows", repr(sum(a * n for a, n in parts) / sum(n for _, n in parts)),
      "groups", repr(sum(a for a, _ in parts) / len(parts)))
p = 1 / (1 + np.exp(-4 * score.astype(np.float64)))
print("log_loss of 4 * score", repr(log_loss(label, p)))
q = np.clip(score.astype(np.float64), 1e-7, 1 - 1e-7)         # scores as probabilities where they are in [0, 1]
ok = (score >= 0) & (score <= 1)
print("log_loss of probabilities", repr(log_loss(label[ok], q[ok])), "rows", int(ok.sum()), "counted", sum(
    -(y * math.log(v) + (1 - y) * math.log1p(-v)) for y, v in zip(label[ok], q[ok])) / int(ok.sum()))
p_all = 1 / (1 + np.exp(-4 * score.astype(np.float64)))
m = label.mean()
print("normalized_entropy", repr(log_loss(label, p_all) / -(m * math.log(m) + (1 - m) * math.log(1 - m))))
print("calibration ratio", repr(p_all.sum() / label.sum()))
# Bins of equal numbers of rows; a bin whose next row has the same score takes that row too.
order = np.argsort(p_all, kind="stable")
cuts = []
for b in range(1, 8):
    cut = N * b // 7
    if cuts and cut <= cuts[-1]:
        continue                                              # rows of one score have filled this bin's part too
    while cut < N and p_all[order[cut]] == p_all[order[cut - 1]]:
        cut += 1
    cuts.append(cut)
error = sum(abs((p_all[rows] - label[rows]).sum()) for rows in np.split(order, cuts[:-1]))
print("calibration error, 7 bins", repr(error / N), "bins", [len(r) for r in np.split(order, cuts[:-1])])
