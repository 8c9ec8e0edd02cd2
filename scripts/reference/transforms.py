#!/usr/bin/env python3
"""Reference values for the tests of random crops, flips, cutout and colours.

Crops by numpy.pad, flips by slices, cutout as in the code published with DeVries and Taylor 2017, colours by Pillow's
ImageEnhance, which rounds to bytes. Run from the package's root; writes Tests/DatasetsTests/Reference/transforms.json.
"""

import json
import pathlib

import numpy as np
from PIL import Image, ImageEnhance

OUTPUT = pathlib.Path("Tests/DatasetsTests/Reference/transforms.json")


def crop(image, padding, top, left):
    height, width, _ = image.shape
    padded = np.pad(image, ((padding, padding), (padding, padding), (0, 0)))
    return padded[top : top + height, left : left + width]


def cutout(image, size, y, x):
    height, width, _ = image.shape
    mask = np.ones((height, width, 1), image.dtype)
    y1, y2 = np.clip([y - size // 2, y - size // 2 + size], 0, height)
    x1, x2 = np.clip([x - size // 2, x - size // 2 + size], 0, width)
    mask[y1:y2, x1:x2] = 0
    return image * mask


def colours(image, brightness, contrast, saturation):
    picture = Image.fromarray(image if image.shape[2] == 3 else image[:, :, 0])
    picture = ImageEnhance.Brightness(picture).enhance(brightness)
    picture = ImageEnhance.Contrast(picture).enhance(contrast)
    if image.shape[2] == 3:
        picture = ImageEnhance.Color(picture).enhance(saturation)
    return np.asarray(picture).reshape(image.shape)


def main():
    random = np.random.default_rng(5)
    # Dark enough and bright enough that nothing is clamped.
    image = random.integers(90, 160, size=(5, 7, 3), dtype=np.uint8)
    grey = random.integers(90, 160, size=(4, 6, 1), dtype=np.uint8)
    flat = lambda values: values.ravel().tolist()
    record = {"image": flat(image), "grey": flat(grey), "crops": [], "cutouts": [], "colours": []}
    for down in range(-2, 3):
        for right in range(-2, 3):
            result = crop(image, 2, 2 + down, 2 + right)
            record["crops"].append({"down": down, "right": right, "result": flat(result)})
    for y, x in [(0, 0), (2, 3), (4, 6), (1, 5)]:
        record["cutouts"].append({"size": 3, "y": y, "x": x, "result": flat(cutout(image, 3, y, x))})
        record["cutouts"].append({"size": 4, "y": y, "x": x, "result": flat(cutout(image, 4, y, x))})
    record["flips"] = {
        "horizontal": flat(image[:, ::-1]), "vertical": flat(image[::-1]), "both": flat(image[::-1, ::-1]),
    }
    for factors in [(0.8, 1, 1), (1.2, 1, 1), (1, 0.5, 1), (1, 1.3, 1), (1, 1, 0), (1, 1, 1.4), (0.9, 1.2, 0.6)]:
        for name, source in [("image", image), ("grey", grey)]:
            record["colours"].append(
                {"of": name, "factors": factors, "result": flat(colours(source, *factors))})
    OUTPUT.write_text(json.dumps(record, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
