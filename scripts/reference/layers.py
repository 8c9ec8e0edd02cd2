#!/usr/bin/env python3
"""Values and gradients of layers by Keras 3 (on PyTorch) or PyTorch alone: each case is a line of a model file, so that
the names and defaults of model files are held to theirs. Tests/ModelsTests/LayerReferenceTests.swift compares.
Regenerate with
    KERAS_BACKEND=torch python3 scripts/reference/layers.py > Tests/ModelsTests/Reference/layers.json
"""
import json
import os
import zlib

os.environ.setdefault("KERAS_BACKEND", "torch")
import keras  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
from keras import layers as k  # noqa: E402

CASES = []


def number(value):
    return float(f"{float(value):.7g}")


def tensor(array):
    array = np.asarray(array)
    return {"shape": list(array.shape), "scalars": [number(v) for v in array.ravel()]}


def case(line, forward, shape, parameters=(), input=None, mask=None, training=False):
    """`parameters` are pairs of a name and a torch tensor that takes part in `forward(x)`."""
    random = np.random.default_rng(zlib.crc32((line + str(shape)).encode()))
    if input is None:
        input = np.round(random.uniform(-2, 2, shape) * 64) / 64 + 1 / 256
    x = torch.tensor(input.astype(np.float32), requires_grad=True)
    for name, parameter in parameters:
        low, high = (0.5, 1.5) if name in ("gamma", "moving_variance", "scale") else (-1, 1)
        values = np.round(random.uniform(low, high, tuple(parameter.shape)) * 32) / 32 + 1 / 128
        with torch.no_grad():
            parameter.copy_(torch.tensor(values.astype(np.float32)))
    before = [(name, parameter.detach().numpy().copy()) for name, parameter in parameters]
    y = forward(x)
    weights = random.integers(-4, 5, tuple(y.shape)) / 4 + 0.125
    for _, parameter in parameters:
        parameter.grad = None
    (y * torch.tensor(weights.astype(np.float32))).sum().backward()
    gradients = {} if x.grad is None else {"input": tensor(x.grad.numpy())}
    for name, parameter in parameters:
        if parameter.grad is not None:
            gradients[name] = tensor(parameter.grad.numpy())
    CASES.append({
        "layer": line, "training": training, "input": tensor(input), "mask": None if mask is None else tensor(mask),
        "parameters": {name: tensor(values) for name, values in before}, "weights": tensor(weights),
        "output": tensor(y.detach().numpy()), "gradients": gradients,
    })


def keras_case(line, layer, *shape, input=None, mask=None, training=False):
    layer.build(shape if input is None else input.shape)
    parameters = [(v.path.split("/")[-1], v.value) for v in layer.weights if "seed" not in v.path]
    options = {"training": training} if layer._call_has_training_arg else {}
    if mask is not None:
        options["mask"] = torch.tensor(mask.astype(bool))
    case(line, lambda x: layer(x, **options), shape, parameters, input, mask, training)


def torch_case(line, module, *shape, names=None, channels=True):
    """Of images and sequences whose channels PyTorch wants first. `names` maps PyTorch's parameters to ours, with how its
    values are arranged."""
    first = (0, len(shape) - 1, *range(1, len(shape) - 1)) if channels else tuple(range(len(shape)))
    last = (0, *range(2, len(shape)), 1) if channels else first
    random = np.random.default_rng(zlib.crc32(line.encode()))
    own = []
    for name, (ours, axes) in (names or {}).items():
        parameter = dict(module.named_parameters())[name]
        own.append((name, ours, torch.tensor(
            random.uniform(-1, 1, [parameter.shape[a] for a in axes]).astype(np.float32), requires_grad=True), axes))

    def forward(x):
        replaced = {name: value.permute(*[axes.index(i) for i in range(len(axes))]) for name, _, value, axes in own}
        return torch.func.functional_call(module, replaced, (x.permute(*first),)).permute(*last)

    case(line, forward, shape, [(ours, value) for _, ours, value, _ in own])


def sequences():
    keras_case("conv1d: {filters: 4, kernel-size: 3}", k.Conv1D(4, 3), 2, 9, 3)
    keras_case("conv1d: {filters: 4, kernel-size: 3, strides: 2, padding: same, activation: relu}",
               k.Conv1D(4, 3, strides=2, padding="same", activation="relu"), 2, 9, 3)
    keras_case("conv1d: {filters: 4, kernel-size: 4, padding: same, use-bias: false}",
               k.Conv1D(4, 4, padding="same", use_bias=False), 2, 8, 3)
    keras_case("conv1d: {filters: 4, kernel-size: 3, padding: causal, dilation: 2, activation: tanh}",
               k.Conv1D(4, 3, padding="causal", dilation_rate=2, activation="tanh"), 2, 9, 3)
    keras_case("conv1d: {filters: 6, kernel-size: 2, groups: 3}", k.Conv1D(6, 2, groups=3), 2, 7, 3)
    torch_case("conv1d: {filters: 4, kernel-size: 3, padding: 2, strides: 2}",
               torch.nn.Conv1d(3, 4, 3, padding=2, stride=2), 2, 9, 3,
               names={"weight": ("kernel", (2, 1, 0)), "bias": ("bias", (0,))})
    keras_case("max-pooling1d", k.MaxPooling1D(), 2, 9, 3)
    keras_case("max-pooling1d: {pool-size: 3, strides: 2, padding: same}",
               k.MaxPooling1D(3, strides=2, padding="same"), 2, 9, 3)
    torch_case("max-pooling1d: {pool-size: 3, strides: 2, padding: 1}", torch.nn.MaxPool1d(3, 2, 1), 2, 9, 3)
    keras_case("average-pooling1d", k.AveragePooling1D(2), 2, 9, 3)
    keras_case("average-pooling1d: {pool-size: 3, strides: 1}", k.AveragePooling1D(3, strides=1), 2, 9, 3)
    mask = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0]])
    keras_case("global-average-pooling1d", k.GlobalAveragePooling1D(), 2, 5, 3)
    keras_case("global-average-pooling1d", k.GlobalAveragePooling1D(), 2, 5, 3, mask=mask)
    keras_case("global-max-pooling1d", k.GlobalMaxPooling1D(), 2, 5, 3)
    embedding = k.Embedding(7, 3)
    keras_case("embedding: {input-dimension: 7, output-dimension: 3}", embedding, 2, 4,
               input=np.array([[0, 3, 6, 3], [1, 1, 0, 5]]))
    keras_case("dense: {units: 4, activation: relu}", k.Dense(4, activation="relu"), 2, 5, 3)
    keras_case("flatten", k.Flatten(), 2, 5, 3)


def images():
    keras_case("conv2d: {filters: 4, kernel-size: [3, 2], strides: [1, 2], padding: same}",
               k.Conv2D(4, (3, 2), strides=(1, 2), padding="same"), 2, 5, 7, 3)
    keras_case("conv2d: {filters: 4, kernel-size: [1, 3], dilation: [1, 2], activation: relu}",
               k.Conv2D(4, (1, 3), dilation_rate=(1, 2), activation="relu"), 2, 4, 7, 3)
    kernel = {"weight": ("kernel", (2, 3, 1, 0)), "bias": ("bias", (0,))}
    torch_case("conv2d: {filters: 4, kernel-size: 3, padding: 1, strides: 2}",
               torch.nn.Conv2d(3, 4, 3, padding=1, stride=2), 2, 6, 7, 3, names=kernel)
    torch_case("conv2d: {filters: 4, kernel-size: [3, 5], padding: [2, 3], dilation: [2, 1]}",
               torch.nn.Conv2d(3, 4, (3, 5), padding=(2, 3), dilation=(2, 1)), 2, 5, 4, 3, names=kernel)
    uneven = torch.nn.Sequential(torch.nn.ZeroPad2d((2, 0, 1, 3)), torch.nn.Conv2d(3, 4, 3))
    torch_case("conv2d: {filters: 4, kernel-size: 3, padding: [[1, 3], [2, 0]]}", uneven, 2, 4, 5, 3,
               names={"1." + name: value for name, value in kernel.items()})
    keras_case("max-pooling2d: {pool-size: [2, 3], strides: [1, 2]}", k.MaxPooling2D((2, 3), strides=(1, 2)), 2, 5, 8, 3)
    torch_case("max-pooling2d: {pool-size: 3, strides: 2, padding: 1}", torch.nn.MaxPool2d(3, 2, 1), 2, 6, 7, 3)
    torch_case("max-pooling2d: {pool-size: 2, strides: 2, ceil-mode: true}",
               torch.nn.MaxPool2d(2, 2, ceil_mode=True), 2, 5, 7, 3)
    torch_case("max-pooling2d: {pool-size: [3, 2], strides: [2, 3], padding: [1, 0], ceil-mode: true}",
               torch.nn.MaxPool2d((3, 2), (2, 3), (1, 0), ceil_mode=True), 2, 6, 8, 2)
    # As by Keras on TensorFlow and JAX, where padding does not count; on PyTorch it does.
    def same_average(x):
        def pooled(v):
            return torch.nn.functional.avg_pool2d(torch.nn.functional.pad(v.permute(0, 3, 1, 2), (0, 1, 1, 1)), (3, 2), (2, 1))

        return (pooled(x) / pooled(torch.ones_like(x))).permute(0, 2, 3, 1)

    case("average-pooling2d: {pool-size: [3, 2], strides: [2, 1], padding: same}", same_average, (2, 5, 4, 3))
    for counts in (True, False):
        for ceil in (True, False):
            torch_case(
                "average-pooling2d: {pool-size: 3, strides: 2, padding: 1, ceil-mode: %s, count-include-pad: %s}"
                % (str(ceil).lower(), str(counts).lower()),
                torch.nn.AvgPool2d(3, 2, 1, ceil_mode=ceil, count_include_pad=counts), 2, 6, 7, 3)
    torch_case("average-pooling2d: {pool-size: 2, strides: 3, padding: 1, ceil-mode: true, count-include-pad: true}",
               torch.nn.AvgPool2d(2, 3, 1, ceil_mode=True, count_include_pad=True), 2, 5, 6, 2)
    keras_case("global-max-pooling2d", k.GlobalMaxPooling2D(), 2, 3, 4, 3)
    keras_case("global-average-pooling2d", k.GlobalAveragePooling2D(), 2, 3, 4, 3)

    for line, options, shape in [
        ("kernel-size: 3", {"kernel_size": 3}, (2, 4, 5, 3)),
        ("kernel-size: 3, strides: 2", {"kernel_size": 3, "strides": 2}, (2, 3, 4, 3)),
        ("kernel-size: [2, 3], strides: [2, 1], padding: same, activation: relu",
         {"kernel_size": (2, 3), "strides": (2, 1), "padding": "same", "activation": "relu"}, (2, 3, 4, 3)),
        ("kernel-size: 4, strides: 2, padding: same, use-bias: false",
         {"kernel_size": 4, "strides": 2, "padding": "same", "use_bias": False}, (2, 3, 3, 2)),
        ("kernel-size: 2, strides: 3", {"kernel_size": 2, "strides": 3}, (2, 2, 3, 2)),
        ("kernel-size: 2, strides: 3, padding: same", {"kernel_size": 2, "strides": 3, "padding": "same"}, (2, 2, 3, 2)),
        ("kernel-size: 3, strides: 2, output-padding: 1", {"kernel_size": 3, "strides": 2, "output_padding": 1},
         (2, 3, 4, 3)),
        ("kernel-size: 3, strides: 2, padding: same, output-padding: 1",
         {"kernel_size": 3, "strides": 2, "padding": "same", "output_padding": 1}, (2, 3, 4, 3)),
        ("kernel-size: 3, dilation: 2", {"kernel_size": 3, "dilation_rate": 2}, (2, 3, 4, 2)),
    ]:
        keras_case("conv2d-transpose: {filters: 4, %s}" % line, k.Conv2DTranspose(4, **options), *shape)
    torch_case("conv2d-transpose: {filters: 4, kernel-size: 3, strides: 2, padding: 1, output-padding: 1}",
               torch.nn.ConvTranspose2d(3, 4, 3, stride=2, padding=1, output_padding=1), 2, 3, 4, 3,
               names={"weight": ("kernel", (2, 3, 1, 0)), "bias": ("bias", (0,))})
    keras_case("depthwise-conv2d: {kernel-size: 3, padding: same, activation: relu}",
               k.DepthwiseConv2D(3, padding="same", activation="relu"), 2, 5, 4, 3)
    keras_case("depthwise-conv2d: {kernel-size: [2, 3], depth-multiplier: 2}",
               k.DepthwiseConv2D((2, 3), depth_multiplier=2), 2, 4, 5, 3)
    keras_case("depthwise-conv2d: {kernel-size: 3, strides: 2, use-bias: false}",
               k.DepthwiseConv2D(3, strides=2, use_bias=False), 2, 5, 7, 2)
    keras_case("separable-conv2d: {filters: 4, kernel-size: 3, padding: same, activation: relu}",
               k.SeparableConv2D(4, 3, padding="same", activation="relu"), 2, 5, 4, 3)
    keras_case("separable-conv2d: {filters: 4, kernel-size: [3, 2], depth-multiplier: 2}",
               k.SeparableConv2D(4, (3, 2), depth_multiplier=2), 2, 4, 5, 3)


def arrangement():
    keras_case("zero-padding1d", k.ZeroPadding1D(), 2, 4, 3)
    keras_case("zero-padding1d: {padding: [2, 0]}", k.ZeroPadding1D((2, 0)), 2, 4, 3)
    keras_case("zero-padding2d", k.ZeroPadding2D(), 2, 3, 4, 2)
    keras_case("zero-padding2d: {padding: [1, 2]}", k.ZeroPadding2D((1, 2)), 2, 3, 4, 2)
    keras_case("zero-padding2d: {padding: [[1, 0], [2, 3]]}", k.ZeroPadding2D(((1, 0), (2, 3))), 2, 3, 4, 2)
    keras_case("cropping1d", k.Cropping1D(), 2, 5, 3)
    keras_case("cropping1d: {cropping: [0, 2]}", k.Cropping1D((0, 2)), 2, 5, 3)
    keras_case("cropping2d: {cropping: 1}", k.Cropping2D(1), 2, 5, 4, 2)
    keras_case("cropping2d: {cropping: [[1, 2], [0, 1]]}", k.Cropping2D(((1, 2), (0, 1))), 2, 5, 4, 2)
    keras_case("up-sampling1d", k.UpSampling1D(), 2, 3, 2)
    keras_case("up-sampling1d: {size: 3}", k.UpSampling1D(3), 2, 3, 2)
    keras_case("up-sampling2d", k.UpSampling2D(), 2, 2, 3, 2)
    keras_case("up-sampling2d: {size: [3, 2]}", k.UpSampling2D((3, 2)), 2, 2, 3, 2)
    keras_case("up-sampling2d: {interpolation: bilinear}", k.UpSampling2D(interpolation="bilinear"), 2, 3, 4, 2)
    keras_case("up-sampling2d: {size: [3, 2], interpolation: bilinear}",
               k.UpSampling2D((3, 2), interpolation="bilinear"), 2, 2, 3, 2)
    keras_case("permute: {dims: [2, 1]}", k.Permute((2, 1)), 2, 3, 4)
    keras_case("permute: {dims: [3, 1, 2]}", k.Permute((3, 1, 2)), 2, 3, 4, 2)
    keras_case("repeat-vector: {n: 3}", k.RepeatVector(3), 2, 4)


def normalizations():
    keras_case("layer-normalization", k.LayerNormalization(), 2, 3, 5)
    keras_case("layer-normalization: {axis: [1, 2]}", k.LayerNormalization(axis=[1, 2]), 2, 3, 5)
    keras_case("layer-normalization: {axis: [-2, -1], epsilon: 0.1}",
               k.LayerNormalization(axis=[-2, -1], epsilon=0.1), 2, 3, 2, 4)
    # Keras on PyTorch has the last axes only.
    for line, axes, shape in [("1", (1,), (2, 5, 3)), ("[1, 3]", (1, 3), (2, 3, 2, 3))]:
        spread = [shape[i] if i in axes else 1 for i in range(1, len(shape))]
        gamma, beta = (torch.zeros([shape[i] for i in axes], requires_grad=True) for _ in range(2))

        def normalized(x, axes=axes, spread=spread, gamma=gamma, beta=beta):
            mean, variance = x.mean(axes, keepdim=True), x.var(axes, keepdim=True, correction=0)
            return (x - mean) / torch.sqrt(variance + 1e-3) * gamma.reshape(spread) + beta.reshape(spread)

        case("layer-normalization: {axis: %s}" % line, normalized, shape, [("gamma", gamma), ("beta", beta)])
    keras_case("layer-normalization: {center: false}", k.LayerNormalization(center=False), 2, 3, 5)
    keras_case("layer-normalization: {scale: false, center: false}",
               k.LayerNormalization(scale=False, center=False), 2, 3, 5)
    mask = np.array([[1, 1, 1, 1], [1, 0, 0, 0], [1, 1, 0, 0]])
    for training in (True, False):
        keras_case("batch-normalization", k.BatchNormalization(), 4, 3, training=training)
        keras_case("batch-normalization: {axis: 1}", k.BatchNormalization(axis=1), 3, 2, 4, training=training)
        keras_case("batch-normalization: {center: false, epsilon: 0.1}",
                   k.BatchNormalization(center=False, epsilon=0.1), 3, 2, 2, 3, training=training)
        keras_case("batch-normalization: {scale: false}", k.BatchNormalization(scale=False), 4, 3, training=training)
        keras_case("batch-normalization", k.BatchNormalization(), 3, 4, 2, mask=mask, training=training)
    keras_case("group-normalization: {groups: 2}", k.GroupNormalization(2), 2, 3, 2, 4)
    keras_case("group-normalization: {groups: -1}", k.GroupNormalization(-1), 2, 3, 4, 2)
    keras_case("group-normalization: {groups: 2, axis: 1, scale: false}",
               k.GroupNormalization(2, axis=1, scale=False), 2, 4, 3)
    keras_case("rms-normalization", k.RMSNormalization(), 2, 3, 5)
    keras_case("rms-normalization: {axis: [1, 2], epsilon: 0.1}", k.RMSNormalization(axis=[1, 2], epsilon=0.1), 2, 3, 4)
    keras_case("unit-normalization", k.UnitNormalization(), 2, 3, 4)
    keras_case("unit-normalization: {axis: [1, 2]}", k.UnitNormalization(axis=[1, 2]), 2, 3, 4)
    keras_case("rescaling: {scale: 0.5, offset: -1}", k.Rescaling(0.5, offset=-1), 2, 3, 2)
    keras_case("normalization: {mean: [1, 2, 3], variance: [4, 5, 0.25]}",
               k.Normalization(mean=[1, 2, 3], variance=[4, 5, 0.25]), 2, 4, 3)
    keras_case("normalization: {mean: 0.5, variance: 0.0625}", k.Normalization(mean=0.5, variance=0.0625), 2, 4, 3)


def activations():
    for name in ["linear", "relu", "sigmoid", "tanh", "softmax", "softplus", "silu", "gelu", "elu", "selu", "celu",
                 "leaky-relu", "relu6", "softsign", "mish", "hard-sigmoid", "hard-swish", "hard-tanh", "exponential",
                 "log-softmax", "log-sigmoid", "tanh-shrink"]:
        function = getattr(keras.activations, name.replace("-", "_").replace("hard_swish", "hard_silu"))
        if name == "gelu":
            function = lambda x: keras.activations.gelu(x, approximate=False)  # noqa: E731
        spread = np.linspace(-7.1, 7.3, 24).reshape(4, 6)
        case("activation: {function: %s}" % name, function, (4, 6), input=spread)
    case("activation: {function: gelu-tanh}", lambda x: keras.activations.gelu(x, approximate=True), (4, 6))
    keras_case("leaky-relu", k.LeakyReLU(), 3, 5)
    keras_case("leaky-relu: {negative-slope: 0.01}", k.LeakyReLU(negative_slope=0.01), 3, 5)
    keras_case("elu", k.ELU(), 3, 5)
    keras_case("elu: {alpha: 0.3}", k.ELU(alpha=0.3), 3, 5)
    keras_case("prelu", k.PReLU(), 2, 3, 4)
    keras_case("prelu: {shared-axes: [1, 2]}", k.PReLU(shared_axes=[1, 2]), 2, 3, 2, 4)
    keras_case("softmax", k.Softmax(), 2, 3, 4)
    keras_case("softmax: {axis: 1}", k.Softmax(axis=1), 2, 3, 4)
    case("thresholded-relu", lambda x: torch.nn.functional.threshold(x, 1.0, 0.0), (3, 5))
    case("thresholded-relu: {theta: 0.25}", lambda x: torch.nn.functional.threshold(x, 0.25, 0.0), (3, 5))
    case("glu", lambda x: torch.nn.functional.glu(x), (2, 3, 8))
    for name, gate in [("silu", torch.nn.functional.silu), ("gelu", torch.nn.functional.gelu)]:
        case("glu: {activation: %s}" % name, lambda x, gate=gate: x[..., :4] * gate(x[..., 4:]), (2, 3, 8))


def attributes():
    """Settings of layers beyond their usual ones, and layers of sequences that have a twin for images."""
    nn = torch.nn
    for name in ["squareplus", "soft-shrink", "hard-shrink", "sparse-plus", "sparse-sigmoid"]:
        case("activation: {function: %s}" % name, getattr(keras.activations, name.replace("-", "_")), (4, 6),
             input=np.linspace(-3.1, 3.3, 24).reshape(4, 6))
    for line, options in [("relu", {}), ("relu: {max-value: 1.5}", {"max_value": 1.5}),
                          ("relu: {negative-slope: 0.25, max-value: 1}", {"negative_slope": 0.25, "max_value": 1}),
                          ("relu: {threshold: 0.5, negative-slope: 0.1}", {"threshold": 0.5, "negative_slope": 0.1}),
                          ("relu: {threshold: 0.5, max-value: 1.25}", {"threshold": 0.5, "max_value": 1.25})]:
        keras_case(line, k.ReLU(**options), 4, 6)
    case("thresholded-relu: {theta: 0.5, value: -2}", nn.Threshold(0.5, -2), (3, 5))
    keras_case("softmax: {axis: [1, 2]}", k.Softmax(axis=(1, 2)), 2, 3, 4)
    keras_case("softmax: {axis: [-1, 1]}", k.Softmax(axis=(-1, 1)), 2, 3, 2, 4)
    case("log-softmax", nn.LogSoftmax(dim=-1), (2, 3, 4))
    case("log-softmax: {axis: 1}", nn.LogSoftmax(dim=1), (2, 3, 4))
    case("log-softmax: {axis: [1, 3]}", lambda x: x - torch.logsumexp(x, (1, 3), keepdim=True), (2, 3, 2, 4))
    case("glu: {axis: 1}", nn.GLU(dim=1), (2, 4, 3))
    case("glu: {axis: 2, activation: tanh}", lambda x: x[:, :, :2] * torch.tanh(x[:, :, 2:]), (2, 3, 4, 2))
    keras_case("rescaling: {scale: [0.5, 2, -1], offset: [1, 0, 3]}",
               k.Rescaling([0.5, 2, -1], offset=[1, 0, 3]), 2, 3, 3)
    keras_case("rescaling: {scale: [0.5, 2], offset: 1}", k.Rescaling([0.5, 2], offset=1), 2, 3, 2)
    keras_case("normalization: {mean: [1, 2], variance: [4, 0.25], axis: 1}",
               k.Normalization(axis=1, mean=[1, 2], variance=[4, 0.25]), 2, 2, 3)
    keras_case("normalization: {mean: [1, 2, 3, 4, 5, 6], variance: [1, 4, 9, 0.25, 2, 3], axis: [1, 3]}",
               k.Normalization(axis=(1, 3), mean=[[1, 2, 3], [4, 5, 6]], variance=[[1, 4, 9], [0.25, 2, 3]]), 2, 2, 2, 3)
    keras_case("normalization: {mean: [1, 2, 3], variance: [4, 0, 0.25], invert: true}",
               k.Normalization(mean=[1, 2, 3], variance=[4, 0, 0.25], invert=True), 2, 4, 3)
    for name in ("Average", "Max"):
        keras_case("global-%s-pooling2d: {keepdims: true}" % name.lower(),
                   getattr(k, f"Global{name}Pooling2D")(keepdims=True), 2, 3, 4, 3)
        keras_case("global-%s-pooling1d: {keepdims: true}" % name.lower(),
                   getattr(k, f"Global{name}Pooling1D")(keepdims=True), 2, 4, 3)
    keras_case("global-average-pooling1d: {keepdims: true}", k.GlobalAveragePooling1D(keepdims=True), 2, 5, 3,
               mask=np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0]]))

    # Transposed convolutions: PyTorch keeps its kernels as [in, out / groups, ...].
    for words, options in [
        ("groups: 2, strides: 2", {"groups": 2, "stride": 2}),
        ("groups: 2, strides: 2, padding: 1, output-padding: 1",
         {"groups": 2, "stride": 2, "padding": 1, "output_padding": 1}),
        ("dilation: 3, output-padding: 2, padding: 0", {"dilation": 3, "output_padding": 2}),
        ("dilation: 3, strides: 2, output-padding: 2, padding: 1",
         {"dilation": 3, "stride": 2, "output_padding": 2, "padding": 1}),
    ]:
        torch_case("conv2d-transpose: {filters: 6, kernel-size: 3, %s}" % words,
                   nn.ConvTranspose2d(4, 6, 3, **options), 2, 3, 4, 4,
                   names={"weight": ("kernel", (2, 3, 1, 0)), "bias": ("bias", (0,))})
        torch_case("conv1d-transpose: {filters: 6, kernel-size: 3, %s}" % words,
                   nn.ConvTranspose1d(4, 6, 3, **options), 2, 5, 4,
                   names={"weight": ("kernel", (2, 1, 0)), "bias": ("bias", (0,))})
    for words, options in [
        ("kernel-size: 3", {"kernel_size": 3}), ("kernel-size: 2, strides: 3", {"kernel_size": 2, "strides": 3}),
        ("kernel-size: 3, strides: 2, padding: same, activation: relu",
         {"kernel_size": 3, "strides": 2, "padding": "same", "activation": "relu"}),
        ("kernel-size: 3, strides: 2, output-padding: 1, use-bias: false",
         {"kernel_size": 3, "strides": 2, "output_padding": 1, "use_bias": False}),
    ]:
        keras_case("conv1d-transpose: {filters: 4, %s}" % words, k.Conv1DTranspose(4, **options), 2, 4, 3)

    for words, options in [
        ("kernel-size: 3", {}), ("kernel-size: 3, padding: same, activation: relu", {"padding": "same", "activation": "relu"}),
        ("kernel-size: 3, strides: 2, depth-multiplier: 2", {"strides": 2, "depth_multiplier": 2}),
        ("kernel-size: 3, dilation: 2, use-bias: false", {"dilation_rate": 2, "use_bias": False}),
    ]:
        keras_case("depthwise-conv1d: {%s}" % words, k.DepthwiseConv1D(3, **options), 2, 7, 3)
        keras_case("separable-conv1d: {filters: 4, %s}" % words, k.SeparableConv1D(4, 3, **options), 2, 7, 3)


sequences()
images()
arrangement()
normalizations()
activations()
attributes()
print("[")
print(",\n".join(json.dumps(c, separators=(",", ":")) for c in CASES))
print("]")
