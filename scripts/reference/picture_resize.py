#!/usr/bin/env python3
"""Values of Pillow for Tests/DatasetsTests/PictureResizeTests.swift: pictures brought to other sizes by
`Image.resize(size, BILINEAR)`, and to other channels by `alpha_composite` over black and `convert`. Writes
Tests/DatasetsTests/Reference/resize.json. Made with Pillow 13.

    pip install pillow numpy
    scripts/reference/picture_resize.py
"""
import json
from pathlib import Path

import numpy as np
from PIL import Image

FOLDER = Path(__file__).resolve().parents[2] / "Tests/DatasetsTests/Reference"
MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


def picture(height, width, channels):
    """Bytes by a formula that the test repeats."""
    index = np.arange(height * width * channels, dtype=np.int64)
    values = (index * index * 31 + index * 7 + (index >> 3) * 13) & 255
    return Image.fromarray(values.astype(np.uint8).reshape(height, width, channels).squeeze(-1) if channels == 1
                           else values.astype(np.uint8).reshape(height, width, channels), MODES[channels])


def resized(shape, height, width):
    result = picture(*shape).resize((width, height), Image.Resampling.BILINEAR)
    return {"shape": shape, "size": [height, width], "pixels": np.asarray(result).tobytes().hex()}


def converted(shape, channels):
    source = picture(*shape)
    if shape[2] % 2 == 0:
        source = source.convert("RGBA")
        source = Image.alpha_composite(Image.new("RGBA", source.size, (0, 0, 0, 255)), source).convert("RGB")
        if shape[2] == 2:
            source = source.getchannel(0)
    result = source.convert(MODES[channels])
    return {"shape": shape, "channels": channels, "pixels": np.asarray(result).tobytes().hex()}


cases = [
    ([13, 17, 1], sizes) for sizes in [(13, 17), (5, 7), (26, 34), (13, 5), (20, 17), (1, 1), (40, 3), (3, 40), (12, 16)]
] + [([9, 11, 3], sizes) for sizes in [(4, 4), (18, 5), (8, 22)]] + [
    ([200, 150, 1], (8, 6)), ([150, 301, 3], (7, 5)), ([1, 1, 3], (3, 2)), ([2, 1000, 1], (2, 9)),
]
FOLDER.joinpath("resize.json").write_text(json.dumps({
    "resized": [resized(shape, *size) for shape, size in cases],
    "converted": [converted([6, 7, own], wanted) for own in (1, 2, 3, 4) for wanted in (1, 3)],
}, indent=0) + "\n")
print(len(cases), "sizes")
