"""Writes the checkpoint as a Hugging Face folder: config.json, model.safetensors (bfloat16), tokenizer files.

    export.py TARGET
"""

import json
import shutil
import struct
import sys
from pathlib import Path

import torch

from data import LANGUAGE_WEIGHTS
from model import Config
from tokenizer import VOCABULARY

WORK = Path(__file__).parent / "work"

NORMS = {
    "input_norm": "input_layernorm",
    "post_attention_norm": "post_attention_layernorm",
    "pre_ffn_norm": "pre_feedforward_layernorm",
    "post_ffn_norm": "post_feedforward_layernorm",
    "q_norm": "self_attn.q_norm",
    "k_norm": "self_attn.k_norm",
}


def tensors(weights, c):
    """(name, tensor) in the naming of Gemma3ForCausalLM."""
    yield "model.embed_tokens.weight", weights["embedding.weight"]
    q, kv = c.heads * c.head_dim, c.kv_heads * c.head_dim
    for layer in range(c.layers):
        ours, theirs = f"blocks.{layer}.", f"model.layers.{layer}."
        for source, target in NORMS.items():
            yield f"{theirs}{target}.weight", weights[f"{ours}{source}.weight"]
        for name, part in zip("qkv", weights[f"{ours}qkv.weight"].split([q, kv, kv])):
            yield f"{theirs}self_attn.{name}_proj.weight", part
        yield f"{theirs}self_attn.o_proj.weight", weights[f"{ours}o.weight"]
        for name, part in zip(("gate", "up"), weights[f"{ours}gate_up.weight"].chunk(2)):
            yield f"{theirs}mlp.{name}_proj.weight", part
        yield f"{theirs}mlp.down_proj.weight", weights[f"{ours}down.weight"]
    yield "model.norm.weight", weights["norm.weight"]


def write_safetensors(path, named):
    header, blobs, offset = {"__metadata__": {"format": "pt"}}, [], 0
    for name, tensor in named:
        # bfloat16 has no numpy type; its bits travel as int16.
        blob = tensor.bfloat16().contiguous().view(torch.int16).numpy().tobytes()
        header[name] = {"dtype": "BF16", "shape": list(tensor.shape), "data_offsets": [offset, offset + len(blob)]}
        blobs.append(blob)
        offset += len(blob)
    encoded = json.dumps(header, separators=(",", ":")).encode()
    encoded += b" " * (-len(encoded) % 8)
    path.write_bytes(struct.pack("<Q", len(encoded)) + encoded + b"".join(blobs))


def config(c):
    return {
        "architectures": ["Gemma3ForCausalLM"],
        "model_type": "gemma3_text",
        "vocab_size": VOCABULARY,
        "hidden_size": c.width,
        "intermediate_size": c.ffn,
        "num_hidden_layers": c.layers,
        "num_attention_heads": c.heads,
        "num_key_value_heads": c.kv_heads,
        "head_dim": c.head_dim,
        "query_pre_attn_scalar": c.head_dim,
        "hidden_activation": "gelu_pytorch_tanh",
        "rms_norm_eps": 1e-6,
        "max_position_embeddings": c.context,
        "sliding_window": c.window,
        "layer_types": ["full_attention" if n in c.global_layers else "sliding_attention" for n in range(c.layers)],
        "rope_theta": c.global_theta,
        "rope_local_base_freq": c.local_theta,
        "rope_scaling": None,
        "attn_logit_softcapping": None,
        "final_logit_softcapping": None,
        "attention_bias": False,
        "tie_word_embeddings": True,
        "pad_token_id": 0,
        "eos_token_id": 1,
        "bos_token_id": 2,
        "torch_dtype": "bfloat16",
        "completion": {
            "layout": "suffix-first",
            "languages": list(LANGUAGE_WEIGHTS),
            "maxSuffixTokens": 128,
            "contextTokens": c.context,
            # Longer lines were never right in the evaluation, and might be learnt by heart.
            "maxLineChars": 60,
        },
    }


def notice():
    """The packages whose text the model was trained on."""
    manifest = json.loads((Path(__file__).parent / "corpus.json").read_text())
    apart = set(manifest["heldOut"]) | set(manifest["validation"])
    kinds = ("npm", "debian", "debianSource")
    listed = [package for kind in kinds for package in manifest[kind] if package["name"] not in apart]
    lines = [f"{p['name']} {p['version']} ({p['licence']})" for p in listed]
    head = "Pebble was trained on source code of these packages. None of their text is part of the model's files.\n\n"
    return head + "\n".join(lines) + "\n"


def main(target):
    target.mkdir(parents=True, exist_ok=True)
    weights = torch.load(WORK / "checkpoint.pt")["master"]
    write_safetensors(target / "model.safetensors", tensors(weights, Config))
    (target / "config.json").write_text(json.dumps(config(Config), indent=2) + "\n")
    (target / "generation_config.json").write_text(
        json.dumps({"bos_token_id": 2, "eos_token_id": 1, "pad_token_id": 0, "do_sample": False}, indent=2) + "\n"
    )
    (target / "tokenizer_config.json").write_text(
        json.dumps(
            {
                "tokenizer_class": "GemmaTokenizer",
                "bos_token": "<bos>",
                "eos_token": "<eos>",
                "pad_token": "<pad>",
                "unk_token": "<unk>",
                "model_max_length": Config.context,
            },
            indent=2,
        )
        + "\n"
    )
    (target / "NOTICE").write_text(notice())
    shutil.copy(WORK / "export" / "tokenizer.json", target / "tokenizer.json")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
