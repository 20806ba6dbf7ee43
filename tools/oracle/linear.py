"""The linear networks of section 5 of Amit (2019) in float64: equation (9) as its matrices write it.

E = T - W_k ... W_1 for X = I, and e = tr(E' E). One step of Euler's:

W_i += eta B_{i+1} ... B_k E W_1' ... W_{i-1}', with B_i = R_i, or W_i' under back-propagation; R_i += epsilon eta times
the transposed increment of W_i. Here R is kept in W's order, [out, in], so that B_i = R_i' and the increments are alike.
"""

from __future__ import annotations

from functools import reduce

import numpy as np

Array = np.ndarray


def product(matrices: list[Array], size: int) -> Array:
    """The matrices multiplied in this order; the identity of none."""
    return reduce(np.matmul, matrices, np.eye(size))


def error(weights: list[Array], target: Array) -> Array:
    """E = T - W_k ... W_1."""
    return target - product(weights[::-1], len(target))


def step(tensors: dict[str, Array], target: Array, rule: str, epsilon: float, lr: float) -> dict[str, Array]:
    """All W and R after one step. `target` is T, [outputs, inputs]."""
    count = sum(name.startswith("W") for name in tensors)
    weights = [tensors[f"W{layer}"] for layer in range(1, count + 1)]
    back = weights if rule == "bp" else [tensors[f"R{layer}"] for layer in range(1, count + 1)]
    off = error(weights, target)
    after = dict(tensors)
    for at in range(count):
        above = product([matrix.T for matrix in back[at + 1:]], len(weights[at]))
        below = product([matrix.T for matrix in weights[:at]], weights[0].shape[1])
        increment = lr * (above @ off @ below)
        after[f"W{at + 1}"] = weights[at] + increment
        if rule != "bp":
            after[f"R{at + 1}"] = tensors[f"R{at + 1}"] + epsilon * increment
    return after
