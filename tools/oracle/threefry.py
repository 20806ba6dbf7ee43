"""Threefry-2x32-20: J. Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011.

A random number is a pure function of (seed, purpose, layer, time, index): see `words`.
"""

from __future__ import annotations

import numpy as np

ROTATIONS = (13, 15, 26, 6, 17, 29, 16, 24)
PARITY = np.uint32(0x1BD11BDA)
PURPOSE_BRSF = 7
LOW = 0xFFFF_FFFF


def threefry(key: tuple, counter: tuple) -> tuple[np.ndarray, np.ndarray]:
    """Two words for each counter: 20 rounds, with a part of the key added after every fourth."""
    with np.errstate(over="ignore"):  # sums are modulo 2^32
        keys = [np.uint32(word) for word in key]
        keys.append(PARITY ^ keys[0] ^ keys[1])
        x, y = (np.asarray(word, np.uint32) for word in counter)
        x, y = x + keys[0], y + keys[1]
        for number in range(20):
            turn = np.uint32(ROTATIONS[number % 8])
            x = x + y
            y = ((y << turn) | (y >> np.uint32(32 - turn))) ^ x
            if number % 4 == 3:
                group = number // 4 + 1
                x = x + keys[group % 3]
                y = y + keys[(group + 1) % 3] + np.uint32(group)
    return x, y


def words(seed: int, purpose: int, layer: int, time: int, count: int) -> np.ndarray:
    """The stream's first `count` words: word i is half i%2 of the counter i//2."""
    key = (seed & LOW, seed >> 32 & LOW)
    stream = threefry(key, (purpose | layer << 8, time & LOW))
    pairs = np.arange((count + 1) // 2, dtype=np.uint64)
    halves = threefry(stream, (pairs & np.uint64(LOW), pairs >> np.uint64(32)))
    return np.stack(halves, axis=-1).reshape(-1)[:count]


def uniform(bound: np.float32, draws: np.ndarray) -> np.ndarray:
    """Uniform in -bound..bound, in float32 arithmetic: (2u - 1) * bound with u = (word >> 8) / 2^24."""
    unit = (draws >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24)  # exact
    return (np.float32(2) * unit - np.float32(1)) * np.float32(bound)
