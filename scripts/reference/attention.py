#!/usr/bin/env python3
"""Attention by Keras 3 (on PyTorch, whose autograd gives the gradients) and transformer blocks by PyTorch, in doubles; and
ten training steps of a small GPT in PyTorch from given weights. Tests/LayersTests and Tests/TrainingTests compare ours
with the files this writes. Regenerate with
    python3 scripts/reference/attention.py
"""
import json
import os
import pathlib

os.environ["KERAS_BACKEND"] = "torch"
import keras
import numpy as np
import torch
import torch.nn.functional as F

ROOT = pathlib.Path(__file__).parents[2] / "Tests"
torch.set_default_dtype(torch.float64)
keras.config.set_floatx("float64")


def numbers(array):
    return [float(f"{float(v):.8g}") for v in np.asarray(array).ravel()]


def draw(random, shape, scale=1.0):
    """Exact in float32."""
    return np.round(random.uniform(-1.5, 1.5, shape) * 256) / 256 * scale


def case(name, options, x, mask, weights, function, parameters):
    """`function(x)` with its gradients of sum(w * output); `parameters` by our paths."""
    x = torch.tensor(x, requires_grad=True)
    output = function(x)
    w = torch.tensor(draw(np.random.default_rng(5), tuple(output.shape)))
    if mask is not None:
        w = w * torch.tensor(mask)[:, :, None]  # what Keras gives at positions that are not there means nothing
        output = output * torch.tensor(mask)[:, :, None]
    (w * output).sum().backward()
    return {
        "name": name, **options, "shape": list(x.shape), "input": numbers(x.detach()),
        "mask": None if mask is None else numbers(mask),
        "parameters": {path: numbers(value) for path, value in weights.items()},
        "weights": numbers(w), "output": numbers(output.detach()), "inputGradient": numbers(x.grad),
        "gradients": {path: numbers(p.grad) for path, p in parameters.items()},
    }


def keras_attention(name, shape, heads, key, value, bias, causal, mask=None):
    random = np.random.default_rng([3, len(name)])
    layer = keras.layers.MultiHeadAttention(heads, key, value, use_bias=bias)
    x = draw(random, shape)
    layer.build(shape, shape)
    weights, variables = {}, {}
    for variable in layer.weights:
        path = ".".join(variable.path.split("/")[-2:])
        weights[path] = draw(random, tuple(variable.shape), 0.5)
        variable.assign(weights[path])
        variables[path] = variable.value
    valid = None if mask is None else torch.tensor(mask) > 0

    def function(x):
        return layer(x, x, attention_mask=None if valid is None else valid[:, None, :] & valid[:, :, None],
                     use_causal_mask=causal)
    return case(name, {"heads": heads, "keyDimension": key, "valueDimension": value, "useBias": bias, "causal": causal},
                x, mask, weights, function, variables)


def keras_cross_attention(name, shape, other, heads, key, value, bias, causal, mask=None, other_mask=None):
    """Queries of one sequence, keys and values of another."""
    random = np.random.default_rng([7, len(name)])
    layer = keras.layers.MultiHeadAttention(heads, key, value, use_bias=bias)
    x, seen = draw(random, shape), draw(random, other)
    layer.build(shape, other)
    weights, variables = {}, {}
    for variable in layer.weights:
        path = ".".join(variable.path.split("/")[-2:])
        weights[path] = draw(random, tuple(variable.shape), 0.5)
        variable.assign(weights[path])
        variables[path] = variable.value
    valid = np.ones((shape[0], shape[1], other[1]), dtype=bool)
    if mask is not None:
        valid &= mask[:, :, None] > 0
    if other_mask is not None:
        valid &= other_mask[:, None, :] > 0
    seen = torch.tensor(seen, requires_grad=True)

    def function(x):
        return layer(x, seen, attention_mask=torch.tensor(valid), use_causal_mask=causal)
    result = case(name, {"heads": heads, "keyDimension": key, "valueDimension": value, "useBias": bias,
                         "causal": causal}, x, mask, weights, function, variables)
    return result | {"otherShape": list(other), "other": numbers(seen.detach()), "otherGradient": numbers(seen.grad),
                     "otherMask": None if other_mask is None else numbers(other_mask)}


def torch_cross_attention(name, shape, other, heads, other_mask):
    """nn.MultiheadAttention with a key padding mask, keys and values of other lengths than the queries."""
    random = np.random.default_rng([8, len(name)])
    width, features = shape[-1], other[-1]
    layer = torch.nn.MultiheadAttention(width, heads, batch_first=True, kdim=features, vdim=features)
    x, seen = draw(random, shape), torch.tensor(draw(random, other), requires_grad=True)
    size, weights = width // heads, {}
    for part, inputs in {"query": width, "key": features, "value": features}.items():
        weights[f"{part}.kernel"] = draw(random, (inputs, heads, size), 0.5)
        weights[f"{part}.bias"] = draw(random, (heads, size), 0.5)
    weights["attention_output.kernel"] = draw(random, (heads, size, width), 0.5)
    weights["attention_output.bias"] = draw(random, (width,), 0.5)
    ours = {path: torch.tensor(value, requires_grad=True) for path, value in weights.items()}

    def function(x):
        def flat(part):
            return ours[f"{part}.kernel"].reshape(-1, width).T
        values = {
            "q_proj_weight": flat("query"), "k_proj_weight": flat("key"), "v_proj_weight": flat("value"),
            "in_proj_bias": torch.cat([ours[f"{p}.bias"].reshape(width) for p in ["query", "key", "value"]]),
            "out_proj.weight": ours["attention_output.kernel"].reshape(width, width).T,
            "out_proj.bias": ours["attention_output.bias"],
        }
        return torch.func.functional_call(
            layer, values, (x, seen, seen), {"key_padding_mask": torch.tensor(other_mask) == 0})[0]
    result = case(name, {"heads": heads, "keyDimension": size, "valueDimension": size, "useBias": True,
                         "causal": False}, x, None, weights, function, ours)
    return result | {"otherShape": list(other), "other": numbers(seen.detach()), "otherGradient": numbers(seen.grad),
                     "otherMask": numbers(other_mask)}


def torch_block(name, shape, heads, causal, norm_first):
    """nn.TransformerEncoderLayer, whose in_proj holds query, key and value below each other."""
    random = np.random.default_rng([4, len(name)])
    width = shape[-1]
    layer = torch.nn.TransformerEncoderLayer(width, heads, 4 * width, 0.0, F.gelu, batch_first=True,
                                             norm_first=norm_first)
    size = width // heads
    weights = {}
    for part in ["query", "key", "value"]:
        weights[f"attention.{part}.kernel"] = draw(random, (width, heads, size), 0.5)
        weights[f"attention.{part}.bias"] = draw(random, (heads, size), 0.5)
    weights["attention.attention_output.kernel"] = draw(random, (heads, size, width), 0.5)
    weights["attention.attention_output.bias"] = draw(random, (width,), 0.5)
    for norm in ["attention_norm", "mlp_norm"]:
        weights[f"{norm}.gamma"] = draw(random, (width,), 0.25) + 1
        weights[f"{norm}.beta"] = draw(random, (width,), 0.5)
    for part, (a, b) in {"expansion": (width, 4 * width), "contraction": (4 * width, width)}.items():
        weights[f"{part}.kernel"] = draw(random, (a, b), 0.25)
        weights[f"{part}.bias"] = draw(random, (b,), 0.5)
    ours = {path: torch.tensor(value, requires_grad=True) for path, value in weights.items()}

    def function(x):
        def flat(part):
            return ours[f"attention.{part}.kernel"].reshape(width, width).T
        values = {
            "self_attn.in_proj_weight": torch.cat([flat(p) for p in ["query", "key", "value"]]),
            "self_attn.in_proj_bias": torch.cat(
                [ours[f"attention.{p}.bias"].reshape(width) for p in ["query", "key", "value"]]),
            "self_attn.out_proj.weight": ours["attention.attention_output.kernel"].reshape(width, width).T,
            "self_attn.out_proj.bias": ours["attention.attention_output.bias"],
            "linear1.weight": ours["expansion.kernel"].T, "linear1.bias": ours["expansion.bias"],
            "linear2.weight": ours["contraction.kernel"].T, "linear2.bias": ours["contraction.bias"],
            "norm1.weight": ours["attention_norm.gamma"], "norm1.bias": ours["attention_norm.beta"],
            "norm2.weight": ours["mlp_norm.gamma"], "norm2.bias": ours["mlp_norm.beta"],
        }
        mask = torch.nn.Transformer.generate_square_subsequent_mask(shape[1]) if causal else None
        return torch.func.functional_call(layer, values, (x, mask))
    layer.train()
    return case(name, {"heads": heads, "causal": causal, "normFirst": norm_first}, draw(random, shape), None, weights,
                function, ours)


def training():
    """Ten steps of AdamW (in Keras's form) without biases, tied, from normal weights; the losses are means."""
    vocabulary, length, width, heads, layers, batch = 11, 7, 8, 2, 2, 4
    random = np.random.default_rng(6)
    size, ours = width // heads, {}

    def parameter(path, shape, scale=0.15):
        ours[path] = torch.tensor(draw(random, shape, scale), requires_grad=True)
    parameter("embedding.embeddings", (vocabulary, width))
    parameter("position_embedding.embeddings", (length, width))
    for block in range(layers):
        path = f"block_{block}."
        for part in ["query", "key", "value"]:
            parameter(f"{path}attention.{part}.kernel", (width, heads, size))
        parameter(f"{path}attention.attention_output.kernel", (heads, size, width))
        parameter(f"{path}expansion.kernel", (width, 4 * width))
        parameter(f"{path}contraction.kernel", (4 * width, width))
    gammas = [f"block_{b}.{n}.gamma" for b in range(layers) for n in ["attention_norm", "mlp_norm"]] + ["norm.gamma"]
    for path in gammas:
        ours[path] = torch.ones(width, requires_grad=True)
    first = {path: numbers(value.detach()) for path, value in ours.items()}

    def forward(tokens):
        x = ours["embedding.embeddings"][tokens] + ours["position_embedding.embeddings"][: tokens.shape[1]]
        for block in range(layers):
            p = f"block_{block}."
            y = F.layer_norm(x, (width,), ours[p + "attention_norm.gamma"])
            q, k, v = (torch.einsum("btf,fhd->bhtd", y, ours[f"{p}attention.{n}.kernel"])
                       for n in ["query", "key", "value"])
            a = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + torch.einsum("bhtd,hdf->btf", a, ours[p + "attention.attention_output.kernel"])
            y = F.layer_norm(x, (width,), ours[p + "mlp_norm.gamma"])
            x = x + F.gelu(y @ ours[p + "expansion.kernel"]) @ ours[p + "contraction.kernel"]
        return F.layer_norm(x, (width,), ours["norm.gamma"]) @ ours["embedding.embeddings"].T

    tokens = random.integers(0, vocabulary, (10 * batch, length))
    targets = random.integers(0, vocabulary, (10 * batch, length))
    moments = {path: (torch.zeros_like(v), torch.zeros_like(v)) for path, v in ours.items()}
    rate, beta1, beta2, epsilon, decay, losses = 0.01, 0.9, 0.99, 1e-7, 0.1, []
    for step in range(1, 11):
        rows = slice((step - 1) * batch, step * batch)
        logits = forward(torch.tensor(tokens[rows]))
        loss = F.cross_entropy(logits.reshape(-1, vocabulary), torch.tensor(targets[rows]).reshape(-1))
        losses.append(float(loss.detach()))
        gradients = torch.autograd.grad(loss, list(ours.values()))
        with torch.no_grad():
            for (path, value), g in zip(ours.items(), gradients):
                m, v = moments[path]
                value *= 1 - rate * decay
                m += (1 - beta1) * (g - m)
                v += (1 - beta2) * (g * g - v)
                value -= rate * (1 - beta2 ** step) ** 0.5 / (1 - beta1 ** step) * m / (v.sqrt() + epsilon)
    return {"vocabulary": vocabulary, "length": length, "width": width, "heads": heads, "layers": layers,
            "batch": batch, "tokens": tokens.ravel().tolist(), "targets": targets.ravel().tolist(), "first": first,
            "losses": losses, "last": {path: numbers(value.detach()) for path, value in ours.items()}}


MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [1, 0, 0, 0, 0]], dtype=float)
ATTENTION = [
    keras_attention("plain", (2, 5, 6), 2, 3, 3, True, False),
    keras_attention("causal", (2, 5, 6), 2, 3, 3, True, True),
    keras_attention("values of another length, no bias", (1, 4, 5), 3, 2, 4, False, False),
    keras_attention("one head of width 6, 17 positions", (1, 17, 6), 1, 6, 6, True, True),
    keras_attention("one position", (2, 1, 4), 2, 2, 2, True, True),
    keras_attention("padding", (3, 5, 4), 2, 2, 2, True, False, MASK),
    keras_attention("padding, causal", (3, 5, 4), 2, 2, 2, True, True, MASK),
]
BLOCKS = [
    torch_block("norm first", (2, 5, 6), 2, False, True), torch_block("norm first, causal", (2, 5, 6), 3, True, True),
    torch_block("norm last", (1, 4, 4), 1, False, False),
]
OTHER_MASK = np.array([[1, 1, 1, 1], [1, 0, 1, 0], [0, 1, 0, 0]], dtype=float)
CROSS = [
    keras_cross_attention("keys of another length and width", (2, 5, 6), (2, 3, 4), 2, 3, 3, True, False),
    keras_cross_attention("one key, no bias", (1, 4, 5), (1, 1, 3), 3, 2, 4, False, False),
    keras_cross_attention("17 keys, causal", (1, 3, 4), (1, 17, 4), 2, 2, 2, True, True),
    keras_cross_attention("padding of keys", (3, 5, 4), (3, 4, 6), 2, 2, 2, True, False, None, OTHER_MASK),
    keras_cross_attention("padding of both", (3, 5, 4), (3, 4, 6), 2, 2, 2, True, False, MASK, OTHER_MASK),
    torch_cross_attention("by PyTorch, padding of keys", (3, 5, 4), (3, 4, 6), 2, OTHER_MASK),
]
for path, value in {"LayersTests/Reference/attention.json": {"attention": ATTENTION, "blocks": BLOCKS, "cross": CROSS},
                    "TrainingTests/Reference/gpt.json": training()}.items():
    (ROOT / path).parent.mkdir(exist_ok=True)
    (ROOT / path).write_text(json.dumps(value, separators=(",", ":")) + "\n")
