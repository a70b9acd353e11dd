"""Videos of rotating cameras, derived from a static camera's video."""

from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from benchmarks.bench_turning import SIZE, angles_between, shaken_pan, write_rotated_video
from tar_core.video.reader import VideoReader


def test_first_frame_is_the_center_of_the_original(demo_video: Path, tmp_path: Path) -> None:
    rotations = shaken_pan(3)
    assert not rotations[0].any() and rotations[1:].any(1).all()
    write_rotated_video(demo_video, tmp_path / "rotating.mp4", rotations)
    first = next(VideoReader(demo_video).frames(0, 0)).image
    rotated = [frame.image for frame in VideoReader(tmp_path / "rotating.mp4").frames()]
    assert len(rotated) == 3 and rotated[0].shape[1::-1] == SIZE
    x, y = (first.shape[1] - SIZE[0]) // 2, (first.shape[0] - SIZE[1]) // 2
    cut = first[y : y + SIZE[1], x : x + SIZE[0]].astype(float)
    assert np.abs(cut - rotated[0]).mean() < 6, "differs by more than coding errors"
    assert np.abs(cut - rotated[2]).mean() > 1.05 * np.abs(cut - rotated[0]).mean()


def test_angles_between_rotations() -> None:
    rotations = Rotation.from_rotvec(np.radians([[0, 0, 0], [0, 3, 0]])).as_matrix()
    np.testing.assert_allclose(angles_between(rotations, rotations[[0, 0]]), [0, 3], atol=1e-6)
