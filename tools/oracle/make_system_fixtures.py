"""Writes tests/fixtures/systems: what the Hebbian family, linear networks and microcircuits come to after 1, 3 and 100
steps.

One safetensors file a case, of five seeds: `1.init.W1`, … (F32), `1.x` and, but for the Hebbian family, `1.target` (F32, a
row a record), and the float64 tensors `1.step1.W1`, `1.step3.W1`, `1.step100.W1`, …; under `hebb_system` the settings as
JSON. Step t takes `batch` records from t·batch on, from the first again after the last; a linear network takes all of them.
In a microcircuit's continuous time a step is a pattern; somata (`u0`, `i1`) and, of weights that learn, low-passed changes
(`W1.trace`) are there too, and the noise is of the seed that the names begin with.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

import hebbian
import linear
import microcircuit_cases
from files import write_safetensors

SEEDS, AFTER = range(1, 6), (1, 3, 100)
BATCH, BATCHES, INPUTS, UNITS = 7, 5, 6, 3
SIZES = (8, 12, 11, 4)

FAMILY = {
    "hebb": hebbian.Setting("hebb", 0.01),
    "hebb-decay": hebbian.Setting("hebb-decay", 0.05, gamma=0.7),
    "hebb-recurrent": hebbian.Setting("hebb-decay", 0.5, gamma=2.0, recurrent=True, halving=1),
    "instar-winner": hebbian.Setting("instar", 0.3, compete="winner"),
    "instar-softmax": hebbian.Setting("instar", 0.3, compete="softmax", sharpness=4.0),
    "outstar": hebbian.Setting("outstar", 0.2, compete="softmax", sharpness=2.0),
    "pair": hebbian.Setting("pair", 0.25, compete="softmax", sharpness=3.0, halving=50),
    "oja": hebbian.Setting("oja", 0.1),
    "oja-subspace": hebbian.Setting("oja-subspace", 0.1, halving=40),
}
NETWORKS = {"linear-bp": ("bp", 0.0), "linear-frfb": ("frfb", 0.0), "linear-urfb0.25": ("urfb", 0.25),
            "linear-urfb": ("urfb", 1.0)}
Step = Callable[[dict[str, np.ndarray], int], dict[str, np.ndarray]]


def trained(start: dict[str, np.ndarray], step: Step,
            dtype: type = np.float64) -> Iterator[tuple[int, dict[str, np.ndarray]]]:
    """The tensors after the steps that are told, from a float32 start."""
    tensors = {name: tensor.astype(dtype) for name, tensor in start.items()}
    for time in range(max(AFTER)):
        tensors = step(tensors, time)
        if time + 1 in AFTER:
            yield time + 1, tensors


def family(setting: hebbian.Setting, seed: int) -> dict[str, np.ndarray]:
    """A seed's part of a file."""
    rng = np.random.default_rng((seed, sorted(hebbian.RULES).index(setting.rule)))
    positive = setting.rule in ("instar", "outstar", "pair")
    records = rng.normal(0, np.linspace(1, 0.3, INPUTS), (BATCH * BATCHES, INPUTS)).astype(np.float32)
    records = np.abs(records) if positive else records
    units = INPUTS if setting.recurrent else 1 if setting.rule == "oja" else UNITS
    start = {"W1": rng.uniform(-0.6, 0.6, (units, INPUTS)).astype(np.float32)}
    if setting.rule in hebbian.WITH_R:
        start["R1"] = rng.uniform(-0.6, 0.6, (units, INPUTS)).astype(np.float32)

    def step(tensors: dict[str, np.ndarray], time: int) -> dict[str, np.ndarray]:
        first = time % BATCHES * BATCH
        return hebbian.step(setting, tensors, records[first:first + BATCH].astype(np.float64), time)

    return {"x": records, **parts(start, step)}


def network(rule: str, epsilon: float, lr: float, seed: int) -> dict[str, np.ndarray]:
    """A seed's part of a file."""
    rng = np.random.default_rng((seed, 100))
    shapes = list(zip(SIZES[1:], SIZES))
    target = np.linalg.multi_dot([rng.normal(0, 0.4, shape) for shape in shapes[::-1]]).astype(np.float32)
    start = {}
    for layer, shape in enumerate(shapes, 1):
        random = rng.uniform(-0.4, 0.4, shape).astype(np.float32)
        start[f"W{layer}"] = random if rule == "bp" else np.zeros(shape, np.float32)
        if rule != "bp":
            start[f"R{layer}"] = random

    def step(tensors: dict[str, np.ndarray], _time: int) -> dict[str, np.ndarray]:
        return linear.step(tensors, target.astype(np.float64), rule, epsilon, lr)

    return {"x": np.eye(SIZES[0], dtype=np.float32), "target": np.ascontiguousarray(target.T), **parts(start, step)}


def circuit(name: str, given: dict, seed: int) -> dict[str, np.ndarray]:
    """A seed's part of a file."""
    records, start, step = microcircuit_cases.part(name, given, seed)
    return {**records, **parts(start, step)}


def parts(start: dict[str, np.ndarray], step: Step) -> dict[str, np.ndarray]:
    """The start, and what it comes to."""
    found = {f"init.{name}": tensor for name, tensor in start.items()}
    for time, tensors in trained(start, step):
        found.update({f"step{time}.{name}": tensor for name, tensor in tensors.items()})
    return found


def cases() -> Iterator[tuple[str, dict, Callable[[int], dict[str, np.ndarray]]]]:
    """Name, settings by the names of the command line, and what makes a seed's part."""
    for name, setting in FAMILY.items():
        given = {"rule": setting.rule, "lr": setting.lr, "batch": BATCH}
        if setting.rule == "hebb-decay":
            given["gamma"] = setting.gamma
        if setting.recurrent:
            given["recurrent"] = True
        elif setting.rule != "oja":
            given["units"] = UNITS
        if setting.compete != "none":
            given["compete"] = setting.compete
        if setting.compete == "softmax":
            given["sharpness"] = setting.sharpness
        if setting.halving:
            given["halving"] = setting.halving
        yield f"hebbian-{name}", {"system": "hebbian", **given}, lambda seed, setting=setting: family(setting, seed)
    for name, (rule, epsilon) in NETWORKS.items():
        lr = 0.02
        given = {"system": "linear", "sizes": "-".join(map(str, SIZES)), "rule": rule, "lr": lr, "batch": SIZES[0]}
        if rule == "urfb":
            given["epsilon"] = epsilon
        yield name, given, lambda seed, one=(rule, epsilon, lr): network(*one, seed)
    for name, given in microcircuit_cases.CASES.items():
        given = {"system": "microcircuit", **given, "batch": microcircuit_cases.BATCH[given["dynamics"]]}
        yield f"microcircuit-{name}", given, lambda seed, one=(name, given): circuit(*one, seed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Path(__file__).resolve().parents[2] / "tests" / "fixtures" / "systems"
    parser.add_argument("--out", type=Path, default=default, help="folder (default tests/fixtures/systems)")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for name, settings, part in cases():
        tensors = {}
        for seed in SEEDS:
            tensors.update({f"{seed}.{key}": tensor for key, tensor in part(seed).items()})
        path = args.out / f"{name}.safetensors"
        write_safetensors(path, tensors, {"hebb_system": json.dumps(settings)})
        changed = [key for key in tensors if key.startswith("1.step100.")]
        sizes = [float(np.abs(tensors[key]).max()) for key in changed]
        moved = [float(np.abs(tensors[key] - tensors[key.replace("step100", "init")]).max()) for key in changed]
        print(f"{name:<24} {path.stat().st_size:>7} bytes, largest {max(sizes):.3f}, moved {max(moved):.3f}")


if __name__ == "__main__":
    main()
