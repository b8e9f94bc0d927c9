"""Measures an exported model on packages it was not trained on: loss, exact lines, and precision of a confidence gate.

    evaluate.py FOLDER [--cases 200]    tables in Markdown; FOLDER is a Hugging Face folder as export.py writes it

Runs on one thread, in float32. Cursors: `sep` after white space or one of . ( , = : { [, `any` at a random column,
`next` at the start of a line whose whole text is wanted. Comment lines and short lines are left out.
"""

import argparse
import json
import math
import random
import re
from pathlib import Path

import numpy as np
import sentencepiece as spm
import torch
import torch.nn.functional as F

WORK = Path(__file__).parent / "work"
KINDS = ("sep", "any", "next")
METHODS = ("copy", "prefix only", "suffix first", "hybrid")
EOS, BOS = 1, 2
MAX_NEW_TOKENS, SUFFIX_TOKENS = 40, 128
SHARES = (0.1, 0.2, 0.3, 0.4)
DTYPES = {"BF16": torch.bfloat16, "F32": torch.float32}


def read_weights(path):
    raw = path.read_bytes()
    size = int.from_bytes(raw[:8], "little")
    data = bytearray(raw[8 + size :])
    weights = {}
    for name, entry in json.loads(raw[8 : 8 + size]).items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            values = torch.frombuffer(data[begin:end], dtype=DTYPES[entry["dtype"]])
            weights[name] = values.float().reshape(entry["shape"])
    return weights


class Runner:
    """The model with a key/value cache; a cache is a list of (keys, values) [kv_heads, positions, head_dim]."""

    def __init__(self, folder):
        self.config = c = json.loads((folder / "config.json").read_text())
        self.weights = read_weights(folder / "model.safetensors")
        self.embedding = self.weights["model.embed_tokens.weight"]
        self.context = c["max_position_embeddings"]
        exponents = torch.arange(0, c["head_dim"], 2) / c["head_dim"]
        self.angles = {
            kind: torch.outer(torch.arange(self.context).float(), theta**-exponents)
            for kind, theta in (("sliding_attention", c["rope_local_base_freq"]), ("full_attention", c["rope_theta"]))
        }

    def norm(self, x, name):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.config["rms_norm_eps"]) * (1 + self.weights[name])

    def empty(self):
        return [None] * self.config["num_hidden_layers"]

    def feed(self, ids, cache):
        """Log-probabilities [len(ids), vocabulary] after each of `ids`; the cache is extended in place."""
        c = self.config
        heads, kv_heads, dim = c["num_attention_heads"], c["num_key_value_heads"], c["head_dim"]
        past = 0 if cache[0] is None else cache[0][0].shape[1]
        count = len(ids)
        distance = torch.arange(past, past + count)[:, None] - torch.arange(past + count)[None]
        x = F.embedding(torch.tensor(ids), self.embedding) * math.sqrt(c["hidden_size"])
        for layer, kind in enumerate(c["layer_types"]):
            p = f"model.layers.{layer}."
            angle = self.angles[kind][past : past + count]

            def project(part, number, rotated):
                z = F.linear(y, self.weights[f"{p}self_attn.{part}_proj.weight"]).view(count, number, dim).transpose(0, 1)
                if not rotated:
                    return z
                a, b = self.norm(z, f"{p}self_attn.{part}_norm.weight").chunk(2, -1)
                return torch.cat([a * angle.cos() - b * angle.sin(), b * angle.cos() + a * angle.sin()], -1)

            y = self.norm(x, f"{p}input_layernorm.weight")
            q, k, v = project("q", heads, True), project("k", kv_heads, True), project("v", kv_heads, False)
            if cache[layer] is not None:
                k, v = torch.cat([cache[layer][0], k], 1), torch.cat([cache[layer][1], v], 1)
            cache[layer] = (k, v)
            visible = distance >= 0
            if kind == "sliding_attention":
                visible = visible & (distance < c["sliding_window"])
            groups = heads // kv_heads
            scores = q @ k.repeat_interleave(groups, 0).transpose(1, 2) / math.sqrt(c["query_pre_attn_scalar"])
            y = scores.masked_fill(~visible, -1e9).softmax(-1) @ v.repeat_interleave(groups, 0)
            y = F.linear(y.transpose(0, 1).reshape(count, -1), self.weights[f"{p}self_attn.o_proj.weight"])
            x = x + self.norm(y, f"{p}post_attention_layernorm.weight")
            y = self.norm(x, f"{p}pre_feedforward_layernorm.weight")
            gate = F.gelu(F.linear(y, self.weights[f"{p}mlp.gate_proj.weight"]), approximate="tanh")
            y = F.linear(gate * F.linear(y, self.weights[f"{p}mlp.up_proj.weight"]), self.weights[f"{p}mlp.down_proj.weight"])
            x = x + self.norm(y, f"{p}post_feedforward_layernorm.weight")
        return F.linear(self.norm(x, "model.norm.weight"), self.embedding).log_softmax(-1)


class Completer:
    def __init__(self, runner, tokenizer):
        self.runner, self.tokenizer = runner, tokenizer
        plain = lambda i: not (tokenizer.is_control(i) or tokenizer.is_unknown(i) or tokenizer.is_byte(i))
        self.pieces = [
            tokenizer.id_to_piece(i).replace("\u2581", " ") if plain(i) else ""
            for i in range(tokenizer.get_piece_size())
        ]
        self.ends = sorted({EOS} | {i for i, piece in enumerate(self.pieces) if piece.startswith("\n")})

    def control(self, name):
        return self.tokenizer.piece_to_id(f"<|{name}|>")

    def prompt(self, case, with_suffix):
        """(ids, text that was cut off the end and must be generated first: token healing)."""
        ids = [BOS, self.control(f"lang:{case['language']}")]
        below = case["below"]
        if with_suffix and below.strip():
            below = self.tokenizer.encode("\n") + self.tokenizer.encode(below[1 : 8 * SUFFIX_TOKENS])
            ids += [self.control("fim_suffix"), *below[:SUFFIX_TOKENS]]
        ids += [self.control("fim_prefix"), *self.tokenizer.encode(case["name"] + "\n")]
        room = self.runner.context - len(ids) - 2 * MAX_NEW_TOKENS
        prefix = case["prefix"]
        start = 0 if len(prefix) <= 3000 else prefix.find("\n", len(prefix) - 3000) + 1
        body = self.tokenizer.encode(prefix[start:])
        while len(body) > room:
            start = prefix.find("\n", start) + 1
            body = self.tokenizer.encode(prefix[start:])
        healed = "" if prefix.endswith("\n") or not body else self.pieces[body[-1]]
        return ids + (body[:-1] if healed else body), healed

    def complete(self, ids, healed):
        """Greedy rest of the line: (text, total log-probability, tokens, state for `score`)."""
        cache = self.runner.empty()
        first = after = self.runner.feed(ids, cache)[-1]
        state = (list(cache), first)
        text, total, count, need = "", 0.0, 0, healed
        while count < MAX_NEW_TOKENS:
            if need:
                fits = torch.tensor([bool(p) and (p.startswith(need) or need.startswith(p)) for p in self.pieces])
                after = after.masked_fill(~fits, -1e9).log_softmax(-1)
            best = int(after.argmax())
            total, count = total + float(after[best]), count + 1
            if best in self.ends:
                break
            piece = self.pieces[best]
            text += piece
            need = need[len(piece) :]
            after = self.runner.feed([best], cache)[-1]
        return text[len(healed) :], total, count, state

    def score(self, text, state):
        """Log-probability of `text` (healed part included) followed by the end of the line, and its tokens."""
        cache, first = list(state[0]), state[1]
        ids = self.tokenizer.encode(text)
        if not 0 < len(ids) <= 2 * MAX_NEW_TOKENS:
            return -1e9, 1
        after = self.runner.feed(ids, cache)
        total = float(first[ids[0]])
        total += float(after[torch.arange(len(ids) - 1), torch.tensor(ids[1:], dtype=torch.long)].sum())
        return total + float(torch.logsumexp(after[-1][self.ends], -1)), len(ids) + 1


def make_cases(documents, kind, count, seed):
    chosen = random.Random(seed)
    cases = []
    while len(cases) < count:
        document = chosen.choice(documents)
        text = document["text"]
        lines = [(m.start(), m.end()) for m in re.finditer(r"[^\n]+", text)]
        if len(lines) < 12:
            continue
        begin, end = chosen.choice(lines[5:-1])
        line = text[begin:end]
        if len(line.strip()) < 10 or re.match(r"\s*(\*|//|#|/\*)", line):
            continue
        if kind == "next":
            cursor = begin
        elif kind == "any":
            cursor = begin + chosen.randrange(len(line) - len(line.lstrip()) + 1, len(line) - 2)
        else:
            places = [m.start() for m in re.finditer(r"(?<=[\s.(,=:{\[])(?=\S)", line)]
            places = [place for place in places if place > 0 and len(line) - place >= 3]
            if not places:
                continue
            cursor = begin + chosen.choice(places)
        case = {key: document[key] for key in ("language", "name")}
        cases.append({**case, "prefix": text[:cursor], "below": text[end : end + 1500], "truth": text[cursor:end]})
    return cases


def copies(prefix, below, limit):
    """[(rest of a line that followed the longest equal text elsewhere in the file, length of the match)]"""
    prefix, found = prefix[-8000:], []
    for length in (60, 40, 30, 24, 18, 14, 11, 9, 7, 5, 4, 3):
        tail = prefix[-length:]
        if len(tail) < length:
            continue
        before, after = prefix.rfind(tail, 0, len(prefix) - 1), below.find(tail)
        for source, at in ((prefix, before), (below, after)):
            rest = source[at + length :].split("\n")[0].rstrip() if at >= 0 else ""
            if rest.strip() and rest not in [text for text, _ in found]:
                found.append((rest, length))
        if len(found) >= limit:
            break
    return found[:limit]


def judge(completer, case):
    """By method: (right?, features of a gate, text)."""
    truth = case["truth"].strip()
    copied = copies(case["prefix"], case["below"], 6)
    results = {"copy": (bool(copied) and copied[0][0].strip() == truth,)}
    text, *_ = completer.complete(*completer.prompt(case, False))
    results["prefix only"] = (text.strip() == truth,)
    ids, healed = completer.prompt(case, True)
    text, total, count, state = completer.complete(ids, healed)
    results["suffix first"] = (text.strip() == truth, total / count)
    lengths = dict(copied)
    pool = list(lengths) + ([text] if text.strip() and text not in lengths else [])
    best, features = "", [-50.0, -50.0, 0, 0, 0]
    scored = [(completer.score(healed + text, state), text) for text in pool]
    if scored:
        (total, count), best = max(scored)
        features = [total / count, total, len(best), lengths.get(best, 0), float(best in lengths)]
    results["hybrid"] = (best.strip() == truth, *features)
    results["union"] = (results["copy"][0] or results["suffix first"][0],)
    return results


def percent(right):
    rate = float(np.mean(right))
    return f"{100 * rate:.1f} ± {100 * math.sqrt(rate * (1 - rate) / len(right)):.1f}"


def loss_table(completer, documents):
    print("| language | nats/token | bits/byte | tokens |\n| --- | ---: | ---: | ---: |")
    for language in ("typescript", "javascript", "python"):
        chosen = [d for d in documents if d["language"] == language]
        random.Random(5).shuffle(chosen)
        nats, tokens, size = 0.0, 0, 0
        for document in chosen[:40]:
            head = [BOS, completer.control(f"lang:{language}"), completer.control("fim_prefix")]
            head += completer.tokenizer.encode(document["name"] + "\n")
            body = completer.tokenizer.encode(document["text"][:3000])[: 512 - len(head)]
            after = completer.runner.feed([*head, *body[:-1]], completer.runner.empty())[len(head) - 1 :]
            nats -= float(after[torch.arange(len(body)), torch.tensor(body)].sum())
            tokens += len(body)
            size += len(completer.tokenizer.decode(body).encode())
        print(f"| {language} | {nats / tokens:.3f} | {nats / math.log(2) / size:.3f} | {tokens} |", flush=True)


def fit_gate(features, right):
    """Logistic regression by Newton steps; features are standardized. A function features -> probability."""
    mean, spread = features.mean(0), features.std(0) + 1e-6
    design = lambda f: np.c_[(f - mean) / spread, np.ones(len(f))]
    x, y = design(features), right.astype(float)
    w = np.zeros(x.shape[1])
    for _ in range(30):
        p = 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))
        hessian = (x * (p * (1 - p))[:, None]).T @ x + 1e-1 * np.eye(len(w))
        w += np.linalg.solve(hessian, x.T @ (y - p) - 1e-1 * w)
    return lambda f: 1 / (1 + np.exp(-design(f) @ w))


def gate_features(results):
    clipped = np.array([result["hybrid"][1:] for result in results], float)
    clipped[:, 0] = np.maximum(clipped[:, 0], -10)
    clipped[:, 1] = np.maximum(clipped[:, 1], -60)
    return clipped


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--work", type=Path, default=WORK)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    tokenizer = spm.SentencePieceProcessor(model_file=str(options.work / "tokenizer.model"))
    completer = Completer(Runner(options.folder), tokenizer)
    read = lambda split: [json.loads(line) for line in open(options.work / f"{split}.jsonl")]
    held_out, validation = read("heldout"), read("validation")

    loss_table(completer, held_out)
    results = {}
    for kind in KINDS:
        results[kind] = [judge(completer, case) for case in make_cases(held_out, kind, options.cases, 11)]
    print(f"\n| exact rest of line, % (N = {options.cases}) | " + " | ".join(KINDS) + " |\n| --- |" + " ---: |" * len(KINDS))
    for method in (*METHODS, "union"):
        cells = [percent([r[method][0] for r in results[kind]]) for kind in KINDS]
        print(f"| {method} | {' | '.join(cells)} |", flush=True)

    fitted = {}
    for kind in KINDS:
        judged = [judge(completer, case) for case in make_cases(validation, kind, options.cases, 12)]
        fitted[kind] = (judged, fit_gate(gate_features(judged), np.array([j["hybrid"][0] for j in judged])))
    for label, by in (("gate", lambda k, r: fitted[k][1](gate_features(r))), ("mean log-probability", lambda k, r: gate_features(r)[:, 0])):
        print(f"\n| precision of the hybrid, %, by {label} | " + " | ".join(KINDS) + " |\n| --- |" + " ---: |" * len(KINDS))
        for share in SHARES:
            cells = []
            for kind in KINDS:
                order = np.argsort(-by(kind, results[kind]))[: int(share * options.cases)]
                cells.append(percent([results[kind][i]["hybrid"][0] for i in order]))
            print(f"| surest {100 * share:.0f}% | {' | '.join(cells)} |", flush=True)
    threshold_report(fitted["any"][0], results["any"])


def threshold_report(validation, held_out):
    """The lowest mean log-probability at which 60 % of what is shown was right on validation, and what it does here."""
    logp, right = gate_features(validation)[:, 0], np.array([r["hybrid"][0] for r in validation])
    order = np.argsort(-logp)
    precision = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero((precision >= 0.6) & (np.arange(len(order)) >= 9))
    if not len(enough):
        print("\nno threshold gives 60 % precision on validation")
        return
    threshold = logp[order][enough[-1]]
    shown = gate_features(held_out)[:, 0] >= threshold
    rate = np.mean([r["hybrid"][0] for r, s in zip(held_out, shown) if s]) if shown.any() else float("nan")
    print(
        f"\nmean log-probability >= {threshold:.3f}: validation precision {100 * precision[enough[-1]]:.0f} % of "
        f"{enough[-1] + 1}; held out {100 * rate:.0f} % of {shown.sum()} shown ({100 * shown.mean():.0f} %)"
    )


if __name__ == "__main__":
    main()
