#!/usr/bin/env python3
"""Takes networks of hebb into PyTorch, and PyTorch's back to hebb: by safetensors alone.

    python3 -m venv .venv && .venv/bin/pip install torch numpy safetensors
    .venv/bin/python examples/pytorch.py eval RUN/last.safetensors --data DIR
    .venv/bin/python examples/pytorch.py compare RUN/last.safetensors --data DIR --hebb target/release/hebb
    .venv/bin/python examples/pytorch.py train --net simpnet --data DIR --steps 200 --out simpnet.safetensors
    target/release/hebb eval --checkpoint simpnet.safetensors --net simpnet --data cifar10:DIR

DIR holds CIFAR-10's binary version. A checkpoint of hebb is a safetensors file: W1 ... WL in PyTorch's own order of
dimensions (a convolution's [out, in, rows, columns], a full layer's [out, in], after a convolution its inputs run channel,
row, column), and under the metadata key `hebb` what the network is. R2 ... RL are of no use to a forward pass. What
differs from a plain network of PyTorch is small, and all of it stands in `Net.forward`.

`compare` gives the test images to both, by `hebb activations`, and counts: it exits 1 where an output differs by 1e-4 or
more, or an image is of another class though its two highest outputs lie further apart than that.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

NETS = {
    "simpnet": "Conv 32 5x5; Maxpool 3; Drop .8; Full 500; Drop .3; Output",
    "deepnet": "Conv 32 5x5; Maxpool 3; Conv 32 3x3; Conv 32 3x3; Maxpool 3; Drop .8; Conv 32 3x3; Conv 32 3x3; "
               "Maxpool 3; Drop .3; Full 500; Output",
    "deepernet": "Conv 16 3x3; Conv 16 3x3; SUM; Conv 32 3x3; Conv 32 3x3; SUM; Maxpool 3; Drop .5; Conv 64 3x3; "
                 "Conv 64 3x3; SUM; Maxpool 3; Conv 128 3x3; Conv 128 3x3; SUM; Maxpool 3; Drop .8; Full 500; Output",
}
# Slope of the activation, and where a pool's window lies: what hebb's presets mean by themselves.
PRESETS = {"as-run": (0.5, "from-pixel"), "paper": (1.0, "centred")}
CLOSE = 1e-4


class Net(nn.Module):
    """A layered network of hebb. Its state_dict has hebb's names and shapes."""

    def __init__(self, notation, shape=(3, 32, 32), classes=10, slope=0.5, window="from-pixel"):
        super().__init__()
        self.slope, self.window, self.items = slope, window, []
        layer = 0
        for text in notation.lower().split(";"):
            kind, *numbers = re.split(r"[\s,]+", text.replace("full conn.", "full").strip())
            if kind == "conv":
                channels, (rows, columns) = int(numbers[0]), map(int, numbers[1].split("x"))
                weight, shape = (channels, shape[0], rows, columns), (channels, *shape[1:])
            elif kind in ("full", "output"):
                units = classes if kind == "output" else int(numbers[0])
                weight, shape = (units, int(np.prod(shape))), (units,)
            elif kind == "maxpool":
                # The stride is 2 unless given.
                size, stride = int(numbers[0]), int(numbers[2]) if len(numbers) > 1 else 2
                self.items.append((kind, size, stride))
                shape = (shape[0], -(-shape[1] // stride), -(-shape[2] // stride))
                continue
            elif kind in ("sum", "drop"):
                self.items.append((kind, *map(float, numbers)))
                continue
            else:
                raise SystemExit(f"'{text.strip()}' is no item that this example knows: untied layers are left out")
            layer += 1
            self.items.append((kind, f"W{layer}"))
            # Glorot's uniform start, as hebb's own.
            self.register_parameter(f"W{layer}", nn.Parameter(nn.init.xavier_uniform_(torch.empty(weight))))

    def forward(self, x):
        """The outputs for images as floats from 0 to 1."""
        former = None  # what the layer before the last one made, for SUM
        for kind, *numbers in self.items:
            if kind == "conv":
                weight = getattr(self, numbers[0])
                rows, columns = weight.shape[2:]
                # "Same" padding with zeros; what an even filter has too much lies below and on the right.
                top, left = (rows - 1) // 2, (columns - 1) // 2
                former, x = x, F.conv2d(F.pad(x, (left, columns - 1 - left, top, rows - 1 - top)), weight)
                x = torch.clamp(self.slope * x, -1, 1)
            elif kind == "full":
                x = torch.clamp(self.slope * F.linear(x.flatten(1), getattr(self, numbers[0])), -1, 1)
            elif kind == "output":
                x = F.linear(x.flatten(1), getattr(self, numbers[0]))  # no activation, and no bias anywhere
            elif kind == "sum":
                x = former + x  # the outputs of the two convolutions before it
            elif kind == "maxpool":
                x = self.pool(x, *numbers)
            elif kind == "drop":
                x = F.dropout(x, numbers[0], self.training)  # the fraction that is set to 0
        return x

    def pool(self, x, size, stride):
        if size == stride:
            return F.max_pool2d(x, size, stride, ceil_mode=True)  # what lies outside the picture never wins
        # Windows begin at the pixel or are centred at it; zeros outside take part in the maximum.
        before = (size - 1) // 2 if self.window == "centred" else 0
        ends = [max(0, (-(-length // stride) - 1) * stride + size - before - length) for length in x.shape[2:]]
        padded = F.pad(x, (before, ends[1], before, ends[0]))
        rows, columns = (-(-length // stride) for length in x.shape[2:])
        return F.max_pool2d(padded, size, stride)[:, :, :rows, :columns]


def load(path):
    """A network from a checkpoint of hebb."""
    with safe_open(path, "pt") as file:
        hebb = json.loads((file.metadata() or {}).get("hebb", "null"))
        if not hebb or "net" not in hebb:
            raise SystemExit(f"{path} has no metadata of a layered network of hebb")
        if hebb["untied"] != "none" or hebb.get("activation", "clip") != "clip":
            raise SystemExit(f"{path} has untied layers or no clip: this example leaves these out")
        shape = tuple(map(int, hebb["input"].split("x")))
        net = Net(hebb["net"], shape, hebb["classes"], hebb["slope"], hebb["pool_window"])
        net.load_state_dict({name: file.get_tensor(name) for name in net.state_dict()})
    return net.eval()


def cifar10(folder, split):
    """Images as bytes [n, 3, 32, 32], and labels, of CIFAR-10's binary version."""
    names = ["test_batch.bin"] if split == "test" else [f"data_batch_{batch}.bin" for batch in range(1, 6)]
    folder = next((at for at in (folder, folder / "cifar-10-batches-bin") if (at / names[0]).is_file()), None)
    if folder is None:
        raise SystemExit(f"there is no {names[0]}: --data takes the folder of CIFAR-10's binary version")
    records = np.concatenate([np.fromfile(folder / name, np.uint8).reshape(-1, 3073) for name in names])
    return torch.from_numpy(records[:, 1:].reshape(-1, 3, 32, 32)), torch.from_numpy(records[:, 0].astype(np.int64))


@torch.no_grad()
def outputs(net, images):
    """The outputs for all images, a batch at a time."""
    return torch.cat([net(batch.float() / 255) for batch in images.split(500)]).numpy()


def wrong(found, labels):
    """How many are taken for another class: for that of the highest output, the first of equals."""
    return int((found.argmax(1) != labels.numpy()).sum())


def run_eval(args):
    images, labels = cifar10(args.data, "test")
    print(f"{wrong(outputs(load(args.checkpoint), images), labels)} of {len(images)} wrong")


def run_compare(args):
    images, labels = cifar10(args.data, "test")
    net = load(args.checkpoint)
    ours = outputs(net, images)
    last = len(net.state_dict())
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "activations"
        subprocess.run([args.hebb, "activations", args.checkpoint, "--data", f"cifar10:{args.data}", "--split", "test",
                        "--images", str(len(images)), "--layers", str(last), "--device", args.device, "--out", out],
                       check=True, stdout=subprocess.DEVNULL)
        theirs = np.load(out / f"x{last}.npy").reshape(-1, ours.shape[1])
    difference = float(np.abs(ours - theirs).max())
    highest = np.sort(theirs, 1)
    is_close = highest[:, -1] - highest[:, -2] < CLOSE
    differs = ours.argmax(1) != theirs.argmax(1)
    print(f"PyTorch: {wrong(ours, labels)} of {len(images)} wrong; hebb: {wrong(theirs, labels)}")
    print(f"largest difference of an output: {difference:.1e} (outputs reach from {theirs.min():.2f} to {theirs.max():.2f})")
    print(f"images whose two highest outputs lie closer than {CLOSE:g}: {is_close.sum()}")
    print(f"images of another class: {differs.sum()}, {(differs & ~is_close).sum()} of them not such")
    return 1 if difference >= CLOSE or (differs & ~is_close).any() else 0


def run_train(args):
    torch.manual_seed(args.seed)
    images, labels = cifar10(args.data, "train")
    slope, window = PRESETS[args.preset]
    net = Net(NETS.get(args.net, args.net), slope=slope, window=window)
    optimizer = torch.optim.Adam(net.parameters(), lr=args.lr)
    for step in range(args.steps):
        at = torch.randint(0, len(images), (args.batch,))
        x, target = net(images[at].float() / 255), F.one_hot(labels[at], 10).bool()
        # The hinge loss of the paper, with 1 / (classes - 1) before the other classes' terms.
        loss = torch.where(target, F.relu(1 - x), F.relu(1 + x) / 9).sum(1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if (step + 1) % 50 == 0:
            print(f"step {step + 1}: loss {loss.item():.4f}", flush=True)
    save_file(net.state_dict(), args.out)
    images, labels = cifar10(args.data, "test")
    print(f"{wrong(outputs(net.eval(), images), labels)} of {len(images)} wrong; hebb counts them by")
    print(f"hebb eval --checkpoint {args.out} --net '{args.net}' --preset {args.preset} --data cifar10:{args.data}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    for name, run, text in [("eval", run_eval, "count a checkpoint's errors on the test images"),
                            ("compare", run_compare, "outputs and classes beside hebb's own"),
                            ("train", run_train, "train in PyTorch, and save for hebb")]:
        command = commands.add_parser(name, help=text)
        command.set_defaults(run=run)
        command.add_argument("--data", type=Path, required=True, metavar="DIR")
        if name != "train":
            command.add_argument("checkpoint", type=Path)
        if name == "compare":
            command.add_argument("--hebb", default="hebb", help="the program")
            command.add_argument("--device", default="auto")
        if name == "train":
            command.add_argument("--net", default="simpnet", help="a name or the paper's notation")
            command.add_argument("--preset", choices=PRESETS, default="as-run")
            command.add_argument("--steps", type=int, default=200)
            command.add_argument("--batch", type=int, default=100)
            command.add_argument("--lr", type=float, default=0.001, help="of Adam")
            command.add_argument("--seed", type=int, default=1)
            command.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    return args.run(args)


if __name__ == "__main__":
    sys.exit(main())
