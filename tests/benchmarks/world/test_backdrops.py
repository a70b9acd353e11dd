"""Backdrops: planes are drawn where the camera sees them."""

import cv2
import numpy as np
import pytest

from benchmarks.world.backdrops import Backdrop, Surface, make_backdrop
from benchmarks.world.cameras import look_at
from tar_core.synthetic.backgrounds import random_lighting

SIZE = (160, 90)
LEVEL = look_at(np.array([0.0, 1.5, 5]), np.array([0.0, 1.5, 0]))


def test_a_floor_is_below_the_horizon_and_its_checks_are_where_they_project():
    squares = np.kron([[255, 0], [0, 255]], np.ones((50, 50)))[..., None].repeat(3, -1).astype(np.uint8)
    light = random_lighting(np.random.default_rng(0))
    sky = np.full((32, 64, 3), 100, np.uint8)
    backdrop = Backdrop([Surface(1, 0.0, (0, 2), [squares], 50.0)], sky, light)
    position, focal_length = np.array([0.0, 1.5, 5]), 100.0
    image = backdrop.view(LEVEL, position, focal_length, SIZE)
    assert (image[:44] == 100).all()
    for x, z in ((0.5, -0.5), (1.5, -0.5), (0.5, 0.5), (-0.5, 0.5)):
        point = LEVEL @ (np.array([x, 0, z]) - position)
        column, row = point[:2] / point[2] * focal_length + (np.array(SIZE) - 1) / 2
        bright = (int(np.floor(x)) + int(np.floor(z))) % 2 == 0
        assert (image[round(row), round(column)].mean() > 128) == bright, (x, z)


@pytest.mark.parametrize("name", ["room", "sky", "field:sky"])
def test_every_backdrop_fills_the_frame(name, tmp_path):
    cv2.imwrite(str(tmp_path / "sky.hdr"), np.full((32, 64, 3), 0.5, np.float32))
    backdrop = make_backdrop(name, tmp_path, np.random.default_rng(0))
    image = backdrop.view(LEVEL, np.array([0.0, 1.5, 5]), 100.0, SIZE)
    assert image.shape == (90, 160, 3) and image.dtype == np.uint8
    assert (image.max(-1) > 10).all()
