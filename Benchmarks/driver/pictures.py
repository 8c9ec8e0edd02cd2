"""Pictures: a folder of small ones and the same pixels as arrays, what a picture costs before a step, and the first epoch."""

import json
import os
import random
import shutil
import statistics
import struct
import subprocess
import zlib

from contenders import OUTPUT, PROGRAM, ROOT
from machine import ONE_CORE, TWO_CORES
from turns import Contender, ContenderFailed, Launch, Running, outcome

FOLDER = OUTPUT / "pictures"
SIDE, CLASSES, COUNT = 32, 10, 2560
# Photographs for the first epoch, where they are: JPEG is what people have.
PHOTOGRAPHS = "sign-language-digits"


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(pixels):
    rows = b"".join(b"\0" + pixels[line * 3 * SIDE:(line + 1) * 3 * SIDE] for line in range(SIDE))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b""))


def npy(kind, shape, values):
    text = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}"
    text += " " * (63 - (10 + len(text)) % 64) + "\n"
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(text)) + text.encode() + values


def write():
    """Noise around a colour for each class, in the order in which the folder is read. Once."""
    done = FOLDER / "done"
    if done.exists():
        return
    shutil.rmtree(FOLDER, ignore_errors=True)
    draw = random.Random(1)
    pixels, labels = [], bytearray()
    for number in range(CLASSES):
        (FOLDER / "folder" / f"class-{number}").mkdir(parents=True)
        for index in range(COUNT // CLASSES):
            own = bytes((byte >> 1) + 12 * number for byte in draw.randbytes(3 * SIDE * SIDE))
            (FOLDER / "folder" / f"class-{number}" / f"{index:04}.png").write_bytes(png(own))
            pixels.append(own)
            labels.append(number)
    (FOLDER / "x.npy").write_bytes(npy("|u1", (COUNT, SIDE, SIDE, 3), b"".join(pixels)))
    (FOLDER / "y.npy").write_bytes(npy("|u1", (COUNT,), bytes(labels)))
    done.touch()


def sources(arrays=False):
    write()
    return ["--folder", str(FOLDER / "folder"), "--cache", str(FOLDER / "cache"),
            *(["--arrays", str(FOLDER)] if arrays else [])]


def epoch():
    """A step from the cache and one from arrays, in processor time."""
    command = [str(PROGRAM), "pictures", "--threads", "1"]
    return [Contender("ours", "Lockstep, images: from the cache", "1 x 1", [Launch([*command, *sources()], ONE_CORE)]),
            Contender("npy", "Lockstep, npy of the same pixels", "1 x 1",
                      [Launch([*command, *sources(arrays=True)], ONE_CORE)])]


def transforms(repetitions, seconds, logs):
    """Thread microseconds a picture of reading, of each random change, and of a step."""
    with open(logs / "transforms.log", "w") as log:
        done = subprocess.run(
            [PROGRAM, "transforms", *sources(arrays=True), "--repetitions", str(repetitions), "--seconds", str(seconds / 4)],
            stdout=subprocess.PIPE, stderr=log, text=True, preexec_fn=lambda: os.sched_setaffinity(0, ONE_CORE))
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode != 0 or not lines:
        return [{"key": "step", "name": "step", "layout": "1 x 1", "values": [], "versions": {},
                 "absent": f"failed; see {log.name}"}]
    return [{"key": line["name"], "name": line["name"], "layout": "1 x 1", "values": line["values"], "versions": {}}
            for line in lines]


def photographs(given):
    """A folder of photographs and their side: the given one, that of the data folder, else the drawn ones."""
    places = [given] if given else [
        f"{folder}/{PHOTOGRAPHS}" for folder in (os.environ.get("LOCKSTEP_DATA"), ROOT.parent / "shared" / "data") if folder]
    found = next((place for place in places if os.path.isdir(place)), None)
    if found:
        return os.path.abspath(found)
    write()
    return str(FOLDER / "folder")


def first_epoch(field, given, side):
    """From opening a folder to the end of an epoch, with two workers for decoding or two threads."""
    sizes = ["--folder", photographs(given), "--side", str(side)]
    ours = [str(PROGRAM), "pictures", "--threads", "2", "--first-epoch", *sizes]
    fresh = ["rm", "-rf", str(FOLDER / "fresh")]
    cached = ["sh", "-c", 'rm -rf "$1"; shift; exec "$@"', "sh", str(FOLDER / "fresh"), *ours, "--cache", fresh[-1]]
    return [Contender("ours", "Lockstep, into a new cache", "1 x 2", [Launch(cached, TWO_CORES)]),
            Contender("memory", "Lockstep, into memory", "1 x 2", [Launch(ours, TWO_CORES)]),
            field.peer("torch", "PyTorch, ImageFolder with 2 workers", "torch, torchvision", "torch_pictures.py", sizes,
                       TWO_CORES)]


def measure_first(contenders, repetitions, logs, say):
    """Processor seconds of all of a contender's processes; behind the name those on the wall."""
    results = {contender.key: outcome(contender) for contender in contenders}
    walls = {contender.key: [] for contender in contenders}
    for turn in range(repetitions):
        say(f"turn {turn + 1} of {repetitions}")
        for contender in contenders:
            row = results[contender.key]
            if contender.absent or "absent" in row:
                row["absent"] = contender.absent or row["absent"]
                continue
            try:
                running = Running(contender, logs)
            except ContenderFailed as failure:
                row.update(absent=f"failed: {failure}", values=[])
                continue
            row["values"].append(running.facts["microseconds"] / 1e6)
            row["versions"] = running.facts.get("versions", {})
            walls[contender.key].append(running.facts.get("wall_seconds", running.start_seconds))
            running.close()
    for key, row in results.items():
        if row["values"]:
            row["name"] += f" ({statistics.median(walls[key]):.1f} s on the wall)"
    return list(results.values())
