"""Writes the small fixture files with which the engine's own tests check a whole training step.

One safetensors file a case: `images` and `labels` (U8), the start `init.W1`, `init.R2`, ... (F32),
the float64 tensors after one and three steps (`step1.W1`, `step3.R2`, ...), the mean training loss
of each step (`loss`, F64 [3]) and, under `hebb_fixture`, the settings as JSON. Step t uses images
t*batch..(t+1)*batch. There is no R1 but with track_r1, and no R at all in a case of bp, dfa or drtp. The R
of usf, frsf and brsf is derived: only frsf has an `init.R2` (its |M|), all three have `step1.R2`.
Masks (`init.W3.mask`, U8) and the `init.B1` of dfa and drtp (F32) stand in the start alone: they do not change.

Each case's seed is searched for: no unit, output or pool may come so close to a threshold or a
near-tie in any step that float32 could decide otherwise, and a nudge of 1e-7 to the start may not grow
past 1e-6; so float32 must agree to 2e-6, in any order of summation. And the
case must exercise what it is for: saturated units, satisfied margins, pool ties, outside zeros.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path

import numpy as np

import urfb_oracle as oracle
from fixture_cases import CASES, Case

STEPS, LR = 3, 0.1
THRESHOLD_GAP, TIE_GAP, SIGN_GAP, FLOAT32_GAP = 1e-4, 1e-5, 1e-5, 1e-6
NUDGE, NUDGES = 1e-7, 3  # of every weight that is not 0: a start off by as much as float32 rounds
MOVED = 5e-4  # what a step must change in each W: beside it 2e-6 is little
TRIES = 20_000
COUNTS = ("units", "saturated", "outputs", "satisfied", "windows", "zero_ties", "other_ties", "outside_wins", "lost",
          "flips")


def draw(case: Case, net: oracle.Net, seed: int) -> oracle.Tensors:
    """Images with black corners, labels, and Glorot's uniform draws for W and R."""
    rng = np.random.default_rng(seed)
    count, (_, rows, cols) = STEPS * case.batch, case.shape
    grey = np.linspace(0, 255, case.levels).astype(np.uint8)
    images = grey[rng.integers(0, case.levels, (count, *case.shape))]
    for image in images:  # at least half of each side, so that whole windows are black
        high, wide = rng.integers(rows // 2, rows), rng.integers(cols // 2, cols)
        top, left = rng.choice([0, rows - high]), rng.choice([0, cols - wide])
        image[:, top:top + high, left:left + wide] = 0
    file = {"images": images, "labels": rng.integers(0, case.classes, count).astype(np.uint8)}
    for item in net.weighted:
        width = case.gain * np.sqrt(6 / sum(item.fans))
        for name in "WR":
            tensor = rng.uniform(-width, width, item.w_shape).astype(np.float32)
            if case.zero_channel and item.kind == "conv" and name == "W":
                tensor[0] = 0
            file[f"init.{name}{item.layer}"] = tensor
        file[f"init.B{item.layer}"] = draw_direct(case, item, seed)
    file.update(draw_masks(case, net, file, seed))
    setting = setting_of(case, net)
    kept = {f"init.{name}" for name in oracle.stored(net, setting)}
    masks = {f"{name}.mask" for name in kept if setting.rule in oracle.TRAINED_R or name[5] == "W"}
    return {name: tensor for name, tensor in file.items() if name in kept | masks or "." not in name}


def draw_direct(case: Case, item: oracle.Item, seed: int) -> np.ndarray:
    """The B of a layer, under dfa and drtp, from a stream of its own."""
    width = case.gain * np.sqrt(6 / (case.classes + item.units))
    rng = np.random.default_rng((seed, item.layer, 1))
    return rng.uniform(-width, width, (case.classes, item.units)).astype(np.float32)


def draw_masks(case: Case, net: oracle.Net, file: oracle.Tensors, seed: int) -> oracle.Tensors:
    """Bernoulli masks of W and R, and the tensors with the masked entries and the taps outside at 0.

    frsf's R stays whole: it is only magnitudes, and takes W's mask.
    """
    found: oracle.Tensors = {}
    for item in net.weighted:
        inside = oracle.inside(item.w_shape) if item.kind == "local" else np.ones((1,) * len(item.w_shape))
        dense = case.density is None or (item.is_output and case.preset == "as-run")
        for number, name in enumerate((f"init.W{item.layer}", f"init.R{item.layer}")):
            allowed = np.broadcast_to(inside, item.w_shape).astype(np.uint8)
            if not dense and (number == 0 or case.rule in oracle.TRAINED_R):
                rng = np.random.default_rng((seed, item.layer, 2 + number))
                allowed = (rng.random(item.w_shape) < case.density) * allowed
                found[f"{name}.mask"] = allowed
            found[name] = file[name] * allowed.astype(np.float32)
    return found


def setting_of(case: Case, net: oracle.Net) -> oracle.Setting:
    """The case as the oracle's setting."""
    return oracle.make_setting(case.rule, case.loss, case.preset, case.classes, epsilon=case.epsilon, lr=LR,
                               decay=case.decay, freeze=oracle.frozen(net, case.freeze), track_r1=case.track_r1,
                               seed=case.seed or 1, activation=case.activation)


def inspect(case: Case, net: oracle.Net, setting: oracle.Setting, trace: oracle.Trace,
            labels: np.ndarray) -> Counter | None:
    """Counts what a step exercised; None where float32 could decide otherwise."""
    seen: Counter = Counter()
    for item, x, h, y in zip(net.items, trace.inputs, trace.pre, trace.outputs):
        if item.kind == "pool":
            counts = inspect_pool(case, item, x)
            if counts is None:
                return None
            seen.update(counts)
        elif item.is_output and case.loss == "hinge":
            margins = np.where(np.arange(case.classes) == labels[:, None], 1, -1) * h
            if np.abs(margins - 1).min() < THRESHOLD_GAP:
                return None
            seen.update(outputs=h.size, satisfied=int((margins > 1).sum()))
        elif item.layer and not item.is_output and case.activation == "clip":
            if np.abs(np.abs(h * setting.slope) - 1).min() < THRESHOLD_GAP:
                return None
            seen.update(units=y.size, saturated=int((np.abs(y) == 1).sum()))
    return seen


def inspect_pool(case: Case, item: oracle.Item, x: np.ndarray) -> Counter | None:
    """Counts ties and outside zeros of a pool; None for a near-tie, or a tie that rounding may undo."""
    windows = oracle.pool_windows(x, item.size, item.stride, case.preset)[1]
    windows = windows.reshape(*windows.shape[:4], -1)
    inside = oracle.pool_windows(np.ones_like(x), item.size, item.stride, case.preset)[1].reshape(windows.shape) == 1
    best = windows.max(axis=-1, keepdims=True)
    wins = windows == best
    if np.where(wins, np.inf, best - windows).min() < TIE_GAP:
        return None
    value, several = best[..., 0], (wins & inside).sum(axis=-1) > 1
    other = several & ~np.isin(np.abs(value), (0, 1, 2))  # 0 and what sigma clipped tie in float32 as well
    if other.any() and case.levels == 256 and not case.copies:
        return None
    first = np.take_along_axis(inside, windows.argmax(axis=-1)[..., None], axis=-1)[..., 0]
    lost = ~first if case.preset == "paper" else ~(wins & inside).any(axis=-1)
    return Counter(windows=value.size, zero_ties=int((several & (value == 0)).sum()), other_ties=int(other.sum()),
                   outside_wins=int((wins & ~inside).any(axis=-1).sum()), lost=int(lost.sum()))


def inspect_signs(net: oracle.Net, setting: oracle.Setting, file: oracle.Tensors,
                  tensors: oracle.Tensors) -> int | None:
    """How many signs that R takes from W have changed; None where one may differ in float32."""
    flips = 0
    for item in net.weighted[1:] if setting.rule in oracle.SIGNED_R else []:
        w, start = tensors[f"W{item.layer}"], file[f"init.W{item.layer}"]
        if np.abs(w[w != 0]).min(initial=np.inf) < SIGN_GAP:
            return None
        flips += int((np.sign(w) != np.sign(start)).sum())
    return flips


def train(net: oracle.Net, setting: oracle.Setting, file: oracle.Tensors, batch: int, dtype: type):
    """Yields (tensors, loss, trace, labels) of each step, computed in `dtype`."""
    init = {name.removeprefix("init."): tensor for name, tensor in file.items() if name.startswith("init.")}
    tensors = oracle.start_tensors(net, setting, init, dtype)
    for step in range(STEPS):
        part = slice(step * batch, (step + 1) * batch)
        labels = file["labels"][part].astype(int)
        tensors, loss, trace = oracle.train_step(net, setting, tensors, file["images"][part], labels, dtype, step)
        yield tensors, loss, trace, labels


def needed(case: Case, net: oracle.Net, seen: Counter) -> list[str]:
    """The counts that must not be 0."""
    pairs = (("saturated", "units"), ("satisfied", "outputs"), ("zero_ties", "windows"))
    names = [name for name, of in pairs if seen[of]]
    if case.levels != 256 or case.copies:
        names.append("other_ties")
    if any(item.kind == "pool" and item.size != item.stride for item in net.items):
        names += ["outside_wins", "lost"]
    if case.rule in oracle.SIGNED_R:
        names.append("flips")
    return names


def moves(net: oracle.Net, setting: oracle.Setting, file: oracle.Tensors, expected: oracle.Tensors) -> list[bool]:
    """Whether the first step and the later ones change each W that is not frozen."""
    found = []
    for name in (f"W{item.layer}" for item in net.weighted if item.layer not in setting.freeze):
        places = [file[f"init.{name}"], expected[f"step1.{name}"], expected[f"step{STEPS}.{name}"]]
        found += [bool(np.abs(after - before).max() > MOVED) for before, after in zip(places, places[1:])]
    return found


def furthest(ended: oracle.Tensors, expected: oracle.Tensors) -> float:
    """The largest difference of any tensor after the last step; NaN where there is one."""
    return float(np.max([np.abs(tensor - expected[f"step{STEPS}.{name}"]).max() for name, tensor in ended.items()
                         if f"step{STEPS}.{name}" in expected]))


def amplified(case: Case, net: oracle.Net, setting: oracle.Setting, file: oracle.Tensors, expected: oracle.Tensors,
              seed: int) -> float:
    """How far a start that is off by the roundings of one float32 step ends: another order of summation rounds
    another way than ours, and some deep nets multiply that by six a step."""
    rng, found = np.random.default_rng((seed, 3)), []
    for _ in range(NUDGES):
        off = {name: np.where(tensor == 0, 0, tensor + rng.uniform(-NUDGE, NUDGE, tensor.shape)).astype(tensor.dtype)
               if name.startswith(("init.W", "init.R")) and tensor.dtype.kind == "f" else tensor
               for name, tensor in file.items()}
        *_, (ended, _, _, _) = train(net, setting, off, case.batch, np.float64)
        found.append(furthest(ended, expected))
    return float(np.max(found))


def attempt(case: Case, seed: int) -> tuple[oracle.Tensors, Counter, float, dict] | None:
    """The fixture of this seed, with its counts; None where the seed will not do."""
    net = oracle.parse_net(case.net, case.shape, case.classes, case.untied)
    setting = setting_of(case, net)
    file, seen, losses = draw(case, net, seed), Counter(), []
    expected: oracle.Tensors = {}
    for step, (tensors, loss, trace, labels) in enumerate(train(net, setting, file, case.batch, np.float64), 1):
        counted = inspect(case, net, setting, trace, labels)
        if counted is None:
            return None
        seen.update(counted)
        flips = inspect_signs(net, setting, file, tensors)
        if flips is None:
            return None
        seen.update(flips=flips if step < STEPS else 0)  # those that a later step's feedback reads
        losses.append(loss)
        if step in (1, STEPS):
            expected.update({f"step{step}.{name}": tensor for name, tensor in tensors.items() if name[1:].isdigit()
                             and name[0] in "WR"})
    if not all(seen[name] for name in needed(case, net, seen)) or not all(moves(net, setting, file, expected)):
        return None
    *_, (single, _, _, _) = train(net, setting, file, case.batch, np.float32)
    error = furthest(single, expected)
    if not (error <= FLOAT32_GAP and amplified(case, net, setting, file, expected, seed) <= FLOAT32_GAP):
        return None
    settings = {"net": case.net, "input": list(case.shape), "classes": case.classes, "rule": case.rule,
                "epsilon": setting.epsilon, "loss": case.loss, "preset": case.preset, "slope": setting.slope,
                "mu": setting.mu, "lr": LR, "batch": case.batch}
    settings.update({key: value for key, value in
                     {"untied": case.untied, "decay": case.decay, "freeze": case.freeze,
                      "track_r1": case.track_r1, "seed": case.seed, "activation": case.activation}.items()
                     if value not in ("none", "clip", None, False)})
    return {**file, **expected, "loss": np.array(losses)}, seen, error, settings


def search(case: Case) -> tuple[int, oracle.Tensors, Counter, float, dict]:
    """The first seed that will do, and its fixture."""
    for seed in range(1, TRIES):
        if found := attempt(case, seed):
            return seed, *found
    raise RuntimeError(f"{case.stem}: no seed below {TRIES} will do")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Path(__file__).resolve().parents[2] / "tests" / "fixtures"
    parser.add_argument("--out", type=Path, default=default, help="folder (default tests/fixtures of the project)")
    parser.add_argument("--only", default="*", help="write the fixtures whose name matches (such as 'kp-*')")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    print(f"{'fixture':<50} {'seed':>5} {'bytes':>6} {'f32 error':>9}  counts")
    total, size, count = Counter(), 0, 0
    for case in (case for case in CASES if fnmatch(case.stem, args.only)):
        seed, tensors, seen, error, settings = search(case)
        path = args.out / f"{case.stem}.safetensors"
        oracle.write_safetensors(path, tensors, {"hebb_fixture": json.dumps(settings)})
        counts = " ".join(f"{name} {seen[name]}" for name in COUNTS if seen[name])
        print(f"{case.stem:<50} {seed:>5} {path.stat().st_size:>6} {error:>9.1e}  {counts}", flush=True)
        total.update(seen)
        size += path.stat().st_size
        count += 1
    print(f"{count} fixtures, {size} bytes; {' '.join(f'{name} {total[name]}' for name in COUNTS)}")


if __name__ == "__main__":
    main()
