"""Which tensors a rule has, where its feedback comes from, and how a step changes them.

bp      R is W itself
frfb    Lillicrap et al. 2016, feedback alignment: R stays at its random start
urfb    Amit 2019: R takes epsilon times W's increment
kp      Kolen and Pollack 1994, Akrout et al. 2019: both take the same increment and decay
usf     Xiao et al. 2019, Moskovitz et al. 2018: R = s sign(W), s = sqrt(2 / (fan_in + fan_out))
frsf    R = |M| sign(W), M fixed: the R of the start file
brsf    Liao et al. 2016: R = |M| sign(W), M drawn anew for every step
dfa     Noekland 2016: delta_L goes to each hidden layer directly, through B of [classes, units]
drtp    Frenkel, Lefebvre and Bol 2021: in delta_L's place B takes the label's one-hot code, as a gradient

A dictionary of tensors holds W1..WL, R2..RL (R1 with track_r1; no R under bp, dfa and drtp), B1.. under
dfa and drtp, and masks `W3.mask`. Under usf, frsf and brsf its R is always the one that the next step uses.
"""

from __future__ import annotations

import numpy as np

import threefry
from layers import inside
from notation import Item, Net
from setting import DIRECT_B, SIGNED_R, TRAINED_R, Array, Setting, Tensors


def feedback_name(setting: Setting, layer: int) -> str:
    """The tensor through which this layer's delta goes back."""
    return f"W{layer}" if setting.rule == "bp" else f"R{layer}"


def stored(net: Net, setting: Setting) -> dict[str, tuple[int, ...]]:
    """Names and shapes of what training starts from (usf and brsf need no R of the file)."""
    shapes: dict[str, tuple[int, ...]] = {}
    for item in net.weighted:
        layer = item.layer
        shapes[f"W{layer}"] = item.w_shape
        if setting.rule in (*TRAINED_R, "frsf") and (layer > 1 or setting.track_r1):
            shapes[f"R{layer}"] = item.w_shape
        if setting.rule in DIRECT_B and not item.is_output:
            shapes[f"B{layer}"] = (net.classes, item.units)
    return shapes


def start_tensors(net: Net, setting: Setting, file: Tensors, dtype: type = np.float64, time: int = 0) -> Tensors:
    """The tensors that training needs, out of a checkpoint's, with their shapes checked.

    A tied tensor for an untied layer is copied to every place. `time` is the number of steps done.
    """
    tensors: Tensors = {}
    items = {str(item.layer): item for item in net.weighted}
    for name, shape in stored(net, setting).items():
        item, tensor = items[name[1:]], file.get(name)
        if tensor is not None and item.kind == "local" and tensor.shape == shape[2:] and name[0] != "B":
            tensor = np.broadcast_to(tensor, shape)
        if tensor is None or tensor.shape != shape:
            raise ValueError(f"{name} should have shape {shape}; the file has "
                             f"{'nothing' if tensor is None else tensor.shape}")
        mask = file.get(f"{name}.mask") if name[0] == "W" or setting.rule in TRAINED_R else None
        if mask is not None:
            if mask.shape != shape or not np.isin(mask, (0, 1)).all():
                raise ValueError(f"{name}.mask should be of 0 and 1, with shape {shape}")
            tensors[f"{name}.mask"] = mask
        tensors[name] = tensor.astype(dtype)
        if name[0] != "B":
            tensors[name] = tensors[name] * allowed(item, tensors, name).astype(dtype)
    return tensors | signed_feedback(net, setting, tensors, time)


def allowed(item: Item, tensors: Tensors, name: str) -> Array:
    """1 where this tensor may be other than 0: its mask, and an untied layer's taps inside the picture."""
    mask = tensors.get(f"{name}.mask", np.ones((), np.uint8))
    return mask * inside(item.w_shape) if item.kind == "local" else mask


def signed_feedback(net: Net, setting: Setting, tensors: Tensors, time: int) -> Tensors:
    """R2..RL that usf, frsf and brsf derive from this W after `time` steps; nothing for other rules.

    R has no mask of its own: it takes W's. Where frsf or brsf meets a W of exactly 0, R = +|M|.
    """
    found: Tensors = {}
    for item in net.weighted if setting.rule in SIGNED_R else []:
        if item.layer == 1:
            continue
        w = tensors[f"W{item.layer}"]
        if setting.rule == "usf":
            r = np.sqrt(2 / sum(item.fans)) * np.sign(w)
        else:
            if setting.rule == "frsf":
                size = np.abs(tensors[f"R{item.layer}"])  # a change of sign leaves the magnitude
            else:
                size = np.abs(brsf_draw(setting.seed, item, time))
            r = np.where(w < 0, -size, size)
        found[f"R{item.layer}"] = (r * allowed(item, tensors, f"W{item.layer}")).astype(w.dtype)
    return found


def brsf_draw(seed: int, item: Item, time: int) -> Array:
    """brsf's M for the step before which `time` steps were done: uniform within Glorot's bound."""
    draws = threefry.words(seed, threefry.PURPOSE_BRSF, item.layer, time, int(np.prod(item.w_shape)))
    return threefry.uniform(np.float32(np.sqrt(6 / sum(item.fans))), draws).reshape(item.w_shape)


def apply_products(net: Net, setting: Setting, tensors: Tensors, products: list[Array], time: int) -> Tensors:
    """The tensors after a step: W <- (1 - decay) W + lr * product, R the same by its rule.

    Each increment is multiplied by its own tensor's mask. A frozen layer keeps its tensors; the R of
    usf, frsf and brsf is derived from W all the same.
    """
    after = dict(tensors)
    for item, product in zip(net.weighted, products):
        if item.layer in setting.freeze:
            continue
        after[f"W{item.layer}"] = changed(item, setting, tensors, f"W{item.layer}", 1.0, product)
        if setting.rule in TRAINED_R and (item.layer > 1 or setting.track_r1):
            share = 1.0 if setting.epsilon is None else setting.epsilon
            after[f"R{item.layer}"] = changed(item, setting, tensors, f"R{item.layer}", share, product)
    return after | signed_feedback(net, setting, after, time + 1)


def changed(item: Item, setting: Setting, tensors: Tensors, name: str, share: float, product: Array) -> Array:
    """One tensor after a step."""
    before = tensors[name]
    increment = share * setting.lr * product * allowed(item, tensors, name).astype(before.dtype)
    return (1 - setting.decay) * before + increment
