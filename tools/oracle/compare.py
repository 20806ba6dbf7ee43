"""Trains a few steps with a built `hebb` and with the oracle, and compares every tensor.

Both start from the file that `hebb init` wrote. Rounding in float32 may put a unit on the other
side of a threshold or a tie (sigma, hinge, pool, a weight's sign); then the tensors differ visibly,
by some 1e-5. So the median over the seeds is held to the tolerance, with the extremes beside it: a
mistake moves the smallest difference too. `moved` says how much there was to see: the largest change
of that W which changed least. --chain lets the oracle's last step start from hebb's own
tensors, so that nothing carries over from the steps before.
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

import urfb_oracle as oracle

INPUT, CLASSES = (3, 32, 32), 10
NETS = {  # names for --nets; the minis are the paper's deeper nets, narrow
    "simpnet": "Conv 32 5x5; Maxpool 3; Full 500; Output",
    "mini-deepnet": "Conv 2 5x5; Maxpool 3; Conv 3 3x3; Conv 3 3x3; Maxpool 3; Conv 4 3x3; Conv 4 3x3; Maxpool 3; "
                    "Full 10; Output",
    "mini-deepernet": "conv 2 3x3; conv 2 3x3; SUM; conv 3 3x3; conv 3 3x3; SUM; maxpool 3; "
                      "conv 4 3x3; conv 4 3x3; SUM; maxpool 3; conv 6 3x3; conv 6 3x3; SUM; maxpool 3; "
                      "full conn. 10; output",
    "mini-deepnet_s": "conv 3 3x3; conv 3 3x3; SUM; maxpool 3, stride 3; conv 4 3x3; conv 4 3x3; SUM; "
                      "maxpool 2, stride 2; conv 6 2x2; conv 6 2x2; SUM; maxpool 2, stride 2; full conn. 10; output",
}
DEFAULTS = {"nets": ["simpnet"], "untied": ["none"], "connectivity": [1.0], "freeze": ["none"],
            "rules": ["bp", "frfb", "urfb"], "batches": [20, 21]}
SMALL = {"nets": [name for name in NETS if name.startswith("mini")], "batches": [20],
         "rules": ["bp", "frfb", "urfb", "kp:0.01", "usf", "frsf", "brsf", "dfa", "drtp"]}
SMALL_VARIANTS = [("none", 1.0, "none"), ("all", 1.0, "none"), ("none", 0.5, "none"), ("none", 1.0, "1"),
                  ("all", 0.5, "1")]  # untied, connectivity, freeze
LOSSES, PRESETS = ["hinge", "softmax"], ["as-run", "paper"]


class HebbError(RuntimeError):
    """hebb failed, or wrote something else than its contract says."""


@dataclass(frozen=True)
class Job:
    """One row's settings, but for its number of steps."""
    net: str
    untied: str
    connectivity: float
    freeze: str
    rule: str  # as parse_rule reads it
    loss: str
    preset: str
    batch: int
    lr: float
    track_r1: bool
    untied_start: str

    def __post_init__(self) -> None:
        self.setting(1)

    @property
    def parsed(self) -> oracle.Net:
        return oracle.parse_net(NETS.get(self.net, self.net), INPUT, CLASSES, self.untied)

    def setting(self, seed: int) -> oracle.Setting:
        """The oracle's setting. Rules without an R of their own have no R1 to track."""
        name, numbers = parse_rule(self.rule)
        return oracle.make_setting(name, self.loss, self.preset, CLASSES, **numbers, seed=seed, lr=self.lr,
                                   freeze=oracle.frozen(self.parsed, self.freeze),
                                   track_r1=self.track_r1 and name in oracle.TRAINED_R)

    def network_options(self, setting: oracle.Setting) -> list[object]:
        """The options that `hebb init` and `hebb train` share."""
        words: list[object] = ["--net", self.parsed.notation]
        if any(item.kind == "local" for item in self.parsed.items):
            words += ["--untied", self.untied, "--untied-start", self.untied_start]
        if self.connectivity != 1:
            words += ["--connectivity", self.connectivity]
        return words + ["--track-r1"] * setting.track_r1

    def __str__(self) -> str:
        return (f"{self.net[:14]:<14} {self.untied:<6} {self.connectivity:>4g} {self.freeze:<6} {self.rule:<9} "
                f"{self.loss:<7} {self.preset:<6} {self.batch:>5}")


HEADER = (f"{'net':<14} {'untied':<6} {'conn':>4} {'freeze':<6} {'rule':<9} {'loss':<7} {'preset':<6} {'batch':>5} "
          f"{'steps':>5} {'min':>8} {'median':>8} {'max':>8} {'moved':>8}  worst")


def list_of(kind: Callable) -> Callable[[str], list]:
    """An argparse type: comma-separated values."""
    return lambda text: [kind(part.strip()) for part in text.split(",")]


def parse_rule(text: str) -> tuple[str, dict[str, float]]:
    """`urfb`, `urfb:0.25` for epsilon = 0.25, `kp:0.01` for decay = 0.01."""
    name, _, number = text.partition(":")
    return name, {"decay" if name == "kp" else "epsilon": float(number)} if number else {}


def parse_args() -> tuple[argparse.Namespace, list[Job]]:
    """The options, and the jobs that they mean."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--hebb", required=True, type=Path, help="the built binary")
    add("--cifar10", required=True, type=Path, help="folder of CIFAR-10's binary version, or of its first records")
    add("--suite", choices=["small"], help="the three deeper nets, shrunk: tied, untied, half of the connections, "
        "layer 1 frozen, and all that at once, under every rule, losses and presets taking turns; the options below "
        "restrict it, or ask for every loss and preset")
    add("--nets", "--net", nargs="+", metavar="NET", help=f"notations without Drop, or names: {', '.join(NETS)}")
    add("--untied", nargs="+", metavar="LAYERS", help="none, all or layers such as 2,3 or 2-5 (default none)")
    add("--untied-start", choices=["tied", "independent"], default="independent", help="of untied layers (default "
        "independent: all places alike would hide one read for another)")
    add("--connectivity", type=list_of(float), help="share of the connections that exist (default 1)")
    add("--freeze", nargs="+", metavar="LAYERS", help="none or layers (default none)")
    add("--rules", type=list_of(str), help=f"of {', '.join(oracle.RULES)}, urfb:EPSILON and kp:DECAY "
        "(default bp,frfb,urfb)")
    add("--losses", type=list_of(str), help=f"default {','.join(LOSSES)}")
    add("--presets", type=list_of(str), help=f"default {','.join(PRESETS)}")
    add("--lr", type=float, default=0.1, help="hebb's --lr (default 0.1); a larger one makes small deltas visible")
    add("--batches", type=list_of(int), help="default 20,21")
    add("--steps", type=list_of(int), default=[1, 3])
    add("--seeds", type=list_of(int), default=[1, 2, 3, 4, 5])
    add("--track-r1", action="store_true", help="R1 too, under frfb, urfb and kp")
    add("--chain", action="store_true", help="compare the last step alone, begun from hebb's tensors")
    add("--device", default="reference", help="hebb's --device (default reference)")
    add("--train-options", type=shlex.split, default=[], metavar="'WORDS'", help="further words for `hebb train`")
    add("--tolerance", type=float, default=2e-6, help="of the median (default 2e-6)")
    add("--keep", type=Path, help="keep init files and runs here (an empty or new folder)")
    add("--timeout", type=float, default=600, help="seconds one hebb command may take (default 600)")
    args = parser.parse_args()
    chosen = any((args.untied, args.connectivity, args.freeze))
    for name, value in (DEFAULTS | (SMALL if args.suite else {})).items():
        if getattr(args, name) is None:
            setattr(args, name, value)
    variants = list(product(args.untied, args.connectivity, args.freeze))
    if args.suite and not chosen:
        variants = SMALL_VARIANTS
    try:
        jobs = [Job(net, *variant, rule, *pair, batch, args.lr, args.track_r1, args.untied_start)
                for net, variant, rule, pair, batch in settings(args, variants)]
    except ValueError as error:
        parser.error(str(error))
    if min(args.batches + args.steps) < 1:
        parser.error("batches and steps must be at least 1")
    if args.keep and args.keep.exists() and any(args.keep.iterdir()):
        parser.error(f"{args.keep} is not empty")
    return args, jobs


def settings(args: argparse.Namespace, variants: list[tuple]) -> Iterator[tuple]:
    """(net, variant, rule, (loss, preset), batch) of each job.

    A suite whose losses and presets are not chosen takes one pair of them a job, in turns: each net, each variant and
    each rule meets all four pairs.
    """
    pairs = list(product(args.losses or LOSSES, args.presets or PRESETS))
    take_turns = args.suite and not args.losses and not args.presets
    for (i, net), (j, variant), (k, rule) in product(*map(enumerate, (args.nets, variants, args.rules))):
        turn = (i + j + k) % len(pairs)
        for pair in pairs[turn:turn + 1] if take_turns else pairs:
            yield from ((net, variant, rule, pair, batch) for batch in args.batches)


def call_hebb(args: argparse.Namespace, *words: object) -> None:
    """Runs one command of hebb."""
    command = [str(args.hebb.resolve()), *map(str, words)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=args.timeout)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise HebbError(f"{shlex.join(command)}\n{error}") from error
    if done.returncode != 0:
        raise HebbError(f"{shlex.join(command)}\nexit {done.returncode}: {done.stderr.strip()[-500:]}")


def call_init(args: argparse.Namespace, folder: Path, job: Job, seed: int) -> Path:
    """The start file of a job's network, written once.

    dfa's and drtp's B is drawn when init knows the rule, a sparse output layer's masks when it knows the preset.
    """
    setting = job.setting(seed)
    direct = setting.rule in oracle.DIRECT_B
    network = args.nets.index(job.net)
    words = ["--rule", "dfa"] * direct + ["--preset", job.preset] * (job.connectivity != 1)
    path = folder / (f"init-net{network}-{job.untied}-{job.connectivity:g}-{''.join(words)}"
                     f"{'-r1' * setting.track_r1}-s{seed}.safetensors")
    if not path.exists():
        call_hebb(args, "init", *job.network_options(setting), *words, "--seed", seed, "--out", path)
    return path


def call_train(args: argparse.Namespace, folder: Path, job: Job, init: Path, seed: int, steps: int) -> oracle.Tensors:
    """hebb's tensors after some steps."""
    setting = job.setting(seed)
    name, numbers = parse_rule(job.rule)
    words = [word for key, value in numbers.items() for word in (f"--{key}", value)]
    if job.freeze != "none":
        words += ["--freeze", job.freeze]
    if job.lr != 0.1:
        words += ["--lr", job.lr]
    parts = ("net", args.nets.index(job.net), job.untied, job.connectivity, job.freeze, job.rule.replace(":", "_"),
             job.loss, job.preset, job.batch, steps, seed)
    run = folder / "runs" / "-".join(map(str, parts))
    if not run.exists():
        run.parent.mkdir(exist_ok=True)
        call_hebb(args, "train", *job.network_options(setting), "--rule", name, *words, "--loss", job.loss,
                  "--preset", job.preset, "--data", f"cifar10:{args.cifar10}", "--no-shuffle", "--batch", job.batch,
                  "--steps", steps, "--init", init, "--seed", seed, "--device", args.device, *args.train_options,
                  "--out", run)
    return oracle.read_safetensors(run / "last.safetensors")[0]


def difference(net: oracle.Net, setting: oracle.Setting, found: oracle.Tensors,
               expected: oracle.Tensors) -> tuple[float, str]:
    """The largest difference of any tensor, and that tensor's name. NaN counts as the largest.

    Masks must be the start's, and what they or the picture's edge exclude must be exactly 0.
    """
    if set(found) != set(expected):
        raise HebbError(f"the checkpoint lacks {sorted(set(expected) - set(found))} and has "
                        f"{sorted(set(found) - set(expected))} too much")
    items = {str(item.layer): item for item in net.weighted}
    worst = (0.0, "-")
    for name, tensor in sorted(expected.items()):
        kind = np.uint8 if name.endswith(".mask") else np.float32
        if found[name].shape != tensor.shape or found[name].dtype != kind:
            raise HebbError(f"{name} is {found[name].dtype} {found[name].shape}, expected is {kind} {tensor.shape}")
        if name[0] in "WR" and name[1:] in items:
            own = name[0] == "W" or setting.rule in oracle.TRAINED_R  # else R takes W's mask
            allowed = oracle.allowed(items[name[1:]], expected, name if own else f"W{name[1:]}")
            if found[name][np.broadcast_to(allowed == 0, tensor.shape)].any():
                raise HebbError(f"{name} is not exactly 0 where it is masked or outside the picture")
        largest = float(np.abs(found[name].astype(np.float64) - tensor).max(initial=0))
        if not largest <= worst[0]:
            worst = (largest, name)
        if np.isnan(largest):
            break
    return worst


def compare_job(args: argparse.Namespace, folder: Path, job: Job, seed: int,
                data: tuple[np.ndarray, np.ndarray]) -> Iterator[tuple[int, float, float, str]]:
    """(steps, least change of a W, largest difference, tensor) of one seed.

    Step t uses images t*batch..(t+1)*batch.
    """
    net, setting, done = job.parsed, job.setting(seed), 0
    init = call_init(args, folder, job, seed)
    start = expected = oracle.start_tensors(net, setting, oracle.read_safetensors(init)[0])
    trained = [f"W{item.layer}" for item in net.weighted if item.layer not in setting.freeze]
    for steps in sorted(args.steps):
        if args.chain and steps > 1:
            before, done = call_train(args, folder, job, init, seed, steps - 1), steps - 1
            start = expected = oracle.start_tensors(net, setting, before, time=done)
        for time in range(done, steps):
            part = slice(time * job.batch, (time + 1) * job.batch)
            expected, _, _ = oracle.train_step(net, setting, expected, data[0][part], data[1][part], time=time)
        done = steps
        moved = min(float(np.abs(expected[name] - start[name]).max()) for name in trained)
        yield steps, moved, *difference(net, setting, call_train(args, folder, job, init, seed, steps), expected)


def rows(args: argparse.Namespace, jobs: list[Job], folder: Path) -> Iterator[tuple[str, bool]]:
    """Lines of the table, and whether each is within the tolerance."""
    data = oracle.read_cifar10(args.cifar10, max(args.batches) * max(args.steps))
    for job in jobs:
        found: dict[int, list[tuple[float, float, str]]] = {steps: [] for steps in sorted(args.steps)}
        try:
            for seed in args.seeds:
                for steps, moved, value, tensor in compare_job(args, folder, job, seed, data):
                    found[steps].append((moved, value, f"{tensor} of seed {seed}"))
        except (HebbError, ValueError) as error:
            print(f"compare: {error}", file=sys.stderr)
            yield f"{job}  FAIL: see the message", False
            continue
        if not args.keep:
            shutil.rmtree(folder / "runs")
        for steps, differences in found.items():
            values = np.array([value for _, value, _ in differences])
            median, (_, most, worst) = float(np.median(values)), differences[int(values.argmax())]  # both keep NaN
            good = median <= args.tolerance  # False for NaN
            yield (f"{job} {steps:>5} {values.min():>8.1e} {median:>8.1e} {most:>8.1e} {min(differences)[0]:>8.1e}  "
                   f"{worst}{'' if good else '  FAIL'}"), good


def main() -> int:
    args, jobs = parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        print(HEADER, flush=True)
        count = failed = 0
        try:
            for line, good in rows(args, jobs, folder):
                print(line, flush=True)
                count += 1
                failed += not good
        except OSError as error:
            print(f"compare: {error}", file=sys.stderr)
            return 1
    print(f"{count - failed} of {count} rows have a median within {args.tolerance:g}")
    return 1 if failed or not count else 0


if __name__ == "__main__":
    sys.exit(main())
