#!/usr/bin/env python3
"""Picture files and what Pillow decodes them to, for the tests of the picture readers.

Pillow writes what it can; interlaced, 16-bit and transparent PNG files, plain Netpbm and run-length encoded BMP are
written here byte by byte. Expected are 8-bit samples [height, width, channels] in Pillow's values, turned as EXIF says;
16-bit samples are v / 257, rounded. Run from the package's root; writes Tests/DatasetsTests/Reference/pictures.

pip install pillow numpy
"""

import io
import json
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps

FOLDER = pathlib.Path("Tests/DatasetsTests/Reference/pictures")
HEIGHT, WIDTH = 5, 7
random = np.random.default_rng(1)
expected = {}


def put(name, data, pixels):
    (FOLDER / name).write_bytes(data)
    pixels = np.atleast_3d(np.asarray(pixels, dtype=np.uint8))
    expected[name] = {"shape": list(pixels.shape), "pixels": pixels.tobytes().hex()}


def by_pillow(name, data):
    """What Pillow makes of a file's bytes."""
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    has_alpha = "A" in image.mode or "transparency" in image.info
    if image.mode in ("1", "L", "LA"):
        mode = "LA" if has_alpha else "L"
    else:
        mode = "RGBA" if has_alpha else "RGB"
    put(name, data, np.asarray(image.convert(mode)))


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(samples, depth, color_type, interlaced=False, extra=b""):
    """Samples [height, width, channels] of `depth` bits."""
    height, width, channels = samples.shape

    def rows(part):
        result = b""
        for row in part:
            flat = row.reshape(-1)
            if depth == 16:
                packed = flat.astype(">u2").tobytes()
            elif depth == 8:
                packed = flat.astype("u1").tobytes()
            else:
                bits = "".join(format(int(v), f"0{depth}b") for v in flat)
                bits += "0" * (-len(bits) % 8)
                packed = bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))
            result += b"\0" + packed
        return result

    if interlaced:
        passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
        parts = [samples[y::dy, x::dx] for y, x, dy, dx in passes]
        data = b"".join(rows(p) for p in parts if p.size)
    else:
        data = rows(samples)
    header = struct.pack(">IIBBBBB", width, height, depth, color_type, 0, 0, int(interlaced))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")
    )


def noise(channels, top=256):
    return random.integers(0, top, (HEIGHT, WIDTH, channels))


def saved(array, format, **options):
    file = io.BytesIO()
    image = array if isinstance(array, Image.Image) else Image.fromarray(np.squeeze(array).astype(np.uint8))
    image.save(file, format, **options)
    return file.getvalue()


def pngs():
    for depth in (1, 2, 4, 8):
        by_pillow(f"grey{depth}.png", png(noise(1, 1 << depth), depth, 0))
        palette = random.integers(0, 256, (1 << depth, 3))
        plte = chunk(b"PLTE", palette.astype("u1").tobytes())
        by_pillow(f"palette{depth}.png", png(noise(1, 1 << depth), depth, 3, extra=plte))
    trns = chunk(b"PLTE", bytes(range(48))) + chunk(b"tRNS", bytes([0, 100, 255, 7]))
    by_pillow("palette-alpha.png", png(noise(1, 16), 4, 3, extra=trns))
    key = noise(1)
    by_pillow("grey-key.png", png(key, 8, 0, extra=chunk(b"tRNS", struct.pack(">H", key[0, 0, 0]))))
    key = noise(3)
    by_pillow("rgb-key.png", png(key, 8, 2, extra=chunk(b"tRNS", struct.pack(">HHH", *map(int, key[1, 2])))))
    for color_type, channels in ((2, 3), (4, 2), (6, 4)):
        by_pillow(f"type{color_type}.png", png(noise(channels), 8, color_type))
        by_pillow(f"type{color_type}-interlaced.png", png(noise(channels), 8, color_type, True))
    by_pillow("grey1-interlaced.png", png(noise(1, 2), 1, 0, True))
    gamma = chunk(b"gAMA", struct.pack(">I", 100000))
    by_pillow("gamma.png", png(noise(1), 8, 0, extra=gamma))
    for color_type, channels in ((0, 1), (2, 3), (4, 2), (6, 4)):
        for interlaced in (False, True):
            deep = noise(channels, 65536)
            name = f"type{color_type}-16{'-interlaced' if interlaced else ''}.png"
            put(name, png(deep, 16, color_type, interlaced), np.floor(deep / 257 + 0.5))
    narrow = noise(1)
    put("unscaled16.png", png(narrow, 16, 0), narrow)


def exif(orientation, byte_order):
    order = "<" if byte_order == b"II" else ">"
    entry = struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0)
    return byte_order + struct.pack(order + "HIH", 42, 8, 1) + entry + struct.pack(order + "I", 0)


def jpegs():
    y, x = np.mgrid[0:16, 0:24]
    smooth = np.stack([x * 10, y * 15, 255 - x * 5 - y * 5], axis=-1).astype(np.uint8)
    by_pillow("grey.jpg", saved(smooth[..., 0], "JPEG"))
    by_pillow("colour.jpg", saved(smooth, "JPEG", subsampling=0))
    by_pillow("progressive.jpg", saved(smooth, "JPEG", progressive=True, subsampling=0))
    by_pillow("rgb.jpg", saved(smooth, "JPEG", keep_rgb=True, subsampling=0))
    by_pillow("cmyk.jpg", saved(Image.fromarray(smooth).convert("CMYK"), "JPEG"))
    for orientation in range(1, 9):
        data = b"Exif\0\0" + exif(orientation, b"II" if orientation % 2 else b"MM")
        by_pillow(f"orientation{orientation}.jpg", saved(smooth[..., 1], "JPEG", exif=data))
    by_pillow("orientation6.png", png(noise(1), 8, 0, extra=chunk(b"eXIf", exif(6, b"MM"))))


def netpbm():
    text = lambda array: "\n".join(" ".join(map(str, row.reshape(-1))) for row in array)
    bits = noise(1, 2)
    header = f"{WIDTH} {HEIGHT}\n"
    by_pillow("plain.pbm", ("P1\n# 1 1\n" + header + "".join(map(str, bits.reshape(-1)))).encode())
    by_pillow("raw.pbm", ("P4\n" + header).encode() + np.packbits(bits[..., 0], axis=1).tobytes())
    for top in (1, 6, 100, 255):
        by_pillow(f"plain{top}.pgm", (f"P2 # c\n{header}{top}\n{text(noise(1, top + 1))}\n").encode())
        by_pillow(f"raw{top}.pgm", f"P5\n{header}{top}\n".encode() + noise(1, top + 1).astype("u1").tobytes())
        by_pillow(f"plain{top}.ppm", f"P3\n{header}{top}\n{text(noise(3, top + 1))}".encode())
        by_pillow(f"raw{top}.ppm", f"P6\n{header}{top}\n".encode() + noise(3, top + 1).astype("u1").tobytes())
    for top in (1000, 65535):
        deep = noise(1, top + 1)
        level = np.round(deep / top * 255)
        put(f"raw{top}.pgm", f"P5\n{header}{top}\n".encode() + deep.astype(">u2").tobytes(), level)
        put(f"plain{top}.pgm", f"P2\n{header}{top}\n{text(deep)}".encode(), level)
    narrow = noise(1)
    put("unscaled.pgm", f"P5\n{header}65535\n".encode() + narrow.astype(">u2").tobytes(), narrow)


def bmp(bits, compression, body, palette=b"", masks=b"", height=HEIGHT):
    size = 54 + len(masks) + len(palette)
    info = struct.pack("<IiiHHIIiiII", 40, WIDTH, height, 1, bits, compression, len(body), 0, 0, len(palette) // 4, 0)
    return b"BM" + struct.pack("<IHHI", size + len(body), 0, 0, size) + info + masks + palette + body


def bmps():
    by_pillow("rgb.bmp", saved(noise(3), "BMP"))
    by_pillow("grey.bmp", saved(noise(1), "BMP"))
    by_pillow("bits.bmp", saved(Image.fromarray((noise(1, 2)[..., 0] * 255).astype(np.uint8)).convert("1"), "BMP"))
    by_pillow("rgba.bmp", saved(Image.fromarray(noise(4).astype(np.uint8)), "BMP"))
    colours = random.integers(0, 256, (16, 4)).astype("u1")
    colours[:, 3] = 0
    palette = colours.tobytes()
    rows = b"".join(bytes([0x12, 0x3F, 0xA0, 0x50]) for _ in range(HEIGHT))
    by_pillow("palette4.bmp", bmp(4, 0, rows, palette))
    by_pillow("top-down.bmp", bmp(4, 0, bytes(range(4 * HEIGHT)), palette, height=-HEIGHT))
    deep = random.integers(0, 1 << 15, (HEIGHT, WIDTH + 1)).astype("<u2")
    by_pillow("rgb555.bmp", bmp(16, 0, deep.tobytes()))
    deep = random.integers(0, 1 << 16, (HEIGHT, WIDTH + 1)).astype("<u2")
    by_pillow("rgb565.bmp", bmp(16, 3, deep.tobytes(), masks=struct.pack("<III", 0xF800, 0x07E0, 0x001F)))
    runs = bytes([3, 5, 4, 2, 0, 0, 0, 7, 1, 2, 3, 4, 5, 6, 7, 0, 0, 0, 7, 9, 0, 0, 7, 1, 0, 0, 7, 3, 0, 1])
    by_pillow("rle8.bmp", bmp(8, 1, runs, palette))
    runs = bytes([7, 0x5A, 0, 0, 0, 7, 0x12, 0x34, 0x56, 0x70, 0, 0, 7, 0x99, 0, 0, 7, 0x01, 0, 0, 7, 0x33, 0, 1])
    by_pillow("rle4.bmp", bmp(4, 2, runs, palette))


FOLDER.mkdir(parents=True, exist_ok=True)
pngs()
jpegs()
netpbm()
bmps()
(FOLDER / "expected.json").write_text(json.dumps(expected, indent=0, sort_keys=True) + "\n")
print(len(expected), "pictures")
