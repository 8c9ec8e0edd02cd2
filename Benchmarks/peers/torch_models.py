"""PyTorch: a residual network, a GPT, LSTM layers over characters, a table; random data resident in memory, fused
optimizers. The same models as Benchmarks/Benchmark/Generated.swift.

Variants: eager, channels-last (pictures), time-major (LSTM), compile (torch.compile), compile-channels-last.
"""

import argparse

import torch
from torch import nn
from torch.nn import functional

import turns

parser = argparse.ArgumentParser()
parser.add_argument("--model", choices=["resnet20", "gpt", "char-lstm", "tabular"], required=True)
parser.add_argument("--variant", default="eager")
parser.add_argument("--batch-size", type=int, default=32)
parser.add_argument("--threads", type=int, default=1)
options = parser.parse_args()
torch.set_num_threads(options.threads)
torch.manual_seed(0)
VOCABULARY, LENGTH, WIDTH, LAYERS, HEADS = 65, 64, 128, 4, 4
time_major = options.variant == "time-major"
channels_last = options.variant.endswith("channels-last")


class Block(nn.Module):
    def __init__(self, channels, filters, stride):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, filters, 3, stride, 1, bias=False), nn.BatchNorm2d(filters), nn.ReLU(inplace=True),
            nn.Conv2d(filters, filters, 3, 1, 1, bias=False), nn.BatchNorm2d(filters))
        self.shortcut = nn.Identity() if stride == 1 else nn.Sequential(
            nn.Conv2d(channels, filters, 1, stride, bias=False), nn.BatchNorm2d(filters))

    def forward(self, x):
        return functional.relu(self.body(x) + self.shortcut(x), inplace=True)


def residual_network():
    layers = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(inplace=True)]
    for stage, filters in enumerate((16, 32, 64)):
        for block in range(3):
            halves = stage > 0 and block == 0
            layers.append(Block(filters // 2 if halves else filters, filters, 2 if halves else 1))
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


class TransformerBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention_norm, self.mlp_norm = (nn.LayerNorm(WIDTH, bias=False) for _ in range(2))
        self.projections = nn.Linear(WIDTH, 3 * WIDTH, bias=False)  # query, key and value in one product
        self.output = nn.Linear(WIDTH, WIDTH, bias=False)
        self.mlp = nn.Sequential(
            nn.Linear(WIDTH, 4 * WIDTH, bias=False), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH, bias=False))

    def forward(self, x):
        heads = (part.view(*part.shape[:2], HEADS, -1).transpose(1, 2)
                 for part in self.projections(self.attention_norm(x)).split(WIDTH, dim=2))
        seen = functional.scaled_dot_product_attention(*heads, is_causal=True)
        x = x + self.output(seen.transpose(1, 2).reshape(x.shape))
        return x + self.mlp(self.mlp_norm(x))


class GPT(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens, self.places = nn.Embedding(VOCABULARY, WIDTH), nn.Embedding(LENGTH, WIDTH)
        for table in (self.tokens, self.places):
            nn.init.normal_(table.weight, std=0.02)
        self.blocks = nn.Sequential(*(TransformerBlock() for _ in range(LAYERS)), nn.LayerNorm(WIDTH, bias=False))

    def forward(self, numbers):
        return functional.linear(self.blocks(self.tokens(numbers) + self.places.weight), self.tokens.weight)


class Characters(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, WIDTH)
        self.lstm = nn.LSTM(WIDTH, WIDTH, num_layers=2, batch_first=not time_major)
        self.output = nn.Linear(WIDTH, VOCABULARY)

    def forward(self, numbers):
        return self.output(self.lstm(self.embedding(numbers))[0])


def texts():
    return torch.randint(0, VOCABULARY, (1024, LENGTH))


if options.model == "resnet20":
    model, inputs, targets = residual_network(), torch.rand(1024, 3, 32, 32), torch.randint(0, 10, (1024,))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, nesterov=True, weight_decay=1e-4, fused=True)
elif options.model == "gpt":
    model, inputs, targets = GPT(), texts(), texts()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.99), weight_decay=0.1, fused=True)
elif options.model == "char-lstm":
    model, inputs, targets = Characters(), texts(), texts()
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
