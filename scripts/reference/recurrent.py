#!/usr/bin/env python3
"""Values and gradients of recurrent layers as Keras and PyTorch compute them, in double precision, and ten steps of
training by PyTorch.

For the tests of the Models and Training targets. Run from the package's root with keras 3, tensorflow and torch
installed; writes Tests/ModelsTests/Reference/recurrent-*.json and Tests/TrainingTests/Reference/recurrent.json.
`layers` are a model file's, `weights` in the order of its parameters, all `gradients` those of sum(slopes * output): of
the weights, then of the input.
"""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np

OUTPUT = pathlib.Path("Tests/ModelsTests/Reference/recurrent.json")
TRAINING = pathlib.Path("Tests/TrainingTests/Reference/recurrent.json")
RANDOM = np.random.default_rng(5)
CASES = []


def f32(array):
    """Numbers that a float holds exactly."""
    return np.asarray(array, dtype=np.float32).astype(np.float64)


def array(values):
    values = np.asarray(values)
    return {"shape": list(values.shape), "scalars": [float(f"{v:.8g}") for v in values.ravel()]}


def draw(shape, scale=0.6):
    return f32(RANDOM.normal(0, scale, shape))


def lengths(batch, steps):
    """Right padding; the last sequence is empty, the first one full."""
    counts = np.linspace(steps, 0, batch).round().astype(int)
    return (np.arange(steps)[None] < counts[:, None]).astype(np.float64)


def record(source, layers, inputs, weights, mask, slopes, output, gradients):
    CASES.append({
        "source": source, "layers": layers, "inputs": array(inputs), "weights": [array(w) for w in weights],
        "mask": None if mask is None else array(mask), "slopes": array(slopes), "output": array(output),
        "gradients": [array(g) for g in gradients]})


def run_keras():
    os.environ["KERAS_BACKEND"], os.environ["KERAS_FLOATX"] = "tensorflow", "float64"
    import keras
    import tensorflow as tf
    keras.config.set_dtype_policy("float64")
    L = keras.layers

    def keras_case(layers, model, batch=3, steps=5, features=2, masked=False, inputs=None):
        """`model` is a list of Keras's layers."""
        inputs = draw((batch, steps, features), 1) if inputs is None else inputs
        mask = lengths(batch, steps) if masked else None

        def values(x):
            present = None if mask is None else mask > 0
            for layer in model:
                if isinstance(layer, L.Masking):
                    x, present = layer(x), layer.compute_mask(x)
                elif isinstance(layer, L.Dense):
                    x = layer(x)
                else:
                    x = layer(x, mask=present)
            return x
        values(inputs)
        variables = [v for layer in model for v in layer.trainable_variables]
        weights = [draw(tuple(v.shape)) for v in variables]

        for variable, value in zip(variables, weights):
            variable.assign(value)
        x = tf.constant(inputs)
        with tf.GradientTape() as tape:
            tape.watch(x)
            output = values(x)
            slopes = draw(tuple(output.shape), 1)
            total = tf.reduce_sum(output * slopes)
        *gradients, slope = tape.gradient(total, [*[v.value for v in variables], x])
        record("Keras", layers, inputs, weights, mask, slopes, output, [*gradients, slope])

    CELLS = {
        "simple-rnn": (L.SimpleRNN, {}, ""), "lstm": (L.LSTM, {}, ""), "gru": (L.GRU, {}, ""),
        "gru-before": (L.GRU, {"reset_after": False}, ", reset-after: false"),
    }
    for name, (kind, given, words) in CELLS.items():
        def cell(text, units=4, masked=False, **options):
            shapes = {key: options.pop(key) for key in ("batch", "steps", "features") if key in options}
            layers = f"{name.removesuffix('-before')}: {{units: {units}{words}{text}}}"
            keras_case(layers, [kind(units, **given, **options)], masked=masked, **shapes)
        cell("")
        cell("", units=17, batch=2, steps=3, features=5)
        cell("", units=1, batch=2, steps=1, features=1)
        cell(", return-sequences: true", return_sequences=True)
        cell(", return-sequences: true, go-backwards: true", return_sequences=True, go_backwards=True)
        cell(", go-backwards: true, use-bias: false", go_backwards=True, use_bias=False)
        cell("", masked=True)
        cell(", go-backwards: true", masked=True, go_backwards=True)
        cell(", return-sequences: true", masked=True, return_sequences=True)
        cell(", return-sequences: true, go-backwards: true", masked=True, return_sequences=True, go_backwards=True)
        cell(", return-sequences: true, zero-output-for-mask: true", masked=True, return_sequences=True,
             zero_output_for_mask=True)
        if name == "simple-rnn":
            cell(", activation: relu", activation="relu")
            cell(", activation: linear", activation="linear")
        else:
            cell(", activation: relu, recurrent-activation: tanh", activation="relu", recurrent_activation="tanh")
            cell(", activation: sigmoid, recurrent-activation: linear", activation="sigmoid",
                 recurrent_activation="linear")

    for mode in ["concat", "sum", "mul", "ave"]:
        keras_case(f"bidirectional: {{layer: {{lstm: {{units: 3, return-sequences: true}}}}, merge-mode: {mode}}}",
                   [L.Bidirectional(L.LSTM(3, return_sequences=True), merge_mode=mode)], masked=mode != "sum")
    keras_case("bidirectional: {layer: {gru: {units: 3}}}", [L.Bidirectional(L.GRU(3))], masked=True)
    keras_case("bidirectional: {layer: {simple-rnn: {units: 3}}}", [L.Bidirectional(L.SimpleRNN(3))])
    keras_case("time-distributed: {layer: {dense: {units: 3, activation: tanh}}}",
               [L.TimeDistributed(L.Dense(3, activation="tanh"))], masked=True)
    held = draw((3, 5, 2), 1)
    held[0, 2], held[1, 3:], held[2, 0, 0] = -1, -1, -1
    keras_case("masking: {mask-value: -1}}, {lstm: {units: 3}", [L.Masking(-1), L.LSTM(3)], inputs=held)
    keras_case("lstm: {units: 3, return-sequences: true}}, {gru: {units: 2}}, {dense: {units: 2}",
               [L.LSTM(3, return_sequences=True), L.GRU(2), L.Dense(2)], masked=True)

    # Activations without kernels of their own.
    functions = [
        ("softsign", "softplus"), ("elu", "softsign"), ("gelu", "hard_sigmoid"), ("relu6", "sigmoid"),
        ("softplus", "tanh"), ("silu", "sigmoid"), ("selu", "relu6"), ("leaky_relu", "sigmoid"), ("mish", "softsign"),
        ("exponential", "sigmoid"), ("hard_silu", "sigmoid"), ("tanh", "softmax"), ("celu", "sparse_sigmoid"),
        ("squareplus", "sigmoid"),
    ]
    for index, (activation, gates) in enumerate(functions):
        for name, (kind, given, words) in CELLS.items():
            if index % 4 and list(CELLS)[index % 4] != name:
                continue  # each with one cell, some with all
            options = {"activation": activation, **({} if name == "simple-rnn" else {"recurrent_activation": gates})}
            text = "".join(f", {key}: {value}".replace("_", "-") for key, value in options.items())
            text = text.replace("hard-silu", "hard-swish")
            for suffix, more, masked in [
                ("", {}, True),
                (", return-sequences: true, go-backwards: true", {"return_sequences": True, "go_backwards": True}, index < 4),
            ]:
                layers = f"{name.removesuffix('-before')}: {{units: 3{words}{text}{suffix}}}"
                # An exponential of an exponential soon is beyond all numbers.
                keras_case(layers, [kind(3, **given, **options, **more)], masked=masked,
                           steps=2 if activation == "exponential" else 5)
    keras_case("bidirectional: {layer: {gru: {units: 3, activation: mish, return-sequences: true}}}",
               [L.Bidirectional(L.GRU(3, activation="mish", return_sequences=True))], masked=True)
    keras_case("bidirectional: {layer: {lstm: {units: 3}}, backward-layer: {gru: {units: 2, go-backwards: true}}}",
               [L.Bidirectional(L.LSTM(3), backward_layer=L.GRU(2, go_backwards=True))])


def run_torch():
    import torch
    torch.set_default_dtype(torch.float64)

    def to_keras(module, kind, suffix="_l0"):
        """PyTorch's weights as Keras lays them out."""
        order = {"lstm": [0, 1, 2, 3], "gru": [1, 0, 2], "rnn": [0]}[kind]

        def gates(name):
            parts = np.split(getattr(module, name + suffix).detach().numpy(), len(order))
            return np.concatenate([parts[i] for i in order]).T
        first, second = gates("bias_ih"), gates("bias_hh")
        return [gates("weight_ih"), gates("weight_hh"), np.stack([first, second]) if kind == "gru" else first + second]

    def torch_case(layers, kind, module, batch=3, steps=4, features=2):
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.copy_(torch.from_numpy(draw(tuple(parameter.shape))))
            if kind != "gru":  # Keras has one bias
                for name, parameter in module.named_parameters():
                    if "bias_hh" in name:
                        parameter.zero_()
        inputs = torch.from_numpy(draw((batch, steps, features), 1)).requires_grad_()
        output, _ = module(inputs)
        slopes = torch.from_numpy(draw(tuple(output.shape), 1))
        (output * slopes).sum().backward()
        suffixes = ["_l0", "_l0_reverse"] if module.bidirectional else ["_l0"]
        weights = [w for suffix in suffixes for w in to_keras(module, kind, suffix)]
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.copy_(parameter.grad)
        gradients = []
        for suffix in suffixes:
            kernel, recurrent, bias = to_keras(module, kind, suffix)
            gradients += [kernel, recurrent, bias if kind == "gru" else bias / 2]  # both of PyTorch's have the same
        record("PyTorch", layers, inputs.detach().numpy(), weights, None, slopes.numpy(), output.detach().numpy(),
               [*gradients, inputs.grad.numpy()])

    torch_case("lstm: {units: 5, return-sequences: true}", "lstm", torch.nn.LSTM(2, 5, batch_first=True))
    torch_case("gru: {units: 5, return-sequences: true}", "gru", torch.nn.GRU(2, 5, batch_first=True))
    torch_case("simple-rnn: {units: 5, return-sequences: true}", "rnn", torch.nn.RNN(2, 5, batch_first=True))
    torch_case("bidirectional: {layer: {lstm: {units: 3, return-sequences: true}}}", "lstm",
               torch.nn.LSTM(2, 3, batch_first=True, bidirectional=True))

    def training():
        """Ten steps of Adam over two layers, from weights to weights."""
        first, second = torch.nn.LSTM(4, 9, batch_first=True), torch.nn.GRU(9, 7, batch_first=True)
        last = torch.nn.Linear(7, 3)
        with torch.no_grad():
            for parameter in [*first.parameters(), *second.parameters(), *last.parameters()]:
                parameter.copy_(torch.from_numpy(draw(tuple(parameter.shape), 0.3)))
            first.bias_hh_l0.zero_()

        def weights():
            return [*to_keras(first, "lstm"), *to_keras(second, "gru"), last.weight.detach().numpy().T.copy(),
                    last.bias.detach().numpy().copy()]
        inputs = torch.from_numpy(draw((8, 6, 4), 1))
        labels = torch.from_numpy(RANDOM.integers(0, 3, 8))
        every = [*first.parameters(), *second.parameters(), *last.parameters()]
        trained = [parameter for parameter in every if parameter is not first.bias_hh_l0]
        optimizer = torch.optim.Adam(trained, lr=0.01, eps=1e-12)  # so small that it doesn't matter where it is added
        before = weights()
        for _ in range(10):
            optimizer.zero_grad()
            output = last(second(first(inputs)[0])[0][:, -1])
            torch.nn.functional.cross_entropy(output, labels).backward()
            optimizer.step()
        return {"inputs": array(inputs), "labels": array(labels), "before": [array(w) for w in before],
                "after": [array(w) for w in weights()]}

    TRAINING.write_text(json.dumps(training(), separators=(",", ":")) + "\n")


PARTS = {"keras": run_keras, "torch": run_torch}
if len(sys.argv) == 1:  # each in a process of its own: the two don't go together in one
    for part in PARTS:
        subprocess.run([sys.executable, __file__, part], check=True)
else:
    PARTS[sys.argv[1]]()
    output = OUTPUT.with_name(f"recurrent-{sys.argv[1]}.json")
    output.write_text(json.dumps(CASES, separators=(",", ":")) + "\n")
    print(output, len(CASES), "cases,", output.stat().st_size, "bytes")
