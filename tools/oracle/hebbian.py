"""The rules of the Hebbian family in float64, sample by sample as the sources write them.

hebb          dw_ji = eta y_j x_i
hebb-decay    tau dW/dt = <y x'> - gamma W: a step of eta = dt / tau
instar        dw_ji = eta y_j (x_i - w_ji)          Grossberg 2013, section 1.5
outstar       dR_ij = eta x_i (y_j - R_ij)          the same; W stays
pair          instar and outstar at once
oja           dw = eta y (x - y w)                  Oja 1982, one unit
oja-subspace  dW = eta (y x' - y y' W)              Karhunen and Oja 1982, Oja 1989

y = W x, or what a competition makes of it; in a recurrent connection y = x. R is kept in W's order, [unit, input]. A step
is the mean over its batch; every change is of W and R as they were when it began.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Array = np.ndarray

RULES = ("hebb", "hebb-decay", "instar", "outstar", "pair", "oja", "oja-subspace")
WITH_R = ("outstar", "pair")


@dataclass(frozen=True)
class Setting:
    """A connection and its rule."""
    rule: str
    lr: float
    gamma: float = 1.0
    compete: str = "none"  # winner or softmax
    sharpness: float = 1.0
    recurrent: bool = False
    halving: int | None = None  # steps after which eta has fallen to its half


def activity(setting: Setting, w: Array, x: Array) -> Array:
    """y of one sample."""
    if setting.recurrent:
        return x
    h = w @ x
    if setting.compete == "winner":
        return np.eye(len(h))[h.argmax()]  # argmax takes the first of equals
    if setting.compete == "softmax":
        powers = np.exp(setting.sharpness * (h - h.max()))
        return powers / powers.sum()
    return h


def change(setting: Setting, w: Array, r: Array | None, x: Array) -> tuple[Array, Array | None]:
    """What one sample does to W and R, without eta."""
    y = activity(setting, w, x)
    dw, dr = np.zeros_like(w), None if r is None else np.zeros_like(r)
    for j, i in np.ndindex(*w.shape):
        if setting.rule in ("hebb", "hebb-decay"):
            dw[j, i] = y[j] * x[i]
        elif setting.rule in ("instar", "pair"):
            dw[j, i] = y[j] * (x[i] - w[j, i])
        elif setting.rule == "oja":
            dw[j, i] = y[j] * (x[i] - y[j] * w[j, i])
        elif setting.rule == "oja-subspace":
            dw[j, i] = y[j] * (x[i] - sum(y[k] * w[k, i] for k in range(len(y))))
        if dr is not None:
            dr[j, i] = x[i] * (y[j] - r[j, i])
    if setting.rule == "hebb-decay":
        dw -= setting.gamma * w
    return dw, dr


def step(setting: Setting, tensors: dict[str, Array], batch: Array, time: int) -> dict[str, Array]:
    """W1 and R1 after the step before which `time` steps were done."""
    w, r = tensors["W1"], tensors.get("R1")
    eta = setting.lr / (1 + time / setting.halving) if setting.halving else setting.lr
    changes = [change(setting, w, r, x) for x in batch]
    after = {"W1": w + eta * np.mean([dw for dw, _ in changes], axis=0)}
    if r is not None:
        after["R1"] = r + eta * np.mean([dr for _, dr in changes], axis=0)
    return after
