#!/usr/bin/env python3
"""Numbers of tokens as Keras's TextVectorization gives them, for the tests of vocabularies where the rules are the same.

No two tokens of the training texts occur equally often, since Keras orders those otherwise. Words are cut beforehand by a
regular expression for the rule that docs/data.md states, and handed to Keras with blanks between them; without combining
marks, which Python's \\w does not know. Run from the package's root; writes Tests/DatasetsTests/Reference/texts.json.

pip install tensorflow
"""

import json
import pathlib
import re

import tensorflow as tf

WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*|[^\w\s]|_")


def numbers(train, texts, unit, size, lowercase):
    """What Keras makes of texts, without the zeros behind them, and its vocabulary."""
    if lowercase:
        train, texts = [t.lower() for t in train], [t.lower() for t in texts]
    if unit == "words":
        train, texts = ([" ".join(WORD.findall(t)) for t in part] for part in (train, texts))
    layer = tf.keras.layers.TextVectorization(
        max_tokens=size, standardize=None, split="whitespace" if unit == "words" else "character"
    )
    layer.adapt(train)
    rows = [[int(n) for n in layer([t]).numpy()[0]] if t else [] for t in texts]
    return {"vocabulary": layer.get_vocabulary(), "numbers": rows}


words = "the of don't Straße 7th £ naïve , ! ' \u65e5\u672c _ rock\u2019n\u2019roll x".split()
train = []
for count, word in enumerate(words):
    train += [word] * (2 * count + 1)
train = [" ".join(train[i::7]) for i in range(7)]
texts = ["The  straße, don't!", "don''t 'x' x' the_of", "rock\u2019n\u2019roll of\tthe\u00a0naïve £7th", "", "!!! \u65e5\u672c", "nothing known?"]
letters = ["".join(c * (3 * i + 1) for i, c in enumerate("é\U0001f600 b\u65e5Zza"))]
cases = []
for unit, given, seen in [("words", train, texts), ("characters", letters, ["zaZé", "b \U0001f600\r\n", "", "日q"])]:
    for size in [6, 1000]:
        for lowercase in [False, True] if unit == "words" else [False]:
            case = {"unit": unit, "size": size, "lowercase": lowercase, "train": given, "texts": seen}
            cases.append(case | numbers(given, seen, unit, size, lowercase))
path = pathlib.Path("Tests/DatasetsTests/Reference/texts.json")
path.write_text(json.dumps(cases, ensure_ascii=True, indent=1) + "\n")
