"""What every Python peer shares: its arguments, the data, and taking turns with the other contenders.

A peer says it is ready with a line of JSON once its first step is done. Then it answers each line "measure STEPS"
with one; between orders it waits for the next without using the core.
"""

import argparse
import gzip
import json
import os
import resource
import sys
import time


def arguments(variants):
    parser = argparse.ArgumentParser()
    parser.add_argument("--variant", choices=variants, default=variants[0])
    parser.add_argument("--model", choices=["mnist-mlp", "mnist-cnn"], default="mnist-mlp")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--data", help="a folder with MNIST's files; random numbers of their shape unless given")
    parser.add_argument("--samples", type=int, default=60000, help="random samples")
    return parser.parse_args()


def samples(folder, count, part="train"):
    """Images [count, 784] between 0 and 1, and labels [count]; a third-party array only at this point."""
    import numpy

    if folder is None:
        random = numpy.random.default_rng(0)
        return random.random((count, 784), dtype=numpy.float32), random.integers(0, 10, count)
    arrays = []
    for name, header in ((f"{part}-images-idx3-ubyte", 16), (f"{part}-labels-idx1-ubyte", 8)):
        path = os.path.join(folder, name)
        opened = open(path, "rb") if os.path.exists(path) else gzip.open(path + ".gz", "rb")
        with opened as file:
            arrays.append(numpy.frombuffer(file.read(), numpy.uint8, offset=header))
    images = arrays[0].reshape(-1, 784).astype(numpy.float32) / 255
    return images, arrays[1].astype(numpy.int64)


def reply(**facts):
    print(json.dumps(facts), flush=True)


def orders():
    """The steps of every turn."""
    for line in sys.stdin:
        words = line.split()
        if len(words) == 2 and words[0] == "measure":
            yield int(words[1])


class Turn:
    """Times `steps` steps: `turn = Turn()`, the steps, `turn.answer(steps)`."""

    def __init__(self):
        self.begin, self.busy_begin = time.perf_counter(), time.process_time()

    def answer(self, steps):
        seconds, busy_seconds = time.perf_counter() - self.begin, time.process_time() - self.busy_begin
        usage = resource.getrusage(resource.RUSAGE_SELF)
        reply(microseconds=seconds / steps * 1e6, busy_microseconds=busy_seconds / steps * 1e6,
              peak_bytes=usage.ru_maxrss * 1024)


def serve(run, **facts):
    """Answers orders for ever with `run(steps)`, after one free step."""
    run(1)
    reply(**facts)
    for steps in orders():
        turn = Turn()
        run(steps)
        turn.answer(steps)
