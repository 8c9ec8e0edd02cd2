"""What the numbers were measured on."""

import json
import os
import pathlib
import platform
import re
import subprocess

# The cores of a two-core measurement, and the one of a one-core measurement: the second, since interrupts and the
# driver itself like the first.
AVAILABLE = sorted(os.sched_getaffinity(0))
TWO_CORES = AVAILABLE[:2]
ONE_CORE = TWO_CORES[-1:]


def first_line(*command):
    try:
        output = subprocess.run(command, capture_output=True, text=True, timeout=60).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    return output.splitlines()[0].strip() if output.strip() else None


def field(path, key):
    for line in pathlib.Path(path).read_text().splitlines():
        name, _, value = line.replace("=", ":", 1).partition(":")
        if name.strip() == key:
            return value.strip().strip('"')
    return None


def describe(program):
    """Facts about this machine; the peaks are measured on the core of the one-core measurements."""
    answer = subprocess.run(
        ["taskset", "-c", str(ONE_CORE[0]), program, "peak"], capture_output=True, text=True, timeout=60, check=True)
    peak = json.loads(answer.stdout)
    both = [subprocess.Popen(["taskset", "-c", str(core), program, "peak"], stdout=subprocess.PIPE, text=True)
            for core in TWO_CORES]
    peak["both_bytes_per_second"] = sum(
        json.loads(each.communicate(timeout=60)[0])["memory_bytes_per_second"] for each in both)
    memory = int(field("/proc/meminfo", "MemTotal").split()[0]) * 1024
    return {
        "cpu": field("/proc/cpuinfo", "model name") or platform.processor() or platform.machine(),
        "cores": len(AVAILABLE), "cores_used": TWO_CORES, "memory_bytes": memory,
        "system": f"{field('/etc/os-release', 'PRETTY_NAME')}, Linux {platform.release()}", **peak,
    }


def versions():
    """Ours, and what we are built with."""
    swift = re.search(r"Swift version (\S+)", first_line("swift", "--version") or "")
    return {
        "Lockstep": first_line("git", "describe", "--always", "--dirty") or "unknown",
        "Swift": swift.group(1) if swift else "unknown",
        "MPI": first_line("mpirun", "--version") or "absent",
    }
