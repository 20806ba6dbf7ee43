"""An independent float64 implementation of Amit's URFB learning rule, in numpy.

Equation numbers are those of Y. Amit, "Deep Learning With Asymmetric Connections and
Hebbian Updates", Front. Comput. Neurosci. 13:18 (2019). Nothing here shares code with the
engine, and nothing is meant to be fast: it is what the engine is compared with.

Arrays of activity are [image, channel, row, column], after a full layer [image, unit].
"""

from __future__ import annotations

import argparse
import json
import re
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

Array = np.ndarray
Tensors = dict[str, Array]


# ---------------------------------------------------------------- notation

class NotationError(ValueError):
    """The network's notation is wrong, or asks for something the oracle leaves out."""


@dataclass(frozen=True)
class Item:
    """One item of the notation with its shapes. `layer` counts the weighted layers from 1."""
    kind: str  # conv, full (the output layer too), pool or sum
    in_shape: tuple[int, ...]
    out_shape: tuple[int, ...]
    layer: int = 0
    w_shape: tuple[int, ...] = ()
    size: int = 0  # of a pool
    stride: int = 0  # of a pool
    is_output: bool = False


@dataclass(frozen=True)
class Net:
    """A parsed network."""
    notation: str
    input_shape: tuple[int, ...]
    classes: int
    items: tuple[Item, ...]

    @property
    def weighted(self) -> list[Item]:
        """The layers that have weights, from 1 to L."""
        return [item for item in self.items if item.layer]


CONV = re.compile(r"conv (\d+) (\d+) ?x ?(\d+)")
POOL = re.compile(r"maxpool (\d+)(?: ?,? ?stride (\d+))?")
FULL = re.compile(r"full (?:conn\.? ?)?(\d+)")


def parse_net(notation: str, input_shape: tuple[int, int, int], classes: int) -> Net:
    """Reads `Conv 32 5x5; Maxpool 3; Full 500; Output` for inputs of C x H x W."""
    items: list[Item] = []
    shape: tuple[int, ...] = tuple(input_shape)
    layer = 0
    for place, raw in enumerate(notation.strip().rstrip(";").split(";"), 1):
        text = re.sub(r"\s+", " ", raw.strip().lower())

        def fail(why: str) -> NotationError:
            return NotationError(f"item {place} ('{raw.strip()}'): {why}")

        if items and items[-1].is_output:
            raise fail("nothing may follow Output")
        if match := CONV.fullmatch(text):
            channels, kh, kw = map(int, match.groups())
            if len(shape) != 3 or min(channels, kh, kw) < 1:
                raise fail("a convolution needs a picture before it and sizes of at least 1")
            layer += 1
            out = (channels, *shape[1:])
            items.append(Item("conv", shape, out, layer, (channels, shape[0], kh, kw)))
        elif match := POOL.fullmatch(text):
            size, stride = int(match[1]), int(match[2] or 2)
            if len(shape) != 3 or min(size, stride) < 1:
                raise fail("a pool needs a picture before it and sizes of at least 1")
            out = (shape[0], -(-shape[1] // stride), -(-shape[2] // stride))
            items.append(Item("pool", shape, out, size=size, stride=stride))
        elif text == "sum":
            pair = items[-2:]
            if [item.kind for item in pair] != ["conv", "conv"] or pair[0].out_shape != shape:
                raise fail("SUM needs two convolutions of equal channels right before it")
            items.append(Item("sum", shape, shape))
        elif text == "output" or (match := FULL.fullmatch(text)):
            units = classes if text == "output" else int(match[1])
            if units < 1:
                raise fail("a full layer needs at least 1 unit")
            layer += 1
            inputs = int(np.prod(shape))
            items.append(Item("full", shape, (units,), layer, (units, inputs), is_output=text == "output"))
        elif text.startswith("drop"):
            raise fail("the oracle has no dropout (its random numbers are the engine's): leave Drop out")
        else:
            raise fail("not understood; the oracle knows Conv, Maxpool, SUM, Full and Output")
        shape = items[-1].out_shape
    if not items or not items[-1].is_output:
        raise NotationError("the network must end with Output")
    return Net(notation, tuple(input_shape), classes, tuple(items))


# ---------------------------------------------------------------- settings

@dataclass(frozen=True)
class Setting:
    """Rule and conventions. `epsilon` is None for bp, where feedback reads W itself."""
    epsilon: float | None
    loss: str  # hinge or softmax
    preset: str  # as-run or paper; here it means the pool's windows and ties
    slope: float
    mu: float
    lr: float


def make_setting(rule: str, loss: str, preset: str, classes: int, *, epsilon: float | None = None,
                 mu: float | None = None, slope: float | None = None, lr: float = 0.1) -> Setting:
    """Fills in what the preset says: mu = f/(C-1), slope 1/2 or 1."""
    if rule not in ("bp", "frfb", "urfb") or loss not in ("hinge", "softmax") or preset not in ("as-run", "paper"):
        raise ValueError(f"unknown rule, loss or preset: {rule}, {loss}, {preset}")
    if epsilon is not None and rule != "urfb":
        raise ValueError("epsilon belongs to the rule urfb")
    strength = {"bp": None, "frfb": 0.0, "urfb": 1.0 if epsilon is None else epsilon}[rule]
    if mu is None:
        factor = 10.0 if preset == "as-run" and classes == 100 else 1.0
        mu = factor / (classes - 1)
    if slope is None:
        slope = 0.5 if preset == "as-run" else 1.0
    return Setting(strength, loss, preset, slope, mu, lr)


# ---------------------------------------------------------------- layers

def patches(x: Array, kh: int, kw: int) -> Array:
    """[N,C,H,W] -> [N,H,W,C*kh*kw]: the zero-padded "same" window around every pixel."""
    n, c, h, w = x.shape
    before_h, before_w = (kh - 1) // 2, (kw - 1) // 2
    pad = ((0, 0), (0, 0), (before_h, kh - 1 - before_h), (before_w, kw - 1 - before_w))
    windows = sliding_window_view(np.pad(x, pad), (kh, kw), axis=(2, 3))
    return windows.transpose(0, 2, 3, 1, 4, 5).reshape(n, h, w, c * kh * kw)


def conv_forward(w: Array, x: Array) -> Array:
    """h = W x, cross-correlation, stride 1."""
    out = patches(x, *w.shape[2:]) @ w.reshape(len(w), -1).T
    return out.transpose(0, 3, 1, 2)


def conv_feedback(r: Array, delta: Array) -> Array:
    """The sum of equation (2), sigma' left out: each delta goes back along its own connections."""
    _, c_in, kh, kw = r.shape
    n, _, h, w = delta.shape
    padded = np.zeros((n, c_in, h + kh - 1, w + kw - 1), delta.dtype)
    for i in range(kh):
        for j in range(kw):
            padded[:, :, i:i + h, j:j + w] += np.einsum("nohw,oc->nchw", delta, r[:, :, i, j], optimize=True)
    top, left = (kh - 1) // 2, (kw - 1) // 2
    return padded[:, :, top:top + h, left:left + w]


def conv_update(delta: Array, x: Array, w_shape: tuple[int, ...]) -> Array:
    """The Hebbian product of delta and x, summed over positions, mean over the batch."""
    cols = patches(x, *w_shape[2:]).reshape(-1, int(np.prod(w_shape[1:])))
    rows = delta.transpose(0, 2, 3, 1).reshape(-1, w_shape[0])
    return (rows.T @ cols / len(x)).reshape(w_shape)


def pool_windows(x: Array, size: int, stride: int, preset: str) -> tuple[Array, Array, tuple[int, int]]:
    """Pads x and cuts windows: (padded, windows [N,C,H',W',size,size], rows and columns padded before).

    stride == size: the windows tile the picture, and what lies past its end never wins.
    Else as-run windows start at the pixel, paper windows are centred at it, and the zeros
    outside take part in the maximum.
    """
    outs = [-(-n // stride) for n in x.shape[2:]]
    before = (size - 1) // 2 if preset == "paper" and stride != size else 0
    after = [max(0, (out - 1) * stride + size - before - n) for out, n in zip(outs, x.shape[2:])]
    outside = -np.inf if stride == size else 0.0
    pad = ((0, 0), (0, 0), (before, after[0]), (before, after[1]))
    padded = np.pad(x, pad, constant_values=outside)
    windows = sliding_window_view(padded, (size, size), axis=(2, 3))[:, :, ::stride, ::stride]
    return padded, windows[:, :, :outs[0], :outs[1]], (before, before)


def pool_forward(x: Array, size: int, stride: int, preset: str) -> Array:
    """The maximum of each window."""
    return pool_windows(x, size, stride, preset)[1].max(axis=(4, 5))


def pool_feedback(delta: Array, x: Array, size: int, stride: int, preset: str) -> Array:
    """as-run: delta goes to every maximum of its window; paper: to the first in row-major order.

    What an outside zero receives is lost. Overlapping windows add.
    """
    padded, windows, (top, left) = pool_windows(x, size, stride, preset)
    best = windows.max(axis=(4, 5))
    first = windows.reshape(*windows.shape[:4], -1).argmax(axis=-1)  # argmax takes the first of equals
    back = np.zeros_like(padded)
    rows, cols = delta.shape[2:]
    for i in range(size):
        for j in range(size):
            wins = windows[..., i, j] == best if preset == "as-run" else first == i * size + j
            back[:, :, i:i + stride * rows:stride, j:j + stride * cols:stride] += np.where(wins, delta, 0)
    return back[:, :, top:top + x.shape[2], left:left + x.shape[3]]


def output_error(x: Array, labels: Array, setting: Setting) -> tuple[Array, float]:
    """delta_L and the mean loss: equations (4) and (6), or softmax with cross-entropy."""
    target = np.zeros(x.shape, bool)
    target[np.arange(len(x)), labels] = True
    if setting.loss == "hinge":
        losses = np.where(target, np.maximum(1 - x, 0), setting.mu * np.maximum(1 + x, 0))
        delta = np.where(target, np.where(x <= 1, 1.0, 0.0), np.where(x >= -1, -setting.mu, 0.0))
        return delta.astype(x.dtype), float(losses.sum() / len(x))
    shifted = x - x.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return target - np.exp(log_p), float(-log_p[target].sum() / len(x))


# ---------------------------------------------------------------- a step

@dataclass
class Trace:
    """What a forward pass computed, one entry an item of the net."""
    inputs: list[Array]  # what the item read
    pre: list[Array | None]  # h of a weighted layer
    outputs: list[Array]  # x after sigma, or what a pool or SUM gave


def forward(net: Net, setting: Setting, tensors: Tensors, x: Array) -> Trace:
    """x_l = sigma(W_l x_{l-1}), equation (1); no sigma at the output layer."""
    trace = Trace([], [], [])
    for item in net.items:
        trace.inputs.append(x)
        h = None
        if item.kind == "pool":
            x = pool_forward(x, item.size, item.stride, setting.preset)
        elif item.kind == "sum":
            x = trace.outputs[-2] + trace.outputs[-1]
        else:
            w = tensors[f"W{item.layer}"]
            h = conv_forward(w, x) if item.kind == "conv" else x.reshape(len(x), -1) @ w.T
            x = h if item.is_output else np.clip(h * setting.slope, -1, 1)
        trace.pre.append(h)
        trace.outputs.append(x)
    return trace


def hebbian(net: Net, setting: Setting, tensors: Tensors, images: Array, labels: Array,
            dtype: type = np.float64) -> tuple[list[Array], float, Trace]:
    """The mean Hebbian products of W1..WL (eta left out), the mean loss, and the trace."""
    trace = forward(net, setting, tensors, images.astype(dtype) / 255)
    delta, loss = output_error(trace.outputs[-1], labels, setting)
    products: list[Array] = []
    second: dict[int, Array] = {}  # what a SUM sends to the earlier of its two convolutions
    for place in reversed(range(len(net.items))):
        item, x, y = net.items[place], trace.inputs[place], trace.outputs[place]
        if place in second:
            delta = delta + second[place]
        if item.kind == "pool":
            delta = pool_feedback(delta, x, item.size, item.stride, setting.preset)
            continue
        if item.kind == "sum":
            second[place - 2] = delta
            continue
        if not item.is_output:  # sigma' is 0 where |x| = 1, equation (3), else the slope
            delta = delta * np.where(np.abs(y) == 1, 0, setting.slope).astype(delta.dtype)
        if item.kind == "conv":
            products.append(conv_update(delta, x, item.w_shape))
        else:
            products.append(delta.T @ x.reshape(len(x), -1) / len(x))
        if item.layer == 1:  # the first layer sends no feedback
            break
        r = tensors[f"W{item.layer}" if setting.epsilon is None else f"R{item.layer}"]
        delta = conv_feedback(r, delta) if item.kind == "conv" else (delta @ r).reshape(x.shape)
    return products[::-1], loss, trace


def train_step(net: Net, setting: Setting, tensors: Tensors, images: Array, labels: Array,
               dtype: type = np.float64) -> tuple[Tensors, float, Trace]:
    """One step. All products are of W and R as they were when it began (Remark 1)."""
    products, loss, trace = hebbian(net, setting, tensors, images, labels, dtype)
    after: Tensors = {}
    for layer, product in enumerate(products, 1):
        after[f"W{layer}"] = tensors[f"W{layer}"] + setting.lr * product
        if setting.epsilon is not None and layer > 1:
            after[f"R{layer}"] = tensors[f"R{layer}"] + setting.epsilon * setting.lr * product
    return after, loss, trace


def start_tensors(net: Net, setting: Setting, file: Tensors, dtype: type = np.float64) -> Tensors:
    """The tensors that training needs, out of a checkpoint's, with their shapes checked."""
    tensors: Tensors = {}
    for item in net.weighted:
        for name in (f"W{item.layer}", f"R{item.layer}"):
            if name[0] == "R" and (setting.epsilon is None or item.layer == 1):
                continue
            if name not in file or file[name].shape != item.w_shape:
                found = file[name].shape if name in file else "nothing"
                raise ValueError(f"{name} should have shape {item.w_shape}; the file has {found}")
            tensors[name] = file[name].astype(dtype)
    return tensors


# ---------------------------------------------------------------- files

DTYPES = {"F64": np.dtype("<f8"), "F32": np.dtype("<f4"), "I32": np.dtype("<i4"), "U16": np.dtype("<u2"),
          "U8": np.dtype("u1")}


def read_safetensors(path: Path | str) -> tuple[Tensors, dict[str, str]]:
    """Tensors and metadata: 8 bytes of header length, a JSON header, then the data."""
    raw = Path(path).read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8:8 + length])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        tensors[name] = np.frombuffer(raw[begin:end], DTYPES[entry["dtype"]]).reshape(entry["shape"])
    return tensors, metadata


def write_safetensors(path: Path | str, tensors: Tensors, metadata: dict[str, str] | None = None) -> None:
    """Writes tensors, the widest types first so that each lies aligned."""
    names = {dtype: name for name, dtype in DTYPES.items()}
    header: dict[str, object] = {"__metadata__": metadata} if metadata else {}
    chunks, offset = [], 0
    for name in sorted(tensors, key=lambda name: (-tensors[name].dtype.itemsize, name)):
        data = np.ascontiguousarray(tensors[name]).tobytes()
        header[name] = {"dtype": names[tensors[name].dtype], "shape": list(tensors[name].shape),
                        "data_offsets": [offset, offset + len(data)]}
        chunks.append(data)
        offset += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    Path(path).write_bytes(struct.pack("<Q", len(text)) + text + b"".join(chunks))


def read_cifar10(folder: Path | str, count: int) -> tuple[Array, Array]:
    """The first `count` training images [N,3,32,32] and labels of CIFAR-10's binary version."""
    folder = Path(folder)
    if not (folder / "data_batch_1.bin").exists():
        folder = folder / "cifar-10-batches-bin"
    files = -(-count // 10_000)
    records = np.concatenate([np.fromfile(folder / f"data_batch_{i + 1}.bin", np.uint8) for i in range(files)])
    records = records.reshape(-1, 3073)[:count]
    return records[:, 1:].reshape(-1, 3, 32, 32), records[:, 0]


def main() -> None:
    """Trains some steps from a checkpoint and writes the tensors (float64)."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--net", required=True, help="the network's notation, without Drop")
    parser.add_argument("--init", required=True, help="safetensors file with W1.. and R2..")
    parser.add_argument("--cifar10", required=True, help="folder of CIFAR-10's binary version")
    parser.add_argument("--rule", default="urfb", choices=["bp", "frfb", "urfb"])
    parser.add_argument("--epsilon", type=float, help="share of the update that R takes (urfb: 1)")
    parser.add_argument("--loss", default="hinge", choices=["hinge", "softmax"])
    parser.add_argument("--preset", default="as-run", choices=["as-run", "paper"])
    parser.add_argument("--mu", type=float)
    parser.add_argument("--slope", type=float)
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--batch", type=int, default=20)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    net = parse_net(args.net, (3, 32, 32), 10)
    setting = make_setting(args.rule, args.loss, args.preset, 10, epsilon=args.epsilon, mu=args.mu,
                           slope=args.slope, lr=args.lr)
    tensors = start_tensors(net, setting, read_safetensors(args.init)[0])
    images, labels = read_cifar10(args.cifar10, args.batch * args.steps)
    for step in range(args.steps):
        part = slice(step * args.batch, (step + 1) * args.batch)
        tensors, loss, _ = train_step(net, setting, tensors, images[part], labels[part])
        print(f"step {step + 1}: loss {loss:.9f}")
    write_safetensors(args.out, tensors)


if __name__ == "__main__":
    main()
