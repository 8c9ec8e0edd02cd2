"""The networks of the benchmarks and of gpt_torch.py in PyTorch, as Lockstep's named models of the same names."""

import torch
from torch import nn
from torch.nn import functional

VOCABULARY, LENGTH, WIDTH, LAYERS, HEADS = 65, 64, 128, 4, 4


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
    def __init__(self, time_major):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, WIDTH)
        self.lstm = nn.LSTM(WIDTH, WIDTH, num_layers=2, batch_first=not time_major)
        self.output = nn.Linear(WIDTH, VOCABULARY)

    def forward(self, numbers):
        return self.output(self.lstm(self.embedding(numbers))[0])
