"""Self-checks of untied layers, masks, frozen layers and the rules besides bp, frfb and urfb."""

from __future__ import annotations

import unittest

import numpy as np

import threefry
import urfb_oracle as oracle
from test_oracle import CLASSES, example

MIXED = ("Conv 2 3x3; Local 2 3x3; SUM; Maxpool 2; Conv 3 2x2; Full 4; Output", (2, 4, 5))
TRAINED = {"frfb": {}, "urfb": {"epsilon": 0.5}, "kp": {"decay": 0.1}}


def whole(net: oracle.Net, file: oracle.Tensors, seed: int = 0, density: float | None = None) -> oracle.Tensors:
    """A start file: with R, B and, if a density is given, masks of every W and R."""
    rng = np.random.default_rng(seed)
    found = dict(file)
    for item in net.weighted:
        found[f"B{item.layer}"] = rng.normal(0, 1, (net.classes, item.units))
        if density:
            for name in "WR":
                found[f"{name}{item.layer}.mask"] = (rng.random(item.w_shape) < density).astype(np.uint8)
    return found


def run(rule: str, count: int = 3, density: float | None = None, notation=MIXED, **settings):
    """The net, and its tensors before and after each step."""
    net, file, images, labels = example(*notation, 11, gain=1.5)
    setting = oracle.make_setting(rule, "softmax", "paper", CLASSES, **settings)
    states = [oracle.start_tensors(net, setting, whole(net, file, density=density))]
    for time in range(count):
        states.append(oracle.train_step(net, setting, states[-1], images, labels, time=time)[0])
    return net, states


class Untied(unittest.TestCase):
    def test_equal_filters_are_a_convolution(self) -> None:
        """Forward and feedback agree; the untied products add up to the tied one."""
        rng = np.random.default_rng(1)
        for kh, kw in ((3, 3), (2, 2), (4, 1), (5, 3)):
            x, delta = rng.normal(size=(3, 2, 4, 5)), rng.normal(size=(3, 3, 4, 5))
            w = rng.normal(size=(3, 2, kh, kw))
            local = np.broadcast_to(w, (4, 5, *w.shape))
            np.testing.assert_allclose(oracle.local_forward(local, x), oracle.conv_forward(w, x), atol=1e-12)
            np.testing.assert_allclose(oracle.local_feedback(local, delta), oracle.conv_feedback(w, delta), atol=1e-12)
            product = oracle.local_update(delta, x, local.shape)
            np.testing.assert_allclose(product.sum(axis=(0, 1)), oracle.conv_update(delta, x, w.shape), atol=1e-12)
            outside = np.broadcast_to(oracle.inside(local.shape) == 0, local.shape)
            self.assertTrue(outside.any())
            self.assertFalse(product[outside].any())

    def test_places_by_hand(self) -> None:
        """A picture of 1 x 3 and a filter of 1 x 2, whose even width looks at the pixel and to its right."""
        x = np.array([1.0, 2.0, 4.0]).reshape(1, 1, 1, 3)
        w = np.array([[1.0, 10.0], [100.0, 1000.0], [10_000.0, 0.0]]).reshape(1, 3, 1, 1, 1, 2)
        np.testing.assert_array_equal(oracle.local_forward(w, x).reshape(-1), [21, 4200, 40_000])
        delta = np.array([1.0, 2.0, 3.0]).reshape(1, 1, 1, 3)
        np.testing.assert_array_equal(oracle.local_feedback(w, delta).reshape(-1), [1, 10 + 200, 2000 + 30_000])
        np.testing.assert_array_equal(oracle.local_update(delta, x, w.shape).reshape(3, 2), [[1, 2], [4, 8], [12, 0]])
        np.testing.assert_array_equal(oracle.inside(w.shape).reshape(3, 2), [[1, 1], [1, 1], [1, 0]])

    def test_two_notations(self) -> None:
        shape = (2, 6, 5)
        local = oracle.parse_net("Local 3 3x3; Maxpool 2; Conv 4 3x3; Local 4 2x2; SUM; Full 5; Output", shape, 4)
        conv = "Conv 3 3x3; Maxpool 2; Conv 4 3x3; Conv 4 2x2; SUM; Full 5; Output"
        self.assertEqual(local.items, oracle.parse_net(conv, shape, 4, "1,3").items)
        self.assertEqual(local.items, oracle.parse_net(conv, shape, 4, [1, 3]).items)
        self.assertEqual(local.weighted[0].w_shape, (6, 5, 3, 2, 3, 3))
        self.assertEqual(oracle.parse_net(conv, shape, 4, "all").items, oracle.parse_net(conv, shape, 4, "1-3").items)
        self.assertEqual([item.kind for item in oracle.parse_net(conv, shape, 4, "all").weighted],
                         ["local", "local", "local", "full", "full"])
        self.assertEqual([item.fans for item in local.weighted[:4]], [(18, 27), (27, 36), (16, 16), (36, 5)])
        for bad in ("4", "0", "6", "3-2", "one", "1,,2"):
            with self.assertRaises(ValueError, msg=bad):
                oracle.parse_net(conv, shape, 4, bad)

    def test_start_from_a_tied_tensor(self) -> None:
        net, file, _, _ = example("Local 3 3x3; Local 2 3x3; Output", (2, 4, 5), 3)
        tied = file | {"W1": file["W1"][0, 0], "R2": file["R2"][0, 0]}
        start = oracle.start_tensors(net, oracle.make_setting("urfb", "hinge", "paper", CLASSES), tied)
        for name in ("W1", "R2"):
            np.testing.assert_array_equal(start[name][2, 2], tied[name])
            np.testing.assert_array_equal(start[name][0, 1, ..., 1:, :], tied[name][..., 1:, :])
            self.assertFalse(start[name][0, :, ..., 0, :].any())


class Masks(unittest.TestCase):
    def test_each_tensor_has_its_own(self) -> None:
        """R's increment does not depend on W's mask, nor W's on R's."""
        for rule, settings in TRAINED.items():
            net, (start, after, _, _) = run(rule, density=0.5, **settings)
            share = {"frfb": 0.0, "urfb": 0.5, "kp": 1.0}[rule]
            decay = settings.get("decay", 0)
            seen = 0
            for item in net.weighted[1:]:
                w, r = f"W{item.layer}", f"R{item.layer}"
                masks = {name: oracle.allowed(item, start, name) for name in (w, r)}
                steps = {name: after[name] - (1 - decay) * start[name] for name in (w, r)}
                for name in (w, r):
                    self.assertFalse(steps[name][masks[name] == 0].any())
                    self.assertFalse(after[name][masks[name] == 0].any())
                both, only_r = masks[w] * masks[r] == 1, (masks[r] == 1) & (masks[w] == 0)
                np.testing.assert_allclose(steps[r][both], share * steps[w][both], atol=1e-14)
                seen += int(steps[r][only_r].any())
            self.assertEqual(seen, 0 if rule == "frfb" else 4)

    def test_feedback_takes_w_s_mask(self) -> None:
        for rule in ("bp", *oracle.SIGNED_R):
            net, (_, _, _, last) = run(rule, density=0.5)
            self.assertFalse(any(name.startswith("R") and name.endswith(".mask") for name in last))
            for item in net.weighted[1:]:
                mask = oracle.allowed(item, last, f"W{item.layer}")
                self.assertFalse(last[f"W{item.layer}"][mask == 0].any())
                if rule != "bp":
                    np.testing.assert_array_equal(last[f"R{item.layer}"] != 0, mask == 1)

    def test_bp_with_masks_descends_its_own_gradient(self) -> None:
        net, (start, after, _, _) = run("bp", density=0.5)
        _, file, images, labels = example(*MIXED, 11, gain=1.5)
        setting = oracle.make_setting("bp", "softmax", "paper", CLASSES)
        rng, width = np.random.default_rng(5), 1e-6
        for item in net.weighted:
            name = f"W{item.layer}"
            for index in rng.permutation(np.argwhere(oracle.allowed(item, start, name) == 1))[:20]:
                sides = []
                for shift in (width, -width):
                    moved = start | {name: start[name].copy()}
                    moved[name][tuple(index)] += shift
                    out = oracle.forward(net, setting, moved, images / 255).outputs[-1]
                    sides.append(oracle.output_error(out, labels, setting)[1])
                step = (after[name] - start[name])[tuple(index)]
                self.assertAlmostEqual(step, setting.lr * (sides[1] - sides[0]) / (2 * width), delta=1e-8)


class Frozen(unittest.TestCase):
    def test_nothing_moves_and_delta_passes(self) -> None:
        for rule, settings in {"bp": {}, **TRAINED}.items():
            _, free = run(rule, count=1, **settings)
            _, states = run(rule, freeze=[2, 4], **settings)
            for name, tensor in states[0].items():
                same = np.array_equal(tensor, states[-1][name])
                self.assertEqual(same, name[1:] in "24" or (rule == "frfb" and name[0] == "R"), (rule, name))
                if name[1:] not in "24":
                    np.testing.assert_array_equal(states[1][name], free[1][name])


class OtherRules(unittest.TestCase):
    def test_kp_forgets_the_difference(self) -> None:
        """W - R shrinks by 1 - decay in each step."""
        _, (start, *_, last) = run("kp", decay=0.2)
        for layer in range(2, 6):
            before, after = (state[f"W{layer}"] - state[f"R{layer}"] for state in (start, last))
            np.testing.assert_allclose(after, 0.8**3 * before, atol=1e-14)

    def test_kp_by_hand(self) -> None:
        """x0 = 1, W1 = .5, W2 = (.2, -8), R2 = (3, 5), slope 1: delta_2 = (1, 0), delta_1 = 3, x_1 = .5."""
        net = oracle.parse_net("Full 1; Output", (1, 1, 1), 2)
        file = {"W1": np.array([[0.5]]), "W2": np.array([[0.2], [-8.0]]), "R2": np.array([[3.0], [5.0]])}
        setting = oracle.make_setting("kp", "hinge", "paper", 2, decay=0.5)
        image, label = np.full((1, 1, 1, 1), 255, np.uint8), np.array([0])
        after, _, _ = oracle.train_step(net, setting, oracle.start_tensors(net, setting, file), image, label)
        np.testing.assert_allclose(after["W1"], [[0.25 + 0.3]])
        np.testing.assert_allclose(after["W2"], [[0.1 + 0.05], [-4.0]])
        np.testing.assert_allclose(after["R2"], [[1.5 + 0.05], [2.5]])

    def test_kp_without_decay_is_urfb(self) -> None:
        for name, tensor in run("kp", decay=0.0)[1][-1].items():
            np.testing.assert_array_equal(tensor, run("urfb")[1][-1][name])

    def test_signs_follow_w(self) -> None:
        """R is derived from the W that stands beside it; its magnitude is the rule's."""
        flips = 0
        for rule in oracle.SIGNED_R:
            net, states = run(rule, count=8)
            _, file, _, _ = example(*MIXED, 11, gain=1.5)
            for time, state in enumerate(states):
                self.assertNotIn("R1", state)
                for item in net.weighted[1:]:
                    w, r = state[f"W{item.layer}"], state[f"R{item.layer}"]
                    inside = np.broadcast_to(oracle.allowed(item, state, f"W{item.layer}"), w.shape) == 1
                    np.testing.assert_array_equal(np.sign(w), np.sign(r))
                    size = {"usf": np.full(w.shape, np.sqrt(2 / sum(item.fans))),
                            "frsf": np.abs(file[f"R{item.layer}"]),
                            "brsf": np.abs(oracle.brsf_draw(1, item, time))}[rule]
                    np.testing.assert_allclose(np.abs(r)[inside], size[inside], rtol=1e-15)
                    self.assertFalse(r[~inside].any())
                    flips += int((np.sign(w) != np.sign(states[0][f"W{item.layer}"])).sum())
        self.assertGreater(flips, 0)

    def test_signed_feedback_is_that_of_its_r(self) -> None:
        """One step equals frfb's from the same R."""
        net, file, images, labels = example(*MIXED, 11, gain=1.5)
        for rule in oracle.SIGNED_R:
            _, (start, after) = run(rule, count=1)
            frfb = oracle.make_setting("frfb", "softmax", "paper", CLASSES)
            same, _, _ = oracle.train_step(net, frfb, oracle.start_tensors(net, frfb, start), images, labels)
            for item in net.weighted:
                np.testing.assert_array_equal(after[f"W{item.layer}"], same[f"W{item.layer}"])

    def test_dfa_by_hand(self) -> None:
        """delta_l = sigma'(h_l) B_l' delta_L; the last hidden layer of bp has B = W_L."""
        net, (start, after) = run("dfa", count=1)
        self.assertEqual(set(start), {f"W{n}" for n in range(1, 6)} | {f"B{n}" for n in range(1, 5)})
        _, _, images, labels = example(*MIXED, 11, gain=1.5)
        setting = oracle.make_setting("dfa", "softmax", "paper", CLASSES)
        trace = oracle.forward(net, setting, start, images / 255)
        error, _ = oracle.output_error(trace.outputs[-1], labels, setting)
        weighted = {item.layer: place for place, item in enumerate(net.items) if item.layer}
        for place, delta in oracle.direct_deltas(net, setting, start, trace, error, labels):
            item, y = net.items[place], trace.outputs[place]
            if not item.is_output:
                for image, unit in np.ndindex(len(y), item.units):
                    expected = sum(start[f"B{item.layer}"][c, unit] * error[image, c] for c in range(CLASSES))
                    expected *= abs(y[image].reshape(-1)[unit]) < 1
                    self.assertAlmostEqual(delta[image].reshape(-1)[unit], expected)
        same = start | {"B4": start["W5"]}
        bp = run("bp", count=1)[1][1]
        direct, _, _ = oracle.train_step(net, setting, same, images, labels)
        for name in ("W4", "W5"):
            np.testing.assert_allclose(direct[name], bp[name], atol=1e-15)
        np.testing.assert_array_equal(after["B2"], start["B2"])
        self.assertGreater(np.abs(after["W1"] - start["W1"]).max(), 1e-3)
        self.assertEqual(weighted[5], len(net.items) - 1)

    def test_drtp_is_dfa_of_the_label(self) -> None:
        """delta_l = -sigma'(h_l) B_l' y: no hidden layer's step depends on what the output was."""
        net, (start, after) = run("drtp", count=1)
        _, _, images, labels = example(*MIXED, 11, gain=1.5)
        setting = oracle.make_setting("drtp", "softmax", "paper", CLASSES)
        trace = oracle.forward(net, setting, start, images / 255)
        nothing = np.full((len(images), CLASSES), np.nan)
        for place, delta in oracle.direct_deltas(net, setting, start, trace, nothing, labels):
            item, y = net.items[place], trace.outputs[place]
            if not item.is_output:
                expected = -start[f"B{item.layer}"][labels].reshape(y.shape) * (np.abs(y) < 1)
                np.testing.assert_allclose(delta, expected, atol=1e-15)
        other, _, _ = oracle.train_step(net, setting, start | {"W5": 2 * start["W5"]}, images, labels)
        for layer in range(1, 5):
            np.testing.assert_array_equal(other[f"W{layer}"], after[f"W{layer}"])
        self.assertGreater(np.abs(other["W5"] - start["W5"] - after["W5"]).max(), 1e-3)

    def test_track_r1(self) -> None:
        for rule, settings in TRAINED.items():
            _, plain = run(rule, **settings)
            _, tracked = run(rule, track_r1=True, **settings)
            self.assertEqual(set(tracked[0]), set(plain[0]) | {"R1"})
            for name, tensor in plain[-1].items():
                np.testing.assert_array_equal(tensor, tracked[-1][name])
            decay, share = settings.get("decay", 0), {"frfb": 0, "urfb": 0.5, "kp": 1}[rule]
            w, r = ([state[name] for state in tracked] for name in ("W1", "R1"))
            for step in range(3):
                np.testing.assert_allclose(r[step + 1] - (1 - decay) * r[step],
                                           share * (w[step + 1] - (1 - decay) * w[step]), atol=1e-14)

    def test_settings_of_other_rules(self) -> None:
        for rule, settings in (("bp", {"decay": 0.1}), ("kp", {"epsilon": 1.0}), ("usf", {"track_r1": True}),
                               ("sham", {})):
            with self.assertRaises(ValueError, msg=rule):
                oracle.make_setting(rule, "hinge", "paper", 4, **settings)


class Threefry(unittest.TestCase):
    def test_known_answers(self) -> None:
        """Of the authors' library Random123, 20 rounds."""
        ones = 0xFFFF_FFFF
        for key, counter, answer in (((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
                                     ((ones, ones), (ones, ones), (0x1CB996FC, 0xBB002BE7)),
                                     ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xC4923A9C, 0x483DF7A0))):
            self.assertEqual(tuple(int(word) for word in threefry.threefry(key, counter)), answer)

    def test_streams(self) -> None:
        seed = 5 << 32 | 9
        draws = threefry.words(seed, 7, 3, 11, 7)
        stream = threefry.threefry((9, 5), (7 | 3 << 8, 11))
        for index, word in enumerate(draws):
            self.assertEqual(word, threefry.threefry(stream, (index // 2, 0))[index % 2])
        self.assertEqual(len(draws), 7)
        np.testing.assert_array_equal(draws, threefry.words(seed, 7, 3, 11, 100)[:7])

    def test_uniform(self) -> None:
        bound = np.float32(0.3)
        ends = threefry.uniform(bound, np.array([0, 0x8000_0000, 0xFFFF_FFFF], np.uint32))
        self.assertEqual(ends.dtype, np.float32)
        np.testing.assert_array_equal(ends, np.array([-0.3, 0, np.float32(1 - 2.0**-23) * bound], np.float32))
        draws = threefry.uniform(bound, threefry.words(1, 7, 2, 0, 20_000))
        self.assertAlmostEqual(float(draws.mean()), 0, delta=0.01)
        self.assertAlmostEqual(float(draws.var()), 0.09 / 3, delta=0.001)


if __name__ == "__main__":
    unittest.main()
