"""Images of rotated cameras."""

import cv2
import numpy as np
from scipy.spatial.transform import Rotation

from benchmarks.pinhole import intrinsics, view_from


def test_view_of_a_rotated_camera_shows_the_point_in_the_new_direction() -> None:
    """A camera that pans by atan(20 / 100) to the right sees a point, 20 pixels right of the center, in the center."""
    image = np.zeros((61, 81, 3), np.uint8)
    image[30, 60] = 255
    camera = intrinsics(100.0, (81, 61))
    pan = Rotation.from_euler("y", -np.arctan2(20, 100)).as_matrix()
    view = view_from(image, camera, pan, camera, (81, 61), cv2.INTER_LINEAR)
    assert np.unravel_index(view[..., 0].argmax(), (61, 81)) == (30, 40)
