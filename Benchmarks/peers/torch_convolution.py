"""PyTorch: one 3 x 3 convolution layer, forward and both backwards, channels last."""

import argparse

import torch

import turns

parser = argparse.ArgumentParser()
for name, value in (("size", 32), ("channels", 64), ("filters", 64), ("batch-size", 32), ("threads", 1)):
    parser.add_argument(f"--{name}", type=int, default=value)
options = parser.parse_args()
torch.set_num_threads(options.threads)
shape = (options.batch_size, options.channels, options.size, options.size)
layer = torch.nn.Conv2d(options.channels, options.filters, 3, padding=1).to(memory_format=torch.channels_last)
images = torch.randn(shape).to(memory_format=torch.channels_last).requires_grad_()
gradient = torch.ones_like(layer(images))


def run(steps):
    for _ in range(steps):
        layer.zero_grad(set_to_none=True)
        images.grad = None
        layer(images).backward(gradient)


turns.serve(run, versions={"PyTorch": torch.__version__})
