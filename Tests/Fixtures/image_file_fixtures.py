"""Small JPEG and PNG files of every kind, and the pixels Pillow makes of them.

    image_file_fixtures.py     writes images/files/* and images/files.safetensors

Pixels are those of Image.open(file).convert("RGB"), U8 [height, width, 3], under the file's name.
"""
import io
import struct
import zlib

import numpy
import torch
from PIL import Image
from torchvision import transforms

from fixture import HERE, save

FOLDER = HERE / "images" / "files"
HEIGHT, WIDTH = 29, 37  # odd, so that blocks and halved colour reach over the border


def picture(height: int = HEIGHT, width: int = WIDTH) -> numpy.ndarray:
    """Gradients, a disc, a line and a little noise."""
    rng = numpy.random.Generator(numpy.random.PCG64(3))
    y, x = numpy.mgrid[0:height, 0:width].astype(float)
    image = numpy.stack((255 * y / height, 255 - 255 * x / width, 127 * (x / width + y / height)), -1)
    image[(y - height / 2) ** 2 + (x - width / 3) ** 2 < (height / 4) ** 2] = (230, 40, 60)
    image[:, 3 * width // 4] = (0, 255, 20)
    return (image + rng.normal(0, 6, image.shape)).clip(0, 255).astype(numpy.uint8)


def png(rows: numpy.ndarray, depth: int, kind: int, interlaced: bool = False, extra=()) -> bytes:
    """A PNG file of samples [height, width, channels]; Pillow cannot write all of these."""
    height, width = rows.shape[:2]

    def lines(part: numpy.ndarray) -> bytes:
        if not part.size:
            return b""
        if depth == 16:
            packed = [line.astype(">u2").tobytes() for line in part]
        elif depth == 8:
            packed = [line.astype("u1").tobytes() for line in part]
        else:
            bits = [((line.reshape(-1, 1) >> numpy.arange(depth - 1, -1, -1)) & 1).ravel() for line in part]
            packed = [numpy.packbits(line.astype("u1")).tobytes() for line in bits]
        return b"".join(b"\0" + line for line in packed)

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    passes = [(0, 0, 1, 1)]
    if interlaced:
        passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    body = b"".join(lines(rows[top::down, left::right]) for top, left, down, right in passes)
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, int(interlaced))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunk(*e) for e in extra)
            + chunk(b"IDAT", zlib.compress(body, 9)) + chunk(b"IEND", b""))


def jpeg(image: Image.Image, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", **options)
    return buffer.getvalue()


def files() -> dict[str, bytes]:
    image = Image.fromarray(picture())
    grey = image.convert("L")
    deep = picture().astype(numpy.uint16) * 257 - 100 * (picture() > 1)
    y, x = numpy.mgrid[0:HEIGHT, 0:WIDTH]
    alpha = ((x * 7 + y * 3) % 256).astype(numpy.uint8)[..., None]
    palette = bytes(numpy.random.Generator(numpy.random.PCG64(4)).integers(0, 256, 48, dtype=numpy.uint8))
    inks = Image.fromarray(numpy.concatenate((picture(), 255 - alpha // 2), -1), "CMYK")
    cmyk = jpeg(inks, quality=80)
    adobe = cmyk.index(b"Adobe")
    assert cmyk[adobe + 11] == 0  # the transform: 0 is CMYK, 2 is YCCK
    found = {
        "halved-colour.jpg": jpeg(image, quality=75),
        "halved-across.jpg": jpeg(image, quality=75, subsampling=1),
        "full-colour.jpg": jpeg(image, quality=90, subsampling=0),
        "progressive.jpg": jpeg(image, quality=70, progressive=True),
        "restarts.jpg": jpeg(image, quality=75, restart_marker_blocks=1),
        "rgb.jpg": jpeg(image, quality=80, keep_rgb=True),
        "grey.jpg": jpeg(grey, quality=80),
        "cmyk.jpg": cmyk,
        "ycck.jpg": cmyk[:adobe + 11] + b"\2" + cmyk[adobe + 12:],
        "turned.jpg": jpeg(image, quality=75, exif=b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"),
        "photo.jpg": jpeg(Image.fromarray(picture(120, 160)), quality=60),
        "rgb.png": png(picture(), 8, 2),
        "alpha.png": png(numpy.concatenate((picture(), alpha), -1), 8, 6),
        "grey.png": png(numpy.array(grey)[..., None], 8, 0),
        "grey-alpha.png": png(numpy.concatenate((numpy.array(grey)[..., None], alpha), -1), 8, 4),
        "grey-1.png": png(numpy.array(grey)[..., None] >> 7, 1, 0),
        "grey-2.png": png(numpy.array(grey)[..., None] >> 6, 2, 0),
        "grey-4.png": png(numpy.array(grey)[..., None] >> 4, 4, 0),
        "palette.png": png(numpy.array(grey)[..., None] >> 4, 4, 3, extra=[(b"PLTE", palette)]),
        "palette-transparent.png": png(numpy.array(grey)[..., None] >> 4, 8, 3,
                                       extra=[(b"PLTE", palette), (b"tRNS", bytes(range(0, 160, 10)))]),
        "grey-transparent.png": png(numpy.array(grey)[..., None], 8, 0, extra=[(b"tRNS", b"\0\x40")]),
        "gamma.png": png(picture(), 8, 2, extra=[(b"gAMA", struct.pack(">I", 100000))]),
        "rgb-16.png": png(deep, 16, 2),
        "grey-16.png": png(deep[..., :1], 16, 0),
        "interlaced.png": png(picture(), 8, 2, interlaced=True),
        "interlaced-palette.png": png(numpy.array(grey)[..., None] >> 4, 4, 3, True, [(b"PLTE", palette)]),
        "interlaced-narrow.png": png(picture()[:3, :2], 8, 2, interlaced=True),
    }
    found["png-in-disguise.jpg"] = found["rgb.png"]
    return found


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    expected = {}
    for name, content in files().items():
        (FOLDER / name).write_bytes(content)
        expected[name] = torch.from_numpy(numpy.array(Image.open(io.BytesIO(content)).convert("RGB")))
        # Differs: Pillow turns 16-bit grey above 255 white; the test expects the upper eight bits.
        if name == "grey-16.png":
            deep = numpy.array(Image.open(io.BytesIO(content)))
            expected[name] = torch.from_numpy((deep >> 8).astype(numpy.uint8)[..., None].repeat(3, -1))
    photo = Image.open(FOLDER / "photo.jpg").convert("RGB")
    for kind, size in (("shorter", 64), ("square", (64, 64))):
        path = transforms.Compose([transforms.Resize(size), transforms.CenterCrop(56)])
        expected[f"prepared.{kind}"] = torch.from_numpy(numpy.array(path(photo)))
    save(HERE / "images" / "files.safetensors", expected, "pillow", "torchvision", "numpy")


if __name__ == "__main__":
    main()
