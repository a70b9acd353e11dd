"""The camera at the first captured frame: focal length and vertical direction."""

import math
from pathlib import Path

import numpy as np

from tar_core.camera.crop_camera import focal_length_from_fov
from tar_core.camera.focal_length import FocalLengthBelief
from tar_core.camera.vanishing_points import EstimatedCamera, estimate_camera, find_segments
from tar_core.options import CaptureOptions
from tar_core.video.bars import PictureArea
from tar_core.video.lens_metadata import read_35mm_equivalent

DIAGONAL_35MM = math.hypot(36, 24)  # millimeters
PHOTO_ASPECT = 4 / 3  # of the sensors of phones, whose diagonal the 35 mm equivalent refers to
# Videos are cropped further, for stabilization: by 0 to 20 % of the width. The error also covers rounding to whole mm.
STABILIZATION_CROP, EQUIVALENT_ERROR = 1.09, 0.08
EQUIVALENT_MISLEADS = 0.03  # probability of a digital zoom, another lens, an edited video


def known_focal_length(options: CaptureOptions, width: int, height: int) -> float | None:
    """The focal length that the options give, pixels; None if it is to be estimated."""
    return options.focal_length if options.fov is None else focal_length_from_fov(width, height, options.fov)


def focal_length_of_file(video: Path, width: int, height: int) -> FocalLengthBelief:
    """What is known about the focal length before the video is seen: the lenses of videos, and the file's metadata."""
    belief = FocalLengthBelief.of_lenses()
    equivalent = read_35mm_equivalent(video)
    if equivalent is None:
        return belief
    log_ratio = math.log(equivalent / DIAGONAL_35MM * crop_factor(width, height))
    return belief.with_measurement(log_ratio, EQUIVALENT_ERROR, EQUIVALENT_MISLEADS)


def crop_factor(width: int, height: int) -> float:
    """Diagonal of a phone's sensor over that of the part that a video of this shape shows."""
    aspect = max(width, height) / min(width, height)
    shown = min(1.0, aspect / PHOTO_ASPECT)  # share of the sensor's longer side, without stabilization
    return math.hypot(1, 1 / PHOTO_ASPECT) / (shown * math.hypot(1, 1 / aspect)) * STABILIZATION_CROP


def estimate_initial_camera(
    image: np.ndarray, options: CaptureOptions, video: Path | None = None, area: PictureArea | None = None
) -> EstimatedCamera:
    """Estimate the camera from the vanishing points of the first frame, without bars around the picture.

    A focal length given by the options is used as it is.

    Args:
        image: [H, W, 3] uint8 RGB.
        options: give the focal length or the field of view, if known.
        video: the file, whose metadata may tell the lens.
        area: the picture between the bars, if it is known.
    """
    image = (area or PictureArea.of(image)).cut(image)
    size = image.shape[1], image.shape[0]
    belief = None if video is None else focal_length_of_file(video, *size)
    return estimate_camera(find_segments(image), size, known_focal_length(options, *size), belief)
