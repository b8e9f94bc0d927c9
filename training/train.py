"""Trains the model for a given time; resumes from its checkpoint.

    train.py --minutes 40

Matrices learn by Muon (momentum orthogonalized by Newton-Schulz; K. Jordan, https://kellerjordan.github.io/posts/muon),
the tied embedding and the norms by Adam. Weights are bfloat16 with float32 master copies.
"""

import argparse
import math
import os
import queue
import sys
import threading
import time
from pathlib import Path

import torch

from data import Samples
from model import Model, load_kernels

WORK = Path(__file__).parent / "work"
CHECKPOINT = WORK / "checkpoint.pt"
# Small steps learn more per token at first, large ones cost less and average out noise later.
SMALL_STEP, LARGE_STEP, LARGE_FROM = 6144, 12288, 0.2
# The last part of the run sees the whole context; before that half of it trains faster.
SHORT, LONG, LONG_FROM = 512, 1024, 0.75
WARM_UP_STEPS, DECAY_FROM = 40, 0.35
MUON_RATE, EMBEDDING_RATE, NORM_RATE, DECAY = 0.02, 3e-3, 6e-3, 0.05


def orthogonalize(matrices):
    """
    Newton-Schulz, five steps, in bfloat16; coefficients as published with Muon. Equal shapes go together: one product of
    many small matrices is several times faster than many products.
    """
    groups = {}
    for index, matrix in enumerate(matrices):
        groups.setdefault((min(matrix.shape), max(matrix.shape)), []).append(index)
    results = [None] * len(matrices)
    for indices in groups.values():
        wide = [matrices[i] if matrices[i].shape[0] <= matrices[i].shape[1] else matrices[i].T for i in indices]
        x = torch.stack(wide).bfloat16()
        x = x / (x.float().norm(dim=(1, 2), keepdim=True) + 1e-7).bfloat16()
        for _ in range(5):
            a = x @ x.transpose(1, 2)
            x = torch.baddbmm(x, torch.baddbmm(a, a, a, beta=-4.7750, alpha=2.0315), x, beta=3.4445)
        for i, update in zip(indices, x.float()):
            results[i] = update if matrices[i].shape[0] <= matrices[i].shape[1] else update.T
    return results


class Optimizer:
    def __init__(self, model):
        self.parameters = dict(model.named_parameters())
        self.master = {name: p.data.clone() for name, p in self.parameters.items()}
        self.matrices = [n for n, p in self.master.items() if p.dim() == 2 and "embedding" not in n]
        self.state = {n: torch.zeros(2, *p.shape, device=p.device) for n, p in self.master.items()}
        c = model.c
        q, kv = c.heads * c.head_dim, c.kv_heads * c.head_dim
        # Fused projections are several matrices to Muon.
        self.parts = {"qkv": [q, kv, kv], "gate_up": [c.ffn, c.ffn]}
        for parameter in self.parameters.values():
            if parameter.dim() == 2:
                parameter.data = parameter.data.bfloat16()

    @torch.no_grad()
    def step(self, number, rate):
        momentum = 0.85 + 0.1 * min(1, number / 300)
        parts, counts = [], []
        for name in self.matrices:
            gradient, state = self.parameters[name].grad.float(), self.state[name]
            state[0].lerp_(gradient, 1 - momentum)
            blended = gradient.lerp(state[0], momentum)
            sizes = next((s for key, s in self.parts.items() if f".{key}." in name), [blended.shape[0]])
            parts += blended.split(sizes, 0)
            counts.append(len(sizes))
        updates = iter(orthogonalize(parts))
        for name, count in zip(self.matrices, counts):
            weight, update = self.master[name], torch.cat([next(updates) for _ in range(count)], 0)
            weight.mul_(1 - MUON_RATE * DECAY * rate)
            weight.add_(update, alpha=-MUON_RATE * rate * max(1, update.shape[0] / update.shape[1]) ** 0.5)
        for name in self.parameters.keys() - set(self.matrices):
            gradient, weight, state = self.parameters[name].grad.float(), self.master[name], self.state[name]
            state[0].lerp_(gradient, 0.1)
            state[1].lerp_(gradient * gradient, 0.02)
            first, second = state[0] / (1 - 0.9**number), state[1] / (1 - 0.98**number)
            base = EMBEDDING_RATE if "embedding" in name else NORM_RATE
            weight.addcdiv_(first, second.sqrt_().add_(1e-10), value=-base * rate)
        for name, parameter in self.parameters.items():
            parameter.data.copy_(self.master[name])
            parameter.grad = None


def lock_run():
    """Two runs at once would overwrite each other's checkpoint."""
    lock = WORK / "training.pid"
    if lock.exists() and Path(f"/proc/{lock.read_text().strip()}").exists():
        sys.exit(f"A run is going on already: process {lock.read_text().strip()}, checkpoint {CHECKPOINT}.")
    lock.write_text(str(os.getpid()))


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--minutes", type=float, default=40)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    options = arguments.parse_args()
    lock_run()
    torch.manual_seed(0)
    torch.set_num_threads(options.threads)
    if options.device == "cpu":
        load_kernels()
    model = Model().to(options.device)
    optimizer = Optimizer(model)
    step, tokens, spent, average = 0, 0, 0.0, None
    if CHECKPOINT.exists():
        saved = torch.load(CHECKPOINT, map_location=options.device)
        step, tokens, spent, average = saved["progress"]
        optimizer.master, optimizer.state = saved["master"], saved["state"]
        for name, parameter in optimizer.parameters.items():
            parameter.data.copy_(optimizer.master[name])

    total = options.minutes * 60
    progress = {"fraction": spent / total}
    batches = queue.Queue(4)

    def produce():
        samples = Samples("train", seed=step + 1)
        while True:
            length = LONG if progress["fraction"] >= LONG_FROM else SHORT
            tokens_per_step = LARGE_STEP if progress["fraction"] >= LARGE_FROM else SMALL_STEP
            batches.put(torch.from_numpy(samples.batch(tokens_per_step // length, length)))

    threading.Thread(target=produce, daemon=True).start()
    held_out = Samples("heldout", seed=7)
    checks = [torch.from_numpy(held_out.batch(8, SHORT)).to(options.device) for _ in range(4)]

    def held_out_loss():
        with torch.no_grad():
            return sum(model.loss(check).item() for check in checks) / len(checks)

    def save():
        saved = {"progress": (step, tokens, spent, average), "master": optimizer.master, "state": optimizer.state}
        torch.save(saved, CHECKPOINT.with_suffix(".tmp"))
        CHECKPOINT.with_suffix(".tmp").rename(CHECKPOINT)

    last = saved_at = time.monotonic()
    while spent < total:
        fraction = progress["fraction"] = spent / total
        decay = 1 if fraction < DECAY_FROM else max(0.02, (1 - fraction) / (1 - DECAY_FROM))
        batch = batches.get().to(options.device)
        loss = model.loss(batch)
        loss.backward()
        value = loss.item()
        now = time.monotonic()
        spent, last = spent + now - last, now
        if not math.isfinite(value):
            print(f"step {step}: loss is not finite, batch skipped", flush=True)
            model.zero_grad(set_to_none=True)
            continue
        step += 1
        tokens += batch.shape[0] * (batch.shape[1] - 1)
        average = value if average is None else 0.97 * average + 0.03 * value
        optimizer.step(step, decay * min(1, step / WARM_UP_STEPS))
        if step % 20 == 0:
            line = f"step {step} {spent:.0f} s {tokens / 1e6:.2f} M tokens {tokens / spent:.0f}/s loss {average:.3f}"
            if now - saved_at > 60:
                line += f" held out {held_out_loss():.4f}"
                save()
                saved_at = time.monotonic()
            print(line, flush=True)
    save()
    print(f"done: step {step}, {tokens / 1e6:.2f} M tokens, held out {held_out_loss():.4f}", flush=True)


if __name__ == "__main__":
    main()
