"""The paper's notation of a network, with every item's shapes.

A weight tensor is [C_out, C_in, kh, kw] for a convolution, [H, W, C_out, C_in, kh, kw] for an
untied (locally connected) one, whose every place (row, column) of the output has its own filter,
and [out, in] for a full layer. R has the shape of its W.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


class NotationError(ValueError):
    """The network's notation is wrong, or asks for something the oracle leaves out."""


@dataclass(frozen=True)
class Item:
    """One item of the notation with its shapes. `layer` counts the weighted layers from 1."""
    kind: str  # conv, local, full (the output layer too), pool or sum
    in_shape: tuple[int, ...]
    out_shape: tuple[int, ...]
    layer: int = 0
    w_shape: tuple[int, ...] = ()
    size: int = 0  # of a pool
    stride: int = 0  # of a pool
    is_output: bool = False

    @property
    def units(self) -> int:
        """How many numbers the item gives for one picture."""
        return int(np.prod(self.out_shape))

    @property
    def fans(self) -> tuple[int, int]:
        """Glorot's fan_in and fan_out: k^2 times the channels, tied or untied; units if full."""
        *_, outs, ins, kh, kw = (*self.w_shape, 1, 1) if self.kind == "full" else self.w_shape
        return ins * kh * kw, outs * kh * kw


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


CONV = re.compile(r"(conv|local) (\d+) (\d+) ?x ?(\d+)")
POOL = re.compile(r"maxpool (\d+)(?: ?,? ?stride (\d+))?")
FULL = re.compile(r"full (?:conn\.? ?)?(\d+)")
RANGE = re.compile(r"(\d+)(?:-(\d+))?")


def parse_layers(layers: str | Iterable[int], count: int) -> frozenset[int]:
    """`1`, `2,3`, `2-5`, a list of numbers, or `none`, of a net with `count` weighted layers."""
    if not isinstance(layers, str):
        layers = ",".join(map(str, layers))
    found: set[int] = set()
    for part in [] if layers.strip() in ("", "none") else layers.split(","):
        if not (match := RANGE.fullmatch(part.strip())):
            raise ValueError(f"'{part}' is no layer and no range of layers")
        first, last = int(match[1]), int(match[2] or match[1])
        if not 1 <= first <= last <= count:
            raise ValueError(f"'{part}': the network's weighted layers are 1 to {count}")
        found.update(range(first, last + 1))
    return frozenset(found)


def parse_net(notation: str, input_shape: tuple[int, int, int], classes: int,
              untied: str | Iterable[int] = "none") -> Net:
    """Reads `Conv 32 5x5; Maxpool 3; Full 500; Output` for inputs of C x H x W.

    `Local 32 5x5` is an untied convolution; so is a Conv that `untied` names ("none", "all", or
    layers: an error for a full layer). Both ways give the same items.
    """
    texts = [re.sub(r"\s+", " ", raw.strip().lower()) for raw in notation.strip().rstrip(";").split(";")]
    kinds = [text for text in texts if text.startswith(("conv ", "local ", "full ")) or text == "output"]
    chosen = parse_layers("none" if untied == "all" else untied, len(kinds))
    for number in sorted(chosen):
        if kinds[number - 1].startswith(("full", "output")):
            raise ValueError(f"layer {number} is full: it has no filter that places could share")
    items: list[Item] = []
    shape: tuple[int, ...] = tuple(input_shape)
    layer = 0
    for place, (raw, text) in enumerate(zip(notation.split(";"), texts), 1):

        def fail(why: str) -> NotationError:
            return NotationError(f"item {place} ('{raw.strip()}'): {why}")

        if items and items[-1].is_output:
            raise fail("nothing may follow Output")
        if match := CONV.fullmatch(text):
            channels, kh, kw = map(int, match.groups()[1:])
            if len(shape) != 3 or min(channels, kh, kw) < 1:
                raise fail("a convolution needs a picture before it and sizes of at least 1")
            layer += 1
            out, filters = (channels, *shape[1:]), (channels, shape[0], kh, kw)
            if match[1] == "local" or untied == "all" or layer in chosen:
                items.append(Item("local", shape, out, layer, (*shape[1:], *filters)))
            else:
                items.append(Item("conv", shape, out, layer, filters))
        elif match := POOL.fullmatch(text):
            size, stride = int(match[1]), int(match[2] or 2)
            if len(shape) != 3 or min(size, stride) < 1:
                raise fail("a pool needs a picture before it and sizes of at least 1")
            out = (shape[0], -(-shape[1] // stride), -(-shape[2] // stride))
            items.append(Item("pool", shape, out, size=size, stride=stride))
        elif text == "sum":
            pair = items[-2:]
            convolutions = len(pair) == 2 and all(item.kind in ("conv", "local") for item in pair)
            if not convolutions or pair[0].out_shape != shape:
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
            raise fail("not understood; the oracle knows Conv, Local, Maxpool, SUM, Full and Output")
        shape = items[-1].out_shape
    if not items or not items[-1].is_output:
        raise NotationError("the network must end with Output")
    return Net(notation, tuple(input_shape), classes, tuple(items))
