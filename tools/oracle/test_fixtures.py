"""Every fixture repeats: in float64 nearly to the bit, in float32 to 2e-6, all of its tensors."""

from __future__ import annotations

import json
import unittest
from pathlib import Path

import numpy as np

import urfb_oracle as oracle

FOLDER = Path(__file__).resolve().parents[2] / "tests" / "fixtures"


class Fixtures(unittest.TestCase):
    def test_all(self) -> None:
        paths = sorted(FOLDER.glob("*.safetensors"))
        self.assertGreater(len(paths), 0)
        for path in paths:
            for dtype, tolerance in ((np.float64, 1e-12), (np.float32, 2e-6)):
                with self.subTest(path.stem, dtype=dtype.__name__):
                    self.check(path, dtype, tolerance)

    def check(self, path: Path, dtype: type, tolerance: float) -> None:
        file, metadata = oracle.read_safetensors(path)
        case = json.loads(metadata["hebb_fixture"])
        net = oracle.parse_net(case["net"], case["input"], case["classes"], case.get("untied", "none"))
        setting = oracle.make_setting(
            case["rule"], case["loss"], case["preset"], case["classes"], slope=case["slope"], mu=case["mu"],
            lr=case["lr"], epsilon=case["epsilon"] if case["rule"] == "urfb" else None, decay=case.get("decay"),
            freeze=oracle.frozen(net, case.get("freeze", "none")), track_r1=case.get("track_r1", False),
            seed=case.get("seed", 1), activation=case.get("activation", "clip"))
        init = {name[5:]: tensor for name, tensor in file.items() if name.startswith("init.")}
        tensors = oracle.start_tensors(net, setting, init, dtype)
        for time, loss in enumerate(file["loss"]):
            part = slice(time * case["batch"], (time + 1) * case["batch"])
            tensors, found, _ = oracle.train_step(net, setting, tensors, file["images"][part],
                                                  file["labels"][part].astype(int), dtype, time)
            self.assertAlmostEqual(found, loss, delta=1e-5)
            expected = {name[6:]: tensor for name, tensor in file.items() if name.startswith(f"step{time + 1}.")}
            if time != 1:
                self.assertEqual(set(expected), {name for name in tensors if name[0] in "WR" and name[1:].isdigit()})
            for name, tensor in expected.items():
                self.assertLessEqual(np.abs(tensors[name] - tensor).max(), tolerance, name)


if __name__ == "__main__":
    unittest.main()
