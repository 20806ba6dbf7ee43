"""Trains a few steps with a built `hebb` and with the oracle, and compares every tensor.

Both start from the file that `hebb init` wrote. Rounding in float32 may put a unit on the other
side of a threshold or a tie (sigma, hinge, pool); then the tensors differ visibly, by some 1e-5.
So the median over the seeds is held to the tolerance, with the extremes beside it: a mistake
moves the smallest difference too. --chain lets the oracle's last step start from hebb's own
tensors, so that nothing carries over from the steps before.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import numpy as np

import urfb_oracle as oracle

INPUT, CLASSES = (3, 32, 32), 10
HEADER = f"{'rule':<10} {'loss':<8} {'preset':<7} {'batch':>5} {'steps':>5} {'min':>9} {'median':>9} {'max':>9}  worst"


class HebbError(RuntimeError):
    """hebb failed, or wrote something else than its contract says."""


def list_of(kind: Callable) -> Callable[[str], list]:
    """An argparse type: comma-separated values."""
    return lambda text: [kind(part.strip()) for part in text.split(",")]


def parse_rule(text: str) -> tuple[str, float | None]:
    """`urfb`, or `urfb:0.25` for epsilon = 0.25."""
    name, _, epsilon = text.partition(":")
    return name, float(epsilon) if epsilon else None


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hebb", required=True, type=Path, help="the built binary")
    parser.add_argument("--cifar10", required=True, type=Path, help="folder of CIFAR-10's binary version")
    parser.add_argument("--net", default="Conv 32 5x5; Maxpool 3; Full 500; Output", help="notation, without Drop")
    parser.add_argument("--rules", type=list_of(str), default=["bp", "frfb", "urfb"],
                        help="of bp, frfb, urfb and urfb:EPSILON (default bp,frfb,urfb)")
    parser.add_argument("--losses", type=list_of(str), default=["hinge", "softmax"])
    parser.add_argument("--presets", type=list_of(str), default=["as-run", "paper"])
    parser.add_argument("--batches", type=list_of(int), default=[20, 21])
    parser.add_argument("--steps", type=list_of(int), default=[1, 3])
    parser.add_argument("--seeds", type=list_of(int), default=[1, 2, 3, 4, 5])
    parser.add_argument("--chain", action="store_true", help="compare the last step alone, begun from hebb's tensors")
    parser.add_argument("--device", default="reference", help="hebb's --device (default reference)")
    parser.add_argument("--tolerance", type=float, default=2e-6, help="of the median (default 2e-6)")
    parser.add_argument("--keep", type=Path, help="keep init files and runs here (an empty or new folder)")
    parser.add_argument("--timeout", type=float, default=600, help="seconds one hebb command may take (default 600)")
    args = parser.parse_args()
    try:
        oracle.parse_net(args.net, INPUT, CLASSES)
        for (rule, epsilon), loss, preset in product(map(parse_rule, args.rules), args.losses, args.presets):
            oracle.make_setting(rule, loss, preset, CLASSES, epsilon=epsilon)
    except ValueError as error:
        parser.error(str(error))
    if min(args.batches + args.steps) < 1:
        parser.error("batches and steps must be at least 1")
    if args.keep and args.keep.exists() and any(args.keep.iterdir()):
        parser.error(f"{args.keep} is not empty")
    return args


def call_hebb(args: argparse.Namespace, *words: object) -> None:
    """Runs one command of hebb."""
    command = [str(args.hebb.resolve()), *map(str, words)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=args.timeout)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise HebbError(f"{' '.join(command)}\n{error}") from error
    if done.returncode != 0:
        raise HebbError(f"{' '.join(command)}\nexit {done.returncode}: {done.stderr.strip()}")


def call_train(args: argparse.Namespace, folder: Path, init: Path, seed: int, rule: str, loss: str, preset: str,
               batch: int, steps: int) -> oracle.Tensors:
    """hebb's tensors after some steps."""
    name, epsilon = parse_rule(rule)
    run = folder / f"{rule.replace(':', '-')}-{loss}-{preset}-b{batch}-n{steps}-s{seed}"
    if not run.exists():
        share = [] if epsilon is None else ["--epsilon", epsilon]
        call_hebb(args, "train", "--net", args.net, "--rule", name, *share, "--loss", loss, "--preset", preset,
                  "--data", f"cifar10:{args.cifar10}", "--no-shuffle", "--batch", batch, "--steps", steps,
                  "--init", init, "--seed", seed, "--device", args.device, "--out", run)
    return oracle.read_safetensors(run / "last.safetensors")[0]


def oracle_steps(net: oracle.Net, setting: oracle.Setting, tensors: oracle.Tensors, batch: int, steps: range,
                 data: tuple[np.ndarray, np.ndarray]) -> oracle.Tensors:
    """The oracle's tensors after these steps. Step t uses images t*batch..(t+1)*batch."""
    images, labels = data
    for step in steps:
        part = slice(step * batch, (step + 1) * batch)
        tensors, _, _ = oracle.train_step(net, setting, tensors, images[part], labels[part])
    return tensors


def difference(found: oracle.Tensors, expected: oracle.Tensors) -> tuple[float, str]:
    """The largest difference of any tensor, and that tensor's name. NaN counts as the largest."""
    if set(found) != set(expected):
        raise HebbError(f"the checkpoint has {sorted(found)}, expected are {sorted(expected)}")
    worst = (0.0, "-")
    for name, tensor in sorted(expected.items()):
        if found[name].shape != tensor.shape or found[name].dtype != np.float32:
            raise HebbError(f"{name} is {found[name].dtype} {found[name].shape}, expected is float32 {tensor.shape}")
        largest = float(np.abs(found[name].astype(np.float64) - tensor).max())
        if not largest <= worst[0]:
            worst = (largest, name)
        if np.isnan(largest):
            break
    return worst


def rows(args: argparse.Namespace, folder: Path) -> Iterator[tuple[str, bool]]:
    """Lines of the table, and whether each is within the tolerance."""
    net = oracle.parse_net(args.net, INPUT, CLASSES)
    data = oracle.read_cifar10(args.cifar10, max(args.batches) * max(args.steps))
    inits = {}
    for seed in args.seeds:
        path = folder / f"init-{seed}.safetensors"
        call_hebb(args, "init", "--net", args.net, "--seed", seed, "--out", path)
        inits[seed] = (path, oracle.read_safetensors(path)[0])
    for rule, loss, preset, batch in product(args.rules, args.losses, args.presets, args.batches):
        name, epsilon = parse_rule(rule)
        setting = oracle.make_setting(name, loss, preset, CLASSES, epsilon=epsilon)
        found: dict[int, list[tuple[float, str]]] = {steps: [] for steps in args.steps}
        for seed, (path, init) in inits.items():
            expected, done = oracle.start_tensors(net, setting, init), 0
            for steps in sorted(args.steps):
                if args.chain and steps > 1:
                    before = call_train(args, folder, path, seed, rule, loss, preset, batch, steps - 1)
                    expected, done = oracle.start_tensors(net, setting, before), steps - 1
                expected = oracle_steps(net, setting, expected, batch, range(done, steps), data)
                done = steps
                last = call_train(args, folder, path, seed, rule, loss, preset, batch, steps)
                largest, tensor = difference(last, expected)
                found[steps].append((largest, f"{tensor} of seed {seed}"))
            if not args.keep:
                for run in filter(Path.is_dir, folder.iterdir()):
                    shutil.rmtree(run)
        for steps, differences in found.items():
            values = np.array([value for value, _ in differences])
            median, worst = float(np.median(values)), differences[int(values.argmax())]  # both keep NaN
            good = median <= args.tolerance  # False for NaN
            yield (f"{rule:<10} {loss:<8} {preset:<7} {batch:>5} {steps:>5} {values.min():>9.2e} {median:>9.2e} "
                   f"{worst[0]:>9.2e}  {worst[1]}{'' if good else '  FAIL'}"), good


def main() -> int:
    args = parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        print(HEADER, flush=True)
        count = failed = 0
        try:
            for line, good in rows(args, folder):
                print(line, flush=True)
                count += 1
                failed += not good
        except (HebbError, OSError, ValueError) as error:
            print(f"compare: {error}", file=sys.stderr)
            return 1
    print(f"{count - failed} of {count} rows have a median within {args.tolerance:g}")
    return 1 if failed or not count else 0


if __name__ == "__main__":
    sys.exit(main())
