"""Values of graphs of layers by Keras: merges, shared layers, and ten training steps of a small residual network.

Writes Tests/ModelsTests/Reference/graphs.json, which GraphReferenceTests compares with what the same model files give.

    python3 scripts/reference/graphs.py
"""

import json
import os
import pathlib

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from keras import layers as L  # noqa: E402

random = np.random.default_rng(14)


def numbers(array):
    array = np.asarray(array, np.float32)
    return {"shape": list(array.shape), "scalars": [float(f"{x:.9g}") for x in array.ravel()]}


def paths(model, names):
    """Lockstep's paths of all weights: layer and weight."""
    found = {}
    for layer in model.layers:
        for weight in layer.weights:
            found[f"{names.get(layer.name, layer.name)}.{weight.name}"] = weight
    return found


def randomize(model):
    for weight in model.weights:
        value = random.normal(0, 0.5, weight.shape)
        weight.assign(np.abs(value) + 0.5 if "variance" in weight.name else value)


def case(name, text, model, inputs, names={}):
    """Output for the inputs, and the gradients of sum(weights * output)."""
    randomize(model)
    inputs = inputs.astype(np.float32)
    x = tf.constant(inputs)
    with tf.GradientTape() as tape:
        tape.watch(x)
        output = model(x, training=False)
        weights = np.round(random.normal(0, 1, output.shape), 3).astype(np.float32)
        total = tf.reduce_sum(output * weights)
    variables = paths(model, names)
    trained = {path: variable for path, variable in variables.items() if variable.trainable}
    gradients = tape.gradient(total, [x] + [v.value for v in trained.values()])
    return {
        "name": name, "text": text, "input": numbers(inputs), "weights": numbers(weights), "output": numbers(output),
        "parameters": {path: numbers(v) for path, v in variables.items()},
        "inputGradient": numbers(gradients[0]),
        "gradients": {path: numbers(tf.convert_to_tensor(g)) for path, g in zip(trained, gradients[1:])},
    }


def merges():
    x = keras.Input((6,))
    a, b, c = (L.Dense(4, name=name)(x) for name in "abc")
    joined = [
        L.Add()([a, b, c]), L.Subtract()([a, b]), L.Multiply()([a, b, c]), L.Average()([a, b, c]), L.Maximum()([a, b, c]),
        L.Minimum()([a, b, c]), L.Dot(axes=-1)([a, b]),
    ]
    text = """
layers:
  - dense: {units: 4, name: a}
  - dense: {units: 4, name: b, inputs: input}
  - dense: {units: 4, name: c, inputs: input}
  - add: {inputs: [a, b, c]}
  - subtract: {inputs: [a, b]}
  - multiply: {inputs: [a, b, c]}
  - average: {inputs: [a, b, c]}
  - maximum: {inputs: [a, b, c]}
  - minimum: {inputs: [a, b, c]}
  - dot: {inputs: [a, b]}
  - concatenate: {inputs: [add, subtract, multiply, average, maximum, minimum, dot]}
"""
    return case("merges", text, keras.Model(x, L.Concatenate()(joined)), random.normal(0, 1, (3, 6)))


def sequences():
    x = keras.Input((3, 4))
    a, b = L.Dense(5, name="a")(x), L.Dense(5, name="b")(x)
    long = L.Concatenate(axis=1)([a, b, a])
    products = L.Dot(axes=2)([long, b])
    scaled = L.Multiply()([products, L.Dense(1, name="c")(long)])
    text = """
layers:
  - dense: {units: 5, name: a}
  - dense: {units: 5, name: b, inputs: input}
  - concatenate: {axis: 1, inputs: [a, b, a]}
  - dot: {axis: 2, inputs: [concatenate, b]}
  - dense: {units: 1, name: c, inputs: concatenate}
  - multiply: {inputs: [dot, c]}
"""
    return case("sequences", text, keras.Model(x, scaled), random.normal(0, 1, (2, 3, 4)))


def shared():
    x = keras.Input((5,))
    twice = L.Dense(5, activation="tanh", name="twice")
    y = twice(twice(x))
    left = L.Dense(3, name="left")(y)
    right = L.Dense(3, activation="relu", name="right")(L.Dense(7, activation="sigmoid", name="inner")(y))
    z = L.Concatenate()([left, right, y])
    for name in ("step", "step_1"):
        z = L.Add()([L.Dense(11, activation="tanh", name=name)(z), z])
    text = """
layers:
  - dense: {units: 5, activation: tanh, name: twice}
  - dense: {tied-to: twice}
  - parallel:
      branches:
        - [dense: {units: 3, name: left}]
        - - dense: {units: 7, activation: sigmoid, name: inner}
          - dense: {units: 3, activation: relu, name: right}
        - []
  - repeat:
      times: 2
      layers:
        - residual: [dense: {units: 11, activation: tanh, name: step}]
"""
    return case("shared layers and containers", text, keras.Model(x, z), random.normal(0, 1, (4, 5)))


def tied():
    """Keras has no tied dense layer: the product is written out."""
    table, bias = random.normal(0, 0.5, (7, 4)), random.normal(0, 0.5, 7)
    inputs = random.integers(0, 7, (3, 2)).astype(np.float32)
    table, bias = tf.Variable(table, dtype=tf.float32), tf.Variable(bias, dtype=tf.float32)
    with tf.GradientTape() as tape:
        rows = tf.gather(table, inputs.astype(int))
        output = tf.tanh(tf.matmul(rows, table, transpose_b=True) + bias)
        weights = np.round(random.normal(0, 1, output.shape), 3).astype(np.float32)
        total = tf.reduce_sum(output * weights)
    gradients = [tf.convert_to_tensor(g) for g in tape.gradient(total, [table, bias])]
    text = """
layers:
  - embedding: {input-dimension: 7, output-dimension: 4, name: words}
  - dense: {tied-to: words, activation: tanh, name: scores}
"""
    names = ["words.embeddings", "scores.bias"]
    return {
        "name": "tied embedding", "text": text, "input": numbers(inputs), "weights": numbers(weights),
        "output": numbers(output), "parameters": dict(zip(names, map(numbers, [table, bias]))), "inputGradient": None,
        "gradients": dict(zip(names, map(numbers, gradients))),
    }


def residual():
    """Ten steps of gradient descent with momentum on one batch after the other."""
    convolution = dict(padding="same", use_bias=False)
    normalization = dict(momentum=0.9, epsilon=1e-5)
    x = keras.Input((8, 8, 3))
    y = L.Conv2D(4, 3, name="first", **convolution)(x)
    y = L.ReLU()(L.BatchNormalization(name="first_norm", **normalization)(y))
    z = L.Conv2D(4, 3, name="a", **convolution)(y)
    z = L.ReLU()(L.BatchNormalization(name="a_norm", **normalization)(z))
    z = L.Conv2D(4, 3, name="b", **convolution)(z)
    z = L.BatchNormalization(name="b_norm", **normalization)(z)
    y = L.ReLU()(L.Add()([z, y]))
    z = L.Conv2D(6, 3, strides=2, name="c", **convolution)(y)
    z = L.BatchNormalization(name="c_norm", **normalization)(z)
    s = L.Conv2D(6, 1, strides=2, name="short", **convolution)(y)
    s = L.BatchNormalization(name="short_norm", **normalization)(s)
    y = L.ReLU()(L.Add()([z, s]))
    y = L.Dense(5, activation="softmax", name="classes")(L.GlobalAveragePooling2D()(y))
    model = keras.Model(x, y)
    text = """
layers:
  - conv2d: {filters: 4, kernel-size: 3, padding: same, use-bias: false, name: first}
  - batch-normalization: {momentum: 0.9, epsilon: 1e-5, name: first_norm}
  - activation: {function: relu}
  - residual:
      - conv2d: {filters: 4, kernel-size: 3, padding: same, use-bias: false, name: a}
      - batch-normalization: {momentum: 0.9, epsilon: 1e-5, name: a_norm}
      - activation: {function: relu}
      - conv2d: {filters: 4, kernel-size: 3, padding: same, use-bias: false, name: b}
      - batch-normalization: {momentum: 0.9, epsilon: 1e-5, name: b_norm}
  - activation: {function: relu}
  - residual:
      layers:
        - conv2d: {filters: 6, kernel-size: 3, strides: 2, padding: same, use-bias: false, name: c}
        - batch-normalization: {momentum: 0.9, epsilon: 1e-5, name: c_norm}
      shortcut:
        - conv2d: {filters: 6, kernel-size: 1, strides: 2, padding: same, use-bias: false, name: short}
        - batch-normalization: {momentum: 0.9, epsilon: 1e-5, name: short_norm}
  - activation: {function: relu}
  - global-average-pooling2d
  - dense: {units: 5, activation: softmax, name: classes}
"""
    for weight in model.weights:
        if "kernel" in weight.name:
            weight.assign(random.normal(0, 0.3, weight.shape))
    inputs = np.round(random.normal(0, 1, (24, 8, 8, 3)), 2).astype(np.float32)
    targets = random.integers(0, 5, 24)
    before = {path: numbers(v) for path, v in paths(model, {}).items()}
    model.compile(keras.optimizers.SGD(0.05, momentum=0.9), "sparse_categorical_crossentropy")
    for step in range(10):
        part = slice(step % 3 * 8, step % 3 * 8 + 8)
        model.train_on_batch(inputs[part], targets[part])
    return {
        "text": text, "inputs": numbers(inputs), "targets": numbers(targets), "before": before,
        "after": {path: numbers(v) for path, v in paths(model, {}).items()},
    }


root = pathlib.Path(__file__).resolve().parents[2]
result = {"cases": [merges(), sequences(), shared(), tied()], "training": residual()}
file = root / "Tests/ModelsTests/Reference/graphs.json"
file.write_text(json.dumps(result, separators=(",", ":")) + "\n")
print(file, file.stat().st_size, "bytes; Keras", keras.__version__)
