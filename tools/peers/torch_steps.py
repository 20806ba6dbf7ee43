"""deepernet's training step in PyTorch, measured when asked. Run by tools/peers/compare.py; needs torch.

Usage: torch_steps.py cpu|cuda SECONDS

Prints `ready` and what it runs on. For each line on stdin, such as `urfb 100 compiled tf32`, it measures that step for
SECONDS and prints images a second, or `SKIPPED` and why. A step is what steps.py says; its images lie on the host as
bytes, as hebb's do. BP is by autograd; URFB is a function of its own that sends feedback through R, and R then learns
what W learns. Forms: eager, compiled (torch.compile), graphs (compiled, with CUDA graphs).
"""

import os
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

from steps import DEEPERNET, Net, hinge

RATE = 0.1


class Connect(torch.autograd.Function):
    """A convolution or full layer whose feedback goes through R. What R learns is what W learns."""

    @staticmethod
    def forward(ctx, x, w, r):
        ctx.save_for_backward(x, r)
        return F.conv2d(x, w, padding=w.shape[2] // 2) if w.dim() == 4 else F.linear(x, w)

    @staticmethod
    def backward(ctx, delta):
        x, r = ctx.saved_tensors
        if r.dim() == 2:
            return delta @ r, delta.t() @ x, None
        edge = [r.shape[2] // 2] * 2
        # The gradient by the weights does not depend on them: both come in one call, with R in W's place.
        back, change, _ = torch.ops.aten.convolution_backward(
            delta, x, r, None, [1, 1], edge, [1, 1], False, [0, 0], 1, [True, True, False]
        )
        return back, change, None


class Asymmetric(nn.Module):
    """A layer with an R of its own, drawn as W was."""

    def __init__(self, layer):
        super().__init__()
        self.weight = layer.weight
        self.register_buffer("feedback", layer.weight.detach().clone()[torch.randperm(len(layer.weight))])

    def forward(self, x):
        return Connect.apply(x, self.weight, self.feedback)


class Training:
    """Steps of deepernet by a rule."""

    def __init__(self, device, rule, batch, form, tf32):
        self.device, self.batch = device, batch
        net = Net(DEEPERNET)
        if rule == "urfb":
            # The first layer sends no feedback.
            for at in range(1, len(net.layers)):
                net.layers[at] = Asymmetric(net.layers[at])
        self.net = net.to(device)
        if tf32:
            # Tensor cores want channels innermost.
            self.net = self.net.to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.SGD(self.net.parameters(), lr=RATE)
        pairs = [layer for layer in self.net.layers if isinstance(layer, Asymmetric)]
        self.ws, self.rs = [layer.weight for layer in pairs], [layer.feedback for layer in pairs]
        self.loss = lambda images, labels: hinge(self.net(images.float() / 255), labels) / batch
        if form != "eager":
            self.loss = torch.compile(self.loss, mode="reduce-overhead" if form == "graphs" else None)
        self.images = torch.randint(0, 256, (5000, 3, 32, 32), dtype=torch.uint8)
        self.labels = torch.randint(0, 10, (5000,))

    def step(self):
        at = torch.randint(0, len(self.images), (self.batch,))
        images, labels = self.images[at].to(self.device), self.labels[at].to(self.device)
        self.optimizer.zero_grad(set_to_none=True)
        self.loss(images, labels).backward()
        self.optimizer.step()
        if self.rs:
            with torch.no_grad():
                torch._foreach_add_(self.rs, [weight.grad for weight in self.ws], alpha=-RATE)

    def wait(self):
        if self.device == "cuda":
            torch.cuda.synchronize()

    def images_per_second(self, seconds):
        for _ in range(2):
            self.step()
        self.wait()
        steps, start = 0, time.perf_counter()
        while steps < 4 or time.perf_counter() - start < seconds:
            for _ in range(4):
                self.step()
            self.wait()
            steps += 4
        return steps * self.batch / (time.perf_counter() - start)


def precision(tf32):
    """f32 by f32's own multiplications, or by those of 19 bits that NVIDIA calls TF32."""
    word = "tf32" if tf32 else "ieee"
    try:
        torch.backends.cuda.matmul.fp32_precision = word
        torch.backends.cudnn.conv.fp32_precision = word
    except AttributeError:
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32


def same_as_autograd(device):
    """URFB with R = W gives back-propagation's gradients: else nothing here is worth a figure."""
    torch.manual_seed(1)
    nets = [Net([item for item in DEEPERNET if item[0] != "drop"]).to(device) for _ in range(2)]
    nets[1].load_state_dict(nets[0].state_dict())
    for at in range(1, len(nets[1].layers)):
        nets[1].layers[at] = Asymmetric(nets[1].layers[at])
        nets[1].layers[at].feedback.copy_(nets[1].layers[at].weight.detach())
    images, labels = torch.rand(8, 3, 32, 32, device=device), torch.randint(0, 10, (8,), device=device)
    for net in nets:
        hinge(net(images), labels).backward()
    for a, b in zip(*(net.layers for net in nets)):
        if not torch.allclose(a.weight.grad, b.weight.grad, rtol=1e-3, atol=1e-4):
            raise SystemExit("URFB with R = W is not back-propagation")


def main():
    device, seconds = sys.argv[1], float(sys.argv[2])
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", torch.get_num_threads())))
    torch.backends.cudnn.benchmark = True
    where = f"{torch.get_num_threads()} threads"
    if device == "cuda":
        if not torch.cuda.is_available():
            raise SystemExit("torch.cuda.is_available() says no")
        where = torch.cuda.get_device_name()
    precision(False)
    same_as_autograd(device)
    print(f"ready PyTorch {torch.__version__}, {where}", flush=True)
    known = {}
    for line in sys.stdin:
        rule, batch, form, *tf32 = line.split()
        try:
            precision(bool(tf32))
            # Compiled text may depend on the precision: each has its own.
            if line not in known:
                known[line] = Training(device, rule, int(batch), form, bool(tf32))
                # Compilation and cuDNN's choices.
                for _ in range(3):
                    known[line].step()
                known[line].wait()
            print(f"{known[line].images_per_second(seconds):.2f}", flush=True)
        except Exception as error:  # Whatever a compiler or driver says becomes a line of the table.
            known.pop(line, None)
            print(f"SKIPPED {' '.join(str(error).split())[:200] or type(error).__name__}", flush=True)


if __name__ == "__main__":
    main()
