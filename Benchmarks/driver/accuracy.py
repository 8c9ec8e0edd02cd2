"""Time to test accuracy: programs that train from launch to evaluation, started anew for every seed.

A program takes `--seed N`, prints `val_accuracy: X` after every epoch, and ends when it is done: ours at the end of
its recipe, a peer as soon as it has reached its target.
"""

import os
import re
import shutil
import subprocess
import time

from turns import PAUSE_SECONDS, outcome

TIMEOUT_SECONDS = 900


def run(launch, seed, log):
    """Seconds from launch to end, the last test accuracy, and what the program said about versions."""
    begin = time.monotonic()
    result = subprocess.run(
        [*launch.command, "--seed", str(seed)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=open(log, "ab"), text=True, timeout=TIMEOUT_SECONDS, env={**os.environ, **launch.environment},
        preexec_fn=lambda: os.sched_setaffinity(0, launch.cores))
    seconds = time.monotonic() - begin
    found = re.findall(r"val_accuracy: ([0-9.]+)", result.stdout)
    if result.returncode != 0 or not found:
        raise RuntimeError(f"exit status {result.returncode}; see {log}")
    return seconds, float(found[-1]), dict(re.findall(r"^version (\S+) (\S+)$", result.stdout, re.MULTILINE))


def train_seeds(contenders, seeds, folder, logs, quiet, say):
    """Seconds of every contender: the seeds' values without the fastest and the slowest. A peer that missed its target
    counts with the time it spent, which is less than it would have needed."""
    results = {contender.key: outcome(contender, accuracies=[]) for contender in contenders}
    for seed in range(seeds):
        for contender in contenders:
            row = results[contender.key]
            if contender.absent or "absent" in row:
                row["absent"] = contender.absent or row["absent"]
                continue
            say(f"seed {seed + 1} of {seeds}: {contender.name}")
            shutil.rmtree(folder, ignore_errors=True)
            try:
                with quiet():
                    seconds, accuracy, row["versions"] = run(
                        contender.launches[0], seed, logs / f"{contender.key}.log")
            except (RuntimeError, OSError, subprocess.TimeoutExpired) as failure:
                row.update(absent=f"failed: {failure}", values=[])
                continue
            row["values"].append(seconds)
            row["accuracies"].append(accuracy)
            time.sleep(PAUSE_SECONDS)
    shutil.rmtree(folder, ignore_errors=True)
    for row in results.values():
        if row["values"]:
            row["name"] += ": " + ", ".join(f"{100 * accuracy:.2f}" for accuracy in row["accuracies"]) + " %"
        if len(row["values"]) > 2:
            row["values"] = sorted(row["values"])[1:-1]
    return list(results.values())
