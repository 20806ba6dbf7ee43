"""What each kind of layer computes: forward, feedback and the Hebbian product, and the losses.

Arrays of activity are [image, channel, row, column], after a full layer [image, unit].
Equation numbers are those of Amit 2019 (see urfb_oracle).
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from setting import Array, Setting


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


def local_forward(w: Array, x: Array) -> Array:
    """h = W x where every place has its own filter, w[row, column]."""
    filters = w.reshape(*w.shape[:3], -1)
    return np.einsum("nhwk,hwok->nohw", patches(x, *w.shape[4:]), filters, optimize=True)


def local_feedback(r: Array, delta: Array) -> Array:
    """The sum of equation (2) through untied R: each place sends back by its own filter."""
    *_, c_in, kh, kw = r.shape
    n, _, h, w = delta.shape
    padded = np.zeros((n, c_in, h + kh - 1, w + kw - 1), delta.dtype)
    for i in range(kh):
        for j in range(kw):
            padded[:, :, i:i + h, j:j + w] += np.einsum("nohw,hwoc->nchw", delta, r[..., i, j], optimize=True)
    top, left = (kh - 1) // 2, (kw - 1) // 2
    return padded[:, :, top:top + h, left:left + w]


def local_update(delta: Array, x: Array, w_shape: tuple[int, ...]) -> Array:
    """The mean over the batch of each entry's own delta_i x_(i+k); no sum over places."""
    product = np.einsum("nohw,nhwk->hwok", delta, patches(x, *w_shape[4:]), optimize=True)
    return (product / len(x)).reshape(w_shape)


def inside(w_shape: tuple[int, ...]) -> Array:
    """1 where an untied tensor's tap lies in the picture, 0 outside: [H, W, 1, 1, kh, kw]."""
    rows, cols, _, _, kh, kw = w_shape
    return patches(np.ones((1, 1, rows, cols)), kh, kw).reshape(rows, cols, 1, 1, kh, kw)


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
    """delta_L and the mean loss: equations (4) and (6), softmax with cross-entropy, or half the squared distance."""
    target = np.zeros(x.shape, bool)
    target[np.arange(len(x)), labels] = True
    if setting.loss == "hinge":
        losses = np.where(target, np.maximum(1 - x, 0), setting.mu * np.maximum(1 + x, 0))
        delta = np.where(target, np.where(x <= 1, 1.0, 0.0), np.where(x >= -1, -setting.mu, 0.0))
        return delta.astype(x.dtype), float(losses.sum() / len(x))
    if setting.loss == "quadratic":  # section 5: the gradient of |y - x|^2 / 2, y the label's one-hot code
        delta = target - x
        return delta, float((delta ** 2).sum() / 2 / len(x))
    shifted = x - x.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return target - np.exp(log_p), float(-log_p[target].sum() / len(x))
