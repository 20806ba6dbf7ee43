"""Compares steps of feedback alignment and sign-symmetry with BioTorch's own layers.

BioTorch (A. Sanfiz, M. Akrout, "Benchmarking the Accuracy and Robustness of Feedback Alignment
Algorithms", 2021) runs these rules as PyTorch layers with a `weight_backward`. Beside a CPU build
of torch:

    pip install --no-deps biotorch==0.0.16

A small net starts from weights drawn here. BioTorch trains it with SGD on the softmax loss, the
oracle does the same steps, and every tensor must agree. With --hebb the weights also go to a built
hebb as a start file, and its checkpoint is compared too; it computes in float32, so that the median
over the seeds counts (see compare.py). Where the definitions differ:

- brsf draws |M| in every forward pass of a module, so in evaluation too; we draw once a step. Its
  draw comes from torch's generator: here ours is put in its place.
- frsf takes |M| when a layer is made; afterwards its Conv2d trusts the sign of `weight_backward`, its
  Linear does not. Its M must thus be given as a magnitude.
- sign(0) = 0 throughout; our frsf and brsf leave +|M| there.
- a pool's ties go to the first maximum (`paper`), so the net has a pool under `paper` only.
- the first layer has a `weight_backward` as well, which nothing reads.
- its dfa sends delta_L to each layer's input, through one filter for all places of a convolution and
  with the pool behind it passed; ours goes to sigma's output, unit by unit. So it has no part here.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from itertools import product
from pathlib import Path
from unittest import mock

import numpy as np

import compare
import urfb_oracle as oracle

try:
    import torch
    from biotorch.layers import brsf, fa, frsf, usf
except ImportError as error:
    sys.exit(f"biotorch_peer: {error}. It needs torch and biotorch: see this file's head.")

NETS = {"paper": "Conv 4 5x5; Maxpool 2; Conv 6 3x3; Conv 5 3x3; Full 12; Output",
        "as-run": "Conv 4 5x5; Conv 6 3x3; Full 12; Output"}  # no pool: at a tie PyTorch does as `paper` does
INPUT, CLASSES, LR = (3, 32, 32), 10, 0.1
LAYERS = {"frfb": fa, "usf": usf, "frsf": frsf, "brsf": brsf}  # our name of a rule: BioTorch's layers


def draw_start(net: oracle.Net, seed: int) -> oracle.Tensors:
    """W and R as hebb draws them: uniform within twice Glorot's bound, so that units saturate."""
    rng = np.random.default_rng(seed)
    found = {}
    for item in net.weighted:
        width = 2 * np.sqrt(6 / sum(item.fans))
        for name in "WR":
            found[f"{name}{item.layer}"] = rng.uniform(-width, width, item.w_shape).astype(np.float32)
    del found["R1"]
    return found


class Peer(torch.nn.Module):
    """The same net of BioTorch's layers, no biases."""

    def __init__(self, net: oracle.Net, rule: str, preset: str, start: oracle.Tensors) -> None:
        super().__init__()
        self.slope = 0.5 if preset == "as-run" else 1.0
        self.items = net.items
        self.layers = torch.nn.ModuleList()
        for item in net.weighted:
            config = {"type": {"frfb": "fa"}.get(rule, rule)}
            if item.kind == "conv":
                channels, inputs, size, _ = item.w_shape
                layer = LAYERS[rule].Conv2d(inputs, channels, size, padding=size // 2, bias=False, layer_config=config)
            else:
                units, inputs = item.w_shape
                layer = LAYERS[rule].Linear(inputs, units, bias=False, layer_config=config)
            with torch.no_grad():
                layer.weight.copy_(torch.tensor(start[f"W{item.layer}"]))
                if item.layer > 1:
                    back = start[f"R{item.layer}"]
                    layer.weight_backward.copy_(torch.tensor(np.abs(back) if rule == "frsf" else back))
            self.layers.append(layer)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for item in self.items:
            if item.kind == "pool":
                x = torch.nn.functional.max_pool2d(x, item.size, item.stride)
                continue
            x = self.layers[item.layer - 1](x.flatten(1) if item.kind == "full" else x)
            if not item.is_output:
                x = torch.nn.functional.hardtanh(x * self.slope)
        return x


def peer_steps(net: oracle.Net, rule: str, preset: str, start: oracle.Tensors, batches: list,
               seed: int) -> oracle.Tensors:
    """W1..WL, and R2..RL as the last step used them, after one step of SGD a batch."""
    torch.set_default_dtype(torch.float64)
    peer = Peer(net, rule, preset, start)
    sgd = torch.optim.SGD([layer.weight for layer in peer.layers], lr=LR)
    for time, (images, labels) in enumerate(batches):
        draws = iter(net.weighted)

        def ours(tensor: torch.Tensor) -> torch.Tensor:
            """In place of brsf's own draw, one for each layer from the first to the last."""
            return tensor.copy_(torch.tensor(oracle.brsf_draw(seed, next(draws), time)))

        sgd.zero_grad()
        with mock.patch("torch.nn.init.xavier_uniform_", ours):
            out = peer(torch.tensor(images / 255))
        torch.nn.functional.cross_entropy(out, torch.tensor(labels.astype(np.int64))).backward()
        sgd.step()
    found = {}
    for item, layer in zip(net.weighted, peer.layers):
        found[f"W{item.layer}"] = layer.weight.detach().numpy()
        if item.layer > 1:
            found[f"R{item.layer}"] = layer.weight_backward.detach().numpy()
    return found


def used_feedback(setting: oracle.Setting, before: oracle.Tensors, after: oracle.Tensors) -> oracle.Tensors:
    """The tensors in BioTorch's convention: R is what the last step used; frsf keeps |M|."""
    found = {name: after[name] if name[0] == "W" else before[name] for name in after}
    if setting.rule == "frsf":
        found.update({name: np.abs(tensor) for name, tensor in found.items() if name[0] == "R"})
    return found


def largest(found: oracle.Tensors, expected: oracle.Tensors, kinds: str) -> float:
    """The largest difference of any tensor of these kinds; NaN if there is one."""
    names = [name for name in expected if name[0] in kinds]
    return float(np.max([np.abs(found[name].astype(np.float64) - expected[name]).max() for name in names]))


def call_hebb(args: argparse.Namespace, folder: Path, start: oracle.Tensors, rule: str, preset: str, seed: int,
              steps: int) -> oracle.Tensors:
    """hebb's checkpoint after these steps from the same start, without the shuffle."""
    init, run = folder / f"start-{seed}.safetensors", folder / f"{rule}-{preset}-{steps}-{seed}"
    oracle.write_safetensors(init, start)
    compare.call_hebb(args, "train", "--net", NETS[preset], "--rule", rule, "--loss", "softmax", "--preset", preset,
                      "--data", f"cifar10:{args.cifar10}", "--no-shuffle", "--batch", args.batch, "--steps", steps,
                      "--init", init, "--seed", seed, "--device", args.device, *args.train_options, "--out", run)
    return oracle.read_safetensors(run / "last.safetensors")[0]


def row(args: argparse.Namespace, folder: Path, rule: str, preset: str, steps: int, images: np.ndarray,
        labels: np.ndarray) -> tuple[str, bool]:
    """A line of the table, and whether both comparisons are within the tolerance."""
    net = oracle.parse_net(NETS[preset], INPUT, CLASSES)
    parts = [slice(time * args.batch, (time + 1) * args.batch) for time in range(steps)]
    batches = [(images[part], labels[part]) for part in parts]
    ours, theirs, moved = [], [], []
    for seed in args.seeds:
        start = draw_start(net, seed)
        peer = peer_steps(net, rule, preset, start, batches, seed)
        setting = oracle.make_setting(rule, "softmax", preset, CLASSES, lr=LR, seed=seed)
        after = oracle.start_tensors(net, setting, start)
        for time, batch in enumerate(batches):
            before = after
            after, _, _ = oracle.train_step(net, setting, before, *batch, time=time)
        ours.append(largest(peer, used_feedback(setting, before, after), "WR"))
        moved += [float(np.abs(after[f"W{item.layer}"] - start[f"W{item.layer}"]).max()) for item in net.weighted]
        if args.hebb:
            theirs.append(largest(call_hebb(args, folder, start, rule, preset, seed, steps), peer, "W"))
    median = f"{np.median(theirs):.1e}" if theirs else "-"
    good = max(ours) <= args.tolerance and (not theirs or bool(np.median(theirs) <= args.tolerance))
    return (f"{rule:<5} {preset:<6} {steps:>5}  {max(ours):>13.1e}  {median:>12}  {min(moved):>8.1e}"
            f"{'' if good else '  FAIL'}"), good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--cifar10", type=Path, help="folder of CIFAR-10's binary version (without it: random pictures)")
    add("--hebb", type=Path, help="the built binary, to be compared too (needs --cifar10)")
    add("--rules", type=compare.list_of(str), default=list(LAYERS))
    add("--presets", type=compare.list_of(str), default=["paper", "as-run"])
    add("--steps", type=compare.list_of(int), default=[1, 3])
    add("--seeds", type=compare.list_of(int), default=[1, 2, 3, 4, 5])
    add("--batch", type=int, default=8)
    add("--device", default="reference", help="hebb's --device (default reference)")
    add("--train-options", type=str.split, default=[], metavar="'WORDS'", help="further words for `hebb train`")
    add("--tolerance", type=float, default=2e-6)
    add("--timeout", type=float, default=600, help="seconds one hebb command may take (default 600)")
    args = parser.parse_args()
    if args.hebb and not args.cifar10:
        parser.error("--hebb needs --cifar10: the same pictures for both")
    if unknown := (set(args.rules) - set(LAYERS)) | (set(args.presets) - set(NETS)):
        parser.error(f"no such rule or preset here: {', '.join(sorted(unknown))}")
    torch.set_num_threads(1)
    if args.cifar10:
        images, labels = oracle.read_cifar10(args.cifar10, args.batch * max(args.steps))
    else:
        rng = np.random.default_rng(0)
        images = rng.integers(0, 256, (args.batch * max(args.steps), *INPUT))
        labels = rng.integers(0, CLASSES, len(images))
    print(f"{'rule':<5} {'preset':<6} {'steps':>5}  {'oracle, worst':>13}  {'hebb, median':>12}  {'moved':>8}",
          flush=True)
    failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        for rule, preset, steps in product(args.rules, args.presets, args.steps):
            line, good = row(args, Path(scratch), rule, preset, steps, images, labels)
            print(line, flush=True)
            failed += not good
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (compare.HebbError, OSError, ValueError) as error:
        sys.exit(f"biotorch_peer: {error}")
