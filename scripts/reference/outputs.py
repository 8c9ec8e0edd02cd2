#!/usr/bin/env python3
"""A network of two outputs, each with a loss, trained by Keras: probabilities of classes and values, losses weighted 1 and
0.5, samples weighted. Tests/TrainingTests/OutputLossTests.swift compares ours with the file this writes.

    python3 scripts/reference/outputs.py
"""
import json
import os
import pathlib

os.environ["KERAS_BACKEND"] = "torch"
import keras
import numpy as np

keras.config.set_floatx("float64")
random = np.random.default_rng(21)
COUNT, BATCH, STEPS = 36, 12, 9


def numbers(array):
    return [float(f"{float(v):.9g}") for v in np.asarray(array).ravel()]


x = keras.Input((6,))
hidden = keras.layers.Dense(5, activation="tanh", name="hidden")(x)
kind = keras.layers.Dense(3, activation="softmax", name="kind")(hidden)
size = keras.layers.Dense(2, name="size")(hidden)
model = keras.Model(x, [kind, size])
first = {}
for weight in model.weights:
    value = np.round(random.uniform(-1, 1, weight.shape) * 64) / 64
    weight.assign(value)
    first[".".join(weight.path.split("/")[-2:])] = numbers(value)
inputs = np.round(random.uniform(-1, 1, (COUNT, 6)) * 64) / 64
classes = random.integers(0, 3, COUNT)
values = np.round(random.uniform(-1, 1, (COUNT, 2)) * 64) / 64
weights = random.integers(0, 4, COUNT) / 2
model.compile(
    keras.optimizers.SGD(0.25), ["sparse_categorical_crossentropy", "mean_squared_error"], loss_weights=[1, 0.5],
    weighted_metrics=[["accuracy"], ["mae"]])
for step in range(STEPS):
    part = slice(step % 3 * BATCH, step % 3 * BATCH + BATCH)
    model.train_on_batch(inputs[part], [classes[part], values[part]], sample_weight=[weights[part], weights[part]])
found = model.evaluate(
    inputs, [classes, values], sample_weight=[weights, weights], batch_size=COUNT, verbose=0, return_dict=True)
kinds, sizes = model.predict(inputs[:4], verbose=0)
result = {
    "inputs": numbers(inputs), "targets": numbers(np.concatenate([classes[:, None], values], 1)),
    "weights": numbers(weights), "first": first,
    "last": {".".join(w.path.split("/")[-2:]): numbers(w.numpy()) for w in model.weights},
    "evaluation": {name: float(value) for name, value in found.items()},
    "predictions": numbers(np.concatenate([kinds, sizes], 1)),
}
file = pathlib.Path(__file__).parents[2] / "Tests/TrainingTests/Reference/outputs.json"
file.write_text(json.dumps(result, separators=(",", ":")) + "\n")
print(file, found)
