#!/usr/bin/env python3
"""The sizes of scikit-learn's splits, for the tests of ours.

Which samples are chosen is each program's own; how many of each class is not. Where scikit-learn draws lots for a class's
last sample, the sizes of several draws are compared, and the case says that they vary. Run from the package's root;
writes Tests/DatasetsTests/Reference/splits.json.

pip install scikit-learn numpy
"""

import json
import pathlib
import warnings

import numpy as np
from sklearn.model_selection import GroupShuffleSplit, KFold, ShuffleSplit, StratifiedKFold, StratifiedShuffleSplit

OUTPUT = pathlib.Path("Tests/DatasetsTests/Reference/splits.json")
FRACTIONS = [0.1, 0.15, 0.2, 0.25, 0.3, 1 / 3, 0.5, 0.7, 0.9]
COUNTS = [[50, 50], [10, 20, 30], [99, 1001, 7], [5, 6, 7, 8, 9], [2, 2, 96], [17] * 10, [1000, 10, 10], [33, 34, 35]]
result = {"random": [], "stratified": [], "group": [], "folds": [], "stratifiedFolds": []}


def by_class(classes, numbers, count):
    return np.bincount(classes[numbers], minlength=count).tolist()


def interleaved(counts):
    """Classes in an order that is neither sorted nor random: as the tests build it too."""
    rest, classes = list(counts), []
    while any(rest):
        for name in range(len(rest)):
            if rest[name]:
                rest[name] -= 1
                classes.append(name)
    return np.array(classes)


for count in [2, 3, 7, 10, 99, 100, 1001, 60000]:
    for fraction in FRACTIONS:
        try:
            train, test = next(ShuffleSplit(1, test_size=fraction, random_state=0).split(np.zeros(count)))
            sizes = [len(train), len(test)]
        except ValueError:
            sizes = None
        result["random"].append({"count": count, "fraction": fraction, "sizes": sizes})

for counts in COUNTS:
    classes = interleaved(counts)
    for fraction in FRACTIONS:
        case = {"counts": counts, "fraction": fraction, "train": None, "test": None, "varies": False}
        try:
            draws = StratifiedShuffleSplit(20, test_size=fraction, random_state=0).split(classes, classes)
            draws = [(by_class(classes, a, len(counts)), by_class(classes, b, len(counts))) for a, b in draws]
            case["train"], case["test"] = draws[0]
            case["varies"] = any(draw != draws[0] for draw in draws)
        except ValueError:
            pass
        result["stratified"].append(case)

for groups in [[1, 1, 2, 2, 2, 3, 3, 3], [5] * 10 + [7] * 3 + [9] * 4 + [11], list(range(30)), [0] * 5 + [1] * 5]:
    for fraction in FRACTIONS:
        try:
            splits = GroupShuffleSplit(1, test_size=fraction, random_state=0)
            train, test = next(splits.split(groups, groups, groups))
            sizes = [len(set(np.array(groups)[part].tolist())) for part in (train, test)]
        except ValueError:
            sizes = None
        result["group"].append({"groups": groups, "fraction": fraction, "sizes": sizes})

for count in [2, 7, 10, 101]:
    for folds in [2, 3, 5, 10]:
        if folds <= count:
            sizes = [len(test) for _, test in KFold(folds, shuffle=True, random_state=0).split(np.zeros(count))]
            result["folds"].append({"count": count, "folds": folds, "sizes": sizes})

for counts in COUNTS:
    classes = interleaved(counts)
    for folds in [2, 3, 5, 10]:
        sizes = None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a class smaller than the number of folds
            try:
                splits = StratifiedKFold(folds, shuffle=True, random_state=0).split(classes, classes)
                sizes = [by_class(classes, test, len(counts)) for _, test in splits]
            except ValueError:
                pass
        result["stratifiedFolds"].append({"counts": counts, "folds": folds, "sizes": sizes})

OUTPUT.write_text(json.dumps(result) + "\n")
