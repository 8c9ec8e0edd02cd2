"""PyTorch, channels last: each convolution of a list of JSON on standard input, in one of three directions; prints
the microseconds that a tenth of many turns fall short of. usage: torch_convolutions.py SECONDS"""

import json
import re
import sys
import time

import torch

PATTERN = re.compile(r"(\d+) x \d+, stride (\d+), (\d+) -> (\d+) at (\d+) x \d+, batch (\d+), (\w+)")
seconds = float(sys.argv[1])
torch.set_num_threads(1)


def work(name):
    """The operation; padding on both sides alike, which gives as many outputs."""
    *numbers, direction = PATTERN.match(name).groups()
    taps, stride, channels, filters, size, batch = map(int, numbers)
    images = torch.randn(batch, channels, size, size).to(memory_format=torch.channels_last)
    kernel = torch.randn(filters, channels, taps, taps).to(memory_format=torch.channels_last)
    strides, padding = (stride, stride), (taps // 2, taps // 2)
    if direction == "forward":
        return lambda: torch.nn.functional.conv2d(images, kernel, None, strides, padding)
    gradient = torch.ones_like(torch.nn.functional.conv2d(images, kernel, None, strides, padding))
    wanted = [direction == "input", direction == "kernel", False]
    return lambda: torch.ops.aten.convolution_backward(
        gradient, images, kernel, None, strides, padding, (1, 1), False, (0, 0), 1, wanted)


for name in json.load(sys.stdin):
    run, times, begin = work(name), [], time.thread_time()
    with torch.no_grad():
        while len(times) < 4 or time.thread_time() - begin < seconds:
            start = time.thread_time()
            run()
            times.append(time.thread_time() - start)
    print(json.dumps({"name": name, "PyTorch": round(sorted(times)[len(times) // 10] * 1e6, 3), "version": torch.__version__}), flush=True)
