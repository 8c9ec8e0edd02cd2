#!/usr/bin/env python3
"""Values of every metric as scikit-learn computes them.

For the tests of the Training target. Run from the package's root with scikit-learn installed; writes
Tests/TrainingTests/Reference/metrics.json. scikit-learn sees positions of all samples in one row, a sample's weight
repeated for each of its positions.
"""

import json
import math
import pathlib
import warnings

import numpy as np
from sklearn import metrics as sk

warnings.simplefilter("ignore")
OUTPUT = pathlib.Path("Tests/TrainingTests/Reference/metrics.json")
RANDOM = np.random.default_rng(5)
CASES = []


def f32(array):
    """Numbers that a float holds exactly."""
    return np.asarray(array, dtype=np.float32).astype(np.float64)


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return f32(e / e.sum(axis=-1, keepdims=True))


def case(title, loss, outputs, targets, weights, expected, **more):
    def listed(array):
        return [None if math.isnan(v) else float(v) for v in np.ravel(array)]

    CASES.append({
        "title": title, "loss": loss, "shape": list(outputs.shape), "outputs": listed(outputs),
        "targetShape": list(targets.shape), "targets": listed(targets),
        "weightShape": None if weights is None else list(weights.shape),
        "weights": None if weights is None else listed(weights),
        "expected": {name: None if math.isnan(v) else float(v) for name, v in expected.items()}, **more,
    })


def drawn_weights(kind, shape):
    """none, one for each sample or position, some of them 0."""
    if kind == "unweighted":
        return None
    weights = f32(RANDOM.uniform(0, 2, shape))
    weights[RANDOM.uniform(size=shape) < 0.2] = 0
    return weights


def averages(right, found, w, measures=("micro", "macro", "weighted")):
    functions = {"precision": sk.precision_score, "recall": sk.recall_score, "f1_score": sk.f1_score}
    return {f"{name}_{average}": function(right, found, average=average, sample_weight=w)
            for name, function in functions.items() for average in measures}


def two_classes(right, found, scores, w):
    return averages(right, found, w) | {
        "accuracy": sk.accuracy_score(right, found, sample_weight=w),
        "precision": sk.precision_score(right, found, sample_weight=w),
        "recall": sk.recall_score(right, found, sample_weight=w),
        "f1_score": sk.f1_score(right, found, sample_weight=w),
        "auc": sk.roc_auc_score(right, scores, sample_weight=w) if len(set(right)) == 2 else math.nan,
        "auc_pr": sk.average_precision_score(right, scores, sample_weight=w),
    }


def binary():
    for kind in ["unweighted", "weighted"]:
        for title, count, digits in [("ties", 90, 1), ("no ties", 120, 7), ("few", 5, 1)]:
            weights = drawn_weights(kind, (count,))
            right = RANDOM.integers(0, 2, count)
            right[:2] = [0, 1]
            scores = f32(np.round(np.clip(0.25 * right + RANDOM.uniform(0, 0.75, count), 0, 1), digits))
            if weights is not None:
                weights[:2] = 1
            found = (scores > 0.5).astype(int)
            name = f"one output, {title}, {kind}"
            case(name, "binary_crossentropy", scores[:, None], right[:, None], weights,
                 two_classes(right, found, scores, weights), confusion=matrix(right, found, weights, 2))
            pair = f32(np.stack([1 - scores, scores], axis=1))
            answers = pair.argmax(axis=1)
            case(f"two outputs, {title}, {kind}", "sparse_categorical_crossentropy", pair, right, weights,
                 two_classes(right, answers, pair[:, 1], weights), confusion=matrix(right, answers, weights, 2))
            case(f"two outputs, one-hot, {title}, {kind}", "categorical_crossentropy", pair, np.eye(2)[right], weights,
                 two_classes(right, answers, pair[:, 1], weights))
    scores = f32([0.1, 0.4, 0.3])
    for title, right, shift in [("no positives", [0, 0, 0], 0.0), ("none found", [1, 0, 1], 0.0),
                                ("only positives", [1, 1, 1], 0.5)]:
        right, values = np.array(right), f32(scores + shift)
        case(title, "binary_crossentropy", values[:, None], right[:, None], None,
             two_classes(right, (values > 0.5).astype(int), values, None))


def matrix(right, found, w, classes):
    return sk.confusion_matrix(right, found, sample_weight=w, labels=range(classes)).ravel().tolist()


def report(right, found, w, labels):
    """Precision, recall, F1 and support of each class, as in scikit-learn's report."""
    return [list(row) for row in zip(*[part.tolist() for part in sk.precision_recall_fscore_support(
        right, found, labels=labels, sample_weight=w)])]


def many_classes():
    for kind in ["unweighted", "weighted"]:
        for title, shape, classes, seen in [("samples", (80,), 5, 5), ("a class that is missing", (40,), 6, 5),
                                            ("positions", (6, 9), 4, 4)]:
            outputs = softmax(RANDOM.normal(0, 1.5, shape + (classes,)))
            right = RANDOM.integers(0, seen, shape)
            outputs[..., seen:] = 0
            outputs = f32(outputs / outputs.sum(axis=-1, keepdims=True))
            weights = drawn_weights(kind, shape)
            flat, truth = outputs.reshape(-1, classes), right.ravel()
            w = None if weights is None else weights.ravel()
            found = flat.argmax(axis=1)
            # Where a class has weight 0 alone, it has no say with us.
            heavy = np.ones(len(truth), bool) if w is None else w > 0
            truth, found, w, flat = truth[heavy], found[heavy], None if w is None else w[heavy], flat[heavy]
            expected = averages(truth, found, w) | {
                "accuracy": sk.accuracy_score(truth, found, sample_weight=w),
                "precision": sk.precision_score(truth, found, average="macro", sample_weight=w),
                "recall": sk.recall_score(truth, found, average="macro", sample_weight=w),
                "f1_score": sk.f1_score(truth, found, average="macro", sample_weight=w),
                "precision_class_2": sk.precision_score(truth, found, average=None, labels=[2], sample_weight=w)[0],
                "recall_class_2": sk.recall_score(truth, found, average=None, labels=[2], sample_weight=w)[0],
                "f1_score_class_2": sk.f1_score(truth, found, average=None, labels=[2], sample_weight=w)[0],
                "top_2_accuracy": sk.top_k_accuracy_score(truth, flat, k=2, labels=range(classes), sample_weight=w),
                "top_3_accuracy": sk.top_k_accuracy_score(truth, flat, k=3, labels=range(classes), sample_weight=w),
                "perplexity": math.exp(np.average(
                    -np.log(np.maximum(flat[np.arange(len(truth)), truth], 1e-7)), weights=w)),
            }
            extra = {"confusion": matrix(truth, found, w, classes), "report": report(truth, found, w, range(classes))}
            case(f"{classes} classes, {title}, {kind}", "sparse_categorical_crossentropy", outputs, right, weights,
                 expected, **extra)
            case(f"{classes} classes, one-hot, {title}, {kind}", "categorical_crossentropy", outputs,
                 np.eye(classes)[right], weights, expected, **extra)


def questions():
    for kind in ["unweighted", "weighted"]:
        for labels in [2, 4]:
            outputs = f32(RANDOM.uniform(0, 1, (50, labels)))
            right = (RANDOM.uniform(size=(50, labels)) < 0.4).astype(int)
            right[:, -1] = 0
            weights = drawn_weights(kind, (50,))
            found = (outputs > 0.5).astype(int)
            expected = averages(right, found, weights)
            expected |= {name: expected[f"{name}_macro"] for name in ["precision", "recall", "f1_score"]}
            expected["binary_accuracy"] = np.average((right == found).mean(axis=1), weights=weights)
            case(f"{labels} questions, {kind}", "binary_crossentropy", outputs, right, weights, expected)


def regression(title, outputs, targets, weights):
    shape = outputs.shape
    x, t = outputs.reshape(-1, shape[-1]), targets.reshape(-1, shape[-1])
    w = None if weights is None else weights.ravel()
    if w is not None and len(w) != len(x):
        w = np.repeat(w, len(x) // len(w))
    expected = {
        "mean_absolute_error": sk.mean_absolute_error(t, x, sample_weight=w),
        "mean_squared_error": sk.mean_squared_error(t, x, sample_weight=w),
        "root_mean_squared_error": math.sqrt(sk.mean_squared_error(t, x, sample_weight=w)),
        "r2_score": sk.r2_score(t, x, sample_weight=w),
    }
    if np.abs(t).min() > 1e-3:
        expected["mean_absolute_percentage_error"] = 100 * sk.mean_absolute_percentage_error(t, x, sample_weight=w)
    case(title, "mean_squared_error", outputs, targets, weights, expected)


def values():
    for kind in ["unweighted", "weighted"]:
        for title, shape in [("one output", (60, 1)), ("three outputs", (40, 3)), ("positions", (8, 5, 2))]:
            targets = f32(RANDOM.normal(0, 2, shape) + 5)
            outputs = f32(targets + RANDOM.normal(0, 0.7, shape))
            regression(f"{title}, {kind}", outputs, targets, drawn_weights(kind, shape[:-1]))
    regression("a weight for each sample of positions", outputs, targets, f32(RANDOM.uniform(0, 2, 8)))
    targets = f32(RANDOM.normal(0, 10, (50, 1)) + 2000)
    regression("years", f32(targets + RANDOM.normal(0, 5, (50, 1))), targets, None)
    constant = f32(np.full((50, 1), 0.1))
    regression("constant targets", f32(constant + RANDOM.normal(0, 1, (50, 1))), constant, None)
    regression("constant targets, met", constant, constant, f32(RANDOM.uniform(0, 2, 50)))
    regression("all met", targets, targets, None)


if __name__ == "__main__":
    binary()
    many_classes()
    questions()
    values()
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(json.dumps(CASES) + "\n")
