"""Motion files with several shots."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tar_core.camera.trajectory import CameraTrajectory
from tar_core.errors import TarError
from tar_core.motion import Floor, MotionClip
from tar_core.shot_files import load_shots, save_shots
from tar_core.shots import Shot
from tests.support.clips import make_clip, make_person


def two_shots() -> list[MotionClip]:
    """Shots 1 and 3 of a video; nobody is in shot 2. The camera of shot 3 moves."""
    first = replace(make_clip([make_person(1), make_person(2)]), shot=Shot(1, 0, 20), floor=Floor([0, -1, 0], 1.5))
    trajectory = CameraTrajectory(40, np.linspace([0, 0, 0], [0, 0.3, 0], 51))
    third = make_clip([make_person(3, first=41)])
    return [first, replace(third, focal_length=900.0, camera_trajectory=trajectory, shot=Shot(3, 40, 90))]


def test_shots_come_back_from_one_file(tmp_path: Path) -> None:
    clips = two_shots()
    save_shots(tmp_path / "clip.npz", clips)
    loaded = load_shots(tmp_path / "clip.npz")
    for clip, read in zip(clips, loaded, strict=True):
        assert read.shot == clip.shot and read.focal_length == clip.focal_length
        assert str(read.floor) == str(clip.floor)
        assert (read.camera_trajectory is None) == (clip.camera_trajectory is None)
        for person, back in zip(clip.people, read.people, strict=True):
            assert person.person_id == back.person_id
            np.testing.assert_array_equal(person.poses, back.poses)
    (third,) = load_shots(tmp_path / "clip.npz", 3)
    assert third.shot == Shot(3, 40, 90)
    with pytest.raises(TarError, match="there is no shot 2; choose from: 1, 3"):
        load_shots(tmp_path / "clip.npz", 2)
    with pytest.raises(TarError, match="contains several shots"):
        MotionClip.load(tmp_path / "clip.npz")


def test_a_single_clip_is_written_for_older_readers(tmp_path: Path) -> None:
    clip = make_clip([make_person(1)])
    save_shots(tmp_path / "clip.npz", [clip])
    with np.load(tmp_path / "clip.npz") as data:
        assert data["format_version"] == 1 and "shots" not in data and "shot" not in data
    (read,) = load_shots(tmp_path / "clip.npz", 1)
    assert read.shot is None
    save_shots(tmp_path / "clip.npz", [replace(clip, shot=Shot(2, 3, 9))])
    (read,) = load_shots(tmp_path / "clip.npz")
    assert read.shot == Shot(2, 3, 9)
    with pytest.raises(TarError, match="there is no shot 1; choose from: 2"):
        load_shots(tmp_path / "clip.npz", 1)


def test_other_files_are_errors(tmp_path: Path) -> None:
    (tmp_path / "text.npz").write_text("text")
    for name in ("text.npz", "gone.npz"):
        with pytest.raises(TarError, match=name):
            load_shots(tmp_path / name)
