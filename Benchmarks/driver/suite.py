"""The benchmarks and their goals: every part is one table, measured in one go."""

import math
import statistics

import pictures
from accuracy import train_seeds
from contenders import RUN, compare_products
from goals import Part, Rows, at_most, goal, no_allocation, times_faster
from machine import ONE_CORE, TWO_CORES
from models import MODELS
from turns import start_afresh, take_turns

MIB = 1 << 20


def cnn_flops(batch_size):
    """Floating-point operations of one step of mnist-cnn: products only, by the definition of each layer. The
    convolution needs no input gradient; the dense layers compute three products."""
    convolution = 2 * 26 * 26 * 32 * 9
    dense = 2 * (5408 * 128 + 128 * 10)
    return batch_size * (2 * convolution + 3 * dense)


def share_of_peak(batch_size):
    def goals(rows, machine):
        seconds = rows.medians.get("ours", 0) / 1e6
        share = cnn_flops(batch_size) / seconds / machine["flops_per_second"] if seconds else None
        return [
            at_most(0.25, "the best peer", rows, "ours", "torch", "keras", "jax", "mlx"),
            goal("at least 70 % of FMA peak over the whole step", share, lambda value: value >= 0.7, "{:.0%}"),
        ]
    return goals


def scaling(model, strong):
    def contenders(field):
        return [
            field.ours(model, 64, TWO_CORES, ranks=2, threads=1, shards=2),
            field.ours(model, 32, ONE_CORE, threads=1, shards=1, key="own-32"),
            field.ours(model, 64, ONE_CORE, threads=1, shards=2, key="own-64"),
            field.ours(model, 64, TWO_CORES, threads=2, shards=2, key="own-threads"),
            field.independent(model, 32, TWO_CORES, key="apart"),
            field.ddp(model, 64, TWO_CORES),
        ]

    def goals(rows, machine):
        threads = rows.ratio("ours", "own-threads")
        return [
            at_most(1.12, "our own 1 rank with 32 samples (weak scaling)", rows, "ours", "own-32")
            if model == "mnist-mlp" else at_most(1.03, "two independent processes", rows, "ours", "apart"),
            times_faster(8, "PyTorch DDP", rows, "ours", "ddp"),
            times_faster(strong, "our own 1 rank with the same 64 samples", rows, "ours", "own-64"),
            goal("within 5 % of 1 rank x 2 threads", threads, lambda value: 1 / 1.05 <= value <= 1.05, "{:.2f} x"),
        ]
    short = model.removeprefix("mnist-")
    return Part(short, f"{short.upper()}, 2 ranks with 32 samples each (batch 64)", contenders, goals)


def reduction(size, label, goals):
    return Part(
        label.replace(" ", "-"), f"Gradients of {label}, 2 ranks on one node", lambda field: field.reduce(size), goals)


def at_memory_speed(size, rows, machine):
    """Each of two ranks reads half of two gradients and writes half of two results: four times `size` in all."""
    speed, seconds = machine.get("both_bytes_per_second"), rows.medians.get("ours", 0) / 1e6
    return goal("at most 1.5 x its bytes' time at both cores' triad speed",
                seconds * speed / (4 * size) if speed and seconds else None, lambda value: value <= 1.5, "{:.2f} x")


def convolution(size, channels, filters):
    return Part(
        f"{size}x{size}", f"3 x 3 convolution {channels} -> {filters} at {size} x {size}, batch 32, forward and both "
        "backwards, 1 core", lambda field: field.convolution(size, channels, filters),
        lambda rows, machine: [at_most(0.6, "PyTorch, channels last", rows, "ours", "torch")])


def products(name, title, worst=None):
    """Many products, each beside its peers': `values` are theirs in the order of `names`."""
    def goals(rows, machine):
        ours, *theirs = (row["values"] for row in rows.rows)
        best = [min(each) for each in zip(*filter(None, theirs))]
        ratios = [own / peer for own, peer in zip(ours, best)]
        mean = math.exp(statistics.mean(map(math.log, ratios))) if ratios else None
        peers = "the best of oneDNN and PyTorch" if len(theirs) > 1 else "oneDNN"
        found = [goal(f"at most 1.0 x {peers}, geometric mean", mean, lambda value: value <= 1, "{:.2f} x",
                      all(theirs))]
        if worst:
            found.append(goal(f"none above {worst} x oneDNN", max(ratios, default=None), lambda value: value <= worst,
                              "{:.2f} x"))
        return found
    return Part(name, title, lambda field: [], goals, kind="products")


def recipe(name, target, other_goals, peer=False):
    """Time to `target` with a built-in configuration."""
    def goals(rows, machine):
        worst = min(next(row.get("accuracies") for row in rows.rows if row["key"] == "ours") or [0])
        return [*other_goals(rows),
                goal(f"every seed at least {100 * target:.1f} %", 100 * worst, lambda value: value >= 100 * target,
                     "{:.2f} %")]
    return Part(
        name, f"MNIST to {100 * target:.1f} % of the test set, 2 cores, from launch to evaluation",
        lambda field: [field.recipe(name, TWO_CORES), *([field.keras_until(target, TWO_CORES)] if peer else [])],
        goals, kind="accuracy")


def share_of_step(names, limit):
    """Goals that random changes to a picture need at most that share of a step's time for it."""
    def goals(rows, machine):
        step = rows.medians.get("step")
        shares = [rows.medians[key] / step for key in rows.medians if step and key.startswith(names)]
        return [goal(f"flip, crop and cutout at most {limit:.0%} of a step each", max(shares, default=None),
                     lambda value: value <= limit, "{:.1%}")]
    return goals


SUITE = {
    "seed-mlp": [
        Part("1-core", "MLP 784-64-10, batch 32, 1 core",
             lambda field: [field.ours("mnist-mlp", 32, ONE_CORE, shards=1, threads=1),
                            *field.train("mnist-mlp", 32, ONE_CORE)],
             lambda rows, machine: [at_most(0.75, "JAX", rows, "ours", "jax"),
                                    at_most(0.25, "the best PyTorch", rows, "ours", "torch"), no_allocation(rows)]),
        Part("2-cores", "MLP 784-64-10, batch 32, 2 cores, our defaults",
             lambda field: [field.ours("mnist-mlp", 32, TWO_CORES), *field.train("mnist-mlp", 32, TWO_CORES)],
             lambda rows, machine: [at_most(0.8, "JAX", rows, "ours", "jax")]),
    ],
    "seed-cnn": [
        Part("1-core", "The tutorial's CNN, batch 32, 1 core",
             lambda field: [field.ours("mnist-cnn", 32, ONE_CORE, shards=1, threads=1),
                            *field.train("mnist-cnn", 32, ONE_CORE)],
             lambda rows, machine: [at_most(0.35 if "v4" in machine["instruction_set"] else 0.25, "the best peer", rows,
                                            "ours", "torch", "keras", "jax", "mlx"),
                                    no_allocation(rows)]),
        Part("2-cores", "The tutorial's CNN, batch 32, 2 cores, our defaults",
             lambda field: [field.ours("mnist-cnn", 32, TWO_CORES), *field.train("mnist-cnn", 32, TWO_CORES)],
             lambda rows, machine: [
                 at_most(0.3, "the best peer", rows, "ours", "torch", "keras", "jax", "mlx")]),
        Part("batch-256", "The tutorial's CNN, batch 256, 1 core, automatic shards",
             lambda field: [field.ours("mnist-cnn", 256, ONE_CORE, threads=1),
                            field.ours("mnist-cnn", 256, ONE_CORE, threads=1, shards=1, key="one-shard"),
                            *field.train("mnist-cnn", 256, ONE_CORE)],
             share_of_peak(256)),
    ],
    **MODELS,
    "conv": [convolution(32, 64, 64), convolution(16, 64, 128)],
    "products": [
        products("models", "Products of the tutorial's layers, 1 core", worst=1.1),
        products("squares", "Square products, 1 core", worst=1.1),
        products("convolutions", "Convolutions without Winograd, 1 core"),
    ],
    "scaling": [scaling("mnist-mlp", 1), scaling("mnist-cnn", 1.8)],
    "reduce": [
        reduction(4096, "4 KiB", lambda rows, machine: [
            at_most(1, "the latency of MPI_Allreduce", rows, "ours", "mpi")]),
        reduction(65536, "64 KiB", lambda rows, machine: []),
        reduction(MIB, "1 MiB", lambda rows, machine: []),
        reduction(16 * MIB, "16 MiB", lambda rows, machine: []),
        reduction(64 * MIB, "64 MiB", lambda rows, machine: [
            times_faster(2.5, "the best of MPI_Allreduce", rows, "ours", "mpi"),
            at_memory_speed(64 * MIB, rows, machine)]),
    ],
    "shards": [
        Part("cnn", "The tutorial's CNN, batch 256, 1 core: the price of shards",
             lambda field: [field.ours("mnist-cnn", 256, ONE_CORE, threads=1, shards=8),
                            field.ours("mnist-cnn", 256, ONE_CORE, threads=1, key="defaults"),
                            field.ours("mnist-cnn", 256, ONE_CORE, threads=1, shards=1, key="one-shard")],
             lambda rows, machine: [at_most(1.05, "the time with one shard", rows, "ours", "one-shard"),
                                    at_most(1.08, "the time with one shard, by the defaults", rows, "defaults",
                                            "one-shard")]),
    ],
    "pictures": [
        Part("epoch", "The small CNN on pictures of 32 x 32 x 3, batch 128, 1 core, processor time", lambda field: pictures.epoch(),
             lambda rows, machine: [
                 at_most(1.03, "an epoch from npy", rows, "ours", "npy"),
                 goal("the weights are those from npy",
                      len({row.get("fingerprint") for row in rows.rows if row["values"]}),
                      lambda value: value == 1 and rows.everyone(""), "{} fingerprints")]),
        Part("transforms", "A picture of 32 x 32 x 3 before the step, 1 core, thread time", lambda field: [],
             share_of_step(("flip", "crop", "cutout"), 0.01), kind="pictures", reference="step"),
        Part("first-epoch", "The first epoch over a folder of photographs, small CNN, 2 cores, processor time",
             lambda field: pictures.first_epoch(field, field.pictures, 64), lambda rows, machine: [
                 at_most(1, "PyTorch with ImageFolder", rows, "ours", "torch")], kind="first epoch"),
    ],
    "tta": [
        recipe("mnist-fast", 0.985, lambda rows: [at_most(0.1, "Keras", rows, "ours", "keras")], peer=True),
        recipe("mnist-99", 0.99, lambda rows: [
            goal("at most 30 s", rows.medians.get("ours"), lambda value: value <= 30, "{:.1f} s")]),
        recipe("mnist-994", 0.994, lambda rows: []),
    ],
    "startup": [
        Part("cnn", "From launch to the end of the first step, CNN, 2 ranks",
             lambda field: [field.ours("mnist-cnn", 64, TWO_CORES, ranks=2, threads=1, shards=2, data=False),
                            field.ddp("mnist-cnn", 64, TWO_CORES, data=False)],
             lambda rows, machine: [
                 goal("at most 1 s", rows.medians.get("ours"), lambda value: value <= 1, "{:.2f} s")],
             kind="startup"),
    ],
    "memory": [
        Part("cnn", "Peak resident memory of a rank beyond the data, CNN, 2 ranks with 32 samples each",
             lambda field: [field.ours("mnist-cnn", 64, TWO_CORES, ranks=2, threads=1, shards=2, data=False),
                            field.ddp("mnist-cnn", 64, TWO_CORES, data=False)],
             lambda rows, machine: [
                 goal("at most 120 MiB", rows.medians.get("ours") and rows.medians["ours"] / MIB,
                      lambda value: value <= 120, "{:.0f} MiB")],
             kind="memory"),
    ],
}


def measure(part, field, options, logs, quiet, say):
    """The rows of a part; what is timed runs within the context `quiet()`."""
    if part.kind == "products":
        with quiet():
            return compare_products(part.name, options.seconds / 4, logs, field.python)
    if part.kind == "pictures":
        with quiet():
            return pictures.transforms(options.repetitions, options.seconds, logs)
    contenders = part.contenders(field)
    if part.kind == "first epoch":
        with quiet():
            return pictures.measure_first(contenders, min(3, options.repetitions), logs, say)
    if part.kind == "steps":
        return take_turns(contenders, options.repetitions, options.seconds, logs, quiet, say, options.busy)
    if part.kind == "accuracy":
        if options.quick:
            contenders[0].launches[0].command += ["--limit-train-batches", "5"]
        return train_seeds(contenders, min(5, options.repetitions), RUN, logs, quiet, say)
    with quiet():
        if part.kind == "startup":
            return start_afresh(contenders, options.repetitions, logs, say)
        return start_afresh(
            contenders, min(3, options.repetitions), logs, say, steps=20 if options.quick else 300,
            value=lambda facts, answer: answer["peak_bytes"] - facts["data_bytes"])


def judge(part, rows, machine):
    return part.goals(Rows(rows), machine)
