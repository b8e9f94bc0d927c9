"""A baseline without a network: an 8-gram model with back-off, trained on the training text.

    ngram.py < cases.jsonl > lines.jsonl    cases {"prefix"}, answers: JSON strings, the rest of the line

The longest context that occurs in the text decides, by its most frequent continuation.
"""

import json
import random
import sys
from pathlib import Path

import numpy as np
import sentencepiece as spm

WORK = Path(__file__).parent / "work"
ORDER, TOKENS, MAX_NEW_TOKENS = 8, 22_000_000, 40
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


def training_tokens(tokenizer):
    documents = open(WORK / "train.jsonl").readlines()
    random.Random(0).shuffle(documents)
    tokens = np.empty(TOKENS, np.uint16)
    count = 0
    for line in documents:
        encoded = tokenizer.encode(json.loads(line)["text"])[: TOKENS - count]
        tokens[count : count + len(encoded)] = encoded
        count += len(encoded)
        if count == TOKENS:
            break
    return tokens[:count].astype(np.uint64)


def context_hash(tokens, length):
    """Hash of every run of `length` tokens."""
    with np.errstate(over="ignore"):
        total = np.zeros(len(tokens) - length + 1, np.uint64)
        for i in range(length):
            total = (total ^ tokens[i : len(tokens) - length + 1 + i]) * MULTIPLIER
            total ^= total >> np.uint64(29)
    return total


def continuations(tokens, length):
    """(contexts, their most frequent next token), sorted by context."""
    contexts, following = context_hash(tokens[:-1], length), tokens[length:]
    # The vocabulary has 12 bits: a context and its continuation fit one number.
    pairs, counts = np.unique((contexts & ~np.uint64(0xFFFF)) | following, return_counts=True)
    keys = pairs >> np.uint64(16)
    order = np.lexsort((-counts, keys))
    keys = keys[order]
    first = np.concatenate([[True], keys[1:] != keys[:-1]])
    return keys[first], (pairs[order][first] & np.uint64(0xFFFF)).astype(np.int64)


def main():
    tokenizer = spm.SentencePieceProcessor(model_file=str(WORK / "tokenizer.model"))
    tokens = training_tokens(tokenizer)
    tables = [(length, *continuations(tokens, length)) for length in range(ORDER - 1, 0, -1)]

    def following(context):
        for length, keys, values in tables:
            if len(context) < length:
                continue
            key = context_hash(np.array(context[-length:], np.uint64), length)[0] >> np.uint64(16)
            index = np.searchsorted(keys, key)
            if index < len(keys) and keys[index] == key:
                return int(values[index])
        return None

    for line in sys.stdin:
        context = tokenizer.encode(json.loads(line)["prefix"][-400:])
        start = len(context)
        text = ""
        while len(context) < start + MAX_NEW_TOKENS and "\n" not in text:
            token = following(context)
            if token is None:
                break
            context.append(token)
            text = tokenizer.decode(context[start:])
        print(json.dumps(text.split("\n")[0]))


if __name__ == "__main__":
    main()
