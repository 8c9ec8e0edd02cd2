"""PyTorch: two LSTM layers over characters, cross-entropy of the next ones, fused Adam; data resident in memory.

Variants: eager (one nn.LSTM of two layers), compile (torch.compile).
"""

import argparse

import torch
from torch import nn

import turns

parser = argparse.ArgumentParser()
for name, value in (("units", 128), ("vocabulary", 65), ("steps", 64), ("batch-size", 32), ("threads", 1)):
    parser.add_argument(f"--{name}", type=int, default=value)
parser.add_argument("--variant", choices=["eager", "time-major", "compile"], default="eager")
options = parser.parse_args()
torch.set_num_threads(options.threads)
torch.manual_seed(0)
time_major = options.variant == "time-major"


class Characters(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(options.vocabulary, options.units)
        self.lstm = nn.LSTM(options.units, options.units, num_layers=2, batch_first=not time_major)
        self.output = nn.Linear(options.units, options.vocabulary)

    def forward(self, numbers):
        return self.output(self.lstm(self.embedding(numbers))[0])


inputs, targets = (torch.randint(0, options.vocabulary, (1024, options.steps)) for _ in range(2))
model = Characters()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7, fused=True)
cross_entropy = nn.CrossEntropyLoss()


def objective(numbers, wanted):
    if time_major:
        numbers, wanted = numbers.T, wanted.T
    return cross_entropy(model(numbers).flatten(0, 1), wanted.flatten())


if options.variant == "compile":
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
