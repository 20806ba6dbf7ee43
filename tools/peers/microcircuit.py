"""A training step of Sacramento et al. (2018), section 3.4, in PyTorch: 784-500-500-10, batch 10, R and PI fixed, on random
images. What `cargo bench -- --device cpu "train_step microcircuit 784-500-500-10"` times in hebb.

usage: microcircuit.py [--threads N] [--learner microcircuit|bp]
"""

from __future__ import annotations

import argparse
import math
import statistics
import time

import torch

SIZES = (784, 500, 500, 10)
BATCH = 10
LAMBDA_OUTPUT, LAMBDA_INTER, LAMBDA_HIDDEN = 0.1, 0.1, 0.3
ETA = {1: 0.111, 2: 0.0333, 3: 0.01}
ETA_IP = {1: 0.0667, 2: 0.02}
CLASS, ELSEWHERE = math.log(4.0), -math.log(9.0)


def uniform(rows: int, columns: int, bound: float) -> torch.Tensor:
    return (torch.rand(rows, columns) * 2 - 1) * bound


class Network:
    """W with thresholds, R, IP and PI in W's order, from the self-predicting state."""

    def __init__(self) -> None:
        top = len(SIZES) - 1
        self.w = {k: uniform(SIZES[k], SIZES[k - 1] + 1, 0.1) for k in range(1, top + 1)}
        self.r = {k: uniform(SIZES[k], SIZES[k - 1], 1.0) for k in range(2, top + 1)}
        keep = {k: 1.0 if k == top else 1 - LAMBDA_HIDDEN for k in self.w}
        self.ip = {k: self.w[k + 1] * keep[k + 1] for k in range(1, top)}
        self.pi = {k: -self.r[k + 1] for k in range(1, top)}
        self.one = torch.ones(BATCH, 1)

    def forward(self, x: torch.Tensor, labels: torch.Tensor):
        rates, basal, top = [torch.cat([x, self.one], 1)], {}, len(SIZES) - 1
        for k in range(1, top + 1):
            basal[k] = rates[-1] @ self.w[k].T
            if k < top:
                rates.append(torch.cat([torch.sigmoid(basal[k]), self.one], 1))
        target = torch.full((BATCH, SIZES[-1]), ELSEWHERE)
        target[torch.arange(BATCH), labels] = CLASS
        u = (1 - LAMBDA_OUTPUT) * basal[top] + LAMBDA_OUTPUT * target
        return rates, basal, u, torch.sigmoid(u) - torch.sigmoid(basal[top])

    def microcircuit(self, x: torch.Tensor, labels: torch.Tensor) -> None:
        rates, basal, above, error = self.forward(x, labels)
        top = len(SIZES) - 1
        errors = {top: error}
        for k in range(top - 1, 0, -1):
            dendrite = rates[k] @ self.ip[k].T
            inter = torch.sigmoid((1 - LAMBDA_INTER) * dendrite + LAMBDA_INTER * above)
            apical = torch.sigmoid(above) @ self.r[k + 1] + inter @ self.pi[k]
            u = (1 - LAMBDA_HIDDEN) * basal[k] + LAMBDA_HIDDEN * apical
            errors[k] = torch.sigmoid(u) - torch.sigmoid((1 - LAMBDA_HIDDEN) * basal[k])
            self.ip[k].addmm_((inter - torch.sigmoid(dendrite)).T, rates[k], alpha=ETA_IP[k] / BATCH)
            above = u
        for k, error in errors.items():
            self.w[k].addmm_(error.T, rates[k - 1], alpha=ETA[k] / BATCH)

    def bp(self, x: torch.Tensor, labels: torch.Tensor) -> None:
        rates, _, _, error = self.forward(x, labels)
        for k in range(len(SIZES) - 1, 0, -1):
            below = error @ self.w[k] if k > 1 else None
            self.w[k].addmm_(error.T, rates[k - 1], alpha=ETA[k] / BATCH)
            if below is not None:
                rate = rates[k - 1][:, :-1]
                error = below[:, :-1] * rate * (1 - rate)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--learner", choices=("microcircuit", "bp"), default="microcircuit")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    network = Network()
    step = getattr(network, arguments.learner)
    images, labels = torch.rand(5000, SIZES[0]), torch.randint(SIZES[-1], (5000,))
    milliseconds = []
    with torch.no_grad():
        for _ in range(6):
            begun = time.perf_counter()
            for _ in range(200):
                chosen = torch.randint(5000, (BATCH,))
                step(images[chosen], labels[chosen])
            milliseconds.append((time.perf_counter() - begun) / 200 * 1e3)
    # The first fills caches.
    print(f"PyTorch {torch.__version__}, {arguments.learner}, {arguments.threads} threads: "
          f"{statistics.median(milliseconds[1:]):.2f} ms a step")


if __name__ == "__main__":
    main()
