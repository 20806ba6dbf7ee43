"""The cases of make_fixtures: a net, a shape, a rule, a loss, a preset and a batch each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """One fixture. `epsilon` is for urfb; `gain` multiplies Glorot's width."""
    title: str
    net: str
    shape: tuple[int, int, int]
    classes: int
    rule: str
    loss: str
    preset: str
    batch: int
    gain: float
    epsilon: float | None = None
    zero_channel: bool = False  # channel 0 of every convolution starts at 0, so its pools tie everywhere
    levels: int = 256  # pixels take so many grey levels; few of them make ties that are not 0
    copies: bool = False  # a pool reads a pool, so equal values are copies, and tie in float32 as well
    untied: str = "none"  # "all", or layers
    density: float | None = None  # of the masks of W and R; as-run leaves the output layer dense
    freeze: str = "none"  # layers
    decay: float | None = None  # kp's
    track_r1: bool = False
    seed: int | None = None  # brsf's
    activation: str = "clip"

    @property
    def stem(self) -> str:
        epsilon = "" if self.epsilon is None else f"{self.epsilon:g}"
        rule = "" if self.title.startswith(f"{self.rule}-") else f"-{self.rule}{epsilon}"
        return f"{self.title}{rule}-{self.loss}-{self.preset}-b{self.batch}"


SHALLOW = ("conv5-pool2", "Conv 4 5x5; Maxpool 2; Full 6; Output", (3, 7, 6), 4)
DEEP = ("conv3-pool3-conv3", "Conv 4 3x3; Maxpool 3; Conv 5 3x3; Full 6; Output", (3, 8, 8), 4)
ODD = ("odd-shape", "Conv 4 3x3; Maxpool 3; Conv 5 3x3; Full 7; Output", (3, 9, 7), 5)
EVEN = ("even-kernel", "Conv 5 2x2; Maxpool 3, stride 3; Output", (3, 8, 8), 4)
SUM = ("sum", "Conv 3 3x3; Conv 3 3x3; SUM; Maxpool 3; Full 5; Output", (3, 7, 6), 4)
STRIDED = ("sum-same-pools", "conv 3 3x3; conv 3 3x3; SUM; maxpool 3, stride 3; conv 4 2x2; conv 4 2x2; SUM; "
           "maxpool 2, stride 2; full conn. 5; output", (3, 8, 8), 4)
POOLS = ("pool4-pool3-stride1", "Conv 3 3x3; Maxpool 4; Conv 3 1x1; Maxpool 3, stride 1; Output", (2, 7, 8), 4)
TWICE = ("pool-of-pool", "Conv 4 3x3; Maxpool 3; Maxpool 3; Output", (2, 9, 8), 5)
GREY = ("grey-ties", "Conv 3 1x1; Maxpool 3; Full 4; Output", (1, 9, 7), 4)
FULL = ("full", "Full 6; Output", (3, 5, 4), 5)
LINEAR = ("linear", "Output", (1, 6, 5), 5)
HUNDRED = ("hundred-classes", "Output", (1, 3, 3), 100)

TIED = [
    Case(*SHALLOW, "bp", "hinge", "as-run", 5, 2.5), Case(*SHALLOW, "urfb", "softmax", "paper", 4, 1.5),
    Case(*SHALLOW, "frfb", "hinge", "paper", 7, 1.5), Case(*SHALLOW, "urfb", "hinge", "as-run", 5, 2.5, 0.25),
    Case(*DEEP, "urfb", "hinge", "as-run", 5, 2.5), Case(*DEEP, "bp", "softmax", "paper", 4, 1.5),
    Case(*DEEP, "frfb", "softmax", "as-run", 4, 2.5), Case(*DEEP, "urfb", "hinge", "paper", 4, 1.5, 0.25),
    Case(*ODD, "urfb", "hinge", "as-run", 4, 2.0, zero_channel=True),
    Case(*ODD, "bp", "hinge", "paper", 5, 1.5, zero_channel=True),
    Case(*EVEN, "bp", "hinge", "as-run", 7, 2.5), Case(*EVEN, "urfb", "hinge", "paper", 5, 1.5, zero_channel=True),
    Case(*EVEN, "frfb", "softmax", "as-run", 5, 2.5, zero_channel=True),
    Case(*SUM, "urfb", "hinge", "as-run", 5, 2.5, zero_channel=True),
    Case(*SUM, "bp", "hinge", "paper", 4, 1.5, zero_channel=True),
    Case(*SUM, "urfb", "softmax", "as-run", 4, 2.5, 0.25), Case(*SUM, "frfb", "softmax", "paper", 5, 1.5),
    Case(*STRIDED, "urfb", "hinge", "as-run", 4, 2.5), Case(*STRIDED, "bp", "softmax", "paper", 5, 1.5),
    Case(*POOLS, "urfb", "hinge", "as-run", 5, 2.5, zero_channel=True),
    Case(*POOLS, "urfb", "softmax", "paper", 4, 1.5, zero_channel=True),
    Case(*TWICE, "bp", "hinge", "as-run", 4, 2.0, copies=True),
    Case(*TWICE, "frfb", "hinge", "paper", 5, 1.5, copies=True),
    Case(*GREY, "urfb", "hinge", "as-run", 7, 3.0, levels=5), Case(*GREY, "bp", "hinge", "paper", 4, 1.5, levels=5),
    Case(*FULL, "bp", "hinge", "paper", 5, 2.5), Case(*FULL, "urfb", "softmax", "as-run", 7, 4.0),
    Case(*FULL, "frfb", "hinge", "as-run", 4, 4.0), Case(*LINEAR, "bp", "softmax", "as-run", 4, 1.0),
    Case(*LINEAR, "urfb", "hinge", "paper", 7, 2.0), Case(*HUNDRED, "urfb", "hinge", "as-run", 7, 3.0),
]

# Untied layers, masks, frozen layers and the other rules.
LOCAL = ("local", "Conv 2 3x3; Maxpool 2; Local 3 3x3; Full 4; Output", (2, 6, 7), 4)
LOCAL_EVEN = ("local-even", "Local 2 2x2; Local 2 2x2; SUM; Maxpool 3, stride 3; Output", (2, 5, 6), 4)
LOCAL_MIXED = ("local-mixed-sum", "Conv 2 3x3; Local 2 3x3; SUM; Maxpool 3; Full 4; Output", (2, 5, 4), 4)
UNTIED = ("untied-all", "Conv 2 3x3; Maxpool 2; Conv 3 2x2; Full 4; Output", (1, 6, 5), 4)
UNTIED_SOME = ("untied-wide", "Conv 3 3x3; Maxpool 3; Conv 2 1x5; Conv 2 3x2; SUM; Output", (2, 8, 7), 4)
PLAIN = ("Conv 3 3x3; Maxpool 3; Conv 4 3x3; Full 6; Output", (2, 7, 6), 4)
PAIR = ("Conv 3 3x3; Conv 3 3x3; SUM; Maxpool 2; Full 5; Output", (2, 6, 6), 4)
SMALL = ("Conv 2 3x3; Maxpool 2; Conv 3 2x2; Full 4; Output", (2, 6, 5), 4)

# The paper's deeper nets, shrunk. The second of each has pictures so small that its untied layers fit a fixture.
DEEPNET = ("Conv {} 5x5; Maxpool 3; Conv {} 3x3; Conv {} 3x3; Maxpool 3; Conv {} 3x3; Conv {} 3x3; Maxpool 3; "
           "Full {}; Output")
DEEPERNET = ("conv {} 3x3; conv {} 3x3; SUM; conv {} 3x3; conv {} 3x3; SUM; maxpool 3; conv {} 3x3; conv {} 3x3; SUM; "
             "maxpool 3; conv {} 3x3; conv {} 3x3; SUM; maxpool 3; full conn. {}; output")
DEEPNET_S = ("conv {} 3x3; conv {} 3x3; SUM; maxpool 3, stride 3; conv {} 3x3; conv {} 3x3; SUM; maxpool 2, stride 2; "
             "conv {} 2x2; conv {} 2x2; SUM; maxpool 2, stride 2; full conn. {}; output")
MINI = ("mini-deepnet", DEEPNET.format(2, 3, 3, 4, 4, 6), (3, 12, 12), 4)
MINI_UNTIED = ("mini-deepnet-untied", DEEPNET.format(2, 1, 2, 2, 2, 4), (2, 6, 6), 4)
MINIER = ("mini-deepernet", DEEPERNET.format(2, 2, 2, 2, 3, 3, 4, 4, 5), (3, 12, 12), 4)
MINIER_UNTIED = ("mini-deepernet-untied", DEEPERNET.format(1, 1, 1, 1, 2, 2, 2, 2, 4), (1, 4, 4), 4)
MINI_S = ("mini-deepnet_s", DEEPNET_S.format(3, 3, 4, 4, 4, 4, 5), (3, 12, 12), 4)
MINI_S_UNTIED = ("mini-deepnet_s-untied", DEEPNET_S.format(1, 1, 2, 2, 3, 3, 4), (3, 6, 6), 4)

EXTENDED = [
    Case(*LOCAL, "urfb", "hinge", "as-run", 4, 2.5), Case(*LOCAL_EVEN, "frfb", "softmax", "paper", 5, 1.5),
    Case(*LOCAL_MIXED, "bp", "hinge", "paper", 4, 1.5),
    Case(*UNTIED, "urfb", "softmax", "paper", 5, 1.5, 0.25, untied="all"),
    Case(*UNTIED_SOME, "bp", "hinge", "as-run", 4, 2.5, untied="2,3"),
    Case("sparse-conv", *PLAIN, "urfb", "hinge", "as-run", 4, 2.5, density=0.5),
    Case("sparse-conv", *PLAIN, "bp", "softmax", "paper", 5, 2.5, density=0.5),
    Case("sparse-untied", *SMALL, "urfb", "hinge", "paper", 4, 2.5, 0.5, untied="1-2", density=0.5),
    Case("sparse-sum", *PAIR, "frsf", "hinge", "as-run", 4, 2.5, density=0.5),
    Case("freeze-middle", *PLAIN, "urfb", "hinge", "paper", 4, 1.5, freeze="2"),
    Case("freeze-first", *PAIR, "bp", "softmax", "as-run", 4, 2.5, freeze="1"),
    Case("kp-conv", *PLAIN, "kp", "hinge", "as-run", 4, 2.5, decay=0.02),
    Case("kp-untied-sparse-freeze", *SMALL, "kp", "softmax", "paper", 5, 2.5, untied="all", density=0.5, decay=0.03,
         freeze="2,4"),
    Case("usf-conv", *PLAIN, "usf", "hinge", "as-run", 4, 2.5),
    Case("usf-sum", *PAIR, "usf", "softmax", "paper", 5, 1.5),
    Case("frsf-untied", *SMALL, "frsf", "hinge", "paper", 4, 1.5, untied="all"),
    Case("brsf-conv", *PLAIN, "brsf", "hinge", "as-run", 4, 2.5, seed=1),
    Case("brsf-untied-sparse", *SMALL, "brsf", "softmax", "paper", 5, 2.5, untied="2", density=0.5, seed=2**32 + 7),
    Case("dfa-sum", *PAIR, "dfa", "hinge", "as-run", 4, 2.5),
    Case("dfa-untied-sparse", *SMALL, "dfa", "softmax", "paper", 5, 2.5, untied="all", density=0.5),
    Case("drtp-sum", *PAIR, "drtp", "hinge", "as-run", 4, 2.5),
    Case("drtp-untied-sparse", *SMALL, "drtp", "softmax", "paper", 5, 1.5, untied="all", density=0.5),
    Case("trackr1-conv", *PLAIN, "urfb", "hinge", "as-run", 4, 2.5, 0.5, track_r1=True),
    Case("trackr1-sparse", *SMALL, "kp", "softmax", "paper", 5, 2.5, density=0.5, decay=0.02, track_r1=True),
    Case(*MINI, "kp", "hinge", "as-run", 4, 2.5, decay=0.01),
    Case(*MINI_UNTIED, "brsf", "hinge", "paper", 4, 2.5, untied="2-5", density=0.5, seed=3),
    Case(*MINIER, "urfb", "hinge", "as-run", 4, 2.5), Case(*MINIER, "bp", "softmax", "paper", 4, 2.5, density=0.5),
    Case(*MINIER_UNTIED, "urfb", "softmax", "as-run", 5, 2.5, untied="all"),
    Case(*MINIER, "dfa", "softmax", "as-run", 4, 2.5),
    Case(*MINI_S, "usf", "softmax", "as-run", 4, 2.5),
    Case(*MINI_S_UNTIED, "urfb", "hinge", "paper", 5, 2.5, untied="2-6", density=0.5, freeze="1"),
]

# sigma(h) = h, and the quadratic loss.
SECTION5 = [
    Case("identity-full", *FULL[1:], "urfb", "quadratic", "paper", 5, 0.7, 0.5, activation="identity"),
    Case("identity-conv", *PLAIN, "bp", "quadratic", "as-run", 4, 0.4, activation="identity"),
    Case("identity-sum", *SUM[1:], "urfb", "quadratic", "paper", 5, 0.7, activation="identity"),
    Case("identity-sum", *SUM[1:], "dfa", "softmax", "as-run", 4, 0.5, activation="identity"),
    Case("quadratic-conv", *SHALLOW[1:], "urfb", "quadratic", "as-run", 5, 2.5, 0.25),
    Case("quadratic-sum", *SUM[1:], "frfb", "quadratic", "paper", 4, 1.5),
    Case("quadratic-sparse", *SMALL, "kp", "quadratic", "paper", 5, 2.5, density=0.5, decay=0.02),
]

CASES = [*TIED, *EXTENDED, *SECTION5]
