#!/usr/bin/env python3
"""NumPy files and their values, for the tests of the array reader.

Every type in both byte orders and both orders of axes, the three versions of the format, ranks 0 to 5, what is refused,
and archives: stored, deflated, with 64-bit sizes, with sizes behind the data. Expected are the values as 32-bit floats,
row-major, in hexadecimal. Run from the package's root; writes Tests/DatasetsTests/Reference/arrays.json.

pip install numpy
"""

import base64
import io
import json
import pathlib
import warnings
import zipfile

import numpy as np

OUTPUT = pathlib.Path("Tests/DatasetsTests/Reference/arrays.json")
TYPES = ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8", "b1"]
files, arrays = {}, {}


def npy(array, version=None):
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # version 2 and 3 are announced
        np.lib.format.write_array(stream, array, version=version)
    return stream.getvalue()


def expect(array):
    with np.errstate(over="ignore"):
        floats = np.ascontiguousarray(array, dtype="<f4")
    return {"shape": list(array.shape), "type": array.dtype.name, "floats": floats.tobytes().hex()}


def put(name, data, expected=None):
    files[name] = base64.b64encode(data).decode()
    if expected is not None:
        arrays[name] = expected


def values(kind, shape):
    """The limits of a type, zeros of both signs, what is rounded, then noise."""
    count = int(np.prod(shape))
    if kind[0] == "b":
        return (np.arange(count) % 3 == 0).reshape(shape)
    random = np.random.default_rng(1)
    if kind[0] == "f":
        special = [0.0, -0.0, 1.5, -2.25, np.inf, -np.inf, 65504, 2**-24, -(2**-14), 1 / 3, 1e-40, 3.4e38]
        with np.errstate(over="ignore"):
            flat = np.concatenate([special, random.normal(size=count)])[:count].astype(kind)
    else:
        limits = np.iinfo(kind)
        special = [limits.min, limits.max, 0, 1, limits.max // 3]
        flat = np.array(special + [int(v) for v in random.integers(0, 100, size=count)], dtype=kind)[:count]
    return flat.reshape(shape)


for kind in TYPES:
    for order in "<>":
        for axes in "CF":
            array = np.asarray(values(kind, (4, 3, 2)), dtype=order + kind, order=axes)
            put(f"{order}{kind}-{axes}.npy", npy(array), expect(array))
for shape in [(7,), (1,), (5, 1), (1, 5), (2, 3, 4), (2, 3, 1, 2), (2, 1, 3, 2, 2)]:
    for axes in "CF":
        array = np.asarray(values("f4", shape), order=axes)
        put(f"rank-{'x'.join(map(str, shape))}-{axes}.npy", npy(array), expect(array))
for version in [(1, 0), (2, 0), (3, 0)]:
    put(f"version{version[0]}.npy", npy(values("i2", (5, 2)), version), expect(values("i2", (5, 2))))

put("refused-0d.npy", npy(np.array(3.0)))
put("refused-empty.npy", npy(np.zeros((0, 28), dtype="f4")))
put("refused-object.npy", npy(np.array([[1], [2, 3]], dtype=object)))
put("refused-complex.npy", npy(np.zeros(3, dtype="c8")))
put("refused-text.npy", npy(np.array(["cat", "dog"])))
put("refused-bytes.npy", npy(np.array([b"cat", b"dog"])))
put("refused-date.npy", npy(np.array(["2024-01-01"], dtype="M8[D]")))
put("refused-long-double.npy", npy(np.zeros(3, dtype="g")))
put("refused-records.npy", npy(np.zeros(3, dtype=[("age", "<i4"), ("weight", "<f4", (2,))])))
put("refused-records-utf8.npy", npy(np.zeros(3, dtype=[("größe€", "<i4"), ("weight", "<f4")]), (3, 0)))
put("refused-void.npy", npy(np.zeros(3, dtype="V2")))

members = {"x_train": values("u1", (6, 2, 2)), "y_train": np.arange(6), "weights": values("f8", (6,))}


class Pipe(io.BytesIO):
    """Has no way back, so that sizes and checksum follow a member's data."""

    def seekable(self):
        return False

    def seek(self, *_):
        raise OSError("a pipe")

    def tell(self):
        raise OSError("a pipe")


def archive(method, force_zip64=False, stream=None, comment=b""):
    stream = stream if stream is not None else io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as file:
        for name, array in members.items():
            with file.open(zipfile.ZipInfo(name + ".npy"), "w", force_zip64=force_zip64) as member:
                member._compress_type = method
                member.write(npy(array))
        file.comment = comment
    return stream.getvalue()


def by_numpy(save):
    stream = io.BytesIO()
    save(stream, **members)
    return stream.getvalue()


def all_zip64():
    """An archive whose directory and end have 64-bit fields throughout."""
    limits = (zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT)
    zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = 1, 1
    try:
        return archive(zipfile.ZIP_STORED, force_zip64=True)
    finally:
        zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = limits


put("stored.npz", by_numpy(np.savez))
put("deflated.npz", by_numpy(np.savez_compressed))
put("zip64.npz", all_zip64())
put("piped.npz", archive(zipfile.ZIP_STORED, stream=Pipe()))
put("comment.npz", archive(zipfile.ZIP_STORED, comment=b"a comment"))
for name in files:
    if name.endswith(".npz"):
        loaded = np.load(io.BytesIO(base64.b64decode(files[name])))
        assert all((loaded[key] == members[key]).all() for key in members), name
        arrays[name] = {key: expect(array) for key, array in members.items()}

stream = io.BytesIO()
with zipfile.ZipFile(stream, "w", zipfile.ZIP_BZIP2) as file:
    file.writestr("x.npy", npy(members["x_train"]))
put("refused-bzip2.npz", stream.getvalue())
stream = io.BytesIO()
with zipfile.ZipFile(stream, "w") as file:
    file.writestr("readme.txt", "no array")
put("refused-no-array.npz", stream.getvalue())

plain = {name: value for name, value in arrays.items() if name.endswith(".npy")}
archives = {name: value for name, value in arrays.items() if name.endswith(".npz")}
OUTPUT.write_text(json.dumps({"files": files, "arrays": plain, "archives": archives}, indent=0) + "\n")
