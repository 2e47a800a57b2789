"""Golden values for plugins/optimizers/*/*_test.cc: torch.optim on w_k = sin(k), g_k(t) = cos(k + t)."""
import torch

def run(make, steps=3):
    w = torch.nn.Parameter(torch.sin(torch.arange(5, dtype=torch.float64)))
    opt = make([w])
    for t in range(steps):
        w.grad = torch.cos(torch.arange(5, dtype=torch.float64) + t)
        opt.step()
    return [round(x, 10) for x in w.tolist()]

print("adamw decay", run(lambda p: torch.optim.AdamW(p, lr=0.1, weight_decay=0.05, betas=(0.8, 0.95), eps=1e-6)))
print("sgd momentum", run(lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9)))
print("adam decay", run(lambda p: torch.optim.Adam(p, lr=0.1, weight_decay=0.05, betas=(0.8, 0.95), eps=1e-6)))
print("adagrad decay", run(lambda p: torch.optim.Adagrad(p, lr=0.1, weight_decay=0.05, eps=1e-6)))
print("rmsprop decay", run(lambda p: torch.optim.RMSprop(p, lr=0.1, alpha=0.9, weight_decay=0.05, eps=1e-6)))
print("rmsprop momentum", run(lambda p: torch.optim.RMSprop(p, lr=0.1, alpha=0.9, momentum=0.8, eps=1e-6)))
print("sgd decay", run(lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.05)))

# A table of 4 x 3, w_k = sin(k). Step t reads rows READS[t], a row as often as it is listed, and the j-th read of a step
# gives its row the gradient cos(k + t + j), k = 0 1 2. torch.optim.SparseAdam and sparse Adagrad change these rows alone.
READS = [[1, 3, 1], [3], [0, 1]]


def gradients(t):
    g = torch.zeros(4, 3, dtype=torch.float64)
    for j, row in enumerate(READS[t]):
        g[row] += torch.cos(torch.arange(3, dtype=torch.float64) + t + j)
    return g


def sparse(make):
    w = torch.nn.Parameter(torch.sin(torch.arange(12, dtype=torch.float64)).view(4, 3))
    opt = make([w])
    for t in range(len(READS)):
        rows = torch.tensor(sorted(set(READS[t])))
        w.grad = torch.sparse_coo_tensor(rows[None], gradients(t)[rows], (4, 3))
        opt.step()
    return [round(x, 10) for x in w.flatten().tolist()]


def by_row(rate=0.1, eps=1e-6):
    """torchrec's RowWiseAdagrad (torchrec/optim/rowwise_adagrad.py), in its own lines."""
    w = torch.sin(torch.arange(12, dtype=torch.float64)).view(4, 3)
    state_sum = torch.zeros(4, 1, dtype=torch.float64)
    for t in range(len(READS)):
        grad = gradients(t)
        state_sum.add_(grad.pow(2).mean(dim=1, keepdim=True))
        w.addcdiv_(grad, state_sum.sqrt().add_(eps), value=-rate)
    return [round(x, 10) for x in w.flatten().tolist()]


# SparseAdam adds eps before v is divided by 1 - b2^t, Adam and ours after: with a tiny one there is no difference.
print("touched adam", sparse(lambda p: torch.optim.SparseAdam(p, lr=0.1, betas=(0.8, 0.95), eps=1e-15)))
print("touched adagrad", sparse(lambda p: torch.optim.Adagrad(p, lr=0.1, eps=1e-6)))
print("touched sgd", sparse(lambda p: torch.optim.SGD(p, lr=0.1)))
print("by row", by_row())
