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
    @staticmethod
    def forward(ctx, x, weight, epsilon):
        width = x.shape[-1]
        inverse = torch.linalg.vector_norm(x.float(), dim=-1, keepdim=True).pow(2).div_(width).add_(epsilon).rsqrt_()
        inverse, scale = inverse.to(x.dtype), (1 + weight).to(x.dtype)
        ctx.save_for_backward(x, inverse, scale)
        return (x * inverse).mul_(scale)

    @staticmethod
    def backward(ctx, grad):
        x, inverse, scale = ctx.saved_tensors
        width = x.shape[-1]
        normed = x * inverse
        product = grad * normed
        d_weight = product.reshape(-1, width).sum(0, dtype=torch.float32)
        mean = product.matmul(scale).unsqueeze(-1).div_(width)
        return torch.addcmul(grad * scale, normed, mean, value=-1).mul_(inverse), d_weight, None


class RmsNorm(nn.Module):
    """y = x / rms(x) * (1 + w), as in Gemma 1-3."""

    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(width))

    def forward(self, x):
        return RmsNormFunction.apply(x, self.weight, 1e-6)


def rope_table(length, head_dim, theta):
    """(cos, signed sin), each [length, head_dim]; rotate-half layout."""
    inverse = theta ** (-torch.arange(0, head_dim, 2).float() / head_dim)
    angles = torch.outer(torch.arange(length).float(), inverse)
    return torch.cat([angles.cos()] * 2, -1), torch.cat([-angles.sin(), angles.sin()], -1)


def rotate(x, cos, sin):
    return x * cos + torch.roll(x, x.shape[-1] // 2, -1) * sin


class Config:
    vocabulary = 4096
    width = 256
    layers = 5
    heads = 4
    kv_heads = 1
    head_dim = 64
    ffn = 640
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

    def forward(self, x, rope, mask):
        x = x + self.post_attention_norm(self.attend(self.input_norm(x), rope, mask))
        return x + self.post_ffn_norm(self.down(geglu(self.gate_up(self.pre_ffn_norm(x)))))

    def attend(self, x, rope, mask):
        c, (batch, length, _) = self.c, x.shape
        groups = c.heads // c.kv_heads
        q, k, v = self.qkv(x).split([c.heads * c.head_dim, c.kv_heads * c.head_dim, c.kv_heads * c.head_dim], -1)
        cos, sin = (table[:length, None].to(x.dtype) for table in rope)
        q = rotate(self.q_norm(q.reshape(batch, length, c.heads, c.head_dim)), cos, sin) * c.head_dim**-0.5
        k = rotate(self.k_norm(k.reshape(batch, length, c.kv_heads, c.head_dim)), cos, sin)
        # Query heads of one key head are stacked, so that attention is one batched product without copies of k and v.
        q = q.view(batch, length, c.kv_heads, groups, c.head_dim).permute(0, 2, 3, 1, 4)
        q = q.reshape(batch * c.kv_heads, groups * length, c.head_dim)
        k = k.permute(0, 2, 3, 1).reshape(batch * c.kv_heads, c.head_dim, length)
        v = v.reshape(batch, length, c.kv_heads, c.head_dim).permute(0, 2, 1, 3)
        v = v.reshape(batch * c.kv_heads, length, c.head_dim)
        scores = torch.bmm(q, k).view(batch * c.kv_heads, groups, length, length) + mask[:length, :length].to(x.dtype)
        mixed = torch.bmm(torch.softmax(scores, -1).view(batch * c.kv_heads, groups * length, length), v)
        mixed = mixed.view(batch, c.kv_heads, groups, length, c.head_dim).permute(0, 3, 1, 2, 4)
        return self.o(mixed.reshape(batch, length, c.heads * c.head_dim))


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
        position = torch.arange(c.context)
        distance = position[:, None] - position[None]
        visible = distance >= 0
        self.register_buffer("global_mask", torch.where(visible, 0.0, -1e9), persistent=False)
        self.register_buffer("local_mask", torch.where(visible & (distance < c.window), 0.0, -1e9), persistent=False)
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                nn.init.normal_(parameter, 0, c.width**-0.5 if "embedding" in name else 0.02)

    def loss(self, tokens):
        """Mean next-token loss, nats; tokens [batch, length + 1]."""
        x = self.embedding(tokens[:, :-1]) * math.sqrt(self.c.width)
        for block in self.blocks:
            if block.is_global:
                x = block(x, (self.global_cos, self.global_sin), self.global_mask)
            else:
                x = block(x, (self.local_cos, self.local_sin), self.local_mask)
        logits = F.linear(self.norm(x), self.embedding.weight)
        return cross_entropy(logits.view(-1, logits.shape[-1]), tokens[:, 1:])
