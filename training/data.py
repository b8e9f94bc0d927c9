"""Training samples: whole documents, and documents laid out for completion.

The completion layout is suffix first, then file name, prefix and middle in one unbroken run, with no token at the
cursor:

    <bos> <|lang:x|> <|fim_suffix|> suffix <|fim_prefix|> name \\n prefix middle <eos>
"""

import bisect
import json
import random
from pathlib import Path

import numpy as np
import sentencepiece as spm

WORK = Path(__file__).parent / "work"
EOS, BOS = 1, 2
COMPLETION_SHARE = 0.55
SUFFIX_TOKENS = (40, 128)
# Sampling weights: TypeScript, JavaScript and Python first; the small languages seen more often than their size.
LANGUAGE_WEIGHTS = {
    "typescript": 0.29, "typescriptreact": 0.04, "javascript": 0.26, "python": 0.22, "go": 0.06, "c": 0.02, "cpp": 0.02,
    "html": 0.01, "css": 0.012, "scss": 0.015, "json": 0.015, "shellscript": 0.012, "markdown": 0.026,
}


class Samples:
    def __init__(self, split, seed):
        self.tokenizer = spm.SentencePieceProcessor(model_file=str(WORK / "tokenizer.model"))
        self.random = random.Random(seed)
        self.documents = {language: ([], []) for language in LANGUAGE_WEIGHTS}
        for line in open(WORK / f"{split}.jsonl"):
            record = json.loads(line)
            documents, ends = self.documents[record["language"]]
            documents.append(record)
            ends.append((ends[-1] if ends else 0) + len(record["text"]))
        # Not every split has every language.
        self.languages = [language for language, (documents, _) in self.documents.items() if documents]
        self.weights = [LANGUAGE_WEIGHTS[language] for language in self.languages]

    def control(self, name):
        return self.tokenizer.piece_to_id(f"<|{name}|>")

    def document(self):
        language = self.random.choices(self.languages, self.weights)[0]
        documents, ends = self.documents[language]
        return documents[bisect.bisect(ends, self.random.randrange(ends[-1]))]

    def head(self, document):
        return [BOS, self.control(f"lang:{document['language']}")]

    def plain(self, length):
        tokens = []
        while len(tokens) < length:
            document = self.document()
            text, start = document["text"], 0
            if len(text) > 2500 and self.random.random() < 0.7:
                start = text.find("\n", self.random.randrange(len(text) - 1200)) + 1
            body = self.tokenizer.encode(f"{document['name']}\n{text[start:start + length * 4]}")
            tokens += [*self.head(document), self.control("fim_prefix"), *body, EOS]
        return tokens[:length]

    def completion(self, length):
        document = self.document()
        text = document["text"]
        # The middle ends where a line ends; sometimes a few lines later.
        cursor = self.random.randrange(1, max(2, len(text) - 10))
        end = text.find("\n", cursor)
        end = len(text) if end < 0 else end
        if self.random.random() < 0.3:
            for _ in range(self.random.randrange(1, 4)):
                further = text.find("\n", end + 1)
                if further < 0:
                    break
                end = further
        limit = self.random.randrange(*SUFFIX_TOKENS)
        below = text[end:end + 8 * limit]
        # The line end after the cursor's line stays a token of its own.
        suffix = (self.tokenizer.encode(below[:1]) + self.tokenizer.encode(below[1:]))[:limit]
        name = self.tokenizer.encode(f"{document['name']}\n")
        front = [*self.head(document), self.control("fim_suffix"), *suffix, self.control("fim_prefix"), *name]
        room = length - len(front) - 1
        # A prefix that is cut begins at a line start, as in the product.
        start = end - room * 5
        start = 0 if start <= 0 else text.find("\n", start, end) + 1
        body = self.tokenizer.encode(text[start:end])
        while len(body) > room:
            excess = (end - start) * (len(body) - room) // len(body)
            following = text.find("\n", start + excess, end) + 1
            if following == 0:
                body = body[-room:]
                break
            start = following
            body = self.tokenizer.encode(text[start:end])
        return [*front, *body, EOS]

    def sample(self, length):
        if self.random.random() >= COMPLETION_SHARE:
            return self.plain(length)
        tokens = self.completion(length)
        return (tokens + self.plain(length - len(tokens)))[:length] if len(tokens) < length else tokens[:length]

    def batch(self, count, length):
        """[count, length + 1]"""
        return np.array([self.sample(length + 1) for _ in range(count)], np.int64)
