"""Small images of every kind, with the pixels that Pillow gives for them.

    .venv-images/bin/python tests/data/make_images.py     (Pillow 13.0.0, NumPy)

Writes tests/data/photos: circles and squares, for examples; and
tests/data/images: files of every kind, and expected.npz with "NAME RGB", "NAME L"
and "NAME RGBA": convert(mode) of the first frame. Files in bad/ are no images
that anyone should read.
"""
import io
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image, ImageCms, ImageOps

FOLDER = pathlib.Path(__file__).parent / "images"
RANDOM = np.random.default_rng(17)


def pixels(height, width, channels, top=256, dtype=np.uint8):
    """A gradient with some noise, so that no two channels are alike."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [
        (x * (3 + c) + y * (5 - c)) / (8 * max(height, width)) for c in range(channels)
    ]
    values = np.stack(planes, -1) + RANDOM.uniform(0, 0.25, (height, width, channels))
    return (np.clip(values, 0, 0.9999) * top).astype(dtype)


RGB = pixels(21, 33, 3)
RGBA = pixels(11, 17, 4)
GREY = pixels(11, 17, 1)[..., 0]


def image(array, mode=None):
    return Image.fromarray(np.ascontiguousarray(array), mode)


def saved(name, picture, **options):
    picture.save(FOLDER / name, **options)


# ---- PNG and BMP by hand: what Pillow does not write ----


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(name, array, depth, color, extra=b"", interlaced=False):
    """array: [H, W, C] of whole numbers below 2 ** depth."""
    array = array.reshape(array.shape[0], array.shape[1], -1)
    height, width, channels = array.shape

    def packed(part):
        rows = b""
        for row in part:
            flat = row.reshape(-1)
            if depth == 16:
                data = flat.astype(">u2").tobytes()
            elif depth == 8:
                data = flat.astype(np.uint8).tobytes()
            else:
                bits = "".join(format(int(v), f"0{depth}b") for v in flat)
                bits += "0" * (-len(bits) % 8)
                data = bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))
            rows += b"\0" + data
        return rows

    if interlaced:
        passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4)]
        passes += [(2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
        parts = [array[y::dy, x::dx] for y, x, dy, dx in passes]
        data = b"".join(packed(part) for part in parts if part.size)
    else:
        data = packed(array)
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, int(interlaced))
    (FOLDER / name).write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra
        + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")
    )


def bmp(name, width, height, bits, data, palette=b"", compression=0, masks=b"", colors=0):
    header = struct.pack(
        "<IiiHHIIiiII", 40, width, height, 1, bits, compression, len(data), 2835, 2835, colors, 0
    )
    start = 14 + 40 + len(masks) + len(palette)
    head = b"BM" + struct.pack("<IHHI", start + len(data), 0, 0, start)
    (FOLDER / name).write_bytes(head + header + masks + palette + data)


def padded(rows):
    return b"".join(row + b"\0" * (-len(row) % 4) for row in rows)


def make_png():
    saved("rgb.png", image(RGB))
    saved("rgba.png", image(RGBA))
    saved("grey.png", image(GREY))
    saved("grey_alpha.png", image(pixels(11, 17, 2), "LA"))
    for depth in (1, 2, 4):
        png(f"grey{depth}.png", pixels(7, 13, 1, 2**depth), depth, 0)
    png("grey16.png", pixels(11, 17, 1, 65536, np.uint16), 16, 0)
    png("grey_alpha16.png", pixels(11, 17, 2, 65536, np.uint16), 16, 4)
    png("rgb16.png", pixels(11, 17, 3, 65536, np.uint16), 16, 2)
    png("rgba16.png", pixels(11, 17, 4, 65536, np.uint16), 16, 6)
    colors = chunk(b"PLTE", pixels(1, 16, 3).tobytes())
    alpha = chunk(b"tRNS", bytes(range(0, 255, 17)))
    png("palette4.png", pixels(7, 13, 1, 16), 4, 3, colors)
    png("palette_alpha.png", pixels(7, 13, 1, 16), 4, 3, colors + alpha)
    png("palette2.png", pixels(7, 13, 1, 4), 2, 3, colors)
    saved("palette.png", image(RGB).quantize(64))
    grey = pixels(7, 13, 1)
    png("grey_key.png", grey, 8, 0, chunk(b"tRNS", struct.pack(">H", int(grey[3, 5, 0]))))
    rgb = pixels(7, 13, 3)
    key = struct.pack(">HHH", *(int(v) for v in rgb[2, 4]))
    png("rgb_key.png", rgb, 8, 2, chunk(b"tRNS", key))
    png("interlaced.png", pixels(11, 17, 3), 8, 2, interlaced=True)
    png("gamma.png", pixels(11, 17, 3), 8, 2, chunk(b"gAMA", struct.pack(">I", 100000)))
    frames = [image(pixels(11, 17, 3)) for _ in range(3)]
    saved("animated.png", frames[0], save_all=True, append_images=frames[1:])


def make_jpeg():
    saved("rgb.jpg", image(RGB), quality=90, subsampling=0)
    saved("sub420.jpg", image(RGB), quality=75, subsampling=2)
    saved("sub422.jpg", image(RGB), quality=75, subsampling=1)
    saved("progressive.jpeg", image(RGB), quality=80, progressive=True)
    saved("grey.jpg", image(GREY), quality=90)
    saved("cmyk.jpg", image(pixels(21, 33, 4), "CMYK"), quality=95)
    saved("restart.JPG", image(RGB), quality=80, restart_marker_blocks=1)
    exif = Image.Exif()
    exif[0x0112] = 6
    saved("turned.jpg", image(RGB), quality=90, exif=exif)
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    at = profile.find(b"rXYZ", 128)
    red, blue = at + 4, profile.find(b"bXYZ", 128) + 4
    profile[red : red + 4], profile[blue : blue + 4] = profile[blue : blue + 4], profile[red : red + 4]
    saved("profile.jpg", image(RGB), quality=90, icc_profile=bytes(profile))
    saved("profile.png", image(RGB), icc_profile=bytes(profile))


def make_gif():
    saved("palette.gif", image(RGB).quantize(64))
    saved("interlaced.gif", image(RGB).quantize(16), interlace=1)
    clear = image(GREY // 32).convert("P")
    clear.putpalette(pixels(1, 8, 3).tobytes() + bytes(248 * 3))
    saved("clear.gif", clear, transparency=3)
    frames = [image(pixels(11, 17, 3)).quantize(32) for _ in range(3)]
    saved("animated.gif", frames[0], save_all=True, append_images=frames[1:], duration=40)
    # The first frame covers a part of the screen, whose background is colour 2.
    data = bytearray((FOLDER / "palette.gif").read_bytes())
    data[6:10] = struct.pack("<HH", 40, 30)
    data[11] = 2
    at = data.index(b"\x2c", 13 + 3 * 2 ** ((data[10] & 7) + 1))
    data[at + 1 : at + 5] = struct.pack("<HH", 4, 3)
    (FOLDER / "part.gif").write_bytes(data)


def make_bmp():
    saved("rgb.bmp", image(RGB))
    saved("grey.bmp", image(GREY))
    saved("palette.bmp", image(RGB).quantize(64))
    saved("bilevel.bmp", image(GREY).convert("1"))
    saved("rgba.bmp", image(RGBA))
    rows = [row.tobytes() for row in RGB[..., ::-1]]
    bmp("top_down.bmp", 33, -21, 24, padded(rows))
    fives = pixels(7, 9, 3, 32, np.uint16)
    words = fives[..., 0] << 10 | fives[..., 1] << 5 | fives[..., 2]
    bmp("rgb555.bmp", 9, 7, 16, padded(w.astype("<u2").tobytes() for w in words[::-1]))
    words = fives[..., 0] << 11 | fives[..., 1] << 6 | fives[..., 2]
    masks = struct.pack("<III", 0xF800, 0x7E0, 0x1F)
    bmp("rgb565.bmp", 9, 7, 16, padded(w.astype("<u2").tobytes() for w in words[::-1]), b"", 3, masks)
    colors = b"".join(bytes(row) + b"\0" for row in pixels(1, 16, 3)[0])
    four = pixels(7, 9, 1, 16)[..., 0]
    rows = []
    for row in four[::-1]:
        nibbles = list(row) + [0] * (len(row) % 2)
        rows.append(bytes(int(a) << 4 | int(b) for a, b in zip(nibbles[::2], nibbles[1::2])))
    bmp("palette4.bmp", 9, 7, 4, padded(rows), colors, colors=16)
    runs = b"\x05\x01\x04\x02\0\0" + b"\0\x03\x05\x06\x07\0" + b"\x06\x03\0\0" + b"\x09\x08\0\x01"
    bmp("rle8.bmp", 9, 3, 8, runs, colors, 1, colors=16)
    runs = b"\x05\x12\x04\x34\0\0" + b"\0\x05\x12\x34\x50\0" + b"\x04\x67\0\0" + b"\x09\x8a\0\x01"
    bmp("rle4.bmp", 9, 3, 4, runs, colors, 2, colors=16)
    xrgb = np.concatenate([RGB[::-1, :, ::-1], np.full((21, 33, 1), 7, np.uint8)], -1)
    bmp("rgb32.bmp", 33, 21, 32, xrgb.tobytes())


def make_webp():
    saved("lossy.webp", image(RGB), quality=80)
    saved("lossless.webp", image(RGB), lossless=True)
    saved("alpha.webp", image(RGBA), lossless=True, exact=True)
    frames = [image(pixels(11, 17, 3)) for _ in range(3)]
    saved("animated.webp", frames[0], save_all=True, append_images=frames[1:], lossless=True)


def make_tiff():
    saved("rgb.tiff", image(RGB))
    saved("lzw.tif", image(RGB), compression="tiff_lzw")
    saved("deflate.tif", image(RGB), compression="tiff_adobe_deflate")
    saved("jpeg.tif", image(RGB), compression="jpeg")
    saved("grey.tif", image(GREY))
    saved("bilevel.tif", image(GREY).convert("1"), compression="group4")
    saved("palette.tif", image(RGB).quantize(64))
    saved("rgba.tif", image(RGBA))
    saved("cmyk.tif", image(pixels(11, 17, 4), "CMYK"))
    saved("grey16.tif", image(pixels(11, 17, 1, 65536, np.uint16)[..., 0]))
    saved("float.tif", image(pixels(11, 17, 1, 1.0, np.float32)[..., 0]))
    frames = [image(pixels(11, 17, 3)) for _ in range(2)]
    saved("pages.tif", frames[0], save_all=True, append_images=frames[1:])


def make_odd():
    """Where readers go different ways: transparent colours, starts, runs, junk."""
    for depth in (4, 16):
        grey = pixels(7, 13, 1, 2**depth, np.uint16)
        png(f"grey{depth}_key.png", grey, depth, 0, chunk(b"tRNS", struct.pack(">H", 2**depth - 1)))
    rgb = pixels(7, 13, 3, 65536, np.uint16)
    key = struct.pack(">HHH", *(int(v) for v in rgb[2, 4]))
    png("rgb16_key.png", rgb, 16, 2, chunk(b"tRNS", key))
    data = bytearray((FOLDER / "clear.gif").read_bytes())
    data[6:10] = struct.pack("<HH", 21, 14)
    (FOLDER / "uncovered.gif").write_bytes(data)
    bmp("zero_masks.bmp", 17, 11, 32, RGBA.tobytes(), b"", 3, bytes(12))
    bmp("masks24.bmp", 33, 21, 24, padded(row.tobytes() for row in RGB), b"", 3,
        struct.pack("<III", 0xFF0000, 0xFF00, 0xFF))
    colors = b"".join(bytes(row) + b"\0" for row in pixels(1, 16, 3)[0])
    rows = padded(row.tobytes() for row in pixels(7, 9, 1, 16)[..., 0])
    for name, start in (("no_start.bmp", 0), ("early_start.bmp", 54)):
        bmp(name, 9, 7, 8, rows[:-3], colors, colors=16)
        data = bytearray((FOLDER / name).read_bytes())
        data[10:14] = struct.pack("<I", start)
        (FOLDER / name).write_bytes(data)
    runs = b"\0\x0c\1\2\3\4\5\6\7\x08\x09\x0a\x0b\x0c" + b"\x06\3\0\0" + b"\x0b\5\0\1"
    bmp("long_runs.bmp", 9, 3, 8, runs, colors, 1, colors=16)
    data = (FOLDER / "rgb.jpg").read_bytes()
    (FOLDER / "junk.jpg").write_bytes(data[:20] + b"junk" + data[20:-2] + b"more" + data[-2:])


def make_bad():
    bad = FOLDER / "bad"
    bad.mkdir(exist_ok=True)
    for name in ("rgb.jpg", "progressive.jpeg", "rgb.png", "palette.gif", "rgb.bmp", "lossless.webp", "rgb.tiff"):
        data = (FOLDER / name).read_bytes()
        (bad / f"cut_{name}").write_bytes(data[: len(data) * 2 // 3])
    (bad / "no_end.png").write_bytes((FOLDER / "rgb.png").read_bytes()[:-3])
    (bad / "cut_junk.jpg").write_bytes((FOLDER / "junk.jpg").read_bytes()[:-200])
    short = (FOLDER / "rle8.bmp").read_bytes()
    (bad / "cut_rle8.bmp").write_bytes(short[:-6])
    saved("bad/ycbcr.tif", image(RGB).convert("YCbCr"))
    (bad / "empty.jpg").write_bytes(b"")
    (bad / "text.png").write_text("This is no image.\n")
    (bad / "drawing.png").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><rect width="4" height="4"/></svg>'
    )
    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    (bad / "bomb.png").write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )
    header = struct.pack("<IiiHHIIiiII", 40, 60000, 60000, 1, 24, 0, 0, 0, 0, 0, 0)
    (bad / "bomb.bmp").write_bytes(b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + header)


def expected():
    found = {}
    for path in sorted(FOLDER.iterdir()):
        if not path.is_file() or path.suffix == ".npz":
            continue
        for mode in ("RGB", "L", "RGBA"):
            with Image.open(path) as picture:
                try:
                    found[f"{path.name} {mode}"] = np.asarray(picture.convert(mode))
                except ValueError as error:
                    print(path.name, picture.mode, mode, error)
    with Image.open(FOLDER / "turned.jpg") as picture:
        found["turned.jpg turned"] = np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))
    np.savez_compressed(FOLDER / "expected.npz", **found)


def make_photos():
    for name in ("circles", "squares"):
        folder = FOLDER.parent / "photos" / name
        folder.mkdir(parents=True, exist_ok=True)
        for i in range(6):
            height, width = 24 + 2 * i, 32 - i
            y, x = np.mgrid[0:height, 0:width]
            down, across = y - height / 2 - i + 3, x - width / 2 + 2 * i - 6
            inside = np.hypot(down, across) < 8 if name == "circles" else (
                np.maximum(abs(down), abs(across)) < 7)
            shade = np.where(inside, 230 - 10 * i, 40 + 8 * i)
            photo = np.stack([shade, 255 - shade, 20 + 5 * x], -1)
            options = {"quality": 85} if i % 2 == 0 else {}
            image(photo.astype(np.uint8)).save(folder / f"{i}.{'jpg' if i % 2 == 0 else 'png'}", **options)


if __name__ == "__main__":
    make_photos()
    FOLDER.mkdir(exist_ok=True)
    make_png()
    make_jpeg()
    make_gif()
    make_bmp()
    make_webp()
    make_tiff()
    make_odd()
    make_bad()
    expected()
