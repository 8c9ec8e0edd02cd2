#!/usr/bin/env python3
"""The recipe gpt-shakespeare in PyTorch: nanoGPT's network and settings, evaluated over the whole validation part.

usage: gpt_torch.py TEXT [SEED...]   (seeds 1 to 3 unless given)

As `lockstep train --config gpt-shakespeare`: the first nine tenths to train on, 2,000 steps of 12 windows at random,
AdamW with a cosine. The loss is the mean over all characters of the last tenth but its first, in windows of 64 one after
the other, each of which sees its own characters alone.

pip install torch
"""

import math
import statistics
import sys
import time

import torch
from torch.nn import functional
from torch_networks import GPT, LAYERS, LENGTH

STEPS, BATCH, WARM_UP, RATE, FINAL_RATE = 2000, 12, 100, 2e-3, 1e-4


def rate(step):
    if step < WARM_UP:
        return RATE * (step + 1) / WARM_UP
    return FINAL_RATE + (RATE - FINAL_RATE) * (1 + math.cos(math.pi * (step - WARM_UP) / (STEPS - WARM_UP))) / 2


def network():
    model = GPT()
    for name, weights in model.named_parameters():
        if name.endswith(("output.weight", "mlp.2.weight")):
            torch.nn.init.normal_(weights, std=0.02 / math.sqrt(2 * LAYERS))
        elif weights.dim() == 2:
            torch.nn.init.normal_(weights, std=0.02)
    return model


def loss(model, inputs, targets, **options):
    return functional.cross_entropy(model(inputs).flatten(0, -2), targets.flatten(), **options)


def train(numbers, seed):
    torch.manual_seed(seed)
    model = network()
    groups = [{"params": [p for p in model.parameters() if p.dim() == 2], "weight_decay": 0.1},
              {"params": [p for p in model.parameters() if p.dim() < 2], "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.99), fused=True)
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = rate(step)
        windows = torch.randint(len(numbers) - LENGTH, (BATCH, 1)) + torch.arange(LENGTH + 1)
        batch = numbers[windows]
        optimizer.zero_grad(set_to_none=True)
        loss(model, batch[:, :-1], batch[:, 1:]).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model


@torch.no_grad()
def evaluate(model, numbers):
    missing = -(len(numbers) - 1) % LENGTH  # of the last window: padding behind it changes nothing before
    inputs = functional.pad(numbers[:-1], (0, missing)).view(-1, LENGTH).split(64)
    targets = functional.pad(numbers[1:], (0, missing), value=-100).view(-1, LENGTH).split(64)
    return sum(loss(model, *pair, reduction="sum").item() for pair in zip(inputs, targets)) / (len(numbers) - 1)


text = open(sys.argv[1], encoding="utf-8").read()
places = {character: place for place, character in enumerate(sorted(set(text)))}
numbers = torch.tensor([places[character] for character in text])
split = int(len(numbers) * 0.9)
print(f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads")
results = []
for seed in [int(word) for word in sys.argv[2:]] or [1, 2, 3]:
    start = time.monotonic()
    model = train(numbers[:split], seed)
    seconds = time.monotonic() - start
    results.append(evaluate(model, numbers[split:]))
    print(f"seed {seed}: {results[-1]:.4f} nats over {len(numbers) - split - 1} characters, {seconds:.0f} s", flush=True)
if len(results) > 1:
    print(f"mean {statistics.mean(results):.4f} +- {statistics.stdev(results):.4f}")
