"""Self-checks of the oracle: `python3 -m unittest discover -s tools/oracle -p 'test_*.py'`."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

import numpy as np

import urfb_oracle as oracle

LAYERS = [
    ("Output", (2, 4, 3)),
    ("Full 6; Output", (2, 4, 3)),
    ("Full 6; full conn. 5; Output", (2, 4, 3)),
    ("Conv 3 3x3; Output", (2, 5, 4)),
    ("Conv 3 2x2; Conv 2 5x3; Output", (2, 5, 4)),
    ("Conv 3 4x1; Maxpool 3; Full 5; Output", (2, 7, 6)),
    ("Conv 3 3x3; Maxpool 4; Conv 2 3x3; Maxpool 3, stride 1; Output", (1, 6, 5)),
    ("Conv 3 3x3; Maxpool 2; Full 4; Output", (2, 5, 4)),
    ("Conv 2 3x3; Maxpool 3, stride 3; Output", (2, 7, 8)),
    ("conv 3 3x3; conv 3 3x3; SUM; maxpool 3; full 5; output", (2, 5, 6)),
    ("conv 2 3x3; conv 2 3x3; SUM; conv 2 2x2; conv 2 2x2; SUM; maxpool 2; output", (2, 4, 4)),
    ("Local 2 3x3; Output", (2, 4, 3)),
    ("Local 2 2x2; Local 2 1x3; Full 3; Output", (1, 3, 4)),
    ("Conv 2 3x3; Local 2 3x2; SUM; Maxpool 3; Local 2 3x3; Output", (2, 4, 3)),
    ("Local 2 3x3; Local 2 2x2; SUM; maxpool 2, stride 2; Conv 2 2x2; Output", (1, 4, 3)),
]
CLASSES, BATCH = 4, 3


def example(notation: str, shape: tuple[int, int, int], seed: int, gain: float = 1.0):
    """A net with random tensors, images and labels."""
    rng = np.random.default_rng(seed)
    net = oracle.parse_net(notation, shape, CLASSES)
    tensors = {}
    for item in net.weighted:
        width = gain / np.sqrt(np.prod(item.w_shape[1:]))
        for name in "WR":
            tensors[f"{name}{item.layer}"] = rng.normal(0, width, item.w_shape)
    images = rng.integers(0, 256, (BATCH, *shape), dtype=np.uint8)
    return net, tensors, images, rng.integers(0, CLASSES, BATCH)


class Gradients(unittest.TestCase):
    """bp's products are minus the gradient of the loss."""

    def test_finite_differences(self) -> None:
        width, checked, saturated = 1e-6, 0, 0
        for number, (notation, shape) in enumerate(LAYERS):
            for loss in ("hinge", "softmax"):
                for preset in ("as-run", "paper"):
                    net, tensors, images, labels = example(notation, shape, 100 + number, gain=2.5)
                    setting = oracle.make_setting("bp", loss, preset, CLASSES)
                    products, _, trace = oracle.hebbian(net, setting, tensors, images, labels)
                    hidden = [x for item, x in zip(net.items, trace.outputs) if item.layer and not item.is_output]
                    saturated += sum(int((np.abs(x) == 1).sum()) for x in hidden)
                    for layer, product in enumerate(products, 1):
                        w = tensors[f"W{layer}"]
                        numeric = np.zeros_like(w)
                        for index in np.ndindex(w.shape):
                            sides, kept = [], w[index]
                            for value in (kept + width, kept - width):
                                w[index] = value
                                out = oracle.forward(net, setting, tensors, images / 255).outputs[-1]
                                sides.append(oracle.output_error(out, labels, setting)[1])
                            w[index] = kept
                            numeric[index] = (sides[1] - sides[0]) / (2 * width)
                        checked += w.size
                        np.testing.assert_allclose(product, numeric, atol=2e-8, rtol=1e-6,
                                                   err_msg=f"{notation}, {loss}, {preset}, W{layer}")
        self.assertGreater(checked, 4000)
        self.assertGreater(saturated, 100)  # else sigma' would not have been tested


class Rules(unittest.TestCase):
    """What the three rules share and where they differ."""

    def steps(self, rule: str, epsilon: float | None = None, equal: bool = False, count: int = 5):
        """Tensors before and after some steps; `equal` starts R as W."""
        net, tensors, images, labels = example(*LAYERS[9], 7)
        if equal:
            tensors.update({name.replace("W", "R"): w for name, w in tensors.items() if name[0] == "W"})
        setting = oracle.make_setting(rule, "hinge", "as-run", CLASSES, epsilon=epsilon)
        before = after = oracle.start_tensors(net, setting, tensors)
        for _ in range(count):
            after, _, _ = oracle.train_step(net, setting, after, images, labels)
        return before, after

    def test_urfb_from_equal_weights_is_bp(self) -> None:
        _, bp = self.steps("bp")
        _, urfb = self.steps("urfb", equal=True)
        for name, w in bp.items():
            np.testing.assert_array_equal(w, urfb[name])
        self.assertEqual(set(bp), {"W1", "W2", "W3", "W4"})
        self.assertEqual(set(urfb), set(bp) | {"R2", "R3", "R4"})

    def test_urfb_keeps_the_difference(self) -> None:
        before, after = self.steps("urfb")
        for layer in (2, 3, 4):
            w, r = f"W{layer}", f"R{layer}"
            self.assertGreater(np.abs(after[r] - before[r]).max(), 1e-3)
            np.testing.assert_allclose(after[w] - after[r], before[w] - before[r], atol=1e-14)

    def test_epsilon_is_the_share_of_r(self) -> None:
        for epsilon in (0.25, 0.0):
            before, after = self.steps("urfb", epsilon)
            for layer in (2, 3, 4):
                w, r = f"W{layer}", f"R{layer}"
                np.testing.assert_allclose(after[r] - before[r], epsilon * (after[w] - before[w]), atol=1e-14)
        frfb = self.steps("frfb")[1]
        for name, tensor in after.items():
            np.testing.assert_array_equal(tensor, frfb[name])

    def test_one_unit_by_hand(self) -> None:
        """x0 = 1, W1 = .5, W2 = (.2, -8), R2 = (3, 5): delta_2 = (1, 0) and delta_1 = slope * 3."""
        net = oracle.parse_net("Full 1; Output", (1, 1, 1), 2)
        start = {"W1": np.array([[0.5]]), "W2": np.array([[0.2], [-8.0]]), "R2": np.array([[3.0], [5.0]])}
        image, label = np.full((1, 1, 1, 1), 255, np.uint8), np.array([0])
        for preset, w1, w2, loss in (("as-run", 0.65, 0.225, 0.95), ("paper", 0.8, 0.25, 0.9)):
            setting = oracle.make_setting("frfb", "hinge", preset, 2)
            after, mean_loss, _ = oracle.train_step(net, setting, start, image, label)
            np.testing.assert_allclose(after["W1"], [[w1]])
            np.testing.assert_allclose(after["W2"], [[w2], [-8.0]])
            self.assertAlmostEqual(mean_loss, loss)


class Losses(unittest.TestCase):
    def test_hinge(self) -> None:
        """Equation (6): at the margin itself delta is not 0."""
        setting = oracle.make_setting("bp", "hinge", "as-run", 3)
        x = np.array([[1.0, -1.0, -1.5], [1.5, 0.5, -3.0]])
        delta, loss = oracle.output_error(x, np.array([0, 0]), setting)
        np.testing.assert_array_equal(delta, [[1, -0.5, 0], [0, -0.5, 0]])
        self.assertAlmostEqual(loss, (0 + 0 + 0 + 0.5 * 1.5) / 2)

    def test_softmax(self) -> None:
        setting = oracle.make_setting("bp", "softmax", "paper", 2)
        delta, loss = oracle.output_error(np.array([[np.log(3.0), 0.0]]), np.array([1]), setting)
        np.testing.assert_allclose(delta, [[-0.75, 0.75]])
        self.assertAlmostEqual(loss, np.log(4))

    def test_mu(self) -> None:
        mus = [oracle.make_setting("urfb", "hinge", preset, classes).mu
               for preset, classes in (("as-run", 10), ("as-run", 100), ("paper", 100))]
        np.testing.assert_allclose(mus, [1 / 9, 10 / 99, 1 / 99])


class Pools(unittest.TestCase):
    """Windows and ties, by hand. Each delta is a power of 2, so a sum names its parts."""

    def check(self, preset: str, size: int, stride: int, x: list, pooled: list, delta: list, back: list) -> None:
        x, delta = (np.array(a, float)[None, None] for a in (x, delta))
        np.testing.assert_array_equal(oracle.pool_forward(x, size, stride, preset)[0, 0], pooled)
        np.testing.assert_array_equal(oracle.pool_feedback(delta, x, size, stride, preset)[0, 0], back)

    def test_overlapping(self) -> None:
        x = [[1, 2, 0], [3, 3, -1], [-5, -4, -2]]
        delta = [[1, 2], [4, 8]]
        self.check("as-run", 3, 2, x, [[3, 0], [0, 0]], delta, [[0, 0, 2], [1, 1, 0], [0, 0, 0]])
        self.check("paper", 3, 2, x, [[3, 3], [3, 3]], delta, [[0, 0, 0], [1 + 4, 2 + 8, 0], [0, 0, 0]])

    def test_outside_zeros(self) -> None:
        """A zero outside that comes first takes delta away under paper, never under as-run."""
        x = [[0, 0, -1], [0, 0, 0], [-1, 0, 0]]
        delta = [[1, 2], [4, 8]]
        self.check("as-run", 3, 2, x, np.zeros((2, 2)), delta, [[1, 1, 0], [1, 1, 1 + 2], [0, 1 + 4, 1 + 2 + 4 + 8]])
        self.check("paper", 3, 2, x, np.zeros((2, 2)), delta, [[0, 0, 0], [0, 8, 0], [0, 0, 0]])

    def test_same_windows(self) -> None:
        """Stride = size: what lies past the end never wins, so -1 may."""
        x = [[-1, -1, -3], [-1, -2, -3], [-4, -4, -5]]
        delta = [[1, 2], [4, 8]]
        pooled = [[-1, -3], [-4, -5]]
        self.check("as-run", 2, 2, x, pooled, delta, [[1, 1, 2], [1, 0, 2], [4, 4, 8]])
        self.check("paper", 2, 2, x, pooled, delta, [[1, 0, 2], [0, 0, 0], [4, 0, 8]])

    def test_even_size(self) -> None:
        """Maxpool 4: paper's window has one row above and two below, as-run's three below."""
        x = [[9, 1, 5, 7, -2]]
        self.check("as-run", 4, 2, x, [[9, 7, 0]], [[1, 2, 4]], [[1, 0, 0, 2, 0]])
        self.check("paper", 4, 2, x, [[9, 7, 7]], [[1, 2, 4]], [[1, 0, 0, 2 + 4, 0]])

    def test_shapes(self) -> None:
        for preset in ("as-run", "paper"):
            for notation, shape in (("Maxpool 3", (16, 16)), ("Maxpool 3, stride 3", (11, 11)), ("Maxpool 2", (16, 16)),
                                    ("maxpool 5 stride 1", (32, 32)), ("Maxpool 2, stride 3", (11, 11))):
                pool = oracle.parse_net(f"{notation}; Output", (3, 32, 32), 10).items[0]
                self.assertEqual(pool.out_shape, (3, *shape))
                out = oracle.pool_forward(np.ones((1, 3, 32, 32)), pool.size, pool.stride, preset)
                self.assertEqual(out.shape, (1, 3, *shape))


class Convolutions(unittest.TestCase):
    def test_cross_correlation_and_padding(self) -> None:
        """The filter is not flipped; an even one looks at the pixel and down and right."""
        x = np.arange(1.0, 7.0).reshape(1, 1, 2, 3)
        w = np.array([[1.0, 10.0], [100.0, 1000.0]]).reshape(1, 1, 2, 2)
        np.testing.assert_array_equal(oracle.conv_forward(w, x)[0, 0], [[5421, 6532, 603], [54, 65, 6]])
        w = np.array([1.0, 10.0, 100.0]).reshape(1, 1, 1, 3)
        np.testing.assert_array_equal(oracle.conv_forward(w, x)[0, 0], [[210, 321, 32], [540, 654, 65]])


class Reading(unittest.TestCase):
    def test_notation(self) -> None:
        net = oracle.parse_net("Conv 32 5x5; Maxpool 3; Full 500; Output", (3, 32, 32), 10)
        self.assertEqual([item.w_shape for item in net.weighted], [(32, 3, 5, 5), (500, 8192), (10, 500)])
        self.assertEqual(sum(int(np.prod(item.w_shape)) for item in net.weighted), 4_103_400)
        for bad in ("", "Full 5", "Conv 3 3x3; Drop .5; Output", "Conv 3 3x3; SUM; Output", "Output; Output",
                    "Conv 3 3x3; Conv 4 3x3; SUM; Output", "Full 5; Conv 3 3x3; Output", "Local 3 3; Output"):
            with self.assertRaises(oracle.NotationError, msg=bad):
                oracle.parse_net(bad, (3, 32, 32), 10)
        with self.assertRaisesRegex(oracle.NotationError, r"item 2 \('Drop .8'\).*no dropout"):
            oracle.parse_net("Conv 3 3x3; Drop .8; Output", (3, 32, 32), 10)

    def test_safetensors(self) -> None:
        tensors = {"b": np.arange(3, dtype=np.uint8), "a": np.ones((2, 3), np.float32), "c": np.full((1,), 0.1)}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "x.safetensors"
            oracle.write_safetensors(path, tensors, {"key": "{}"})
            read, metadata = oracle.read_safetensors(path)
        self.assertEqual(metadata, {"key": "{}"})
        self.assertEqual(set(read), set(tensors))
        for name, tensor in tensors.items():
            self.assertEqual(read[name].dtype, tensor.dtype)
            np.testing.assert_array_equal(read[name], tensor)


if __name__ == "__main__":
    unittest.main()
