"""What Pillow and torchvision make of small images: resizing, cropping, normalising, RandAugment.

    image_fixtures.py          writes images/case.safetensors, with Pillow before 13 images/resizing.safetensors

Pillow 13 began to resize down before across where that is faster; the results differ by one grey level. The authors'
code is older, so `resizing` holds what Pillow 11 makes of the same images: the names `resize.` and `resized_crop.`.
Images are U8 [height, width, 3]. README.md explains the names.
"""
import math

import numpy
import PIL
import torch
from PIL import Image
from torchvision import transforms
from torchvision.transforms import InterpolationMode
from torchvision.transforms.autoaugment import RandAugment, _apply_op

from fixture import HERE, save

MEAN, STD = (0.46777044, 0.44531429, 0.40661017), (0.12221994, 0.12145835, 0.14380469)  # MMBT's
BINS = 31


def tall() -> numpy.ndarray:
    """31 × 23: gradients, a disc, a thin line, noise."""
    rng = numpy.random.Generator(numpy.random.PCG64(1))
    y, x = numpy.mgrid[0:31, 0:23].astype(float)
    image = numpy.stack((8 * y, 255 - 10 * x, 4 * (x + y)), -1)
    image[(y - 14) ** 2 + (x - 9) ** 2 < 40] = (230, 40, 60)
    image[:, 17] = (0, 255, 20)
    image[5] = 255
    return (image + rng.normal(0, 12, image.shape)).clip(0, 255).astype(numpy.uint8)


def wide() -> numpy.ndarray:
    """20 × 34: dark, of little contrast, with a checkerboard."""
    rng = numpy.random.Generator(numpy.random.PCG64(2))
    y, x = numpy.mgrid[0:20, 0:34]
    image = numpy.stack((60 + x, 70 + 2 * y, 50 + (x + y) // 2), -1).astype(float)
    image[4:12, 20:30] += 60.0 * ((x + y) % 2)[4:12, 20:30, None]
    return (image + rng.normal(0, 3, image.shape)).clip(0, 255).astype(numpy.uint8)


def flat() -> numpy.ndarray:
    """5 × 6: red is constant, green has two values, blue is 0 but for one pixel."""
    image = numpy.zeros((5, 6, 3), numpy.uint8)
    image[..., 0] = 90
    image[..., 1] = numpy.where(numpy.arange(30).reshape(5, 6) % 3 == 0, 200, 10)
    image[2, 3, 2] = 255
    return image


def tensor(image) -> torch.Tensor:
    return torch.from_numpy(numpy.array(image))


def sizes(name: str, image: Image.Image) -> dict[str, torch.Tensor]:
    """Resizing to height × width, to a shorter side, centre crops, and the whole path to the network."""
    found = {}
    for height, width in ((7, 9), (16, 16), (1, 1), (20, 23), (31, 23), (13, 40), (48, 64), (3, 50)):
        found[f"resize.{name}.{height}x{width}"] = tensor(
            transforms.functional.resize(image, [height, width], InterpolationMode.BILINEAR, antialias=True))
    for shorter in (10, 17, 29):
        found[f"resize.{name}.shorter.{shorter}"] = tensor(transforms.Resize(shorter)(image))
    for height, width in ((16, 16), (15, 12), (20, 20), (5, 4), (40, 40)):
        found[f"crop.{name}.{height}x{width}"] = tensor(transforms.CenterCrop((height, width))(image))
    for top, left, height, width in ((2, 3, 14, 11), (0, 0, 20, 23), (5, 1, 3, 17)):
        found[f"resized_crop.{name}.{top}.{left}.{height}x{width}"] = tensor(
            transforms.functional.resized_crop(image, top, left, height, width, [12, 10], antialias=True))
    found[f"mirrored.{name}"] = tensor(transforms.functional.hflip(image))
    path = transforms.Compose([transforms.Resize(18), transforms.CenterCrop(16), transforms.ToTensor(),
                               transforms.Normalize(MEAN, STD)])
    found[f"normalised.{name}"] = path(image)  # F32 [3, 16, 16]
    pixels = transforms.functional.to_tensor(image)[None]
    for height, width in ((16, 16), (48, 64)):
        found[f"resize_float.{name}.{height}x{width}"] = torch.nn.functional.interpolate(
            pixels, (height, width), mode="bilinear", antialias=True, align_corners=False)[0]
    return found


def augmented(name: str, image: Image.Image, bins) -> dict[str, torch.Tensor]:
    """Every RandAugment operation at some of its 31 magnitudes, both signs; nearest pixels, black outside."""
    found = {}
    space = RandAugment(num_magnitude_bins=BINS)._augmentation_space(BINS, (image.height, image.width))
    assert len(space) == 14, list(space)
    for operation, (magnitudes, signed) in space.items():
        if magnitudes.ndim == 0:
            steps = [("0", 0.0)]
        else:
            found[f"magnitudes.{name}.{operation}"] = magnitudes.double()
            steps = [(f"{bin}", magnitudes[bin].item()) for bin in bins]
            if signed:
                steps = [("+" + bin, value) for bin, value in steps] + [("-" + bin, -value) for bin, value in steps]
        for step, value in steps:
            result = _apply_op(image, operation, float(value), InterpolationMode.NEAREST, None)
            found[f"augment.{name}.{operation}.{step}"] = tensor(result)
    return found


def main() -> None:
    found = {"mean": torch.tensor(MEAN), "std": torch.tensor(STD)}
    for make in (tall, wide, flat):
        name, image = make.__name__, Image.fromarray(make())
        found[f"image.{name}"] = tensor(image)
        found |= augmented(name, image, (0, 5, 7, 9, 15, 30))
        if make is not flat:
            found |= sizes(name, image)
    assert all(math.prod(value.shape) for value in found.values())
    if int(PIL.__version__.split(".")[0]) < 13:
        resized = {name: value for name, value in found.items() if name.startswith(("resize.", "resized_crop."))}
        save(HERE / "images" / "resizing.safetensors", resized, "pillow", "torchvision", "torch", "numpy")
        return
    save(HERE / "images" / "case.safetensors", found, "pillow", "torchvision", "torch", "numpy")


if __name__ == "__main__":
    main()
