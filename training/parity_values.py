"""Reference logits for the product's parity tests, from a forward pass that shares no code with training.

It reads a Hugging Face Gemma3ForCausalLM folder (config.json, model.safetensors) and computes in float64 with numpy,
one plain function per formula. Formulas: `modeling_gemma3.py` of huggingface/transformers.

    parity_values.py tiny     test/parity/fixtures/tiny-gemma3/ (a random checkpoint) and tiny-gemma3.json
    parity_values.py pebble   test/parity/fixtures/pebble.json from models/pebble
"""

import json
import math
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "test" / "parity" / "fixtures"
PEBBLE = ROOT / "models" / "pebble"

TINY_CONFIG = {
    "architectures": ["Gemma3ForCausalLM"],
    "model_type": "gemma3_text",
    "vocab_size": 261,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 8,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 32,
    "hidden_activation": "gelu_pytorch_tanh",
    "max_position_embeddings": 128,
    "rms_norm_eps": 1e-6,
    # Differs from head_dim, so that a wrong choice of the two shows.
    "query_pre_attn_scalar": 24,
    "sliding_window": 8,
    "layer_types": ["full_attention" if layer % 6 == 5 else "sliding_attention" for layer in range(8)],
    "rope_theta": 1_000_000.0,
    "rope_local_base_freq": 10_000.0,
    "rope_scaling": {"rope_type": "linear", "factor": 8.0},
    "attn_logit_softcapping": None,
    "final_logit_softcapping": None,
    "attention_bias": False,
    "tie_word_embeddings": True,
    "pad_token_id": 0,
    "eos_token_id": 1,
    "bos_token_id": 2,
}

# Around the window of 8: one below, at, and one above it; then several windows.
TINY_LENGTHS = [1, 5, 8, 9, 17, 40]
PEBBLE_LENGTHS = [1, 7, 64, 300, 700]

SAMPLE = '''import { open, type FileHandle } from 'node:fs/promises';

interface Range {
  readonly start: number;
  readonly end: number;
}

/** Reads parts of a file that may still be growing. */
export class GrowingFile {
  #handle: FileHandle | undefined;
  #size = 0;

  constructor(private readonly path: string) {}

  async refresh(): Promise<number> {
    this.#handle ??= await open(this.path, 'r');
    const { size } = await this.#handle.stat();
    if (size < this.#size) throw new Error(`${this.path} became shorter: ${this.#size} -> ${size}`);
    this.#size = size;
    return size;
  }

  async read({ start, end }: Range): Promise<Uint8Array> {
    if (this.#handle === undefined) throw new Error('refresh() comes first');
    const length = Math.min(end, this.#size) - start;
    if (length <= 0) return new Uint8Array(0);
    const buffer = Buffer.alloc(length);
    const { bytesRead } = await this.#handle.read(buffer, 0, length, start);
    return buffer.subarray(0, bytesRead);
  }
}

def moving_average(values, width):
    """Means of `width` neighbours; the ends are left out."""
    if width < 1:
        raise ValueError(f"width must be positive, not {width}")
    total = sum(values[:width])
    means = [total / width]
    for old, new in zip(values, values[width:]):
        total += new - old
        means.append(total / width)
    return means

function debounce(callback, delayMs) {
\tlet timer;
\treturn (...args) => {
\t\tclearTimeout(timer);
\t\ttimer = setTimeout(() => callback(...args), delayMs);
\t};
}

// Caf\u00e9, \u4f60\u597d, \U0001f680: characters that no piece of a small vocabulary covers.
const words = ['caf\u00e9', '\u4f60\u597d', '\U0001f680'].map((word) => word.normalize('NFC'));
'''


def read_safetensors(path):
    """Tensors by name, as float64. Format: u64 little-endian header length, JSON header, data."""
    raw = path.read_bytes()
    header_bytes = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + header_bytes])
    data = raw[8 + header_bytes :]
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        if entry["dtype"] == "BF16":
            # bfloat16 is the upper half of a float32.
            bits = np.frombuffer(data[begin:end], "<u2").astype(np.uint32) << 16
            values = bits.view(np.float32)
        elif entry["dtype"] == "F32":
            values = np.frombuffer(data[begin:end], "<f4")
        else:
            raise ValueError(f"{name} has dtype {entry['dtype']}")
        tensors[name] = values.astype(np.float64).reshape(entry["shape"])
    return tensors


def write_safetensors_f32(path, tensors):
    header, data, offset = {}, [], 0
    for name, values in tensors.items():
        raw = values.astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [offset, offset + len(raw)]}
        offset += len(raw)
        data.append(raw)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(data))


def rms_norm(x, weight, epsilon):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + epsilon) * (1.0 + weight)


def gelu_tanh(x):
    return 0.5 * x * (1.0 + np.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3)))


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def rotate(x, theta, factor):
    """Rotary embedding of x [positions, heads, head_dim]; linear scaling divides the position by `factor`."""
    positions, _, dim = x.shape
    frequency = theta ** (-np.arange(0, dim, 2) / dim)
    angle = np.outer(np.arange(positions) / factor, frequency)[:, None, :]
    first, second = x[..., : dim // 2], x[..., dim // 2 :]
    cos, sin = np.cos(angle), np.sin(angle)
    return np.concatenate([first * cos - second * sin, second * cos + first * sin], -1)


def forward(config, weights, ids):
    """Logits [len(ids), vocab_size]."""
    heads, kv_heads, dim = config["num_attention_heads"], config["num_key_value_heads"], config["head_dim"]
    epsilon = config["rms_norm_eps"]
    scaling = config.get("rope_scaling") or {}
    global_factor = scaling.get("factor", 1.0) if scaling.get("rope_type") == "linear" else 1.0
    count = len(ids)
    # distance[i, j]: how far key j lies behind query i.
    distance = np.arange(count)[:, None] - np.arange(count)[None, :]

    embedding = weights["model.embed_tokens.weight"]
    x = embedding[ids] * math.sqrt(config["hidden_size"])
    for layer, kind in enumerate(config["layer_types"]):
        w = {
            name.removeprefix(f"model.layers.{layer}.").removesuffix(".weight"): values
            for name, values in weights.items()
            if name.startswith(f"model.layers.{layer}.")
        }
        if kind == "full_attention":
            theta, factor, visible = config["rope_theta"], global_factor, distance >= 0
        else:
            theta, factor = config["rope_local_base_freq"], 1.0
            visible = (distance >= 0) & (distance < config["sliding_window"])

        y = rms_norm(x, w["input_layernorm"], epsilon)
        q = (y @ w["self_attn.q_proj"].T).reshape(count, heads, dim)
        k = (y @ w["self_attn.k_proj"].T).reshape(count, kv_heads, dim)
        v = (y @ w["self_attn.v_proj"].T).reshape(count, kv_heads, dim)
        q = rotate(rms_norm(q, w["self_attn.q_norm"], epsilon), theta, factor)
        k = rotate(rms_norm(k, w["self_attn.k_norm"], epsilon), theta, factor)
        attended = np.empty_like(q)
        for head in range(heads):
            shared = head // (heads // kv_heads)
            scores = q[:, head] @ k[:, shared].T / math.sqrt(config["query_pre_attn_scalar"])
            attended[:, head] = softmax(np.where(visible, scores, -np.inf)) @ v[:, shared]
        y = attended.reshape(count, heads * dim) @ w["self_attn.o_proj"].T
        x = x + rms_norm(y, w["post_attention_layernorm"], epsilon)

        y = rms_norm(x, w["pre_feedforward_layernorm"], epsilon)
        y = (gelu_tanh(y @ w["mlp.gate_proj"].T) * (y @ w["mlp.up_proj"].T)) @ w["mlp.down_proj"].T
        x = x + rms_norm(y, w["post_feedforward_layernorm"], epsilon)
    return rms_norm(x, weights["model.norm.weight"], epsilon) @ embedding.T


def random_tiny_weights(config):
    """Random weights with spreads that keep activations near one; norms of 0.3 make a wrong formula visible."""
    random = np.random.RandomState(3)
    hidden, ffn, dim = config["hidden_size"], config["intermediate_size"], config["head_dim"]
    queries, keys = config["num_attention_heads"] * dim, config["num_key_value_heads"] * dim
    tensors = {}

    def add(name, *shape):
        spread = 0.3 if len(shape) == 1 else shape[-1] ** -0.5
        tensors[f"model.{name}.weight"] = (spread * random.standard_normal(shape)).astype(np.float32)

    add("embed_tokens", config["vocab_size"], hidden)
    for layer in range(config["num_hidden_layers"]):
        part = f"layers.{layer}"
        add(f"{part}.input_layernorm", hidden)
        add(f"{part}.self_attn.q_proj", queries, hidden)
        add(f"{part}.self_attn.k_proj", keys, hidden)
        add(f"{part}.self_attn.v_proj", keys, hidden)
        add(f"{part}.self_attn.o_proj", hidden, queries)
        add(f"{part}.self_attn.q_norm", dim)
        add(f"{part}.self_attn.k_norm", dim)
        add(f"{part}.post_attention_layernorm", hidden)
        add(f"{part}.pre_feedforward_layernorm", hidden)
        add(f"{part}.mlp.gate_proj", ffn, hidden)
        add(f"{part}.mlp.up_proj", ffn, hidden)
        add(f"{part}.mlp.down_proj", hidden, ffn)
        add(f"{part}.post_feedforward_layernorm", hidden)
    add("norm", hidden)
    return tensors


def byte_tokenizer():
    """A tokenizer.json of Gemma's form with 261 tokens: four control tokens, the bytes and the space."""
    control = ["<pad>", "<eos>", "<bos>", "<unk>"]
    pieces = control + [f"<0x{byte:02X}>" for byte in range(256)] + ["\u2581"]
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {
                "id": i,
                "content": content,
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
                "special": True,
            }
            for i, content in enumerate(control)
        ],
        "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"},
        "pre_tokenizer": None,
        "post_processor": None,
        "decoder": {
            "type": "Sequence",
            "decoders": [
                {"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "},
                {"type": "ByteFallback"},
                {"type": "Fuse"},
            ],
        },
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": "<unk>",
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": True,
            "byte_fallback": True,
            "ignore_merges": False,
            "vocab": {piece: i for i, piece in enumerate(pieces)},
            "merges": [],
        },
    }


def single(values):
    """float32 numbers with the nine digits that identify them."""
    return [float(f"{v:.9g}") for v in np.asarray(values, np.float64)]


def write_json(path, value):
    path.write_text(json.dumps(value, separators=(",", ":")) + "\n")
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size} bytes")


def write_tiny():
    folder = FIXTURES / "tiny-gemma3"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(TINY_CONFIG, indent=2) + "\n")
    (folder / "tokenizer.json").write_text(json.dumps(byte_tokenizer(), indent=1) + "\n")
    write_safetensors_f32(folder / "model.safetensors", random_tiny_weights(TINY_CONFIG))

    weights = read_safetensors(folder / "model.safetensors")
    random = np.random.RandomState(5)
    prompts = [random.randint(4, TINY_CONFIG["vocab_size"], length).tolist() for length in TINY_LENGTHS]
    every = random.randint(4, TINY_CONFIG["vocab_size"], 20).tolist()
    write_json(
        FIXTURES / "tiny-gemma3.json",
        {
            "lastPosition": [{"ids": ids, "logits": single(forward(TINY_CONFIG, weights, ids)[-1])} for ids in prompts],
            "everyPosition": {"ids": every, "logits": [single(row) for row in forward(TINY_CONFIG, weights, every)]},
        },
    )


def greedy_ids(text, vocab, longest=24):
    """Longest-match ids of `text`. Parity needs plausible ids, not the tokenizer's own."""
    text = text.replace(" ", "\u2581")
    ids, at = [], 0
    while at < len(text):
        for length in range(longest, 0, -1):
            piece = text[at : at + length]
            if len(piece) == length and piece in vocab:
                ids.append(vocab[piece])
                at += length
                break
        else:
            ids += [vocab[f"<0x{byte:02X}>"] for byte in text[at].encode()]
            at += 1
    return ids


def write_pebble():
    config = json.loads((PEBBLE / "config.json").read_text())
    vocab = json.loads((PEBBLE / "tokenizer.json").read_text())["model"]["vocab"]
    weights = read_safetensors(PEBBLE / "model.safetensors")
    head = [vocab[name] for name in ("<bos>", "<|lang:typescript|>", "<|fim_prefix|>")]
    ids = head + greedy_ids("growingFile.ts\n" + SAMPLE * 2, vocab)
    strided = list(range(0, config["vocab_size"], config["vocab_size"] // 256))
    cases = []
    for length in PEBBLE_LENGTHS:
        logits = forward(config, weights, ids[:length])[-1]
        top = np.argsort(-logits, kind="stable")[:64]
        highest = logits.max()
        cases.append(
            {
                "ids": ids[:length],
                "topIds": top.tolist(),
                "topLogits": single(logits[top]),
                "stridedIds": strided,
                "stridedLogits": single(logits[strided]),
                "logSumExp": float(highest + np.log(np.exp(logits - highest).sum())),
            }
        )
    write_json(FIXTURES / "pebble.json", {"lastPosition": cases})


if __name__ == "__main__":
    FIXTURES.mkdir(parents=True, exist_ok=True)
    {"tiny": write_tiny, "pebble": write_pebble}[sys.argv[1]]()
