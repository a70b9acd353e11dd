"""Videos of cameras that turn: exact, and starting as the camera that stood."""

from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from benchmarks.bench_turning import SIZE, degrees_off, shaken_pan, turn_video
from tar_core.video.reader import VideoReader


def test_the_first_picture_is_the_middle_of_the_first(demo_video: Path, tmp_path: Path) -> None:
    turns = shaken_pan(3)
    assert not turns[0].any() and turns[1:].any(1).all()
    turn_video(demo_video, tmp_path / "turning.mp4", turns)
    first = next(VideoReader(demo_video).frames(0, 0)).image
    turned = [frame.image for frame in VideoReader(tmp_path / "turning.mp4").frames()]
    assert len(turned) == 3 and turned[0].shape[1::-1] == SIZE
    x, y = (first.shape[1] - SIZE[0]) // 2, (first.shape[0] - SIZE[1]) // 2
    cut = first[y : y + SIZE[1], x : x + SIZE[0]].astype(float)
    assert np.abs(cut - turned[0]).mean() < 6  # what the codec leaves
    assert np.abs(cut - turned[2]).mean() > 1.05 * np.abs(cut - turned[0]).mean()


def test_degrees_between_rotations() -> None:
    turns = Rotation.from_rotvec(np.radians([[0, 0, 0], [0, 3, 0]])).as_matrix()
    np.testing.assert_allclose(degrees_off(turns, turns[[0, 0]]), [0, 3], atol=1e-6)
