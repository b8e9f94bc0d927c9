"""Finds suggestions that repeat the training text word for word.

    verbatim.py suggestions.jsonl [work/train.jsonl]     suggestions: one JSON string a line

Prints one JSON object a line for each suggestion of more than 60 characters of which 61 bytes in a row occur in the
training text: whether all of it does ("whole"), and in which packages. Lines on standard error sum up.

The suggestions are the smaller side, so their windows are what is sorted; the training text passes by once, its own
windows rolled over by numpy. Memory stays below the size of the suggestions plus one document.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np

WINDOW = 61
MULTIPLIER = 0x9E3779B97F4A7C15 | 1
INVERSE = pow(MULTIPLIER, -1, 1 << 64)
# Bytes as random 64-bit numbers, and powers of the multiplier; arithmetic wraps at 2^64.
BYTES = np.random.default_rng(0).integers(0, 1 << 63, 256, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
# A table of the leading bits of the known hashes: most windows of the training text go no further.
FILTER_BITS = 22


class Powers:
    """MULTIPLIER and INVERSE to the power of 0, 1, 2, ..."""

    def __init__(self):
        self.grow(1 << 18)

    def grow(self, count):
        self.up, self.down = np.full(count, MULTIPLIER, np.uint64), np.full(count, INVERSE, np.uint64)
        self.up[0] = self.down[0] = 1
        self.up, self.down = np.cumprod(self.up), np.cumprod(self.down)

    def hashes(self, data):
        """The hash of each window of `data`: sum of byte(i + k) * MULTIPLIER^k."""
        if len(data) > len(self.up):
            self.grow(2 * len(data))
        values = BYTES[np.frombuffer(data, np.uint8)] * self.up[:len(data)]
        sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(values)])
        count = len(data) - WINDOW + 1
        return (sums[WINDOW:] - sums[:-WINDOW]) * self.down[:count]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("suggestions")
    arguments.add_argument("train", nargs="?", default=Path(__file__).parent / "work" / "train.jsonl")
    options = arguments.parse_args()
    suggestions = [json.loads(line) for line in open(options.suggestions) if line.strip()]
    long = sorted({s for s in suggestions if len(s) > 60})
    if not long:
        print(f"{len(suggestions)} suggestions, none longer than 60 characters", file=sys.stderr)
        return
    powers = Powers()
    encoded = [s.encode() for s in long]
    each = [powers.hashes(data) for data in encoded]
    known = np.concatenate(each)
    owner = np.repeat(np.arange(len(long)), [len(hashes) for hashes in each])
    order = np.argsort(known, kind="stable")
    known, owner = known[order], owner[order]
    shift = np.uint64(64 - FILTER_BITS)
    likely = np.zeros(1 << FILTER_BITS, bool)
    likely[known >> shift] = True

    whole, part = {}, {}
    for line in open(options.train):
        record = json.loads(line)
        data = record["text"].encode()
        if len(data) < WINDOW:
            continue
        hashes = powers.hashes(data)
        hashes = hashes[likely[hashes >> shift]]
        first = np.searchsorted(known, hashes)
        matched = hashes[known[np.minimum(first, len(known) - 1)] == hashes]
        if not len(matched):
            continue
        for o in {int(o) for o in owner[np.isin(known, matched)]}:
            if encoded[o] in data:
                whole.setdefault(o, set()).add(record["package"])
            elif any(encoded[o][i:i + WINDOW] in data for i in range(len(encoded[o]) - WINDOW + 1)):
                part.setdefault(o, set()).add(record["package"])

    for o, text in enumerate(long):
        if o in whole or o in part:
            found = sorted(whole.get(o) or part[o])
            print(json.dumps({"suggestion": text, "whole": o in whole, "packages": found[:10]}))
    groups = [set(long), {long[o] for o in whole}, {long[o] for o in whole | part}]
    counts = [sum(s in group for s in suggestions) for group in groups]
    print(
        f"{len(suggestions)} suggestions, {counts[0]} longer than 60 characters, {counts[1]} of these verbatim in the "
        f"training text, {counts[2]} with a verbatim run of {WINDOW} bytes",
        file=sys.stderr,
    )


if __name__ == "__main__":
    main()
