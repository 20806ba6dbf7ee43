"""Dendritic cortical microcircuits in float64: Sacramento, Costa, Bengio and Senn 2018, (1) to (15), (26) and (27).

Everything is of one network and one pattern at a time, in the paper's symbols and in its order of indices:

    up[k]    W^PP_{k,k-1}   (n_k, n_{k-1})   k = 1…N      basal dendrites, (3) and (7)
    ip[k]    W^IP_{k,k}     (n_{k+1}, n_k)   k = 1…N-1    interneurons, (5) and (8)
    pi[k]    W^PI_{k,k}     (n_k, n_{k+1})   k = 1…N-1    apical dendrites, (4) and (9)
    down[k]  W^PP_{k,k+1}   (n_k, n_{k+1})   k = 1…N-1    apical dendrites, (4) and (10)

A file's W{k} is up[k], IP{k} is ip[k], PI{k} the transposed pi[k], R{k+1} the transposed down[k] (`tensors`, `synapses`).

Continuous dynamics: Euler's steps of (1) and (2) as they stand. What the paper's text leaves open is read so: white noise
of strength sigma is sigma sqrt(dt) n a step; plasticity induction is low-passed by tau_w, and what comes out is what a
weight changes by; all that changes in a step is computed from what was there before it.
Two-step dynamics (section 3.4): the presynaptic rates of (7) and (8) are those before nudging, the rates of (9) and (10)
those after it; all changes are of the weights as they were.

Arithmetic is in the arrays' own type, so that float32 arrays show what a float32 program may deviate.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace

import numpy as np

import threefry

Array = np.ndarray
Layers = dict[int, Array]

PURPOSE_NOISE = 17
KINDS = ("up", "ip", "pi", "down")
# Of a sum s of eight bytes: z = SPREAD (s - 1020), and n = z (C0 + z² (C1 + z² (C2 + z² C3))); constants are float32's.
SPREAD = float(np.float32(0.004784196))
SHAPE = [float(np.float32(c)) for c in (0.98024985, 0.0067881367, -0.00011113191, 0.000022041326)]


# Numbers of a Gaussian ------------------------------------------------------------------------------------------------

def gaussian(byte_sums: Array) -> Array:
    """n of sums of eight bytes: variance 1, kurtosis 3."""
    z = SPREAD * (np.asarray(byte_sums, np.float64) - 1020)
    q = z * z
    return z * (SHAPE[0] + q * (SHAPE[1] + q * (SHAPE[2] + q * SHAPE[3])))


def noise(seed: int, layer: int, pattern: int, steps: int, units: int) -> Array:
    """xi of a pattern's Euler steps, [steps, units], for a population: `layer` is k of pyramidal cells, N + k of
    interneurons."""
    key = (seed & threefry.LOW, seed >> 32 & threefry.LOW)
    stream = threefry.threefry(key, (PURPOSE_NOISE | layer << 8, pattern))
    words = threefry.threefry(stream, (np.arange(steps)[:, None], np.arange(units)))
    return gaussian(sum((word >> np.uint32(8 * byte)) & np.uint32(255) for word in words for byte in range(4)))


# Cells and their synapses ---------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Transfer:
    """phi, from potentials to rates."""
    kind: str = "softplus"  # or logistic
    gamma: float = 1.0
    beta: float = 1.0
    theta: float = 0.0

    def __call__(self, u: Array) -> Array:
        if self.kind == "logistic":
            return 1 / (1 + np.exp(-u))
        return self.gamma * np.logaddexp(0, self.beta * (u - self.theta))

    def slope(self, u: Array) -> Array:
        """phi'."""
        if self.kind == "logistic":
            return self(u) * (1 - self(u))
        return self.gamma * self.beta / (1 + np.exp(-self.beta * (u - self.theta)))


@dataclass
class Synapses:
    """A matrix for each layer k and kind of synapse: weights, or what they change by."""
    up: Layers = field(default_factory=dict)
    ip: Layers = field(default_factory=dict)
    pi: Layers = field(default_factory=dict)
    down: Layers = field(default_factory=dict)

    def items(self) -> Iterator[tuple[str, int, Array]]:
        """Kind, layer k and matrix of each."""
        for kind in KINDS:
            for k, matrix in getattr(self, kind).items():
                yield kind, k, matrix


@dataclass
class Somata:
    """Somatic potentials: u^P_k, k = 0…N, and u^I_k, k = 1…N-1."""
    pyramidal: Layers
    inter: Layers


@dataclass(frozen=True)
class Setting:
    """A network and how it learns. `rates` has the learning rate of each kind and layer; 0 is fixed."""
    sizes: tuple[int, ...]
    rates: dict[tuple[str, int], float]
    transfer: Transfer
    dynamics: str = "continuous"  # or two-step
    learner: str = "microcircuit"  # or bp
    networks: int = 1
    # continuous
    input: str = "potentials"  # or rates
    taught: bool = True
    g_apical: float = 0.8
    g_basal: float = 1.0
    g_dendrite: float = 1.0
    g_leak: float = 0.1
    g_soma: float = 0.8
    dt: float = 0.1
    pattern_steps: int = 1000
    tau_input: float = 3.0
    tau_weights: float = 30.0
    sigma: float = 0.1
    # two-step
    lambda_output: float = 0.1
    lambda_inter: float = 0.1
    lambda_hidden: tuple[float, ...] = ()  # of layers 1…N-1

    @property
    def top(self) -> int:
        """N."""
        return len(self.sizes) - 1

    @property
    def hidden(self) -> range:
        """Layers 1…N-1."""
        return range(1, self.top)


def numbers(given: object, count: int) -> list[float]:
    """One number for all of `count` layers, or one for each, separated by commas."""
    parts = [float(part) for part in str(given).split(",")]
    if len(parts) == 1:
        return parts * count
    if len(parts) != count:
        raise ValueError(f"'{given}' is neither one number nor {count}")
    return parts


def setting(given: dict) -> Setting:
    """From a table of settings by the names of the command line; surplus ones are not looked at."""
    sizes = tuple(int(size) for size in given["sizes"].split("-"))
    top, two_step = len(sizes) - 1, given.get("dynamics") == "two-step"
    rates = {}
    for kind in KINDS:  # lr-down begins with R2, which is down[1]
        each = numbers(given.get(f"lr-{kind}", 0), top if kind == "up" else top - 1)
        rates.update({(kind, k): rate for k, rate in enumerate(each, 1)})
    phi = Transfer(given.get("transfer", "logistic" if two_step else "softplus"),
                   *(float(given.get(name, default)) for name, default in (("gamma", 1), ("beta", 1), ("theta", 0))))
    names = {one.name for one in fields(Setting)} - {"sizes", "rates", "transfer", "lambda_hidden"}
    rest = {key.replace("-", "_"): value for key, value in given.items() if key.replace("-", "_") in names}
    if two_step:
        rest["lambda_hidden"] = tuple(numbers(given.get("lambda-hidden", 0.3), top - 1))
    return Setting(sizes, rates, phi, **rest)


# Continuous dynamics --------------------------------------------------------------------------------------------------

def attenuation(net: Setting, k: int) -> float:
    """v̂_B,k / v_B,k of pyramidal cells: at the top there is no apical dendrite."""
    return net.g_basal / (net.g_leak + net.g_basal + (net.g_apical if k < net.top else 0))


def ideal_ip(net: Setting, w: Synapses, k: int) -> Array:
    """(12); in two steps what u_{k+1} = (1 - lambda_{k+1}) v_B,k+1 asks for in its place."""
    if net.dynamics == "two-step":
        return w.up[k + 1] * (1 - net.lambda_hidden[k] if k + 1 < net.top else 1)
    apical = net.g_apical if k + 1 < net.top else 0
    return w.up[k + 1] * (net.g_basal + net.g_leak) / (net.g_basal + apical + net.g_leak)


def euler(net: Setting, w: Synapses, low_passed: Synapses, soma: Somata, x: Array, target: Array | None,
          xi: tuple[Layers, Layers] | None) -> None:
    """One step of dt changes weights, low-passed changes and somata. `target` None: not taught; `xi` of both kinds of
    cells in this step, or None."""
    phi, top, dt = net.transfer, net.top, net.dt
    u, u_inter = soma.pyramidal, soma.inter
    r = {k: phi(u[k]) if k or net.input == "potentials" else u[0] for k in range(top + 1)}
    r_inter = {k: phi(u_inter[k]) for k in net.hidden}
    v_basal = {k: w.up[k] @ r[k - 1] for k in range(1, top + 1)}  # (3)
    v_inter = {k: w.ip[k] @ r[k] for k in net.hidden}  # (5)
    v_down = {k: w.down[k] @ r[k + 1] for k in net.hidden}
    v_apical = {k: v_down[k] + w.pi[k] @ r_inter[k] for k in net.hidden}  # (4)

    induced = Synapses()
    for k in range(1, top + 1):
        induced.up[k] = np.outer(r[k] - phi(attenuation(net, k) * v_basal[k]), r[k - 1])  # (7)
    for k in net.hidden:
        expected = net.g_dendrite / (net.g_leak + net.g_dendrite) * v_inter[k]
        induced.ip[k] = np.outer(r_inter[k] - phi(expected), r[k])  # (8)
        induced.pi[k] = np.outer(0 - v_apical[k], r_inter[k])  # (9)
        induced.down[k] = np.outer(r[k] - phi(v_down[k]), r[k + 1])  # (10)

    slope = {0: (x - u[0]) / net.tau_input}
    for k in net.hidden:  # (1)
        slope[k] = -net.g_leak * u[k] + net.g_basal * (v_basal[k] - u[k]) + net.g_apical * (v_apical[k] - u[k])
    slope[top] = -net.g_leak * u[top] + net.g_basal * (v_basal[top] - u[top])
    if target is not None:
        slope[top] = slope[top] + net.g_soma * (target - u[top])
    slope_inter = {k: (-net.g_leak * u_inter[k] + net.g_dendrite * (v_inter[k] - u_inter[k])
                       + net.g_soma * (u[k + 1] - u_inter[k])) for k in net.hidden}  # (2)

    for cells, slopes, at in ((u, slope, 0), (u_inter, slope_inter, 1)):
        for k in cells:
            cells[k] = cells[k] + dt * slopes[k]
            if xi is not None and k in xi[at]:
                cells[k] = cells[k] + net.sigma * dt ** 0.5 * xi[at][k].astype(cells[k].dtype)
    for kind, k, change in induced.items():
        eta = net.rates[kind, k]
        if eta == 0:
            continue
        trace, weights = getattr(low_passed, kind), getattr(w, kind)
        trace[k] = trace[k] + (dt * eta * dt * change - dt * trace[k]) / net.tau_weights
        weights[k] = weights[k] + trace[k]


def xi_of(net: Setting, seed: int, pattern: int, network: int) -> tuple[Layers, Layers]:
    """The noise of one network's pyramidal cells and interneurons in each of a pattern's Euler steps. Units are counted
    cell by cell, and of each cell the networks."""
    def part(layer: int, cells: int) -> Array:
        drawn = noise(seed, layer, pattern, net.pattern_steps, cells * net.networks)
        return drawn.reshape(-1, cells, net.networks)[:, :, network]

    return ({k: part(k, net.sizes[k]) for k in range(1, net.top + 1)},
            {k: part(net.top + k, net.sizes[k + 1]) for k in net.hidden})


def rest(net: Setting, dtype: type = np.float64) -> Somata:
    """Somata before the first pattern."""
    return Somata({k: np.zeros(size, dtype) for k, size in enumerate(net.sizes)},
                  {k: np.zeros(net.sizes[k + 1], dtype) for k in net.hidden})


def settle(net: Setting, w: Synapses, x: Array, steps: int) -> Somata:
    """Somata of a network that starts at rest, with its input at once: no noise, no teaching, no learning."""
    soma = rest(net, x.dtype.type)
    soma.pyramidal[0] = x
    still = replace(net, rates=dict.fromkeys(net.rates, 0.0))
    for _ in range(steps):
        euler(still, w, Synapses(), soma, x, None, None)
    return soma


# Two-step dynamics ----------------------------------------------------------------------------------------------------

def with_one(rates: Array) -> Array:
    """Rates with the threshold's input behind them."""
    return np.append(rates, rates.dtype.type(1))


def two_step(net: Setting, w: Synapses, x: Array, target: Array | None) -> tuple[Synapses, Layers]:
    """What a pattern induces at each synapse, without learning rates, and v_A; `target` None: no nudging."""
    phi, top = net.transfer, net.top
    r, v_basal = {0: with_one(x)}, {}
    for k in range(1, top + 1):  # bottom-up: u_k = v_B,k
        v_basal[k] = w.up[k] @ r[k - 1]
        r[k] = with_one(phi(v_basal[k]))
    mix = net.lambda_output
    u = {top: v_basal[top] if target is None else (1 - mix) * v_basal[top] + mix * target}
    found, v_apical = Synapses(), {}
    if net.learner == "bp":  # (26), (27)
        error = {top: phi(u[top]) - phi(v_basal[top])}
        for k in reversed(net.hidden):
            error[k] = phi.slope(v_basal[k]) * (w.up[k + 1][:, :-1].T @ error[k + 1])
        found.up = {k: np.outer(error[k], r[k - 1]) for k in error}
        return found, v_apical
    found.up[top] = np.outer(phi(u[top]) - phi(v_basal[top]), r[top - 1])  # (7)
    for k in reversed(net.hidden):
        mix, mix_inter = net.lambda_hidden[k - 1], net.lambda_inter
        v_inter = w.ip[k] @ r[k]  # (5)
        u_inter = (1 - mix_inter) * v_inter + mix_inter * u[k + 1]
        v_down = w.down[k] @ phi(u[k + 1])
        v_apical[k] = v_down + w.pi[k] @ phi(u_inter)  # (4)
        u[k] = (1 - mix) * v_basal[k] + mix * v_apical[k]
        found.up[k] = np.outer(phi(u[k]) - phi((1 - mix) * v_basal[k]), r[k - 1])  # (7)
        found.ip[k] = np.outer(phi(u_inter) - phi(v_inter), r[k])  # (8)
        found.pi[k] = np.outer(0 - v_apical[k], phi(u_inter))  # (9)
        found.down[k] = np.outer(phi(u[k]) - phi(v_down), phi(u[k + 1]))  # (10)
    return found, v_apical


def learn(net: Setting, w: Synapses, xs: Array, targets: Array | list[None]) -> None:
    """A mini-batch: every rule's changes are averaged over it."""
    found = [two_step(net, w, x, target)[0] for x, target in zip(xs, targets)]
    for kind, k, _ in list(found[0].items()):
        if net.rates[kind, k]:
            weights = getattr(w, kind)
            weights[k] = weights[k] + net.rates[kind, k] * (sum(getattr(one, kind)[k] for one in found) / len(found))


# Files ----------------------------------------------------------------------------------------------------------------

LETTERS = {"up": ("W", 0, False), "ip": ("IP", 0, False), "pi": ("PI", 0, True), "down": ("R", 1, True)}


def tensors(networks: list[Synapses]) -> dict[str, Array]:
    """Matrices as a file names and lays them out; of several networks [P, 1, out, in, 1, 1]."""
    found = {}
    for kind, k, _ in networks[0].items():
        letter, shift, turned = LETTERS[kind]
        each = [getattr(one, kind)[k] for one in networks]
        each = [matrix.T if turned else matrix for matrix in each]
        found[f"{letter}{k + shift}"] = each[0] if len(each) == 1 else np.stack(each)[:, None, :, :, None, None]
    return found


def synapses(net: Setting, named: dict[str, Array]) -> list[Synapses]:
    """The other way, for each network; what has no such name is not looked at."""
    networks = [Synapses() for _ in range(net.networks)]
    for kind, (letter, shift, turned) in LETTERS.items():
        for k in range(1, net.top + 1):
            tensor = named.get(f"{letter}{k + shift}")
            if tensor is None:
                continue
            each = [tensor] if net.networks == 1 else tensor[:, 0, :, :, 0, 0]
            for one, matrix in zip(networks, each):
                getattr(one, kind)[k] = matrix.T.copy() if turned else matrix.copy()
    return networks


def states(networks: list[Somata]) -> dict[str, Array]:
    """Somata as a file has them: [1, units], cell by cell, and of each cell the networks."""
    named = {f"u{k}": [one.pyramidal[k] for one in networks] for k in networks[0].pyramidal}
    named.update({f"i{k}": [one.inter[k] for one in networks] for k in networks[0].inter})
    return {name: np.stack(each, axis=-1).reshape(1, -1) for name, each in named.items()}
