#!/usr/bin/env python3
"""Values for language models: cross-entropy and perplexity as PyTorch computes them, nanoGPT's numbers of a text, and a
3-gram model counted in the plainest way.

For the tests of the Training and Datasets targets. Run from the package's root with PyTorch installed; writes language.json
into Tests/TrainingTests/Reference and Tests/DatasetsTests/Reference.
"""

import json
import math
import pathlib
from collections import Counter

import torch

TEXT = "To be, or not to be, that is the question:\nWhether 'tis nobler in the mind\u2026 \u00e9tude \U0001f600 to be\r\n"


def metrics():
    torch.manual_seed(3)
    logits = torch.randn(3, 5, 7) * 2
    targets = torch.randint(0, 7, (3, 5))
    lengths = [5, 5, 2]
    kept = torch.tensor([[place < length for place in range(5)] for length in lengths])
    losses = torch.nn.functional.cross_entropy(
        logits.double().reshape(-1, 7), targets.reshape(-1), reduction="none").reshape(3, 5)
    mean = losses[kept].mean().item()
    return {
        "logits": logits.flatten().tolist(), "targets": targets.flatten().tolist(), "lengths": lengths,
        "loss": mean, "perplexity": math.exp(mean), "bits": mean / math.log(2),
        "accuracy": (logits.argmax(-1) == targets)[kept].double().mean().item(),
    }


def text():
    # As data/shakespeare_char/prepare.py does.
    chars = sorted(set(TEXT))
    stoi = {ch: i for i, ch in enumerate(chars)}
    data = [stoi[ch] for ch in TEXT]
    n = len(data)
    return {
        "text": TEXT, "characters": chars, "numbers": data, "train": int(n * 0.9),
        "bits": witten_bell(data, data[::-1], len(chars)),
    }


def witten_bell(train, held, vocabulary):
    """-log2 p of each token of `held` after the first, given the one or two before it; the mean."""

    def probability(token, context):
        if context is None:
            return 1 / vocabulary
        k = len(context)
        after = Counter(
            train[i + k] for i in range(len(train) - k) if tuple(train[i:i + k]) == context)
        shorter = probability(token, context[1:] if k else None)
        if not after:
            return shorter
        return (after[token] + len(after) * shorter) / (sum(after.values()) + len(after))

    bits = [
        -math.log2(probability(held[i], tuple(held[max(0, i - 2):i]))) for i in range(1, len(held))]
    return sum(bits) / len(bits)


for target, values in [("TrainingTests", metrics()), ("DatasetsTests", text())]:
    path = pathlib.Path(f"Tests/{target}/Reference/language.json")
    path.write_text(json.dumps(values) + "\n")
    print(path)
