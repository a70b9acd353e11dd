"""The camera at the first captured frame: focal length and vertical direction."""

import numpy as np

from tar_core.camera.crop_camera import default_focal_length, focal_length_from_fov
from tar_core.camera.vanishing_points import EstimatedCamera, estimate_camera, find_segments
from tar_core.options import CaptureOptions

RELIABLE_FOCAL_LENGTH = 0.15  # expected error of log(focal length) below which an estimate is used


def known_focal_length(options: CaptureOptions, width: int, height: int) -> float | None:
    """The focal length that the options give, pixels; None if it is to be estimated."""
    return options.focal_length if options.fov is None else focal_length_from_fov(width, height, options.fov)


def estimate_initial_camera(image: np.ndarray, options: CaptureOptions) -> EstimatedCamera:
    """Estimate the camera from the vanishing points of the first frame.

    A focal length given by the options is used as it is. If there is none and the estimate is unreliable, the image
    diagonal is used.

    Args:
        image: [H, W, 3] uint8 RGB.
        options: give the focal length or the field of view, if known.
    """
    size = image.shape[1], image.shape[0]
    segments = find_segments(image)
    camera = estimate_camera(segments, size, known_focal_length(options, *size))
    if camera.focal_length_error < RELIABLE_FOCAL_LENGTH:
        return camera
    return estimate_camera(segments, size, default_focal_length(*size))
