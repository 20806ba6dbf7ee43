"""What must hold of the Hebbian family and of linear networks, and their fixtures once more."""

from __future__ import annotations

import json
import unittest
from pathlib import Path

import numpy as np

import hebbian
import linear
import make_system_fixtures
from files import read_safetensors

FOLDER = Path(__file__).resolve().parents[2] / "tests" / "fixtures" / "systems"


class Family(unittest.TestCase):
    def train(self, setting: hebbian.Setting, tensors: dict, records: np.ndarray, steps: int) -> dict:
        for time in range(steps):
            tensors = hebbian.step(setting, tensors, records, time)
        return tensors

    def test_subspace_rule_of_one_unit_is_ojas(self) -> None:
        rng = np.random.default_rng(1)
        start, records = {"W1": rng.normal(size=(1, 4))}, rng.normal(size=(5, 4))
        oja, space = (hebbian.step(hebbian.Setting(rule, 0.1), start, records, 0) for rule in ("oja", "oja-subspace"))
        np.testing.assert_allclose(oja["W1"], space["W1"], atol=1e-15)

    def test_subspace_rests_at_the_leading_components(self) -> None:
        rng = np.random.default_rng(2)
        records = rng.normal(0, [2, 1.5, 0.5, 0.3], (40, 4))
        w = self.train(hebbian.Setting("oja-subspace", 0.05), {"W1": rng.normal(0, 0.3, (2, 4))}, records, 600)["W1"]
        np.testing.assert_allclose(w @ w.T, np.eye(2), atol=1e-6)
        _, vectors = np.linalg.eigh(records.T @ records)
        np.testing.assert_allclose(w.T @ w, vectors[:, 2:] @ vectors[:, 2:].T, atol=1e-4)

    def test_decay_comes_to_the_covariance(self) -> None:
        records = np.random.default_rng(3).normal(size=(30, 3))
        setting = hebbian.Setting("hebb-decay", 0.2, gamma=2.0, recurrent=True)
        w = self.train(setting, {"W1": np.ones((3, 3))}, records, 200)["W1"]
        np.testing.assert_allclose(2 * w, records.T @ records / 30, atol=1e-12)

    def test_instar_and_outstar_come_to_their_means(self) -> None:
        records = np.abs(np.random.default_rng(4).normal(size=(30, 4)))
        start = {"W1": np.full((2, 4), 0.1) + np.eye(2, 4), "R1": np.zeros((2, 4))}
        setting = hebbian.Setting("pair", 0.3, compete="softmax", sharpness=2.0)
        after = self.train(setting, start, records, 800)
        y = np.array([hebbian.activity(setting, after["W1"], x) for x in records])
        products = y.T @ records / 30
        np.testing.assert_allclose(after["W1"], products / y.mean(axis=0)[:, None], rtol=1e-6)
        np.testing.assert_allclose(after["R1"], products / records.mean(axis=0), rtol=1e-6)


class Networks(unittest.TestCase):
    def test_back_propagation_is_the_gradient(self) -> None:
        rng = np.random.default_rng(5)
        target = rng.normal(size=(2, 3))
        tensors = {"W1": rng.normal(size=(4, 3)), "W2": rng.normal(size=(4, 4)), "W3": rng.normal(size=(2, 4))}
        after = linear.step(tensors, target, "bp", 0, 1.0)

        def loss(changed: dict) -> float:
            off = linear.error([changed[f"W{layer}"] for layer in (1, 2, 3)], target)
            return float((off ** 2).sum() / 2)

        for name, w in tensors.items():
            for at in np.ndindex(*w.shape):
                nudged = [loss(tensors | {name: w + sign * 1e-6 * (np.arange(w.size).reshape(w.shape) ==
                                                                    np.ravel_multi_index(at, w.shape))})
                          for sign in (1, -1)]
                self.assertAlmostEqual((nudged[0] - nudged[1]) / 2e-6, (w - after[name])[at], delta=1e-6)

    def test_under_urfb_w_less_r_does_not_change(self) -> None:
        rng = np.random.default_rng(6)
        tensors = {name: rng.normal(0, 0.3, shape) for layer, shape in ((1, (4, 3)), (2, (2, 4)))
                   for name in (f"W{layer}", f"R{layer}")}
        after = tensors
        for _ in range(20):
            after = linear.step(after, rng.normal(size=(2, 3)), "urfb", 1.0, 0.05)
        for layer in (1, 2):
            np.testing.assert_allclose(after[f"W{layer}"] - after[f"R{layer}"],
                                       tensors[f"W{layer}"] - tensors[f"R{layer}"], atol=1e-12)


class Fixtures(unittest.TestCase):
    def test_all(self) -> None:
        names = []
        for name, settings, part in make_system_fixtures.cases():
            names.append(name)
            with self.subTest(name):
                file, metadata = read_safetensors(FOLDER / f"{name}.safetensors")
                self.assertEqual(json.loads(metadata["hebb_system"]), settings)
                for seed in make_system_fixtures.SEEDS:
                    for key, tensor in part(seed).items():
                        self.assertLessEqual(np.abs(file[f"{seed}.{key}"] - tensor).max(), 1e-12, key)
        self.assertEqual(sorted(names), sorted(path.stem for path in FOLDER.glob("*.safetensors")))


if __name__ == "__main__":
    unittest.main()
