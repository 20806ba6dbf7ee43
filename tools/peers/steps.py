"""Whole training steps of the paper's networks in PyTorch, beside hebb's benchmark of the same steps.

A step is all that training needs: a batch from the data set, forward pass with dropout, hinge loss, gradients by autograd,
and the change of the weights. Run by tools/peers/pytorch.
"""

import os
import re
import statistics
import subprocess
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

DEEPERNET = [
    ("conv", 16, 3), ("conv", 16, 3), ("sum",), ("conv", 32, 3), ("conv", 32, 3), ("sum",), ("pool",), ("drop", 0.5),
    ("conv", 64, 3), ("conv", 64, 3), ("sum",), ("pool",), ("conv", 128, 3), ("conv", 128, 3), ("sum",), ("pool",),
    ("drop", 0.8), ("full", 500), ("output", 10),
]
SIMPNET = [("conv", 32, 5), ("pool",), ("drop", 0.8), ("full", 500), ("drop", 0.3), ("output", 10)]
UNTIED = [("local", 32, 5)] + SIMPNET[1:]
# hebb's name of the step, the rule that it is measured by, PyTorch's network, batch.
STEPS = [
    ("deepernet", "bp", DEEPERNET, 20), ("deepernet", "urfb", DEEPERNET, 20),
    ("deepernet", "bp", DEEPERNET, 100), ("deepernet", "urfb", DEEPERNET, 100),
    ("deepernet", "bp", DEEPERNET, 500), ("deepernet", "urfb", DEEPERNET, 500),
    ("simpnet", "urfb", SIMPNET, 100), ("simpnet", "urfb", SIMPNET, 500),
    ("untied simpnet", "urfb", UNTIED, 50),
]
# hebb's other ways of 3x3 convolutions, beside its default.
FORMS = ["off", "4"]


class Local(nn.Module):
    """A filter of its own at each place: patches times weights, PyTorch's fastest way."""

    def __init__(self, shape, channels, size):
        super().__init__()
        self.shape, self.size = shape, size
        scale = (6 / (size * size * (shape[0] + channels))) ** 0.5
        places = shape[1] * shape[2]
        self.weight = nn.Parameter((torch.rand(places, channels, shape[0] * size * size) * 2 - 1) * scale)

    def forward(self, x):
        patches = F.unfold(x, self.size, padding=self.size // 2)
        return torch.einsum("bkp,pok->bop", patches, self.weight).reshape(len(x), -1, *self.shape[1:])


class Net(nn.Module):
    """A network of the paper: sigma = clip(h / 2, -1, 1) after each layer but the last, pools of 3 with stride 2."""

    def __init__(self, items):
        super().__init__()
        self.items, self.layers = items, nn.ModuleList()
        shape = (3, 32, 32)
        for kind, *numbers in items:
            if kind == "conv":
                self.layers.append(nn.Conv2d(shape[0], numbers[0], numbers[1], padding=numbers[1] // 2, bias=False))
                shape = (numbers[0], *shape[1:])
            elif kind == "local":
                self.layers.append(Local(shape, *numbers))
                shape = (numbers[0], *shape[1:])
            elif kind == "pool":
                shape = (shape[0], shape[1] // 2, shape[2] // 2)
            elif kind in ("full", "output"):
                units = shape[0] * shape[1] * shape[2]
                self.layers.append(nn.Linear(units, numbers[0], bias=False))
                shape = (numbers[0], 1, 1)

    def forward(self, x):
        layers, below = iter(self.layers), x
        for kind, *numbers in self.items:
            if kind in ("conv", "local"):
                below, x = x, F.hardtanh(next(layers)(x) * 0.5)
            elif kind == "sum":
                x = below + x
            elif kind == "pool":
                x = F.max_pool2d(F.pad(x, (0, 1, 0, 1)), 3, 2)
            elif kind == "drop":
                x = F.dropout(x, numbers[0])
            elif kind == "full":
                x = F.hardtanh(next(layers)(x.flatten(1)) * 0.5)
            else:
                x = next(layers)(x.flatten(1))
        return x


def hinge(scores, labels):
    """Equation (4) with mu = 1 / 9, added over the images."""
    right = scores.gather(1, labels[:, None])
    wrong = F.relu(1 + scores).sum() - F.relu(1 + right).sum()
    return F.relu(1 - right).sum() + wrong / 9


class Steps:
    """Steps of a network on a data set of random images."""

    def __init__(self, items, batch):
        self.net, self.batch = Net(items), batch
        self.optimizer = torch.optim.SGD(self.net.parameters(), lr=0.0001)
        self.images = torch.randint(0, 256, (5000, 3, 32, 32), dtype=torch.uint8)
        self.labels = torch.randint(0, 10, (5000,))

    def images_per_second(self, seconds):
        steps, start = 0, None
        while start is None or time.perf_counter() - start < seconds or steps < 4:
            # The first two are not timed.
            if steps == 2 and start is None:
                start, steps = time.perf_counter(), 0
            at = torch.randint(0, len(self.images), (self.batch,))
            loss = hinge(self.net(self.images[at].float() / 255), self.labels[at])
            self.optimizer.zero_grad(set_to_none=True)
            (loss / self.batch).backward()
            self.optimizer.step()
            steps += 1
        return steps * self.batch / (time.perf_counter() - start)


def hebb(bench, name):
    """hebb's images a second for the same step."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MALLOC_")}
    told = subprocess.run([bench, "--device", "cpu", name], env=environment, check=True, capture_output=True, text=True)
    return float(re.search(r"([0-9]+) images/s", told.stdout).group(1))


def main():
    bench, rounds = sys.argv[1], int(sys.argv[2])
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    print(f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads, against hebb; median of {rounds} (best)")
    print(f"{'step':40} {'hebb':>15} {'PyTorch bp':>15} {'ratio':>6}")
    for net, rule, items, batch in STEPS:
        name, steps = f"train_step {net} {rule} {batch}", Steps(items, batch)
        forms = [name] + [f"{name} winograd {form}" for form in FORMS if net == "deepernet"]
        ours, theirs = {form: [] for form in forms}, []
        for _ in range(rounds):
            theirs.append(steps.images_per_second(1.5))
            for form in forms:
                ours[form].append(hebb(bench, form))
        tell = lambda all: f"{statistics.median(all):.0f} ({max(all):.0f})"
        for form in forms:
            ratio = statistics.median(ours[form]) / statistics.median(theirs)
            print(f"{form[11:]:40} {tell(ours[form]):>15} {tell(theirs):>15} {ratio:6.2f}", flush=True)


if __name__ == "__main__":
    main()
