"""Golden values for core/train/optimizer_test.cc: torch.optim on w_k = sin(k), g_k(t) = cos(k + t)."""
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
