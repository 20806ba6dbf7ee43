"""An independent float64 implementation of Amit's URFB and of its neighbours, in numpy.

Equation numbers are those of Y. Amit, "Deep Learning With Asymmetric Connections and
Hebbian Updates", Front. Comput. Neurosci. 13:18 (2019). Nothing here shares code with the
engine, and nothing is meant to be fast: it is what the engine is compared with.

This file holds a whole training step and the command; the parts stand in notation, setting,
layers, rules, threefry and files, and can all be reached from here.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from files import read_cifar10, read_safetensors, write_safetensors
from layers import (conv_feedback, conv_forward, conv_update, inside, local_feedback, local_forward, local_update,
                    output_error, patches, pool_feedback, pool_forward, pool_windows)
from notation import Item, Net, NotationError, parse_layers, parse_net
from rules import allowed, apply_products, brsf_draw, feedback_name, signed_feedback, start_tensors, stored
from setting import DIRECT_B, RULES, SIGNED_R, TRAINED_R, Array, Setting, Tensors, frozen, make_setting

__all__ = ["DIRECT_B", "RULES", "SIGNED_R", "TRAINED_R", "Array", "Item", "Net", "NotationError", "Setting", "Tensors",
           "Trace", "allowed", "apply_products", "brsf_draw", "conv_feedback", "conv_forward", "conv_update", "deltas",
           "feedback_name", "forward", "frozen", "hebbian", "inside", "local_feedback", "local_forward",
           "local_update", "make_setting", "output_error", "parse_layers", "parse_net", "patches", "pool_feedback",
           "pool_forward", "pool_windows", "read_cifar10", "read_safetensors", "signed_feedback", "start_tensors",
           "stored", "train_step", "write_safetensors"]


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
            if item.kind == "conv":
                h = conv_forward(w, x)
            elif item.kind == "local":
                h = local_forward(w, x)
            else:
                h = x.reshape(len(x), -1) @ w.T
            x = h if item.is_output or setting.activation == "identity" else np.clip(h * setting.slope, -1, 1)
        trace.pre.append(h)
        trace.outputs.append(x)
    return trace


def sigma_slope(setting: Setting, y: Array) -> Array:
    """sigma'(h) from y = sigma(h): 0 where |y| = 1, equation (3), else the slope; 1 where sigma(h) = h."""
    if setting.activation == "identity":
        return np.ones_like(y)
    return np.where(np.abs(y) == 1, 0, setting.slope).astype(y.dtype)


def deltas(net: Net, setting: Setting, tensors: Tensors, trace: Trace, delta: Array) -> Iterator[tuple[int, Array]]:
    """The place in the net and delta_l of each weighted layer from L to 1, equation (2)."""
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
        if not item.is_output:
            delta = delta * sigma_slope(setting, y)
        yield place, delta
        if item.layer == 1:  # the first layer sends no feedback
            return
        r = tensors[feedback_name(setting, item.layer)]
        if item.kind == "conv":
            delta = conv_feedback(r, delta)
        elif item.kind == "local":
            delta = local_feedback(r, delta)
        else:
            delta = (delta @ r).reshape(x.shape)


def direct_deltas(net: Net, setting: Setting, tensors: Tensors, trace: Trace, delta: Array,
                  labels: Array) -> Iterator[tuple[int, Array]]:
    """The same under dfa and drtp: delta_l = sigma'(h_l) B_l' delta_L, right at sigma's output.

    drtp takes B' y for the loss's gradient, so the one-hot label with a minus stands in delta_L's place. Pools and
    SUMs between are not passed.
    """
    sent = delta if setting.rule == "dfa" else -np.eye(net.classes, dtype=delta.dtype)[labels]
    for place in reversed(range(len(net.items))):
        item, y = net.items[place], trace.outputs[place]
        if item.is_output:
            yield place, delta
        elif item.layer:
            yield place, (sent @ tensors[f"B{item.layer}"]).reshape(y.shape) * sigma_slope(setting, y)


def hebbian(net: Net, setting: Setting, tensors: Tensors, images: Array, labels: Array,
            dtype: type = np.float64) -> tuple[list[Array], float, Trace]:
    """The mean Hebbian products of W1..WL (eta left out), the mean loss, and the trace."""
    trace = forward(net, setting, tensors, images.astype(dtype) / 255)
    error, loss = output_error(trace.outputs[-1], labels, setting)
    products: list[Array] = []
    if setting.rule in DIRECT_B:
        way = direct_deltas(net, setting, tensors, trace, error, labels)
    else:
        way = deltas(net, setting, tensors, trace, error)
    for place, delta in way:
        item, x = net.items[place], trace.inputs[place]
        if item.kind == "conv":
            products.append(conv_update(delta, x, item.w_shape))
        elif item.kind == "local":
            products.append(local_update(delta, x, item.w_shape))
        else:
            products.append(delta.T @ x.reshape(len(x), -1) / len(x))
    return products[::-1], loss, trace


def train_step(net: Net, setting: Setting, tensors: Tensors, images: Array, labels: Array,
               dtype: type = np.float64, time: int = 0) -> tuple[Tensors, float, Trace]:
    """The step before which `time` steps were done.

    All products are of W and R as they were when it began (Remark 1).
    """
    products, loss, trace = hebbian(net, setting, tensors, images, labels, dtype)
    return apply_products(net, setting, tensors, products, time), loss, trace


def main() -> None:
    """Trains some steps from a checkpoint and writes the tensors (float64)."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--net", required=True, help="the network's notation, without Drop")
    parser.add_argument("--untied", default="none", help="all, none or layers such as 2,3 or 2-5")
    parser.add_argument("--init", required=True, help="safetensors file with W1.. and what the rule needs")
    parser.add_argument("--cifar10", required=True, help="folder of CIFAR-10's binary version")
    parser.add_argument("--rule", default="urfb", choices=RULES)
    parser.add_argument("--epsilon", type=float, help="share of the update that R takes (urfb: 1)")
    parser.add_argument("--decay", type=float, help="kp's decay of W and R, per step")
    parser.add_argument("--loss", default="hinge", choices=["hinge", "softmax", "quadratic"])
    parser.add_argument("--activation", default="clip", choices=["clip", "identity"])
    parser.add_argument("--preset", default="as-run", choices=["as-run", "paper"])
    parser.add_argument("--mu", type=float)
    parser.add_argument("--slope", type=float)
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--batch", type=int, default=20)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--freeze", default="none", help="layers whose W and R do not change")
    parser.add_argument("--track-r1", action="store_true", help="let R1 take layer 1's increments")
    parser.add_argument("--seed", type=int, default=1, help="of brsf's draws")
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    net = parse_net(args.net, (3, 32, 32), 10, args.untied)
    setting = make_setting(args.rule, args.loss, args.preset, 10, epsilon=args.epsilon, mu=args.mu,
                           slope=args.slope, lr=args.lr, decay=args.decay, freeze=frozen(net, args.freeze),
                           track_r1=args.track_r1, seed=args.seed, activation=args.activation)
    tensors = start_tensors(net, setting, read_safetensors(args.init)[0])
    images, labels = read_cifar10(args.cifar10, args.batch * args.steps)
    for step in range(args.steps):
        part = slice(step * args.batch, (step + 1) * args.batch)
        tensors, loss, _ = train_step(net, setting, tensors, images[part], labels[part], time=step)
        print(f"step {step + 1}: loss {loss:.9f}")
    write_safetensors(args.out, tensors)


if __name__ == "__main__":
    main()
