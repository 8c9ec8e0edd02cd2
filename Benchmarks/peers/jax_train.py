"""JAX: a compiled step with donated buffers on data that lies on the device; `scan` runs 50 such steps in one call."""

import functools
import os

os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp
import numpy

import turns

options = turns.arguments(["step", "scan"])
images, labels = turns.samples(options.data, options.samples)
if options.model == "mnist-cnn":
    images = images.reshape(-1, 28, 28, 1)
images, labels = jnp.asarray(images), jnp.asarray(labels, jnp.int32)


def glorot(random, *shape):
    fan = numpy.prod(shape[:-2], dtype=int) * (shape[-2] + shape[-1])
    limit = numpy.sqrt(6 / fan)
    return jnp.asarray(random.uniform(-limit, limit, shape), jnp.float32)


def parameters():
    random = numpy.random.default_rng(0)
    sizes = ((5408, 128), (128, 10)) if options.model == "mnist-cnn" else ((784, 64), (64, 10))
    made = [(glorot(random, *size), jnp.zeros(size[1])) for size in sizes]
    return ([(glorot(random, 3, 3, 1, 32), jnp.zeros(32))] if options.model == "mnist-cnn" else []) + made


def loss(weights, x, y):
    if options.model == "mnist-cnn":
        (kernel, bias), *weights = weights
        x = jax.lax.conv_general_dilated(x, kernel, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))
        x = jax.nn.relu(x + bias)
        x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
        x = x.reshape(x.shape[0], -1)
    (kernel, bias), (last, last_bias) = weights
    logits = jax.nn.relu(x @ kernel + bias) @ last + last_bias
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], 1))


def step(state, numbers, images, labels):
    weights, first, second, count = state
    gradients = jax.grad(loss)(weights, images[numbers], labels[numbers])
    count = count + 1
    rate = 1e-3 * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
    tree = jax.tree_util.tree_map
    first = tree(lambda m, g: 0.9 * m + 0.1 * g, first, gradients)
    second = tree(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradients)
    weights = tree(lambda w, m, v: w - rate * m / (jnp.sqrt(v) + 1e-7), weights, first, second)
    return weights, first, second, count


@functools.partial(jax.jit, donate_argnums=0)
def one(state, numbers, images, labels):
    return step(state, numbers, images, labels)


@functools.partial(jax.jit, donate_argnums=0)
def many(state, numbers, images, labels):
    return jax.lax.scan(lambda state, each: (step(state, each, images, labels), None), state, numbers)[0]


EXECUTION = 50 if options.variant == "scan" else 1


def batches():
    """Sample numbers of every batch, shuffled anew for every epoch."""
    random, size = numpy.random.default_rng(0), options.batch_size
    while True:
        order = random.permutation(len(labels)).astype(numpy.int32)
        batch = order[:len(order) // size * size].reshape(-1, size)
        if EXECUTION == 1:
            yield from batch
        else:
            yield from batch[:len(batch) // EXECUTION * EXECUTION].reshape(-1, EXECUTION, size)


upcoming = batches()
zeros = functools.partial(jax.tree_util.tree_map, jnp.zeros_like)
weights = parameters()
state = (weights, zeros(weights), zeros(weights), jnp.zeros((), jnp.float32))


def run(steps):
    global state
    for _ in range(max(1, steps // EXECUTION)):
        state = (one if EXECUTION == 1 else many)(state, next(upcoming), images, labels)
    jax.block_until_ready(state)


turns.serve(run, versions={"JAX": jax.__version__}, multiple=EXECUTION)
