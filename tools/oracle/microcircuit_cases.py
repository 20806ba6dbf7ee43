"""The fixtures' microcircuits: settings by the names of the command line, records and starts.

Numbers are chosen so that every weight that learns moves by some thousandths at least, no two conductances are alike, and
nothing is chaotic: what float32 rounds stays below 2e-6 after 100 patterns.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import microcircuit
from microcircuit import KINDS, Setting, Synapses

Array = np.ndarray
Tensors = dict[str, Array]

RECORDS = 20  # a multiple of every batch

CASES = {
    "self-prediction": {
        "sizes": "5-4-3", "dynamics": "continuous", "transfer": "softplus", "gamma": 1.0, "beta": 1.0, "theta": 0.0,
        "input": "potentials", "taught": False, "pattern-steps": 7, "sigma": 0.1,
        "lr-up": 0.0, "lr-ip": 0.03, "lr-pi": 0.02, "lr-down": 0.0,
    },
    "all-plastic": {
        "sizes": "6-5-4-3", "dynamics": "continuous", "transfer": "softplus", "gamma": 0.4, "beta": 1.5, "theta": 0.5,
        "input": "rates", "taught": True, "pattern-steps": 7, "sigma": 0.3, "dt": 0.08, "tau-input": 2.0,
        "tau-weights": 10.0, "g-apical": 0.6, "g-basal": 1.1, "g-dendrite": 0.9, "g-leak": 0.15, "g-soma": 0.7,
        "lr-up": "0.3,0.25,0.1", "lr-ip": "0.25,0.15", "lr-pi": "0.08,0.12", "lr-down": "0.12,0.1",
    },
    "two-networks": {
        "sizes": "5-4-3", "dynamics": "continuous", "networks": 2, "transfer": "softplus", "gamma": 1.0, "beta": 1.0,
        "theta": 0.3, "input": "rates", "taught": True, "pattern-steps": 7, "sigma": 0.2, "tau-weights": 5.0,
        "lr-up": "0.03,0.02", "lr-ip": 0.03, "lr-pi": 0.02, "lr-down": 0.0,
    },
    "two-step": {
        "sizes": "6-5-4-3", "dynamics": "two-step", "transfer": "logistic", "self-predicting": False,
        "lambda-output": 0.1, "lambda-inter": 0.15, "lambda-hidden": "0.3,0.2",
        "lr-up": "0.5,0.3,0.1", "lr-ip": "0.2,0.1", "lr-pi": 0.02, "lr-down": "0.02,0.03",
    },
    "two-step-fixed": {
        "sizes": "6-5-4-3", "dynamics": "two-step", "transfer": "logistic", "self-predicting": True,
        "lambda-output": 0.1, "lambda-inter": 0.1, "lambda-hidden": 0.3,
        "lr-up": "1.0,0.4,0.1", "lr-ip": "0.8,0.2", "lr-pi": 0.0, "lr-down": 0.0,
    },
    "two-step-bp": {
        "sizes": "6-5-4-3", "dynamics": "two-step", "learner": "bp", "transfer": "logistic", "lambda-output": 0.1,
        "lr-up": "0.5,0.3,0.2",
    },
}
BATCH = {"two-step": 4, "continuous": 1}
LABELLED = ("two-step-fixed", "two-step-bp")  # targets are of a class: the inverse of rate .8 at it, of .1 elsewhere


def draw(given: dict, net: Setting, labelled: bool, rng: np.random.Generator) -> tuple[Tensors, Tensors]:
    """Records with targets, and a start."""
    two_step, places = given["dynamics"] == "two-step", net.networks
    low, high = (0.0, 1.0) if two_step else (-1.0, 1.0)
    wanted = (-np.log(9), np.log(4)) if two_step else (-0.5, 1.5)
    records = {"x": rng.uniform(low, high, (RECORDS, net.sizes[0] * places)),
               "target": rng.uniform(*wanted, (RECORDS, net.sizes[-1] * places))}
    if labelled:
        classes = np.eye(net.sizes[-1], dtype=bool)[rng.integers(net.sizes[-1], size=RECORDS)]
        records["target"] = np.where(classes, np.log(4), -np.log(9))
    networks = []
    for _ in range(places):
        w = Synapses()
        for k in range(1, net.top + 1):
            w.up[k] = rng.uniform(-0.6, 0.6, (net.sizes[k], net.sizes[k - 1] + two_step))
        for k in net.hidden if net.learner == "microcircuit" else ():
            above, here = net.sizes[k + 1], net.sizes[k]
            w.down[k] = rng.uniform(-0.6, 0.6, (here, above))
            if given.get("self-predicting"):
                w.ip[k], w.pi[k] = microcircuit.ideal_ip(net, w, k), -w.down[k]
            else:
                w.ip[k] = rng.uniform(-0.6, 0.6, (above, here + two_step))
                w.pi[k] = rng.uniform(-0.6, 0.6, (here, above))
        networks.append(w)
    start = microcircuit.tensors(networks)
    if not two_step:
        start.update(microcircuit.states([microcircuit.rest(net)] * places))
        start.update({f"{name}.trace": np.zeros_like(start[name]) for name in learning(net)})
    return tuple({name: tensor.astype(np.float32) for name, tensor in some.items()} for some in (records, start))


def learning(net: Setting) -> list[str]:
    """The names of weights whose learning rate is not 0."""
    marks = Synapses(**{kind: {k: np.zeros((1, 1)) for (other, k), rate in net.rates.items() if other == kind and rate}
                        for kind in KINDS})
    return list(microcircuit.tensors([marks]))


def part(name: str, given: dict, seed: int) -> tuple[Tensors, Tensors, Callable[[Tensors, int], Tensors]]:
    """A seed's records, its start, and what step t makes of all tensors. `given` may differ in what is no start."""
    net = microcircuit.setting(given)
    records, start = draw(given, net, name in LABELLED, np.random.default_rng((seed, 200 + list(CASES).index(name))))
    batch = BATCH[given["dynamics"]]

    def step(tensors: Tensors, time: int) -> Tensors:
        first = time * batch % RECORDS
        x, target = (some[first:first + batch].astype(tensors["W1"].dtype) for some in records.values())
        if given["dynamics"] == "two-step":
            [w] = microcircuit.synapses(net, tensors)
            microcircuit.learn(net, w, x, target)
            return microcircuit.tensors([w])
        return pattern(net, tensors, x[0], target[0], (seed, time))

    return records, start, step


def pattern(net: Setting, tensors: Tensors, x: Array, target: Array, when: tuple[int, int]) -> Tensors:
    """All Euler steps of a pattern, network by network. `when` is the seed and the pattern's number."""
    places = net.networks
    traced = {name[:-len(".trace")]: tensor for name, tensor in tensors.items() if name.endswith(".trace")}
    weights, low_passed = microcircuit.synapses(net, tensors), microcircuit.synapses(net, traced)
    somata = []
    for place, (w, low) in enumerate(zip(weights, low_passed)):
        def of(name: str) -> Array:
            return tensors[name].reshape(-1, places)[:, place]

        soma = microcircuit.Somata({k: of(f"u{k}") for k in range(net.top + 1)}, {k: of(f"i{k}") for k in net.hidden})
        xi = microcircuit.xi_of(net, *when, place)
        for step in range(net.pattern_steps):
            xi_now = tuple({k: drawn[step] for k, drawn in kind.items()} for kind in xi)
            microcircuit.euler(net, w, low, soma, x.reshape(-1, places)[:, place],
                               target.reshape(-1, places)[:, place] if net.taught else None, xi_now)
        somata.append(soma)
    traces = {f"{name}.trace": tensor for name, tensor in microcircuit.tensors(low_passed).items()}
    return microcircuit.tensors(weights) | traces | microcircuit.states(somata)
