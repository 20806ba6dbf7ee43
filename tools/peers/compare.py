"""deepernet's training step by hebb and by others on this machine, in one table. Run by tools/peers/run.

Every figure is the median of measurements that were taken in turn. Whatever cannot be measured stands in the table as
SKIPPED, with its reason. Python's own library alone.
"""

import argparse
import dataclasses
import json
import os
import queue
import re
import statistics
import subprocess
import sys
import threading
import time

# The longest that one measurement of anything but burn may take: it may have to compile first.
PATIENCE = 1200


class Skipped(Exception):
    """Why a peer has no figure."""


def last_line(path):
    """The last line of a log that says something."""
    with open(path, encoding="utf-8", errors="replace") as file:
        lines = [" ".join(line.split()) for line in file if line.strip()]
    return lines[-1][:200] if lines else "it said nothing"


class Child:
    """A program that says `ready`, then measures once for each line that it is sent."""

    def __init__(self, command, log, environment=None):
        self.log = log
        with open(log, "w", encoding="utf-8") as errors:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment
            )
        self.lines = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(line.strip())
        self.lines.put(None)

    def answer(self, seconds):
        """The next line that it prints."""
        try:
            line = self.lines.get(timeout=max(seconds, 0.1))
        except queue.Empty:
            self.end()
            raise Skipped(f"no answer after {seconds:.0f} s; {last_line(self.log)}") from None
        if line is None:
            code = self.process.wait()
            how = f"ended by signal {-code}" if code < 0 else f"ended with code {code}"
            raise Skipped(f"{how}: {last_line(self.log)}")
        if line.startswith("SKIPPED"):
            raise Skipped(line.removeprefix("SKIPPED").strip())
        return line

    def ready(self, seconds):
        """What it says of itself once it is ready."""
        line = self.answer(seconds)
        if not line.startswith("ready"):
            raise Skipped(f"unexpected: {line}")
        return line.removeprefix("ready").strip()

    def measure(self, what, seconds):
        try:
            self.process.stdin.write(what + "\n")
            self.process.stdin.flush()
        except OSError:
            pass  # It has ended: what it left behind says why.
        return float(self.answer(seconds))

    def end(self):
        self.process.kill()
        self.process.wait()


@dataclasses.dataclass
class Entry:
    """A line of the table."""

    name: str
    rule: str
    batch: int
    measure: object = None
    reason: str = ""
    figures: list = dataclasses.field(default_factory=list)

    def take(self):
        """One measurement, unless there was a reason against it before."""
        if self.reason:
            return
        try:
            self.figures.append(self.measure())
        except Skipped as skipped:
            self.reason = str(skipped)

    def median(self):
        return statistics.median(self.figures) if self.figures else None


def hebb(bench, device, rule, batch):
    """hebb's own benchmark of the step."""

    def measure():
        command = [bench, "--device", device, f"train_step deepernet {rule} {batch}"]
        try:
            told = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
        except subprocess.TimeoutExpired:
            raise Skipped(f"no answer after {PATIENCE} s") from None
        found = re.search(r"([0-9]+) images/s", told.stdout)
        if told.returncode or not found:
            raise Skipped(" ".join((told.stderr or f"ended with code {told.returncode}").split())[-200:])
        return float(found.group(1))

    return measure


def adapter(program, wanted):
    """The GPU that hebb takes: its name, and how burn calls it (its kind, and which of that kind)."""
    words = {"discrete GPU": "discrete", "integrated GPU": "integrated", "virtual GPU": "virtual"}
    rows = json.loads(subprocess.run([program, "devices", "--json"], capture_output=True, text=True, check=True).stdout)
    of_kind = {}
    for row in (row for row in rows if row["backend"]):
        kind = "cpu" if row["software"] else words.get(row["kind"], "default")
        of_kind[kind] = of_kind.get(kind, -1) + 1
        if wanted.lower() in row["name"].lower():
            return row["name"], f"{kind}:{of_kind[kind]}", f"{row['name']}, {row['driver']}"
    return None


class Burn:
    """burn's programs, and the time that is left for them."""

    def __init__(self, options, kind):
        self.options, self.kind, self.left = options, kind, 60 * options.minutes

    def start(self, program, batch):
        """Starts one; it compiles and tunes before it is ready."""
        if not program or not os.access(program, os.X_OK):
            raise Skipped("it was not built: " + (self.options.no_burn or "no such program"))
        if self.left <= 0:
            raise Skipped(f"burn's {self.options.minutes} minutes were over")
        command = [program, str(batch), self.kind, str(self.options.seconds)]
        child = Child(command, os.path.join(self.options.logs, f"{os.path.basename(program)}-{batch}.txt"))
        start = time.monotonic()
        try:
            first, whole = child.ready(self.left).split()
        finally:
            self.left -= time.monotonic() - start
        return child, f"first step {first} s, ready after {whole} s"

    def measure(self, child):
        def measure():
            start = time.monotonic()
            try:
                return child.measure("go", max(self.left, 60))
            finally:
                self.left -= time.monotonic() - start

        return measure


def torch_child(options, device):
    """PyTorch on a device, or why there is none."""
    environment = dict(os.environ)
    # Without these PyTorch gives large tensors back to the system after each use, and loses heavily to page faults.
    environment |= {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "1000000000000", "MALLOC_TOP_PAD_": "268435456"}
    environment |= {"OMP_NUM_THREADS": str(os.cpu_count())} if "OMP_NUM_THREADS" not in environment else {}
    if not options.torch:
        raise Skipped(options.no_torch or "PyTorch is not there")
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "torch_steps.py")
    command = [options.torch, script, device, str(options.seconds)]
    child = Child(command, os.path.join(options.logs, f"torch-{device}.txt"), environment)
    return child, child.ready(PATIENCE)


def start_burn(options, gpu):
    """burn's entries. All programs start here, the untuned ones first: tuning may take all the time that there is."""
    burn, lines, children = Burn(options, gpu[1] if gpu else ""), [], []
    for name, program in (("burn wgpu", options.burn), ("burn wgpu, autotune", options.burn_autotune)):
        for batch in options.batches:
            entry = Entry(name, "bp", batch)
            lines.append(entry)
            try:
                if not gpu:
                    raise Skipped("no GPU answers")
                if batch not in options.burn_batches:
                    raise Skipped("not asked for")
                child, told = burn.start(program, batch)
                children.append(child)
                entry.measure = burn.measure(child)
            except Skipped as skipped:
                entry.reason = told = str(skipped)
            print(f"{name}, batch {batch}: {told}", flush=True)
    return lines, children


def entries(options, batch, gpu, torches):
    """hebb's and PyTorch's entries of a batch."""
    lines = []
    for rule in ("bp", "urfb"):
        entry = Entry("hebb gpu", rule, batch)
        if gpu:
            entry.measure = hebb(options.bench, gpu[0], rule, batch)
        else:
            entry.reason = "no GPU answers"
        lines += [entry, Entry("hebb cpu", rule, batch, hebb(options.bench, "cpu", rule, batch))]
    for device, (child, reason) in torches.items():
        if not child:
            lines.append(Entry(f"PyTorch {device}", "bp, urfb", batch, reason=reason))
            continue
        forms = ["eager", "compiled"]
        if device == "cuda":
            forms = [f"{form}{bits}" for bits in ("", " tf32") for form in (*forms, "graphs")]
        for rule in ("bp", "urfb"):
            for form in forms:
                what = f"{rule} {batch} {form}"
                measure = lambda child=child, what=what: child.measure(what, PATIENCE)
                lines.append(Entry(f"PyTorch {device} {form}", rule, batch, measure))
    return lines


def table(lines):
    """The whole table, in Markdown."""
    base = {}
    for entry in lines:
        if entry.name.startswith("hebb") and entry.figures:
            base[entry.name, entry.rule, entry.batch] = entry.median()
    yield "| step | batch | by | images/s, median (best) | hebb gpu is so many times | hebb cpu |"
    yield "|---|---|---|---|---|---|"
    for entry in lines:
        ratios = []
        for name in ("hebb gpu", "hebb cpu"):
            ours = base.get((name, entry.rule, entry.batch))
            ratios.append(f"{ours / entry.median():.2f}" if ours and entry.median() else "")
        if entry.figures:
            digits = 0 if entry.median() >= 100 else 1
            figure = f"{entry.median():.{digits}f} ({max(entry.figures):.{digits}f})"
            if entry.reason:
                figure += f", then {entry.reason}"
        else:
            figure = f"SKIPPED: {entry.reason}"
        figure = figure.replace("|", "\\|")
        yield f"| {entry.rule} | {entry.batch} | {entry.name} | {figure} | {ratios[0]} | {ratios[1]} |"


def numbers(text):
    return [int(part) for part in text.split(",") if part]


def main():
    parser = argparse.ArgumentParser()
    for name in ("--bench", "--hebb", "--logs"):
        parser.add_argument(name, required=True)
    for name in ("--device", "--burn", "--burn-autotune", "--no-burn", "--torch", "--no-torch"):
        parser.add_argument(name, default="")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--batches", type=numbers, default=[20, 100, 500])
    parser.add_argument("--burn-batches", type=numbers, default=[20, 100])
    options = parser.parse_args()
    os.makedirs(options.logs, exist_ok=True)

    gpu = adapter(options.hebb, options.device)
    print(f"GPU: {gpu[2] if gpu else 'none answers'}", flush=True)
    torches = {}
    for device in ("cpu", "cuda"):
        try:
            child, told = torch_child(options, device)
            torches[device] = (child, "")
            print(f"PyTorch {device}: {told}", flush=True)
        except Skipped as skipped:
            torches[device] = (None, str(skipped))
            print(f"PyTorch {device}: SKIPPED, {skipped}", flush=True)
    of_burn, children = start_burn(options, gpu)
    all_lines = []
    for batch in options.batches:
        lines = entries(options, batch, gpu, torches)
        lines[4:4] = [entry for entry in of_burn if entry.batch == batch]
        for turn in range(options.rounds):
            for entry in lines:
                entry.take()
            print(f"batch {batch}: round {turn + 1} of {options.rounds}", flush=True)
        all_lines += lines
    for child in [*children, *(child for child, _ in torches.values() if child)]:
        child.end()
    print(f"\nTraining steps of deepernet, medians of {options.rounds} measurements in turn\n")
    print("\n".join(table(all_lines)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
