"""Values of layers of several inputs by Keras: merges of different ranks, attention to other sequences and with masks,
recurrence from given states.

Writes Tests/ModelsTests/Reference/inputs.json, which GraphReferenceTests compares with what the same model files give. A
sample is a row of all inputs one after the other, as a model file of several inputs takes them.

    python3 scripts/reference/inputs.py
"""

import json
import os
import pathlib
import re
import zlib

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from keras import layers as L  # noqa: E402

CASES = []


def numbers(array):
    array = np.asarray(array, np.float32)
    return {"shape": list(array.shape), "scalars": [float(f"{x:.9g}") for x in array.ravel()]}


def case(line, join, samples=2, **shapes):
    """`join` makes a value of Keras's inputs, `line` is our layer that does. An input whose name begins with `mask` holds
    zeros and ones, no row of them all zeros."""
    random = np.random.default_rng(zlib.crc32((line + str(shapes)).encode()))
    inputs = {name: keras.Input(shape) for name, shape in shapes.items()}
    model = keras.Model(list(inputs.values()), join(*inputs.values()))
    given = []
    for name, shape in shapes.items():
        values = np.round(random.normal(0, 1, (samples, *shape)), 3).astype(np.float32)
        if name.startswith("mask"):
            values = (values > -0.3).astype(np.float32)
            values[..., 0] = 1
        given.append(values)
    for weight in model.weights:
        weight.assign(np.round(random.normal(0, 0.5, weight.shape), 3))
    x = [tf.constant(values) for values in given]
    with tf.GradientTape() as tape:
        for part in x:
            tape.watch(part)
        output = model(x, training=False)
        weights = np.round(random.normal(0, 1, output.shape), 3).astype(np.float32)
        total = tf.reduce_sum(output * weights)
    gradients = tape.gradient(
        total, [*x, *[v.value for v in model.weights]], unconnected_gradients=tf.UnconnectedGradients.ZERO)

    def rows(parts):
        return np.concatenate([np.reshape(part, (samples, -1)) for part in parts], axis=1)

    names = [re.sub(r"/\w+_cell", "", weight.path).replace("/", ".") for weight in model.weights]
    names = ["it." + name.split(".", 1)[1] for name in names]
    text = "inputs: {%s}\nlayers:\n  - %s\n" % (
        ", ".join(f"{name}: {list(shape)}" for name, shape in shapes.items()),
        re.sub(r"(:? \{|$)", lambda found: ": {name: it, inputs: [%s]" % ", ".join(shapes) + (
            ", " if found.group() else "}"), line, count=1))
    CASES.append({
        "name": line, "text": text, "input": numbers(rows(given)), "weights": numbers(np.reshape(weights, (samples, -1))
                                                                                      if output.shape.rank == 1 else weights),
        "output": numbers(output), "parameters": dict(zip(names, map(numbers, model.weights))),
        "inputGradient": numbers(rows(gradients[:len(x)])),
        "gradients": dict(zip(names, map(numbers, gradients[len(x):]))),
    })


def merges():
    for name, layer in [("add", L.Add), ("subtract", L.Subtract), ("multiply", L.Multiply), ("average", L.Average),
                        ("maximum", L.Maximum), ("minimum", L.Minimum)]:
        case(name, lambda a, b, layer=layer: layer()([a, b]), a=(3, 4), b=(4,))
        case(name, lambda a, b, layer=layer: layer()([a, b]), a=(3, 1), b=(2, 3, 4))
        if name != "subtract":
            case(name, lambda a, b, c, layer=layer: layer()([a, b, c]), a=(1,), b=(2, 1, 4), c=(3, 4))
    case("dot: {normalize: true}", lambda a, b: L.Dot(axes=-1, normalize=True)([a, b]), a=(4,), b=(4,))
    case("dot: {axis: [2, 1]}", lambda a, b: L.Dot(axes=(2, 1))([a, b]), a=(2, 4), b=(4, 3))
    case("dot: {axis: [1, 2], normalize: true}", lambda a, b: L.Dot(axes=(1, 2), normalize=True)([a, b]),
         a=(4,), b=(3, 4))


def attention():
    def layer(*arguments, **options):
        return L.MultiHeadAttention(*arguments, **options)

    case("multi-head-attention: {heads: 2, key-dimension: 3}",
         lambda q, v, k: layer(2, 3)(q, v, k), q=(3, 5), v=(4, 6), k=(4, 7))
    case("multi-head-attention: {heads: 2, key-dimension: 3, value-dimension: 2, output-dimension: 4, use-bias: false}",
         lambda q, v: layer(2, 3, value_dim=2, output_shape=4, use_bias=False)(q, v), q=(3, 5), v=(4, 6))
    case("multi-head-attention: {heads: 2, key-dimension: 3, output-dimension: 6, takes-mask: true}",
         lambda x, mask: layer(2, 3, output_shape=6)(x, x, attention_mask=mask), x=(4, 5), mask=(4, 4))
    case("multi-head-attention: {heads: 2, key-dimension: 3, takes-mask: true, causal: true}",
         lambda q, v, mask: layer(2, 3)(q, v, attention_mask=mask * np.tri(3, 4), use_causal_mask=True),
         q=(3, 5), v=(4, 6), mask=(3, 4))
    case("multi-head-attention: {heads: 2, key-dimension: 3, takes-mask: true}",
         lambda q, v, k, mask: layer(2, 3)(q, v, k, attention_mask=mask), q=(3, 5), v=(4, 6), k=(4, 7), mask=(2, 3, 4))


def recurrence():
    for words, given in [("", {}), (", return-sequences: true, go-backwards: true",
                                    {"return_sequences": True, "go_backwards": True}),
                         (", activation: mish, use-bias: false", {"activation": "mish", "use_bias": False})]:
        case("lstm: {units: 3%s}" % words,
             lambda x, h, c, given=given: L.LSTM(3, **given)(x, initial_state=[h, c]), x=(4, 2), h=(3,), c=(3,))
        case("simple-rnn: {units: 3%s}" % words,
             lambda x, h, given=given: L.SimpleRNN(3, **given)(x, initial_state=h), x=(4, 2), h=(3,))
        for after in (True, False):
            case("gru: {units: 3, reset-after: %s%s}" % (str(after).lower(), words),
                 lambda x, h, given=given, after=after: L.GRU(3, reset_after=after, **given)(x, initial_state=h),
                 x=(4, 2), h=(3,))


merges()
attention()
recurrence()
file = pathlib.Path(__file__).resolve().parents[2] / "Tests/ModelsTests/Reference/inputs.json"
file.write_text("[\n" + ",\n".join(json.dumps(each, separators=(",", ":")) for each in CASES) + "\n]\n")
print(file, len(CASES), "cases,", file.stat().st_size, "bytes; Keras", keras.__version__)
