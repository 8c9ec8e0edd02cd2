"""MLX on the CPU: a compiled step on data that lies in its memory."""

import functools

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers
import numpy

import turns

options = turns.arguments(["compile"])
mx.set_default_device(mx.cpu)
images, labels = turns.samples(options.data, options.samples)
if options.model == "mnist-cnn":
    images = images.reshape(-1, 28, 28, 1)
    model = nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), lambda x: x.reshape(x.shape[0], -1),
        nn.Linear(5408, 128), nn.ReLU(), nn.Linear(128, 10))
else:
    model = nn.Sequential(nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))
images, labels = mx.array(images), mx.array(labels.astype(numpy.int32))
optimizer = mlx.optimizers.Adam(learning_rate=1e-3, eps=1e-7, bias_correction=True)
mx.eval(model.parameters(), images, labels)


def loss(model, x, y):
    return nn.losses.cross_entropy(model(x), y, reduction="mean")


gradient = nn.value_and_grad(model, loss)
state = [model.state, optimizer.state]


@functools.partial(mx.compile, inputs=state, outputs=state)
def step(x, y):
    value, gradients = gradient(model, x, y)
    optimizer.update(model, gradients)
    return value


def batches():
    random = numpy.random.default_rng(0)
    while True:
        order = random.permutation(len(labels)).astype(numpy.int32)
        for first in range(0, len(order) - options.batch_size + 1, options.batch_size):
            yield mx.array(order[first:first + options.batch_size])


upcoming = batches()


def run(steps):
    for _ in range(steps):
        numbers = next(upcoming)
        mx.eval(step(images[numbers], labels[numbers]), state)


turns.serve(run, versions={"MLX": mx.__version__})
