"""The figures of a movielens_lightgcn run once more, from its weights alone: k-core, split, graph, ranking and metrics in NumPy and PyTorch.

usage: lightgcn_figures.py RUN DATA      RUN: a folder of `braid train recipes/movielens_lightgcn.toml`; DATA: its vars.data
Prints users, recall@10 and NDCG@10 of the validation and the test rows, which have to be those of RUN/result.json.
"""
import gzip
import pathlib
import sys

import numpy as np
import torch
from safetensors.torch import load_file

U = np.uint64
LAYERS, AT = 3, 10
torch.sparse.check_sparse_tensor_invariants.enable()


def mix64(x):
    with np.errstate(over="ignore"):
        x = np.asarray(x, dtype=U) + U(0x9E3779B97F4A7C15)
        x = (x ^ (x >> U(30))) * U(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> U(27))) * U(0x94D049BB133111EB)
    return x ^ (x >> U(31))


def rows_and_splits(path):
    """Users, items and splits (0 trains, 1 validates, 2 tests): 10-core of ratings of 3 and more, dealt out within each user by hash."""
    with gzip.open(path, "rt") as file:
        rows = np.loadtxt(file, delimiter="\t", skiprows=1, usecols=(0, 1, 2), dtype=np.int64)
    rows = rows[rows[:, 2] >= 3]
    before = -1
    while before != len(rows):
        before = len(rows)
        for column in (0, 1):
            values, counts = np.unique(rows[:, column], return_counts=True)
            rows = rows[np.isin(rows[:, column], values[counts >= 10])]
    user, item = rows[:, 0], rows[:, 1]
    order = np.lexsort((mix64((user.astype(U) << U(32)) + item.astype(U)), user))
    user, item = user[order], item[order]
    split = np.zeros(len(user), int)
    starts = np.flatnonzero(np.r_[True, user[1:] != user[:-1]])
    for start, end in zip(starts, np.r_[starts[1:], len(user)]):
        tests = int((end - start) * 0.1 + 1e-9)
        split[end - tests:end] = 2
        split[end - 2 * tests:end - tests] = 1
    return user, item, split


def main(run, data):
    run = pathlib.Path(run)
    user, item, split = rows_and_splits(pathlib.Path(data) / "ml-1m/inter.tsv.gz")
    print("rows that train, validate, test:", *np.bincount(split))
    numbers = lambda name: {int(key): row for row, key in enumerate((run / "fields" / name).read_text().split(), 1)}
    users, items = numbers("users.id"), numbers("items.id")
    user = torch.tensor([users[k] for k in user])
    item = torch.tensor([items[k] for k in item])
    split = torch.tensor(split)
    weights = load_file(run / "weights.safetensors")
    x, y = weights["user.rows"].double(), weights["item.rows"].double()
    trains = split == 0
    degree_of_user = torch.bincount(user[trains], minlength=len(x)).double()
    degree_of_item = torch.bincount(item[trains], minlength=len(y)).double()
    value = (degree_of_user[user[trains]] * degree_of_item[item[trains]]).rsqrt()
    graph = torch.sparse_coo_tensor(torch.stack([user[trains], item[trains]]), value, (len(x), len(y))).coalesce()
    all_x, all_y = [x], [y]
    for _ in range(LAYERS):
        all_x, all_y = all_x + [torch.sparse.mm(graph, all_y[-1])], all_y + [torch.sparse.mm(graph.t(), all_x[-1])]
    score_of_all = (sum(all_x) / (LAYERS + 1)) @ (sum(all_y) / (LAYERS + 1)).t()
    discount = 1 / torch.log2(torch.arange(AT).double() + 2)
    for number, name in ((1, "valid"), (2, "test")):
        score = score_of_all.clone()
        score[:, 0] = -torch.inf                       # the unknown one
        score[user[split < number], item[split < number]] = -torch.inf
        wanted = torch.zeros(score.shape, dtype=torch.bool)
        wanted[user[split == number], item[split == number]] = True
        asked = torch.unique(user[split == number])
        hit = wanted[asked].gather(1, score[asked].topk(AT, 1).indices).double()
        answers = wanted[asked].sum(1)
        best = discount.cumsum(0)[answers.clamp(max=AT) - 1]
        print(f"{name}: {len(asked)} users, recall {(hit.sum(1) / answers).mean():.4f}, "
              f"NDCG {((hit * discount).sum(1) / best).mean():.4f}")


if len(sys.argv) != 3:
    sys.exit(__doc__)
main(*sys.argv[1:])
