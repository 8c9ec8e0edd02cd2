#!/usr/bin/env python3
"""Reference values for the tests of image augmentation.

Each placement is built forwards (scale, turn, shift), inverted as a 3 x 3 matrix, and looked up pixel by pixel in
double precision, independent of the Swift and C code. Quarter turns come from numpy.rot90. Run from the package's
root; writes Tests/DatasetsTests/Reference/augmentation.json.
"""

import json
import math
import pathlib

import numpy as np

OUTPUT = pathlib.Path("Tests/DatasetsTests/Reference/augmentation.json")


def forwards(height, width, right, down, turn, extent):
    """From a place (x, y, 1) in the original to its place in the result."""
    to_centre = np.array([[1, 0, -(width - 1) / 2], [0, 1, -(height - 1) / 2], [0, 0, 1]])
    scale = np.diag([1 / extent, 1 / extent, 1])
    # Counter-clockwise on a screen, where y points down.
    c, s = math.cos(2 * math.pi * turn), math.sin(2 * math.pi * turn)
    rotate = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])
    shift = np.array([[1, 0, right * width], [0, 1, down * height], [0, 0, 1]])
    return shift @ np.linalg.inv(to_centre) @ rotate @ scale @ to_centre


def bilinear(image, x, y):
    """The image between its pixels; outside it is 0."""
    height, width, channels = image.shape
    value = np.zeros(channels)
    for row in (math.floor(y), math.floor(y) + 1):
        for column in (math.floor(x), math.floor(x) + 1):
            if 0 <= row < height and 0 <= column < width:
                value += (1 - abs(y - row)) * (1 - abs(x - column)) * image[row, column]
    return value


def place(image, **placement):
    height, width, _ = image.shape
    backwards = np.linalg.inv(forwards(height, width, **placement))
    result = np.zeros_like(image)
    for row in range(height):
        for column in range(width):
            x, y, _ = backwards @ [column, row, 1]
            result[row, column] = bilinear(image, x, y)
    return result


def main():
    random = np.random.default_rng(11)
    # Wider than a vector, with a rest; not square; two channels.
    image = random.uniform(size=(9, 21, 2)).round(3)
    square = random.uniform(size=(6, 6, 1)).round(3)
    placements = [
        {"right": 0.1, "down": -0.07, "turn": 0, "extent": 1},
        {"right": 0, "down": 0, "turn": 0.03, "extent": 1},
        {"right": 0, "down": 0, "turn": 0, "extent": 1.2},
        {"right": -0.21, "down": 0.13, "turn": -0.11, "extent": 0.83},
        {"right": 2, "down": 0, "turn": 0, "extent": 1},
    ]
    cases = [{"image": image, "placement": p, "result": place(image, **p)} for p in placements]
    for quarters in range(4):
        placement = {"right": 0, "down": 0, "turn": quarters / 4, "extent": 1}
        turned = np.rot90(square, quarters)
        assert np.allclose(place(square, **placement), turned)
        cases.append({"image": square, "placement": placement, "result": turned})
    for case in cases:
        case["shape"] = list(case["image"].shape)
        case["image"] = case["image"].ravel().tolist()
        case["result"] = [float(f"{value:.7g}") for value in case["result"].ravel()]
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps(cases) + "\n")


if __name__ == "__main__":
    main()
