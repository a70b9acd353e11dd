"""Rendered faces and their truth."""

import numpy as np
import pytest

from tar_core.face_names import FACE_KEY_NAMES
from tar_core.synthetic.faces import FRAME_SIDE, FaceRenderer, sample_values


def test_values_are_sparse_and_in_their_range() -> None:
    values = np.stack([sample_values(np.random.default_rng(seed)) for seed in range(200)])
    assert values.min() == 0 and values.max() <= 1
    blinks = values[:, FACE_KEY_NAMES.index("eyeBlinkLeft")]
    assert 0.1 < (blinks > 0).mean() < 0.5 and (values == 0).mean() > 0.7
    pucker, smile = (values[:, FACE_KEY_NAMES.index(name)] for name in ("mouthPucker", "mouthSmileLeft"))
    assert not (pucker * smile).any()


@pytest.mark.slow
def test_pictures_show_the_face_where_the_truth_says(egl: None) -> None:
    renderer = FaceRenderer()
    pictures = renderer.pictures(np.random.default_rng(0), 4)
    for picture in pictures:
        assert picture.image.shape == (FRAME_SIDE, FRAME_SIDE, 3)
        nose, right_eye, left_eye, right_corner, left_corner = picture.points
        assert picture.points.min() > 0 and picture.points.max() < FRAME_SIDE
        assert right_eye[0] < left_eye[0] and right_corner[0] < left_corner[0]
        assert (right_eye + left_eye)[1] / 2 < nose[1] < (right_corner + left_corner)[1] / 2
        assert np.linalg.norm(left_eye - right_eye) < picture.width / 2
    again = renderer.pictures(np.random.default_rng(0), 2)
    np.testing.assert_array_equal(pictures[1].points, again[1].points)
    np.testing.assert_array_equal(pictures[1].values, again[1].values)
