"""A training step's setting: the rule, the loss, the preset's conventions and the numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from notation import Net, parse_layers

Array = np.ndarray
Tensors = dict[str, Array]

TRAINED_R = ("frfb", "urfb", "kp")  # R is a tensor of its own, started at random
SIGNED_R = ("usf", "frsf", "brsf")  # R takes the signs of W, always
DIRECT_B = ("dfa", "drtp")  # no R: a fixed B from the output, or the label, to each hidden layer
RULES = ("bp", *TRAINED_R, *SIGNED_R, *DIRECT_B)


@dataclass(frozen=True)
class Setting:
    """Rule and conventions.

    `epsilon` is R's share of the update: 0 for frfb, 1 for urfb if not given, None for the others.
    """
    rule: str
    epsilon: float | None
    loss: str  # hinge, softmax or quadratic
    preset: str  # as-run or paper; here it means the pool's windows and ties
    slope: float
    mu: float
    lr: float
    decay: float = 0.0  # kp's lambda, per step, not multiplied by lr
    freeze: frozenset[int] = frozenset()  # layers whose W and R do not change
    track_r1: bool = False  # R1 takes layer 1's increments; nothing reads it
    seed: int = 1  # of brsf's draws
    activation: str = "clip"  # or identity: sigma(h) = h, and the slope has no part in it


def make_setting(rule: str, loss: str, preset: str, classes: int, *, epsilon: float | None = None,
                 mu: float | None = None, slope: float | None = None, lr: float = 0.1, decay: float | None = None,
                 freeze: Iterable[int] = (), track_r1: bool = False, seed: int = 1,
                 activation: str = "clip") -> Setting:
    """Fills in what the preset says: mu = f/(C-1), slope 1/2 or 1."""
    if rule not in RULES or loss not in ("hinge", "softmax", "quadratic") or preset not in ("as-run", "paper"):
        raise ValueError(f"unknown rule, loss or preset: {rule}, {loss}, {preset}")
    if activation not in ("clip", "identity"):
        raise ValueError(f"unknown activation: {activation}")
    if epsilon is not None and rule != "urfb":
        raise ValueError("epsilon belongs to the rule urfb")
    if decay is not None and rule != "kp":
        raise ValueError("decay belongs to the rule kp")
    if track_r1 and rule not in TRAINED_R:
        raise ValueError(f"track_r1 needs a rule that trains R, not {rule}")
    strength = {"frfb": 0.0, "urfb": 1.0 if epsilon is None else epsilon}.get(rule)
    if mu is None:
        factor = 10.0 if preset == "as-run" and classes == 100 else 1.0
        mu = factor / (classes - 1)
    if slope is None:
        slope = 0.5 if preset == "as-run" else 1.0
    return Setting(rule, strength, loss, preset, slope, mu, lr, decay or 0.0, frozenset(freeze), track_r1, seed,
                   activation)


def frozen(net: Net, layers: str) -> frozenset[int]:
    """The layers of a `freeze` text such as `1` or `2-4`."""
    return parse_layers(layers, len(net.weighted))
