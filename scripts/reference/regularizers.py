#!/usr/bin/env python3
"""Reference values for regularizers and constraints: what Keras's own training loop makes of them.

pip install keras torch; run from the package's root; writes Tests/OptimizersTests/Reference/regularizers.json. A dense
layer with the penalties and the limit of each case is trained with `train_on_batch`. Kept for each step: the loss that Keras shows
(with the penalty) and without it, the gradient of the error alone, the weights after the step, and the loss that
`evaluate` then shows with and without the penalty.
"""

import json
import os
import pathlib

os.environ["KERAS_BACKEND"] = "torch"
import keras  # noqa: E402
import numpy as np  # noqa: E402

OUTPUT = pathlib.Path("Tests/OptimizersTests/Reference/regularizers.json")
INPUTS, UNITS, BATCH, STEPS = 5, 3, 8, 4


def case(optimizer, x, y, start, **rules):
    layer = keras.layers.Dense(UNITS, **rules)
    model = keras.Sequential([keras.Input((INPUTS,)), layer])
    layer.set_weights(start)
    model.compile(optimizer=optimizer, loss="mean_squared_error")
    steps = []
    for index in range(STEPS):
        kernel, bias = (w.astype(float) for w in layer.get_weights())
        error = x[index] @ kernel + bias - y[index]
        shown = float(np.asarray(model.train_on_batch(x[index], y[index])).ravel()[0])
        after = [w.astype(float) for w in layer.get_weights()]
        scaled = 2 * error / error.size
        steps.append({
            "loss": shown,
            "error": float(np.mean(error**2)),
            "gradient": [(x[index].T @ scaled).ravel().tolist(), scaled.sum(axis=0).tolist()],
            "weights": [w.ravel().tolist() for w in after],
            "evaluated": float(np.asarray(model.evaluate(x[0], y[0], verbose=0)).ravel()[0]),
            "evaluatedError": float(np.mean((x[0] @ after[0] + after[1] - y[0]) ** 2)),
        })
    return steps


def main():
    random = np.random.default_rng(11)
    x = random.normal(size=(STEPS, BATCH, INPUTS)).astype(np.float32)
    y = random.normal(size=(STEPS, BATCH, UNITS)).astype(np.float32)
    start = [random.normal(size=(INPUTS, UNITS)).astype(np.float32), random.normal(size=UNITS).astype(np.float32)]
    start[0][1, 2] = 0  # has no sign
    o, r, c = keras.optimizers, keras.regularizers, keras.constraints
    cases = {
        "l2": case(o.SGD(0.1), x, y, start, kernel_regularizer=r.L2(0.05)),
        "l1-bias": case(o.SGD(0.1, momentum=0.9), x, y, start, kernel_regularizer=r.L1(0.1), bias_regularizer=r.L2(0.2)),
        "l1l2-adam": case(o.Adam(0.1), x, y, start, kernel_regularizer=r.L1L2(0.02, 0.03)),
        "l1l2-rmsprop": case(o.RMSprop(0.1), x, y, start, bias_regularizer=r.L1L2(0.02, 0.03)),
        "max-norm": case(o.SGD(0.5), x, y, start, kernel_constraint=c.MaxNorm(1.0)),
        "all": case(
            o.Adam(0.1), x, y, start, kernel_regularizer=r.L1L2(0.02, 0.03), bias_regularizer=r.L1(0.5),
            kernel_constraint=c.MaxNorm(1.5)),
        "non-negative": case(o.SGD(0.5), x, y, start, kernel_constraint=c.NonNeg()),
        "unit-norm": case(o.SGD(0.5), x, y, start, kernel_constraint=c.UnitNorm()),
        "min-max-norm": case(o.SGD(0.5), x, y, start, kernel_constraint=c.MinMaxNorm(1.8, 2, rate=0.75)),
    }
    OUTPUT.write_text(json.dumps({
        "keras": keras.__version__, "start": [w.astype(float).ravel().tolist() for w in start], "cases": cases,
    }) + "\n")


if __name__ == "__main__":
    main()
