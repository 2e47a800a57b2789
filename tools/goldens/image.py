#!/usr/bin/env python3
"""Writes plugins/fields/image/image_golden.h: small pictures of every kind and what Pillow (13) makes of them.

usage: image.py BRAID_DATA > plugins/fields/image/image_golden.h
"""
import gzip, io, os, struct, sys, tarfile, zlib
import numpy as np
from PIL import Image

rng = np.random.default_rng(3)


def picture(w, h, channels=3):
    """Smooth colours, an edge and some noise."""
    y, x = np.mgrid[0:h, 0:w]
    out = np.stack([(x * 7 + y * 3 * k + 40 * k) % 256 for k in range(1, channels + 1)], -1).astype(float)
    out[:, w // 2:] = 255 - out[:, w // 2:]
    return np.clip(out + rng.integers(-9, 10, out.shape), 0, 255).astype(np.uint8)


def saved(image, kind, **options):
    f = io.BytesIO()
    image.save(f, kind, **options)
    return f.getvalue()


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(pixels, bits, colour, interlaced=False):
    """A PNG that Pillow cannot write: 16 bits a channel, or Adam7. pixels: [h, w, channels], big-endian when 16 bits."""
    h, w = pixels.shape[:2]
    rows = lambda p: b"".join(b"\0" + r.astype(">u2" if bits == 16 else "u1").tobytes() for r in p) if p.size else b""
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)] if interlaced else [(0, 0, 1, 1)]
    body = b"".join(rows(pixels[y::dy, x::dx]) for y, x, dy, dx in passes)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, bits, colour, 0, 0, int(interlaced))) +
            chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b""))


def planes(rgb, w, h):
    """[3, h, w] of an RGB array, resized by Pillow."""
    return np.asarray(Image.fromarray(rgb).resize((w, h), Image.BILINEAR)).transpose(2, 0, 1).tobytes()


def over_white(rgb, alpha):
    rgb, alpha = rgb.astype(int), alpha.astype(int)[..., None]
    return ((rgb * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def decoded(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def cases():
    for name, w, h, to_w, to_h, options in [("jpeg same size", 16, 24, 16, 24, {}), ("jpeg down", 33, 21, 10, 7, {}), ("jpeg up", 5, 7, 19, 12, {}),
                                            ("jpeg progressive", 40, 30, 8, 8, {"progressive": True}), ("jpeg 4:4:4", 17, 9, 6, 9, {"subsampling": 0}),
                                            ("jpeg one axis", 31, 12, 31, 5, {"restart_marker_blocks": 1}), ("jpeg to a point", 37, 3, 1, 1, {})]:
        data = saved(Image.fromarray(picture(w, h)), "JPEG", quality=88, **options)
        yield name, data, to_w, to_h, planes(decoded(data), to_w, to_h)
    data = saved(Image.fromarray(picture(20, 14, 1)[..., 0]), "JPEG")
    yield "jpeg grey", data, 9, 9, planes(decoded(data), 9, 9)
    data = saved(Image.fromarray(picture(20, 14, 4), "CMYK"), "JPEG")
    yield "jpeg four inks", data, 20, 14, planes(decoded(data), 20, 14)

    rgb = picture(17, 11)
    for to_w, to_h in [(40, 30), (5, 3), (17, 4), (1, 11), (17, 11)]:
        yield "png %dx%d" % (to_w, to_h), saved(Image.fromarray(rgb), "PNG"), to_w, to_h, planes(rgb, to_w, to_h)
    big = picture(200, 150)
    yield "png long filter", saved(Image.fromarray(big // 32 * 32), "PNG"), 3, 2, planes(big // 32 * 32, 3, 2)
    rgba = picture(13, 9, 4)
    yield "png alpha", saved(Image.fromarray(rgba), "PNG"), 7, 5, planes(over_white(rgba[..., :3], rgba[..., 3]), 7, 5)
    la = picture(13, 9, 2)
    yield "png grey alpha", saved(Image.fromarray(la), "PNG"), 13, 9, planes(over_white(np.repeat(la[..., :1], 3, -1), la[..., 1]), 13, 9)
    grey = la[..., 0]
    yield "png grey", saved(Image.fromarray(grey), "PNG"), 6, 9, planes(np.repeat(grey[..., None], 3, -1), 6, 9)
    bit = Image.fromarray(((picture(19, 6, 1)[..., 0] > 120) * 255).astype(np.uint8)).convert("1", dither=Image.NONE)
    yield "png one bit", saved(bit, "PNG"), 8, 6, planes(np.asarray(bit.convert("RGB")), 8, 6)
    palette = Image.fromarray(picture(14, 10)).quantize(11)
    yield "png palette", saved(palette, "PNG"), 5, 5, planes(np.asarray(palette.convert("RGB")), 5, 5)
    clear = saved(palette, "PNG", transparency=bytes([0, 90, 255, 30] + [255] * 7))
    rgba = np.asarray(Image.open(io.BytesIO(clear)).convert("RGBA"))
    yield "png palette alpha", clear, 14, 10, planes(over_white(rgba[..., :3], rgba[..., 3]), 14, 10)
    for channels, colour in [(1, 0), (3, 2)]:
        deep = rng.integers(0, 65536, (6, 8, channels))
        flat = np.repeat(((deep * 255 + 32767) // 65535).astype(np.uint8), 3 // channels, -1)
        yield "png 16 bit, %d" % channels, png(deep, 16, colour), 4, 6, planes(flat, 4, 6)
    yield "png interlaced", png(rgb, 8, 2, True), 17, 11, planes(rgb, 17, 11)


def fnv(parts):
    h = 0xcbf29ce484222325
    for part in parts:
        for word in np.frombuffer(part, "<u8").tolist():
            h = ((h ^ word) * 0x100000001b3) & (2**64 - 1)
    return h


def main():
    print("// Made by tools/goldens/image.py with Pillow; see there.\n#pragma once\n#include <cstdint>\n#include <string_view>\n\nnamespace golden {\n")
    print("// File and expected levels [3, height, width] in hexadecimal.\nstruct Case { const char* name; int width, height; std::string_view file, levels; };")
    print("inline constexpr Case cases[] = {")
    lines = lambda data: "\n".join('     "%s"' % data.hex()[k:k + 112] for k in range(0, len(data) * 2, 112))
    for name, data, w, h, expected in cases():
        print('    {"%s", %d, %d,\n%s,\n%s},' % (name, w, h, lines(data), lines(expected)))
    data = open(os.path.join(sys.argv[1], "weights/parrot.jpg"), "rb").read()
    print("};\n\n// weights/parrot.jpg at 24 x 16.\ninline constexpr std::string_view parrot =\n%s;\n" % lines(planes(decoded(data), 24, 16)))
    posters = tarfile.open(fileobj=io.BytesIO(gzip.open(os.path.join(sys.argv[1], "ml-1m/posters_64x96.tar.gz")).read()))
    files = [posters.extractfile(m).read() for m in posters if m.isfile()]
    levels = {size: fnv(planes(decoded(f), *size) for f in files) for size in [(64, 96), (32, 40)]}
    print("// Every poster of ml-1m/posters_64x96.tar.gz, in the archive's order: FNV-1a over 64-bit little-endian words.")
    print("inline constexpr int posters = %d;\ninline constexpr std::uint64_t posters_64x96 = 0x%016xu, posters_32x40 = 0x%016xu;\n\n}  // namespace golden"
          % (len(files), levels[64, 96], levels[32, 40]))


main()
