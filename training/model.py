"""The Gemma 3 architecture, small, in bfloat16 with hand-written kernels where PyTorch 1.13 is slow on a CPU."""

import ctypes
import math
import subprocess
from pathlib import Path

import torch
import torch.nn as nn
import torch.nn.functional as F

HERE = Path(__file__).parent


def _kernels():
    library = HERE / "work" / "kernels.so"
    source = HERE / "kernels.cpp"
    if not library.exists() or library.stat().st_mtime < source.stat().st_mtime:
        command = ["g++", "-O3", "-march=native", "-ffast-math", "-fopenmp", "-shared", "-fPIC"]
        subprocess.run([*command, str(source), "-o", str(library)], check=True)
    return ctypes.CDLL(str(library))


KERNELS = None


def load_kernels():
    """Compiles the kernels when needed; only a CPU run calls this."""
    global KERNELS
    KERNELS = _kernels()


pointer = lambda tensor: ctypes.c_void_p(tensor.data_ptr())
long = ctypes.c_long


class Geglu(torch.autograd.Function):
    """[..., 2f] -> [..., f]: gelu(first half) * second half, tanh approximation."""

    @staticmethod
    def forward(ctx, gate_up):
        gate_up = gate_up.contiguous()
        width = gate_up.shape[-1] // 2
        y = torch.empty(gate_up.shape[:-1] + (width,), dtype=gate_up.dtype)
        KERNELS.geglu_forward(pointer(gate_up), pointer(y), long(gate_up.numel() // (2 * width)), long(width))
        ctx.save_for_backward(gate_up)
        return y

    @staticmethod
    def backward(ctx, dy):
        (gate_up,) = ctx.saved_tensors
        dy, d = dy.contiguous(), torch.empty_like(gate_up)
        width = gate_up.shape[-1] // 2
        rows = long(gate_up.numel() // (2 * width))
        KERNELS.geglu_backward(pointer(gate_up), pointer(dy), pointer(d), rows, long(width))
        return d


class CrossEntropy(torch.autograd.Function):
    """Mean loss of bfloat16 logits [rows, vocabulary], which are overwritten by their gradient."""

    @staticmethod
    def forward(ctx, logits, targets):
        targets = targets.reshape(-1).contiguous()
        logits = logits.detach()
        losses = torch.empty(logits.shape[0])
        count = int((targets >= 0).sum())
        rows, vocabulary = (long(n) for n in logits.shape)
        scale = ctypes.c_float(1.0 / count)
        KERNELS.cross_entropy(pointer(logits), pointer(targets), pointer(losses), rows, vocabulary, scale)
        ctx.save_for_backward(logits)
        return losses.sum() / count

    @staticmethod
    def backward(ctx, _):
        return ctx.saved_tensors[0], None


def geglu(gate_up):
    if gate_up.is_cuda:
        gate, up = gate_up.chunk(2, -1)
        return F.gelu(gate, approximate="tanh") * up
    return Geglu.apply(gate_up)


def cross_entropy(logits, targets):
    if logits.is_cuda:
        return F.cross_entropy(logits.float(), targets.reshape(-1))
    return CrossEntropy.apply(logits, targets)


class RmsNormFunction(torch.autograd.Function):
    """x / rms(x) * (1 + weight) over the last dimension."""

    @staticmethod
    def forward(ctx, x, weight):
        x, width = x.contiguous(), x.shape[-1]
        rows = x.numel() // width
        y, inverse = torch.empty_like(x), torch.empty(rows)
        sizes = long(rows), long(width), ctypes.c_float(1e-6)
        KERNELS.rms_norm_forward(pointer(x), pointer(weight), pointer(y), pointer(inverse), *sizes)
        ctx.save_for_backward(x, weight, inverse)
        return y

    @staticmethod
    def backward(ctx, dy):
        x, weight, inverse = ctx.saved_tensors
        dy, dx, d_weight = dy.contiguous(), torch.empty_like(x), torch.zeros_like(weight)
        tensors = (x, weight, inverse, dy, dx, d_weight)
        KERNELS.rms_norm_backward(*map(pointer, tensors), long(inverse.numel()), long(weight.numel()))
        return dx, d_weight


class RmsNorm(nn.Module):
    """y = x / rms(x) * (1 + w), as in Gemma 1-3."""

    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(width))

    def forward(self, x):
        if not x.is_cuda:
            return RmsNormFunction.apply(x, self.weight)
        wide = x.float()
        return (wide * (wide.square().mean(-1, keepdim=True) + 1e-6).rsqrt() * (1 + self.weight)).to(x.dtype)


def rope_table(length, head_dim, theta):
    """(cos, sin), each [length, head_dim / 2]; rotate-half layout."""
    inverse = theta ** (-torch.arange(0, head_dim, 2).float() / head_dim)
    angles = torch.outer(torch.arange(length).float(), inverse)
    return angles.cos(), angles.sin()


class Heads(torch.autograd.Function):
    """
    qkv [batch, length, (heads + 2 kv_heads) * head_dim] -> q [batch * kv_heads, groups * length, head_dim], and k and v
    [batch * kv_heads, length, head_dim]; q and k normed and rotated, q scaled.
    """

    @staticmethod
    def forward(ctx, qkv, q_weight, k_weight, cos, sin, c):
        qkv, (batch, length, _) = qkv.contiguous(), qkv.shape
        q = qkv.new_empty(batch * c.kv_heads, c.heads // c.kv_heads * length, c.head_dim)
        k, v = (qkv.new_empty(batch * c.kv_heads, length, c.head_dim) for _ in range(2))
        ctx.save_for_backward(qkv, q_weight, k_weight, cos, sin)
        ctx.sizes = *map(long, (batch, length, c.heads, c.kv_heads, c.head_dim)), ctypes.c_float(c.head_dim**-0.5)
        KERNELS.heads_forward(*map(pointer, (qkv, q_weight, k_weight, cos, sin, q, k, v)), *ctx.sizes)
        return q, k, v

    @staticmethod
    def backward(ctx, dq, dk, dv):
        qkv, q_weight, k_weight, _, _ = ctx.saved_tensors
        gradients = torch.empty_like(qkv), torch.zeros_like(q_weight), torch.zeros_like(k_weight)
        tensors = *ctx.saved_tensors, dq.contiguous(), dk.contiguous(), dv.contiguous(), *gradients
        KERNELS.heads_backward(*map(pointer, tensors), *ctx.sizes)
        return *gradients, None, None, None


class CausalSoftmax(torch.autograd.Function):
    """scores [batch, queries, length] -> probabilities, in place; each query sees itself and window - 1 positions before."""

    @staticmethod
    def forward(ctx, scores, window):
        ctx.sizes = long(scores.numel() // scores.shape[-1]), long(scores.shape[-1]), long(window)
        KERNELS.softmax_forward(pointer(scores), *ctx.sizes)
        ctx.mark_dirty(scores)
        ctx.save_for_backward(scores)
        return scores

    @staticmethod
    def backward(ctx, gradient):
        gradient = gradient.contiguous()
        KERNELS.softmax_backward(pointer(ctx.saved_tensors[0]), pointer(gradient), *ctx.sizes)
        return gradient, None


class Config:
    vocabulary = 4096
    width = 320
    layers = 5
    heads = 5
    kv_heads = 1
    head_dim = 64
    ffn = 832
    window = 256
    global_layers = (2, 4)
    context = 1024
    local_theta = 1e4
    global_theta = 1e5


class Block(nn.Module):
    def __init__(self, c, is_global):
        super().__init__()
        self.c, self.is_global = c, is_global
        for name in ("input_norm", "post_attention_norm", "pre_ffn_norm", "post_ffn_norm"):
            setattr(self, name, RmsNorm(c.width))
        self.q_norm, self.k_norm = RmsNorm(c.head_dim), RmsNorm(c.head_dim)
        self.qkv = nn.Linear(c.width, (c.heads + 2 * c.kv_heads) * c.head_dim, bias=False)
        self.o = nn.Linear(c.heads * c.head_dim, c.width, bias=False)
        self.gate_up = nn.Linear(c.width, 2 * c.ffn, bias=False)
        self.down = nn.Linear(c.ffn, c.width, bias=False)

    def forward(self, x, rope):
        x = x + self.post_attention_norm(self.attend(self.input_norm(x), rope))
        return x + self.post_ffn_norm(self.down(geglu(self.gate_up(self.pre_ffn_norm(x)))))

    def attend(self, x, rope):
        batch, length, _ = x.shape
        c, qkv, norms = self.c, self.qkv(x), (self.q_norm.weight, self.k_norm.weight)
        window = c.context if self.is_global else c.window
        if x.is_cuda:
            mixed = attend_cuda(qkv, *norms, *rope, c, window)
        else:
            # Query heads of one key head are stacked, so that attention is one batched product without copies of k and v.
            q, k, v = Heads.apply(qkv, *norms, *rope, c)
            mixed = torch.bmm(CausalSoftmax.apply(torch.bmm(q, k.transpose(1, 2)), window), v)
        mixed = mixed.view(batch, c.heads, length, c.head_dim).transpose(1, 2)
        return self.o(mixed.reshape(batch, length, c.heads * c.head_dim))


def attend_cuda(qkv, q_weight, k_weight, cos, sin, c, window):
    """What the kernels above do, in PyTorch's own terms."""
    batch, length, _ = qkv.shape
    q, k, v = (
        part.view(batch, length, -1, c.head_dim).transpose(1, 2)
        for part in qkv.split([c.heads * c.head_dim, c.kv_heads * c.head_dim, c.kv_heads * c.head_dim], -1)
    )

    def turn(x, weight):
        wide = x.float()
        wide = wide * (wide.square().mean(-1, keepdim=True) + 1e-6).rsqrt() * (1 + weight)
        a, b = wide.chunk(2, -1)
        return torch.cat([a * cos[:length] - b * sin[:length], b * cos[:length] + a * sin[:length]], -1).to(x.dtype)

    distance = torch.arange(length, device=qkv.device)[:, None] - torch.arange(length, device=qkv.device)
    visible = (distance >= 0) & (distance < window)
    k, v = (x.repeat_interleave(c.heads // c.kv_heads, 1) for x in (turn(k, k_weight), v))
    return F.scaled_dot_product_attention(turn(q, q_weight), k, v, attn_mask=visible)


class Model(nn.Module):
    def __init__(self, c=Config):
        super().__init__()
        self.c = c
        self.embedding = nn.Embedding(c.vocabulary, c.width)
        self.blocks = nn.ModuleList(Block(c, layer in c.global_layers) for layer in range(c.layers))
        self.norm = RmsNorm(c.width)
        for name, theta in (("local", c.local_theta), ("global", c.global_theta)):
            cos, sin = rope_table(c.context, c.head_dim, theta)
            self.register_buffer(f"{name}_cos", cos, persistent=False)
            self.register_buffer(f"{name}_sin", sin, persistent=False)
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                nn.init.normal_(parameter, 0, c.width**-0.5 if "embedding" in name else 0.02)

    def loss(self, tokens):
        """Mean next-token loss, nats; tokens [batch, length + 1]."""
        x = self.embedding(tokens[:, :-1]) * math.sqrt(self.c.width)
        for block in self.blocks:
            x = block(x, (self.global_cos, self.global_sin) if block.is_global else (self.local_cos, self.local_sin))
        logits = F.linear(self.norm(x), self.embedding.weight)
        return cross_entropy(logits.view(-1, logits.shape[-1]), tokens[:, 1:])
