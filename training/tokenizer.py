"""Trains the tokenizer in the layout of Gemma's (BPE with byte fallback, no normalization, runs of space as pieces).

    tokenizer.py    work/tokenizer.model and work/export/tokenizer.json
"""

import json
import random
from pathlib import Path

import sentencepiece as spm

WORK = Path(__file__).parent / "work"
VOCABULARY = 4096
SAMPLE_CHARACTERS = 14_000_000
SPACE = "\u2581"

# The ids VS Code gives the languages.
LANGUAGES = ["typescript", "typescriptreact", "javascript", "python", "go", "c", "cpp"]
LANGUAGES += ["html", "css", "scss", "json", "shellscript", "markdown"]
# Inserted by id, never matched in text.
CONTROL = ["<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|file_separator|>"]
CONTROL += [f"<|lang:{language}|>" for language in LANGUAGES]
CONTROL += [f"<|unused{i}|>" for i in range(5)]
# Without gaps, so that plain merges build every run that the longest-match rule would take.
RUNS = ["\n" * n for n in range(1, 9)] + ["\t" * n for n in range(1, 9)] + [SPACE * n for n in range(2, 33)]


def train():
    records = [json.loads(line) for line in open(WORK / "train.jsonl")]
    random.Random(0).shuffle(records)
    taken = 0
    with open(WORK / "tokenizer-sample.txt", "w") as sample:
        for record in records:
            if taken > SAMPLE_CHARACTERS:
                break
            for line in record["text"].split("\n"):
                if 0 < len(line) < 400:
                    sample.write(line + "\n")
            taken += len(record["text"])
    spm.SentencePieceTrainer.train(
        input=str(WORK / "tokenizer-sample.txt"),
        model_prefix=str(WORK / "tokenizer"),
        vocab_size=VOCABULARY,
        model_type="bpe",
        byte_fallback=True,
        character_coverage=0.9999,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        add_dummy_prefix=False,
        control_symbols=CONTROL,
        user_defined_symbols=RUNS,
        pad_id=0,
        eos_id=1,
        bos_id=2,
        unk_id=3,
        pad_piece="<pad>",
        eos_piece="<eos>",
        bos_piece="<bos>",
        unk_piece="<unk>",
        split_digits=True,
        num_threads=2,
        minloglevel=2,
        max_sentence_length=2000,
    )


def export():
    """tokenizer.json of the form Google publishes for Gemma; merges are derived from the pieces' scores."""
    processor = spm.SentencePieceProcessor(model_file=str(WORK / "tokenizer.model"))
    pieces = [processor.id_to_piece(i) for i in range(processor.get_piece_size())]
    vocab = {piece: i for i, piece in enumerate(pieces)}
    special = [p for i, p in enumerate(pieces) if processor.is_control(i) or processor.is_unknown(i)]
    runs = [r for r in RUNS if r in vocab]

    # A run of any length must become what the longest-match rule of sentencepiece gives (40 spaces: 32 + 8). So the
    # powers of two come first, and the rest of a run then grows from its end: 8 + 4, 16 + 12.
    merges = []
    powers = lambda run: len(run) & (len(run) - 1) == 0
    for run in sorted(runs, key=lambda run: (not powers(run), len(run))):
        highest = 1 << (len(run).bit_length() - 1)
        cut = len(run) // 2 if powers(run) else highest
        if cut > 0:
            merges.append((run[:cut], run[cut:]))
    in_runs = set(runs)
    for piece in pieces:
        if piece in in_runs or piece in special or len(piece) < 2 or processor.is_byte(vocab[piece]):
            continue
        merges += [
            (piece[:n], piece[n:]) for n in range(1, len(piece)) if piece[:n] in vocab and piece[n:] in vocab
        ]
    added = [
        {"id": vocab[p], "content": p, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
        for p in special
    ]
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": SPACE},
        "pre_tokenizer": None,
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "<bos>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [
                {"SpecialToken": {"id": "<bos>", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": "<bos>", "type_id": 1}},
                {"Sequence": {"id": "B", "type_id": 1}},
            ],
            "special_tokens": {"<bos>": {"id": "<bos>", "ids": [vocab["<bos>"]], "tokens": ["<bos>"]}},
        },
        "decoder": {
            "type": "Sequence",
            "decoders": [
                {"type": "Replace", "pattern": {"String": SPACE}, "content": " "},
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
            "vocab": vocab,
            "merges": [list(pair) for pair in merges],
        },
    }
    target = WORK / "export"
    target.mkdir(exist_ok=True)
    (target / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False))
    print(len(pieces), "pieces,", len(merges), "merges")


if __name__ == "__main__":
    train()
    export()
