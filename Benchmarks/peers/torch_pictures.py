"""PyTorch: one epoch over a folder of pictures by torchvision's ImageFolder and a DataLoader of two workers, on the small CNN
of the configuration cifar10-cnn. Tells the processor time of all its processes since the folder was opened.
"""

import argparse
import resource
import time

import torch
import torchvision
from torch import nn
from torchvision import transforms

import turns

parser = argparse.ArgumentParser()
parser.add_argument("--folder", required=True)
parser.add_argument("--side", type=int, default=32)
parser.add_argument("--batch-size", type=int, default=128)
parser.add_argument("--threads", type=int, default=2)
options = parser.parse_args()
torch.set_num_threads(options.threads)
torch.manual_seed(0)


def processor_seconds():
    """Of this process and of its workers that have ended."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def block(inputs, filters):
    return [nn.Conv2d(inputs, filters, 3, padding=1, bias=False), nn.BatchNorm2d(filters), nn.ReLU(), nn.MaxPool2d(2)]


begin, wall = processor_seconds(), time.perf_counter()
data = torchvision.datasets.ImageFolder(
    options.folder, transforms.Compose([transforms.Resize((options.side, options.side)), transforms.ToTensor()]))
loader = torch.utils.data.DataLoader(data, batch_size=options.batch_size, shuffle=True, num_workers=2)
sides = options.side // 8
model = nn.Sequential(
    *block(3, 32), *block(32, 64), *block(64, 128), nn.Flatten(), nn.Linear(128 * sides * sides, 128, bias=False),
    nn.BatchNorm1d(128), nn.ReLU(), nn.Dropout(0.3), nn.Linear(128, len(data.classes)))
model = model.to(memory_format=torch.channels_last)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7, fused=True)
cross_entropy = nn.CrossEntropyLoss()
for inputs, targets in loader:
    optimizer.zero_grad(set_to_none=True)
    cross_entropy(model(inputs.to(memory_format=torch.channels_last)), targets).backward()
    optimizer.step()
del loader
turns.reply(
    microseconds=(processor_seconds() - begin) * 1e6, wall_seconds=time.perf_counter() - wall,
    versions={"PyTorch": torch.__version__, "torchvision": torchvision.__version__})
for _ in turns.orders():
    pass
