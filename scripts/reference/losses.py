#!/usr/bin/env python3
"""Values and gradients of every loss as Keras computes them, in double precision.

For the tests of the Training target. Run from the package's root with keras 3 and jax installed; writes
Tests/TrainingTests/Reference/losses.json. `losses` are Keras's without reduction, one for each position; `gradient` is
that of their sum in the predictions.
"""

import json
import os
import pathlib

os.environ["KERAS_BACKEND"] = "jax"
import jax  # noqa: E402

jax.config.update("jax_enable_x64", True)
import keras  # noqa: E402
import numpy as np  # noqa: E402

keras.config.set_floatx("float64")

OUTPUT = pathlib.Path("Tests/TrainingTests/Reference/losses.json")
RANDOM = np.random.default_rng(11)
CASES = []


def f32(array):
    """Numbers that a float holds exactly."""
    return np.asarray(array, dtype=np.float32).astype(np.float64)


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return f32(e / e.sum(axis=-1, keepdims=True))


def case(name, loss, predictions, targets, title, keras_targets=None, **options):
    """`options` are those of ours; Keras's loss has got its own."""
    predictions, targets = f32(predictions), f32(targets)
    given = targets if keras_targets is None else keras_targets

    def losses(x):
        return loss(given, x)

    values = losses(predictions)
    gradient = jax.grad(lambda x: losses(x).sum())(predictions)
    CASES.append({
        "title": f"{name}, {title}", "name": name, "options": options,
        "shape": list(predictions.shape), "predictions": predictions.ravel().tolist(),
        "targetShape": list(targets.shape), "targets": targets.ravel().tolist(),
        "losses": np.asarray(values).ravel().tolist(), "lossShape": list(values.shape),
        "gradient": np.asarray(gradient).ravel().tolist(),
    })


def classes():
    for title, shape in [("samples", (5, 4)), ("positions", (2, 3, 4))]:
        logits = f32(RANDOM.normal(0, 2, shape))
        numbers = RANDOM.integers(0, shape[-1], shape[:-1])
        hot = np.eye(shape[-1])[numbers]
        soft = softmax(RANDOM.normal(0, 1, shape))
        for from_logits in [True, False]:
            x = logits if from_logits else softmax(logits)
            kind = f"{title}, {'logits' if from_logits else 'probabilities'}"
            ours = {"fromLogits": from_logits}
            sparse = keras.losses.SparseCategoricalCrossentropy(from_logits=from_logits, reduction=None)
            case("sparse_categorical_crossentropy", sparse, x, numbers, kind, **ours)
            for smoothing in [0.0, 0.1]:
                both = {"from_logits": from_logits, "label_smoothing": smoothing, "reduction": None}
                smooth = f"{kind}, smoothing {smoothing}"
                extra = ours | ({"labelSmoothing": smoothing} if smoothing else {})
                plain = keras.losses.CategoricalCrossentropy(**both)
                case("categorical_crossentropy", plain, x, soft, smooth, **extra)
                if smoothing:
                    case("sparse_categorical_crossentropy", plain, x, numbers, smooth, keras_targets=hot, **extra)
                focal = keras.losses.CategoricalFocalCrossentropy(gamma=2.0, alpha=0.25, **both)
                case("categorical_focal_crossentropy", focal, x, hot, smooth, **extra)
                case("sparse_categorical_focal_crossentropy", focal, x, numbers, smooth, keras_targets=hot, **extra)
            other = keras.losses.CategoricalFocalCrossentropy(
                gamma=0.5, alpha=0.75, from_logits=from_logits, reduction=None)
            case("categorical_focal_crossentropy", other, x, soft, f"{kind}, gamma 0.5", gamma=0.5, alpha=0.75, **ours)
        case("kl_divergence", keras.losses.KLDivergence(reduction=None), softmax(logits), soft, title)
        case("kl_divergence", keras.losses.KLDivergence(reduction=None), softmax(logits), hot, f"{title}, one-hot")
        case("categorical_hinge", keras.losses.CategoricalHinge(reduction=None), logits, hot, title)


def questions():
    for title, shape in [("one output", (6, 1)), ("outputs", (4, 3)), ("positions", (2, 3, 2))]:
        logits = f32(RANDOM.normal(0, 2, shape))
        answers = RANDOM.integers(0, 2, shape)
        parts = f32(RANDOM.uniform(0, 1, shape))
        for from_logits in [True, False]:
            x = logits if from_logits else f32(1 / (1 + np.exp(-logits)))
            kind = f"{title}, {'logits' if from_logits else 'probabilities'}"
            ours = {"fromLogits": from_logits}
            for smoothing in [0.0, 0.2]:
                both = {"from_logits": from_logits, "label_smoothing": smoothing, "reduction": None}
                smooth = f"{kind}, smoothing {smoothing}"
                extra = ours | ({"labelSmoothing": smoothing} if smoothing else {})
                case("binary_crossentropy", keras.losses.BinaryCrossentropy(**both), x, answers, smooth, **extra)
                case("binary_crossentropy", keras.losses.BinaryCrossentropy(**both), x, parts, f"{smooth}, parts", **extra)
                focal = keras.losses.BinaryFocalCrossentropy(gamma=2.0, **both)
                case("binary_focal_crossentropy", focal, x, answers, smooth, **extra)
                case("binary_focal_crossentropy", focal, x, parts, f"{smooth}, parts", **extra)
            other = keras.losses.BinaryFocalCrossentropy(
                apply_class_balancing=True, alpha=0.3, gamma=1.5, from_logits=from_logits, reduction=None)
            case("binary_focal_crossentropy", other, x, answers, f"{kind}, balanced", gamma=1.5, alpha=0.3, **ours)
        signs = 2 * answers - 1
        for name, loss in [("hinge", keras.losses.Hinge), ("squared_hinge", keras.losses.SquaredHinge)]:
            case(name, loss(reduction=None), logits, signs, f"{title}, signs")
            case(name, loss(reduction=None), logits, answers, f"{title}, zeros and ones")


def values():
    for title, shape in [("one output", (7, 1)), ("outputs", (4, 3)), ("positions", (2, 3, 2))]:
        x = f32(RANDOM.normal(0, 3, shape))
        targets = f32(RANDOM.normal(0, 3, shape))
        far = f32(x * 40)
        case("mean_squared_error", keras.losses.MeanSquaredError(reduction=None), x, targets, title)
        case("mean_absolute_error", keras.losses.MeanAbsoluteError(reduction=None), x, targets, title)
        case("log_cosh", keras.losses.LogCosh(reduction=None), x, targets, title)
        case("log_cosh", keras.losses.LogCosh(reduction=None), far, targets, f"{title}, far off")
        case("huber", keras.losses.Huber(reduction=None), x, targets, title)
        case("huber", keras.losses.Huber(delta=2.5, reduction=None), far, targets, f"{title}, delta 2.5", delta=2.5)
        rates = f32(np.exp(RANDOM.normal(0, 1, shape)))
        case("poisson", keras.losses.Poisson(reduction=None), rates, RANDOM.poisson(2, shape), title)


def ratios():
    for title, shape in [("one output", (7, 1)), ("outputs", (4, 3)), ("images", (2, 3, 2, 2))]:
        x, targets = (f32(RANDOM.normal(0, 3, shape)) for _ in range(2))
        case("mean_absolute_percentage_error", keras.losses.MeanAbsolutePercentageError(reduction=None), x, targets, title)
        case("mean_squared_logarithmic_error", keras.losses.MeanSquaredLogarithmicError(reduction=None), np.abs(x),
             np.abs(targets), title)
        if shape[-1] > 1:
            case("cosine_similarity", keras.losses.CosineSimilarity(reduction=None), x, targets, title)
        p, answers = f32(RANDOM.uniform(0, 1, shape)), RANDOM.integers(0, 2, shape)
        axes = tuple(range(1, len(shape)))  # of each sample
        case("dice", keras.losses.Dice(axis=axes, reduction=None), p, answers, title)
        case("tversky", keras.losses.Tversky(axis=axes, reduction=None), p, answers, title)
        case("tversky", keras.losses.Tversky(alpha=0.3, beta=0.9, axis=axes, reduction=None), p, answers,
             f"{title}, alpha 0.3", alpha=0.3, beta=0.9)


if __name__ == "__main__":
    classes()
    questions()
    values()
    ratios()
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(json.dumps(CASES) + "\n")
