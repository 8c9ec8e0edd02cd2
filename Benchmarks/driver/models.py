"""The models for pictures, texts and tables: one table on one core, with peers in their strongest form, and one on two."""

import dataclasses

from contenders import PROGRAM
from goals import Part, at_most, goal, no_allocation
from machine import ONE_CORE, TWO_CORES
from turns import Contender, Launch


@dataclasses.dataclass
class Benchmark:
    """One model: `Benchmark generated` and the peers' programs know it by `name`."""

    name: str
    title: str
    batch_size: int
    # Of the two-core table, and of each core's half.
    shards: int
    # What the step may take of the best peer's, on one core.
    must: float
    aim: float
    torch: tuple
    jax: tuple = ("step", "scan")

    def ours(self, key, name, cores, ranks, threads, shards, batch_size):
        command = [str(PROGRAM), "generated", "--model", self.name, "--batch-size", str(batch_size), "--threads",
                   str(threads), *(["--shards", str(shards)] if shards else [])]
        return key, name, command, ranks, threads, cores

    def peers(self, field, cores):
        for framework, names, variants in (("torch", TORCH, self.torch), ("jax", JAX, self.jax)):
            for variant in variants:
                yield field.peer(
                    f"{framework}-{variant}", names[variant], framework, f"{framework}_models.py",
                    ["--model", self.name, "--batch-size", self.batch_size, "--variant", variant], cores)

    def on_one_core(self, field):
        return [
            field.ranks_of(*self.ours("ours", "Lockstep, 1 shard", ONE_CORE, 1, 1, 1, self.batch_size)),
            field.ranks_of(*self.ours("defaults", "Lockstep, defaults", ONE_CORE, 1, 1, None, self.batch_size)),
            *self.peers(field, ONE_CORE),
        ]

    def one_core_goals(self, rows, machine):
        return [
            at_most(self.must, "the best peer", rows, "ours", "torch", "jax", prefix="must: "),
            at_most(self.aim, "the best peer", rows, "ours", "torch", "jax", prefix="aim: "),
            no_allocation(rows),
        ]

    def on_two_cores(self, field):
        shards, batch_size = self.shards, self.batch_size
        name = f"Lockstep, {shards} shards"
        half = self.ours("apart", "Lockstep, 2 independent processes, half the batch each", TWO_CORES, 1, 1, shards // 2,
                         batch_size // 2)
        return [
            field.ranks_of(*self.ours("ours", name, TWO_CORES, 2, 1, shards, batch_size)),
            field.ranks_of(*self.ours("threads", name, TWO_CORES, 1, 2, shards, batch_size)),
            field.ranks_of(*self.ours("one", name, ONE_CORE, 1, 1, shards, batch_size)),
            Contender(*half[:2], "2 apart", [Launch(half[2], [core]) for core in TWO_CORES]),
            *self.peers(field, TWO_CORES),
        ]

    def two_core_goals(self, rows, machine):
        def faster(key, text):
            one, two = rows.medians.get("one"), rows.medians.get(key)
            return goal(f"{text} at least 1.8 x faster than one core", one and two and one / two,
                        lambda value: value >= 1.8, "{:.2f} x faster")
        return [faster("ours", "2 ranks"), faster("threads", "2 threads"),
                faster("apart", "(the wall) 2 independent processes")]

    def parts(self):
        return [
            Part("1-core", f"{self.title}, batch {self.batch_size}, 1 core", self.on_one_core, self.one_core_goals,
                 data="random numbers"),
            Part("2-cores", f"{self.title}, batch {self.batch_size}, 2 cores", self.on_two_cores, self.two_core_goals,
                 data="random numbers"),
        ]


TORCH = {
    "eager": "PyTorch eager, fused optimizer", "channels-last": "PyTorch eager, fused optimizer, channels last",
    "time-major": "PyTorch eager, fused optimizer, time major", "compile": "PyTorch torch.compile, fused optimizer",
    "compile-channels-last": "PyTorch torch.compile, fused optimizer, channels last",
}
JAX = {"step": "JAX jit, donated buffers", "scan": "JAX jit, 10 steps in a scan"}

MODELS = {each.name: each.parts() for each in (
    Benchmark("resnet20", "ResNet-20 on pictures of 32 x 32, momentum", 128, 8, 0.65, 0.55,
              ("eager", "channels-last", "compile", "compile-channels-last"), ("step",)),
    Benchmark("gpt", "GPT of 4 layers, 4 heads, width 128 on 64 characters, AdamW", 12, 2, 0.75, 0.65,
              ("eager", "compile")),
    Benchmark("char-lstm", "Two LSTM layers of 128 over 64 characters, Adam", 32, 2, 0.85, 0.75,
              ("eager", "time-major", "compile"), ()),
    Benchmark("tabular", "A table of 108 columns, dense layers of 64, 32 and 1, Adam", 256, 2, 0.4, 0.3,
              ("eager", "compile")),
)}
