"""Who takes part: ours, and every peer in its strongest honest form. Peers without an installation are absent."""

import json
import os
import pathlib
import socket
import subprocess

from machine import ONE_CORE, TWO_CORES
from turns import Contender, Launch

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = ROOT / "Benchmarks" / "peers"
PROGRAM = ROOT / ".build" / "release" / "Benchmark"
COMMAND = ROOT / ".build" / "release" / "lockstep"
OUTPUT = ROOT / ".build" / "bench"
# Of a program that trains to the end.
RUN = OUTPUT / "run"

# mpirun refuses to run as root unless told twice.
AS_ROOT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"} if os.geteuid() == 0 else {}

# Module to look for, script, variants with their names.
FRAMEWORKS = {
    "torch": ("torch", "torch_train.py", {
        "eager": "PyTorch eager, default Adam", "fused": "PyTorch eager, fused Adam",
        "channels-last": "PyTorch eager, fused Adam, channels last", "compile": "PyTorch torch.compile, fused Adam"}),
    "keras": ("keras, tensorflow", "keras_train.py", {
        "jit": "Keras on TensorFlow, jit_compile", "graph": "Keras on TensorFlow, graph"}),
    "jax": ("jax", "jax_train.py", {"step": "JAX jit, donated buffers", "scan": "JAX jit, 50 steps in a scan"}),
    "mlx": ("mlx.core", "mlx_train.py", {"compile": "MLX, compiled"}),
}


class Field:
    """Makes contenders. `python` runs the peers, or is None where they are not asked for; `data` is a folder or None, and
    so is `pictures`."""

    def __init__(self, python, data, pictures=None):
        self.python, self.data, self.pictures = python, data, pictures
        self.installed = {}

    def launcher(self, ranks):
        return ["mpirun", "-n", str(ranks), "--bind-to", "core"]

    def ours(self, model, batch_size, cores, ranks=1, shards=None, threads=None, key=None, data=True):
        command = [str(PROGRAM), "train", "--model", model, "--batch-size", str(batch_size)]
        for flag, value in (("--shards", shards), ("--threads", threads), ("--data", self.data if data else None)):
            command += [flag, str(value)] if value is not None else []
        each = threads or (len(cores) // ranks)
        name = "Lockstep" + (f", {shards} shard{'s' * (shards > 1)}" if shards else ", defaults")
        return self.ranks_of(key or "ours", name, command, ranks, each, cores)

    def independent(self, model, batch_size, cores, key):
        """As many processes that know nothing of each other, one a core, each with a batch of its own."""
        one = self.ours(model, batch_size, cores[:1], shards=1, threads=1, key=key)
        one.name = f"Lockstep, {len(cores)} independent processes"
        one.layout = f"{len(cores)} apart"
        one.launches = [Launch(one.launches[0].command, [core]) for core in cores]
        return one

    def ranks_of(self, key, name, command, ranks, threads, cores):
        """A program under mpirun, or alone."""
        launch = Launch((self.launcher(ranks) if ranks > 1 else []) + command, cores, AS_ROOT)
        return Contender(key, name, f"{ranks} x {threads}", [launch])

    def has(self, module):
        if self.python and module not in self.installed:
            check = subprocess.run([self.python, "-c", f"import {module}"], capture_output=True, text=True)
            self.installed[module] = check.returncode == 0
        return self.installed.get(module, False)

    def reason(self, module):
        """Why a peer is absent, or None."""
        if not self.python:
            return "not asked for (--peers)"
        return None if self.has(module) else "not installed"

    def peer(self, key, name, module, script, arguments, cores, layout=None):
        threads = str(len(cores))
        launch = Launch(
            [self.python or "python3", str(PEERS / script), "--threads", threads, *map(str, arguments)], cores,
            {"OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads,
             "PYTHONDONTWRITEBYTECODE": "1"})
        return Contender(key, name, layout or f"1 x {threads}", [launch], absent=self.reason(module))

    def train(self, model, batch_size, cores):
        """All peers that train on one process."""
        arguments = ["--model", model, "--batch-size", batch_size] + (["--data", self.data] if self.data else [])
        return [
            self.peer(f"{framework}-{variant}", name, module, script, [*arguments, "--variant", variant], cores)
            for framework, (module, script, variants) in FRAMEWORKS.items()
            for variant, name in variants.items()
            if not (model == "mnist-mlp" and variant == "channels-last")
        ]

    def ddp(self, model, batch_size, cores, data=True):
        """PyTorch DistributedDataParallel over gloo, one process a core."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        arguments = ["--model", model, "--batch-size", batch_size, "--variant", "ddp"]
        if self.data and data:
            arguments += ["--data", self.data]
        elif not data:
            arguments += ["--samples", 10000]  # as many as the built-in digits, which ours then takes
        contender = self.peer("ddp", "PyTorch DDP, gloo", "torch", "torch_train.py", arguments, ONE_CORE,
                              layout=f"{len(cores)} x 1")
        model_launch = contender.launches[0]
        contender.launches = [
            Launch(model_launch.command, [core], {
                **model_launch.environment, "RANK": str(rank), "WORLD_SIZE": str(len(cores)),
                "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "GLOO_SOCKET_IFNAME": "lo"})
            for rank, core in enumerate(cores)
        ]
        return contender

    def recipe(self, name, cores):
        """The command with a built-in configuration; it ends with the recipe."""
        data = f"mnist:{self.data}" if self.data else "digits"
        command = [str(COMMAND), "train", "--config", name, "--data", data, "--verbose", "2", "--run", str(RUN)]
        return Contender("ours", f"Lockstep, {name}", f"1 x {len(cores)}", [Launch(command, cores)])

    def keras_until(self, target, cores):
        """The tutorial's CNN until it has reached a test accuracy."""
        arguments = ["--data", self.data, "--target", target]
        contender = self.peer("keras", f"Keras, the tutorial's CNN to {100 * target:.1f} %", "keras, tensorflow",
                              "keras_accuracy.py", arguments, cores)
        contender.absent = contender.absent or (None if self.data else "no MNIST")
        return contender

    def convolution(self, size, channels, filters):
        arguments = ["--size", size, "--channels", channels, "--filters", filters]
        ours = [str(PROGRAM), "convolution", *map(str, arguments)]
        return [
            Contender("ours", "Lockstep", "1 x 1", [Launch(ours, ONE_CORE)]),
            self.peer("torch", "PyTorch eager, channels last", "torch", "torch_convolution.py", arguments, ONE_CORE),
        ]

    def reduce(self, size, piece=1 << 20):
        """Ours and MPI_Allreduce: whole, and where it is larger than a piece, in pieces; with and without a copy."""
        ours = self.ranks_of("ours", "Lockstep", [str(PROGRAM), "reduce", "--bytes", str(size)], 2, 1, TWO_CORES)
        program, problem = compiled_allreduce()
        peers = []
        for pieces, label in (((size, "whole"), (piece, "1 MiB pieces")) if size > piece else ((size, "whole"),)):
            for place in ("", "in-place"):
                command = [program, str(size), str(pieces)] + ([place] if place else [])
                peer = self.ranks_of(
                    f"mpi-{pieces}{place}", f"MPI_Allreduce, {label}" + (", in place" if place else ""), command, 2, 1,
                    TWO_CORES)
                peer.absent = problem
                peers.append(peer)
        return [ours, *peers]


def compiled_allreduce():
    """The program, and why there is none."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    program = OUTPUT / "allreduce"
    try:
        made = subprocess.run(["mpicc", "-O3", "-o", program, PEERS / "allreduce.c"], capture_output=True, text=True)
    except FileNotFoundError:
        return str(program), "no mpicc"
    return str(program), None if made.returncode == 0 else "mpicc failed: " + made.stderr.strip()[:200]


def compiled_products():
    """The program that compares our products with oneDNN's, or has only ours; and why so, or why there is none."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    target = subprocess.run(["swift", "-print-target-info"], capture_output=True, text=True)
    runtime = json.loads(target.stdout)["paths"]["runtimeResourcePath"] if target.returncode == 0 else ""
    clang = pathlib.Path(runtime, "../../bin/clang")
    kernels = ROOT / "Sources" / "CKernels"
    command = [clang if clang.exists() else "clang", "-O2", "-std=gnu11", "-I", kernels / "include", "-I", kernels,
               PEERS / "products.c", *sorted(kernels.glob("*.c")), "-o", OUTPUT / "products", "-lm"]
    if subprocess.run([*command, "-DWITH_ONEDNN", "-ldnnl"], capture_output=True).returncode == 0:
        return OUTPUT / "products", None
    made = subprocess.run(command, capture_output=True, text=True)
    return (OUTPUT / "products", "no libdnnl-dev of version 2") if made.returncode == 0 else (None, made.stderr[:200])


def compare_products(name, seconds, logs, python=None):
    """The microseconds of a set of products, ours and oneDNN's, each the least of turns that take `seconds`; of
    convolutions PyTorch's too, where `python` has it."""
    program, absent = compiled_products()
    lines = []
    if program:
        with open(logs / f"products.{name}", "w") as log:
            wanted = [each for each in [os.environ.get("LOCKSTEP_INSTRUCTION_SET")] if each]
            done = subprocess.run(
                [program, name, str(seconds), *wanted], stdout=subprocess.PIPE, stderr=log, text=True,
                env={**os.environ, "OMP_NUM_THREADS": "1"}, preexec_fn=lambda: os.sched_setaffinity(0, ONE_CORE))
        lines = [json.loads(line) for line in done.stdout.splitlines()]
    version = next((line["oneDNN"] for line in lines if "name" not in line), None)
    lines = [line for line in lines if "name" in line]
    rows = [{"key": "ours", "name": "Lockstep", "layout": "1 x 1", "values": [line["ours"] for line in lines],
             "names": [line["name"] for line in lines], "operations": [line["operations"] for line in lines],
             "versions": {}},
            {"key": "onednn", "name": "oneDNN", "layout": "1 x 1", "versions": {"oneDNN": version} if version else {},
             "values": [line["oneDNN"] for line in lines if "oneDNN" in line]}]
    if absent:
        rows[1]["absent"] = absent
    if name == "convolutions":
        rows.append(torch_convolutions(rows[0]["names"], seconds, logs, python))
    return rows


def torch_convolutions(names, seconds, logs, python):
    lines = []
    if python:
        with open(logs / "torch.convolutions", "w") as log:
            done = subprocess.run(
                [python, PEERS / "torch_convolutions.py", str(seconds)], input=json.dumps(names), text=True,
                stdout=subprocess.PIPE, stderr=log, env={**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
                preexec_fn=lambda: os.sched_setaffinity(0, ONE_CORE))
        lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {"key": "torch", "name": "PyTorch", "layout": "1 x 1", "values": [line["PyTorch"] for line in lines],
            "versions": {"PyTorch": lines[0]["version"]} if lines else {},
            **({} if lines else {"absent": "no PyTorch, or it failed"})}
