"""The usual lenses of videos: where the prior of the focal length comes from (tar_core/camera/focal_length.py).

    python -m benchmarks.lenses

A table of lenses with published facts, by kind of camera. Kinds are weighted by how often they film people for motion
capture, which is a judgement; within a kind all lenses count alike. The 35 mm equivalent of a phone or of a photo
camera describes the whole sensor, and a video shows a part of it.
"""

import math
import sys
from dataclasses import dataclass

import numpy as np

from tar_core.camera.focal_length import FocalLengthBelief
from tar_core.capture.initial_camera import DIAGONAL_35MM, crop_factor

HD = (1920, 1080)


@dataclass(frozen=True)
class Lens:
    """A lens.

    Attributes:
        kind: kind of camera, a key of `WEIGHTS`.
        name: for readers.
        ratio: focal length over the diagonal of the video.
        source: where the value comes from.
    """

    kind: str
    name: str
    ratio: float
    source: str


WEIGHTS = {
    "phone": 0.5,
    "photo camera": 0.2,
    "camcorder": 0.15,
    "webcam": 0.05,
    "action camera": 0.05,
    "laboratory": 0.05,
}


def phone(name: str, millimeters: float) -> Lens:
    """A phone that films in 16:9 with stabilization, from its 35 mm equivalent."""
    return Lens("phone", name, millimeters / DIAGONAL_35MM * crop_factor(*HD), f"maker: {millimeters:g} mm")


def photo_camera(name: str, millimeters: float) -> Lens:
    """A camera with a 3:2 sensor that films in 16:9 over its full width, from its 35 mm equivalent."""
    crop = math.hypot(1, 2 / 3) / math.hypot(1, 9 / 16)
    return Lens("photo camera", name, millimeters / DIAGONAL_35MM * crop, f"{millimeters:g} mm")


def of_diagonal(kind: str, name: str, degrees: float) -> Lens:
    """A camera whose maker gives the field of view across the diagonal."""
    return Lens(kind, name, 0.5 / math.tan(math.radians(degrees) / 2), f"maker: {degrees:g}° across the diagonal")


def of_calibration(kind: str, name: str, pixels: float, width: int, height: int) -> Lens:
    return Lens(kind, name, pixels / math.hypot(width, height), f"calibrated: {pixels:g} pixels of {width} x {height}")


LENSES = (
    phone("iPhone 7, 8, X", 28),
    phone("iPhone XS, 11, 12, 13, 15", 26),
    phone("iPhone 14 Pro, 15 Pro, 16 Pro", 24),
    phone("iPhone 12 Pro, telephoto", 52),
    phone("iPhone 11 and later, ultra wide", 13),
    phone("Galaxy S9 to S21", 26),
    phone("Galaxy S22 to S24", 24),
    phone("Pixel 2 to 5", 27),
    phone("Pixel 6 to 8", 25),
    Lens("phone", "iPhone, 27 mm in the metadata", 32 / DIAGONAL_35MM, "self-calibration of 1080p videos: 32 mm"),
    of_calibration("phone", "iPhone in RSRD", 1137, 1280, 720),
    of_calibration("phone", "iPhone in RSRD, other", 1085, 1280, 720),
    of_calibration("phone", "OnePlus 3T as dashboard camera, 4:3", 910, 1164, 874),
    photo_camera("full frame, wide", 24),
    photo_camera("full frame, 35", 35),
    photo_camera("full frame, normal", 50),
    photo_camera("APS-C kit lens, wide end", 27),
    photo_camera("APS-C kit lens, 35 mm", 52.5),
    photo_camera("compact (Sony RX100 III to V)", 24),
    Lens("camcorder", "Sony AX series, wide end", 26.8 / DIAGONAL_35MM, "maker: 26.8 mm in 16:9"),
    Lens("camcorder", "the same, zoomed by 1.5", 1.5 * 26.8 / DIAGONAL_35MM, "assumed zoom"),
    Lens("camcorder", "the same, zoomed by 2.5", 2.5 * 26.8 / DIAGONAL_35MM, "assumed zoom"),
    of_diagonal("webcam", "Logitech C920, C922", 78),
    of_diagonal("webcam", "Logitech Brio, widest", 90),
    of_diagonal("webcam", "Logitech Brio, narrowest", 65),
    of_diagonal("action camera", "GoPro, linear", 92),
    of_diagonal("action camera", "DJI Osmo Pocket", 80),
    of_calibration("laboratory", "Human3.6M", 1145, 1000, 1002),
    of_calibration("laboratory", "MPI-INF-3DHP", 1497.7, 2048, 2048),
    of_calibration("laboratory", "RealSense, color camera", 1377.6, 1920, 1080),
    of_calibration("laboratory", "pose2sim, camera 1 of the benchmark", 1681, 1920, 1080),
)


def median_and_spread(lenses: tuple[Lens, ...]) -> tuple[float, float]:
    """Median of the ratio, and half the logarithmic range that contains two lenses of three."""
    lenses = tuple(sorted(lenses, key=lambda lens: lens.ratio))
    count = {kind: sum(lens.kind == kind for lens in lenses) for kind in WEIGHTS}
    weight = np.array([WEIGHTS[lens.kind] / count[lens.kind] for lens in lenses])
    middle = np.cumsum(weight) - weight / 2
    low, median, high = np.interp(
        np.array([0.1587, 0.5, 0.8413]) * weight.sum(), middle, [np.log(x.ratio) for x in lenses]
    )
    return float(np.exp(median)), float(high - low) / 2


def main() -> int:
    for lens in LENSES:
        print(f"{lens.kind:13s} {lens.name:38s} {lens.ratio:.2f}  {lens.source}")
    median, spread = median_and_spread(LENSES)
    used = FocalLengthBelief.of_lenses()
    print(
        f"FIGURE lens_median={median:.3f} used_median={math.exp(used.log_ratio):.3f} "
        f"lens_spread={spread:.3f} used_spread={used.error:.3f}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
