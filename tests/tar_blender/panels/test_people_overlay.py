"""The boxes over a frame of the video. tests/support/window_import_steps.py draws them in a real window."""

import numpy as np
import pytest

from tar_blender.panels.people_overlay import box_in_picture
from tar_blender.util.preview import Rectangle
from tar_core.people.selection import Pictures

AREA = Rectangle(100, 50, 140, 110)
PICTURES = Pictures(np.array([0]), np.zeros((1, 120, 80, 3), np.uint8), scale=10.0)  # of a video of 800 x 1200 pixels


def test_box_has_its_place_in_the_picture() -> None:
    whole = box_in_picture(np.array([-0.5, -0.5, 799.5, 1199.5]), PICTURES, AREA)
    assert whole == pytest.approx(AREA)
    top_left = box_in_picture(np.array([-0.5, -0.5, 399.5, 299.5]), PICTURES, AREA)
    assert top_left == pytest.approx((100, 95, 120, 110)), "y is counted from the bottom of the region"


def test_box_is_cut_off_at_the_border() -> None:
    assert box_in_picture(np.array([-90.0, -50, 900, 2000]), PICTURES, AREA) == pytest.approx(AREA)
