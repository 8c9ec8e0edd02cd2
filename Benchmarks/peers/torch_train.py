"""PyTorch: data resident in memory, batches by index_select, Adam, cross-entropy.

Variants: eager (default Adam), fused (fused Adam), channels-last (and fused), compile (torch.compile and fused), ddp
(DistributedDataParallel over gloo; one process per rank, RANK and WORLD_SIZE in the environment; the batch is global).
"""

import os

import torch
from torch import nn

import turns

options = turns.arguments(["eager", "fused", "channels-last", "compile", "ddp"])
torch.set_num_threads(options.threads)
torch.manual_seed(0)

images, labels = (torch.from_numpy(array) for array in turns.samples(options.data, options.samples))
if options.model == "mnist-cnn":
    images = images.view(-1, 1, 28, 28)
    model = nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(5408, 128), nn.ReLU(), nn.Linear(128, 10))
else:
    model = nn.Sequential(nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))
data_bytes = images.nbytes + labels.nbytes
if options.variant == "channels-last":
    model, images = model.to(memory_format=torch.channels_last), images.to(memory_format=torch.channels_last)

ranks = int(os.environ.get("WORLD_SIZE", 1)) if options.variant == "ddp" else 1
rank = int(os.environ.get("RANK", 0)) if options.variant == "ddp" else 0
forward = model
if options.variant == "ddp":
    torch.distributed.init_process_group("gloo")
    forward = nn.parallel.DistributedDataParallel(model, gradient_as_bucket_view=True, static_graph=True)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7, fused=options.variant != "eager" or None)
cross_entropy = nn.CrossEntropyLoss()


def objective(batch, targets):
    return cross_entropy(forward(batch), targets)


if options.variant == "compile":
    objective = torch.compile(objective)


def batches():
    """Sample numbers of this rank's part of every batch, shuffled anew for every epoch."""
    part = options.batch_size // ranks
    while True:
        order = torch.randperm(len(labels))
        for first in range(0, len(labels) - options.batch_size + 1, options.batch_size):
            yield order[first + rank * part:first + (rank + 1) * part]


upcoming = batches()


def run(steps):
    for _ in range(steps):
        numbers = next(upcoming)
        optimizer.zero_grad(set_to_none=True)
        objective(images.index_select(0, numbers), labels.index_select(0, numbers)).backward()
        optimizer.step()


turns.serve(run, versions={"PyTorch": torch.__version__}, data_bytes=data_bytes)
