"""PyTorch: a residual network, a GPT, LSTM layers over characters, a table; random data resident in memory, fused
optimizers. The same models as Benchmarks/Benchmark/Generated.swift.

Variants: eager, channels-last (pictures), time-major (LSTM), compile (torch.compile), compile-channels-last.
"""

import argparse

import torch
from torch import nn
from torch.nn import functional

import turns
from torch_networks import GPT, LENGTH, VOCABULARY, Characters, residual_network

parser = argparse.ArgumentParser()
parser.add_argument("--model", choices=["resnet20", "gpt", "char-lstm", "tabular"], required=True)
parser.add_argument("--variant", default="eager")
parser.add_argument("--batch-size", type=int, default=32)
parser.add_argument("--threads", type=int, default=1)
options = parser.parse_args()
torch.set_num_threads(options.threads)
torch.manual_seed(0)
time_major = options.variant == "time-major"
channels_last = options.variant.endswith("channels-last")


def texts():
    return torch.randint(0, VOCABULARY, (1024, LENGTH))


if options.model == "resnet20":
    model, inputs, targets = residual_network(), torch.rand(1024, 3, 32, 32), torch.randint(0, 10, (1024,))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, nesterov=True, weight_decay=1e-4, fused=True)
elif options.model == "gpt":
    model, inputs, targets = GPT(), texts(), texts()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.99), weight_decay=0.1, fused=True)
elif options.model == "char-lstm":
    model, inputs, targets = Characters(time_major), texts(), texts()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7, fused=True)
else:
    model = nn.Sequential(nn.Linear(108, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1))
    inputs, targets = torch.rand(8192, 108), torch.randint(0, 2, (8192, 1)).float()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7, fused=True)
if channels_last:
    model, inputs = model.to(memory_format=torch.channels_last), inputs.to(memory_format=torch.channels_last)


def objective(batch, wanted):
    if options.model == "tabular":
        return functional.binary_cross_entropy_with_logits(model(batch), wanted)
    if time_major:
        batch, wanted = batch.T, wanted.T
    outputs = model(batch)
    return functional.cross_entropy(outputs.flatten(0, -2), wanted.flatten())


if options.variant.startswith("compile"):
    objective = torch.compile(objective)


def batches():
    while True:
        order = torch.randperm(len(inputs))
        for first in range(0, len(inputs) - options.batch_size + 1, options.batch_size):
            yield order[first:first + options.batch_size]


upcoming = batches()


def run(steps):
    for _ in range(steps):
        numbers = next(upcoming)
        optimizer.zero_grad(set_to_none=True)
        objective(inputs.index_select(0, numbers), targets.index_select(0, numbers)).backward()
        optimizer.step()


turns.serve(run, versions={"PyTorch": torch.__version__}, data_bytes=inputs.nbytes + targets.nbytes)
