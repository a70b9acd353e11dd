"""Rendered hands and their truth."""

import numpy as np
import pytest

from tar_core.hands.skeleton import HIGHEST, LOWEST
from tar_core.synthetic.hands import FRAME_SIDE, HandRenderer, sample_angles


def test_angles_are_in_their_limits() -> None:
    angles = np.stack([sample_angles(np.random.default_rng(seed)) for seed in range(50)])
    assert ((angles >= LOWEST) & (angles <= HIGHEST)).all()
    assert angles[..., 1].std() > 0.3


@pytest.mark.slow
def test_pictures_show_the_hand_where_the_truth_says(egl: None) -> None:
    renderer = HandRenderer()
    for seed in range(4):
        picture = renderer.picture(np.random.default_rng(seed))
        assert picture.image.shape == (FRAME_SIDE, FRAME_SIDE, 3)
        assert picture.points.min() > 0 and picture.points.max() < FRAME_SIDE
        posed = picture.skeleton.landmarks(picture.rotations[None])[0] @ picture.palm.T
        np.testing.assert_allclose(posed, picture.landmarks - picture.landmarks[0], atol=1e-6)
        again = renderer.picture(np.random.default_rng(seed))
        np.testing.assert_array_equal(picture.points, again.points)
