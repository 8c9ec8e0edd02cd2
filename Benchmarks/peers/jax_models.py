"""JAX: a residual network, a GPT, a table; random data on the device, a compiled step with donated buffers. The same
models as Benchmarks/Benchmark/Generated.swift.

Variants: step, scan (10 such steps in one call).
"""

import argparse
import functools
import os

os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp
import numpy

import turns

parser = argparse.ArgumentParser()
parser.add_argument("--model", choices=["resnet20", "gpt", "tabular"], required=True)
parser.add_argument("--variant", choices=["step", "scan"], default="step")
parser.add_argument("--batch-size", type=int, default=32)
parser.add_argument("--threads", type=int, default=1)
options = parser.parse_args()
VOCABULARY, LENGTH, WIDTH, LAYERS, HEADS = 65, 64, 128, 4, 4
random = numpy.random.default_rng(0)


def normal(*shape, deviation=0.05):
    return jnp.asarray(deviation * random.standard_normal(shape), jnp.float32)


def ones(*shape):
    return jnp.ones(shape, jnp.float32)


def cross_entropy(logits, classes):
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(logits), classes[..., None], -1))


# The residual network.

def convolution(size, channels, filters):
    return normal(size, size, channels, filters), ones(filters), jnp.zeros(filters)


def residual_parameters():
    blocks = []
    for stage, filters in enumerate((16, 32, 64)):
        for block in range(3):
            channels = filters // 2 if stage > 0 and block == 0 else filters
            blocks.append([convolution(3, channels, filters), convolution(3, filters, filters)]
                          + ([convolution(1, channels, filters)] if channels != filters else []))
    return [convolution(3, 3, 16), blocks, normal(64, 10), jnp.zeros(10)]


def convolve(parameters, x, stride=1):
    kernel, gamma, beta = parameters
    x = jax.lax.conv_general_dilated(x, kernel, (stride, stride), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
    mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
    return (x - mean) * (gamma / jnp.sqrt(variance + 1e-5)) + beta


def residual_loss(parameters, x, y):
    first, blocks, kernel, bias = parameters
    x = jax.nn.relu(convolve(first, x))
    for block in blocks:
        stride = len(block) - 1
        inner = convolve(block[1], jax.nn.relu(convolve(block[0], x, stride)))
        x = jax.nn.relu(inner + (convolve(block[2], x, stride) if stride == 2 else x))
    return cross_entropy(x.mean((1, 2)) @ kernel + bias, y)


# GPT.

def gpt_parameters():
    def block():
        return [ones(WIDTH), normal(WIDTH, 3 * WIDTH), normal(WIDTH, WIDTH), ones(WIDTH), normal(WIDTH, 4 * WIDTH),
                normal(4 * WIDTH, WIDTH)]
    return [normal(VOCABULARY, WIDTH), normal(LENGTH, WIDTH), [block() for _ in range(LAYERS)], ones(WIDTH)]


def normalize(x, gamma):
    centered = x - x.mean(-1, keepdims=True)
    return centered / jnp.sqrt((centered * centered).mean(-1, keepdims=True) + 1e-5) * gamma


def gpt_loss(parameters, numbers, wanted):
    tokens, places, blocks, gamma = parameters
    x = tokens[numbers] + places
    for first, projections, output, second, expansion, contraction in blocks:
        q, k, v = (part.reshape(*x.shape[:2], HEADS, -1) for part in jnp.split(normalize(x, first) @ projections, 3, -1))
        seen = jax.nn.dot_product_attention(q, k, v, is_causal=True)
        x = x + seen.reshape(x.shape) @ output
        x = x + jax.nn.gelu(normalize(x, second) @ expansion, approximate=False) @ contraction
    return cross_entropy(normalize(x, gamma) @ tokens.T, wanted)


# The table.

def table_loss(parameters, x, y):
    for kernel, bias in parameters[:-1]:
        x = jax.nn.relu(x @ kernel + bias)
    kernel, bias = parameters[-1]
    logits = x @ kernel + bias
    return jnp.mean(jax.nn.softplus(logits) - logits * y)


def whole(shape, limit):
    return jnp.asarray(random.integers(0, limit, shape), jnp.int32)


if options.model == "resnet20":
    parameters, loss = residual_parameters(), residual_loss
    inputs, targets = jnp.asarray(random.random((1024, 32, 32, 3)), jnp.float32), whole((1024,), 10)
elif options.model == "gpt":
    parameters, loss = gpt_parameters(), gpt_loss
    inputs, targets = whole((1024, LENGTH), VOCABULARY), whole((1024, LENGTH), VOCABULARY)
else:
    parameters = [(normal(108, 64), jnp.zeros(64)), (normal(64, 32), jnp.zeros(32)), (normal(32, 1), jnp.zeros(1))]
    loss = table_loss
    inputs, targets = jnp.asarray(random.random((8192, 108)), jnp.float32), whole((8192, 1), 2).astype(jnp.float32)

tree = jax.tree_util.tree_map


def adam(weights, first, second, count, gradients):
    beta2, decay, epsilon = (0.99, 0.1, 1e-8) if options.model == "gpt" else (0.999, 0.0, 1e-7)
    rate = 1e-3 * jnp.sqrt(1 - beta2**count) / (1 - 0.9**count)
    first = tree(lambda m, g: 0.9 * m + 0.1 * g, first, gradients)
    second = tree(lambda v, g: beta2 * v + (1 - beta2) * g * g, second, gradients)
    weights = tree(lambda w, m, v: (1 - 1e-3 * decay) * w - rate * m / (jnp.sqrt(v) + epsilon), weights, first, second)
    return weights, first, second


def momentum(weights, velocity, second, count, gradients):
    gradients = tree(lambda g, w: g + 1e-4 * w, gradients, weights)
    velocity = tree(lambda v, g: 0.9 * v + g, velocity, gradients)
    return tree(lambda w, v, g: w - 0.01 * (g + 0.9 * v), weights, velocity, gradients), velocity, second


update = momentum if options.model == "resnet20" else adam


def step(state, numbers, inputs, targets):
    weights, first, second, count = state
    gradients = jax.grad(loss)(weights, inputs[numbers], targets[numbers])
    return (*update(weights, first, second, count + 1, gradients), count + 1)


@functools.partial(jax.jit, donate_argnums=0)
def one(state, numbers, inputs, targets):
    return step(state, numbers, inputs, targets)


@functools.partial(jax.jit, donate_argnums=0)
def many(state, numbers, inputs, targets):
    return jax.lax.scan(lambda state, each: (step(state, each, inputs, targets), None), state, numbers)[0]


EXECUTION = 10 if options.variant == "scan" else 1


def batches():
    """Sample numbers of every batch, shuffled anew for every epoch; as many batches as a call takes."""
    size, found = options.batch_size, []
    while True:
        order = random.permutation(len(inputs)).astype(numpy.int32)
        for batch in order[:len(order) // size * size].reshape(-1, size):
            found.append(batch)
            if len(found) == EXECUTION:
                yield found[0] if EXECUTION == 1 else numpy.stack(found)
                found = []


upcoming = batches()
zeros = functools.partial(tree, jnp.zeros_like)
state = (parameters, zeros(parameters), zeros(parameters), jnp.zeros((), jnp.float32))


def run(steps):
    global state
    for _ in range(max(1, steps // EXECUTION)):
        state = (one if EXECUTION == 1 else many)(state, next(upcoming), inputs, targets)
    jax.block_until_ready(state)


turns.serve(run, versions={"JAX": jax.__version__}, multiple=EXECUTION, data_bytes=inputs.nbytes + targets.nbytes)
