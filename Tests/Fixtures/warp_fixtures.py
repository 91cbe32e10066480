"""What OpenCV's warpAffine makes of the images of `image_fixtures.py` with the matrices of CRIS's data code.

    warp_fixtures.py           writes images/warp.safetensors; needs opencv-python-headless

Names: <what>.<image>.<width>x<height>, the size of the square or oblong frame.
"""
import cv2
import numpy
import torch
from safetensors.torch import load_file

from fixture import HERE, save

MEAN = (0.46777044, 0.44531429, 0.40661017)


def matrix(height: int, width: int, frame: tuple[int, int], inverse: bool) -> numpy.ndarray:
    """CRIS, `RefDataset.getTransformMat`; frame is (width, height)."""
    scale = min(frame[1] / height, frame[0] / width)
    new_height, new_width = height * scale, width * scale
    left, top = (frame[0] - new_width) / 2.0, (frame[1] - new_height) / 2.0
    source = numpy.array([[0, 0], [width, 0], [0, height]], numpy.float32)
    target = numpy.array([[left, top], [new_width + left, top], [left, new_height + top]], numpy.float32)
    return cv2.getAffineTransform(target, source) if inverse else cv2.getAffineTransform(source, target)


def main() -> None:
    case = load_file(str(HERE / "images" / "case.safetensors"))
    rng = numpy.random.Generator(numpy.random.PCG64(5))
    found = {}
    kinds = {"cubic": cv2.INTER_CUBIC, "bilinear": cv2.INTER_LINEAR, "nearest": cv2.INTER_NEAREST}
    for name in ("tall", "wide", "flat"):
        image = case[f"image.{name}"].numpy()
        height, width = image.shape[:2]
        y, x = numpy.mgrid[0:height, 0:width]
        mask = (((y - height / 2) ** 2 + (x - width / 2) ** 2 < (height / 3) ** 2) * 255).astype(numpy.uint8)
        found[f"mask.{name}"] = torch.from_numpy(mask)
        for frame in ((24, 24), (48, 48), (17, 40), (31, 9)):
            size = f"{frame[0]}x{frame[1]}"
            forward, back = (matrix(height, width, frame, inverse) for inverse in (False, True))
            found[f"matrix.{name}.{size}"] = torch.from_numpy(forward)
            found[f"inverse.{name}.{size}"] = torch.from_numpy(back)
            for kind, flag in kinds.items():
                found[f"image.{kind}.{name}.{size}"] = torch.from_numpy(cv2.warpAffine(
                    image, forward, frame, flags=flag, borderValue=[255 * value for value in MEAN]))
                found[f"mask.{kind}.{name}.{size}"] = torch.from_numpy(cv2.warpAffine(
                    mask, forward, frame, flags=flag, borderValue=0.0))
            prediction = rng.random((frame[1], frame[0]), numpy.float32)
            found[f"prediction.{name}.{size}"] = torch.from_numpy(prediction)
            for kind, flag in kinds.items():
                found[f"restored.{kind}.{name}.{size}"] = torch.from_numpy(cv2.warpAffine(
                    prediction, back, (width, height), flags=flag, borderValue=0.0))
    save(HERE / "images" / "warp.safetensors", found, "opencv-python-headless", "numpy")


if __name__ == "__main__":
    main()
