"""Transformations that place a clip on the floor."""

import numpy as np
import pytest
from mathutils import Matrix, Vector

from tar_blender.scene.floor import floor_transform
from tar_core.errors import TarError


def test_level_floor_needs_only_a_translation() -> None:
    points = [Vector(position) for position in ((0, 0, 2), (0, 1, 2), (1, 0, 2))]
    expected = Matrix.Translation((0, 0, -2))
    for order in (points, points[::-1]):
        np.testing.assert_allclose(floor_transform(order, Vector((0, 0, 5))), expected, atol=1e-6)


def test_points_on_a_line_are_rejected() -> None:
    with pytest.raises(TarError, match="one line"):
        floor_transform([Vector((x, 0, 0)) for x in (0, 1, 2)], Vector((0, 0, 5)))
