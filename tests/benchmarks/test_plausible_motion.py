"""Recorded motion is plausible, and its percentiles are printed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.plausible_motion import (
    AZIMUTHS,
    DISTANCE,
    FOCAL_LENGTH,
    main,
    print_flights,
    print_percentiles,
    recorded_clip,
    recorded_kinematics,
)
from benchmarks.recordings import read_recordings
from tar_core.body.data import load_body
from tar_core.body.shape import rest_joints
from tar_core.cleanup.plausibility import plausibility_of
from tests.support.motion_files import member
from tests.support.recordings import standing_recording


def test_a_standing_recording_is_plausible_from_every_direction() -> None:
    seen = list(recorded_kinematics([standing_recording()], load_body()))
    assert len(seen) == len(AZIMUTHS)
    assert {plausibility_of([kinematics]).summary for _, kinematics in seen} == {"nothing to check"}


def test_boxes_contain_the_person() -> None:
    clip = recorded_clip(standing_recording(), 45, load_body())
    (person,) = clip.people
    height = np.diff(person.boxes[0, [1, 3]]).item() * DISTANCE / FOCAL_LENGTH
    assert 1.5 < height < 1.9
    middle = (person.boxes[0, :2] + person.boxes[0, 2:]) / 2 - clip.principal_point
    assert np.abs(middle).max() < 200


def test_recorded_walking_has_no_range_to_check(tmp_path: Path) -> None:
    body = load_body()
    for archive, name in (
        ("cmu_bvh.tar.xz", "002_01.bvh"),
        ("cmu_bvh.tar.xz", "007_01.bvh"),
        ("deepmimic_txt.tar.xz", "humanoid3d_walk.txt"),
    ):
        (tmp_path / name).write_bytes(member(archive, name))
    walking = read_recordings(tmp_path, rest_joints(body, np.zeros(10)))
    assert [motion.name for motion in walking] == ["cmu/002_01", "cmu/007_01", "deepmimic/walk"]
    for name, kinematics in recorded_kinematics(walking, body):
        assert plausibility_of([kinematics]).summary == "nothing to check", name


def test_print(capsys: pytest.CaptureFixture) -> None:
    ((name, kinematics), *_) = recorded_kinematics([standing_recording()], load_body())
    fall = np.where(np.arange(90) < 10, -9.0, np.nan)
    print_percentiles([kinematics])
    print_flights([("cmu/1", replace(kinematics, fall=fall)), (name, kinematics)])
    output = capsys.readouterr().out
    assert "speed along the view, m/s" in output and "1 flights (all directions)" in output


def test_missing_recordings_are_an_error(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["--motions", str(tmp_path / "none")]) == 1
    assert "no such file" in capsys.readouterr().err
