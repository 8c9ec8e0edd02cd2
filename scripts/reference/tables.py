#!/usr/bin/env python3
"""Tables in text files and what pandas reads in them, for the tests of the table reader.

expected.json has the bits of the doubles, each the nearest to its text: numbers.txt is also read by Python, which says
the same. Texts are as they stand, null where missing. Run from the package's root; writes Tests/DatasetsTests/Reference/tables.

pip install "pandas>=3"
"""

import json
import pathlib
import struct

import numpy as np
import pandas as pd

FOLDER = pathlib.Path("Tests/DatasetsTests/Reference/tables")
MISSING = "? NA N/A n/a #N/A <NA> NaN nan -NaN -nan NULL null None".split() + [""]
random = np.random.default_rng(1)
expected = {}


def bits(value):
    return None if np.isnan(value) else struct.pack(">d", value).hex()


def put(name, data, **options):
    """A file, and what pandas makes of it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / name).write_bytes(data)
    frame = pd.read_csv(FOLDER / name, keep_default_na=False, na_values=MISSING, skipinitialspace=True, **options)
    columns = []
    for column in frame:
        values = frame[column]
        if pd.api.types.is_bool_dtype(values):
            columns.append({"name": str(column), "texts": [str(v) for v in values]})
        elif pd.api.types.is_numeric_dtype(values):
            columns.append({"name": str(column), "numbers": [bits(v) for v in values.astype(np.float64)]})
        else:
            columns.append({"name": str(column), "texts": [None if pd.isna(v) else v for v in values]})
    expected[name] = columns


def spellings():
    """Doubles of every size, written in every way, and numbers half-way between two doubles."""
    for pattern in random.integers(0, 0x7FE << 52, 300, dtype=np.uint64):
        value = struct.unpack("<d", struct.pack("<Q", int(pattern)))[0]
        yield from (repr(value), f"{value:.19e}", f"-{value:.3e}")
    for value in random.normal(size=300) * 10.0 ** random.integers(-12, 12, 300):
        yield from (repr(float(value)), f"{value:.2f}", f"{value:.17f}", f"{value:.25g}", f"{value:+.6E}")
    for digits in random.integers(1, 2**63, 200, dtype=np.uint64):
        yield from (str(digits), f"{digits}e{random.integers(-45, 45)}", f".{digits}", f"{digits}.")
    for power in range(50, 64):
        for step in (1, 3, 5):
            half = (1 << power) + (step << max(power - 53, 0))
            yield from (str(half - 1), str(half), str(half + 1))
    for text in ("4503599627370496.5", "2251799813685248.25", "1125899906842624.125", "562949953421312.0625"):
        yield from (text, text[:-1] + "4", text[:-1] + "6", text + "0001", text + "e0", text.replace(".", "") + "e-1")
    yield from ("0", "-0", "0.0", "+0e5", "00012", "1e22", "1e23", "9e22", "4.9e-324", "2.4e-324", "1.7976931348623157e308")
    yield from ("0." + "0" * 40 + "123456789", "1" + "0" * 60, "9" * 400 + "e-390", "123456789" * 5)


# One number a row; float32 cannot hold all of them, so that Tests/DatasetsTests reads these fields by themselves.
numbers = list(spellings())
put("numbers.txt", "\n".join(["number", *numbers]).encode())
assert expected["numbers.txt"][0]["numbers"] == [bits(float(text)) for text in numbers]
put("quoted.csv", b'id,"a ""name""",text\n1,"x, y","line\nbreak"\n2,"say ""no""",""\n"3", plain,""""\n')
put("missing.csv", ("number,text,rest\n" + "".join(f"{m},{m},x\n1.5,word,y\n" for m in MISSING)).encode())
put("european.csv", "größe;zahl;ort\n1,5;10;Köln\n-2,25e-3;;Århus\n,5;3;\"a;b\"\n".encode(), sep=";", decimal=",")
put("windows.tsv", "\ufeffa\tb\r\n1\tx y\r\n\r\n2\t\r\n".encode(), sep="\t")
put("macintosh.csv", b"a|b\r1|x\r2|y", sep="|")
put("adult.csv", b"39, State-gov, 77516, <=50K\n50, ?, 83311, >50K\n38, Private, 215646, <=50K\n", header=None)
put("types.csv", b"code,year,yes,mixed\n007,1999,True,1\n010,2000,False,2\n100,2001,True,3x\n")
(FOLDER / "expected.json").write_text(json.dumps(expected, ensure_ascii=False, indent=0, sort_keys=True) + "\n")
