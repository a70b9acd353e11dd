"""The clean-up as a whole: its steps, and the placement in the world."""

from dataclasses import replace

import numpy as np
import pytest

from tar_core.body.data import load_body
from tar_core.camera.trajectory import CameraTrajectory
from tar_core.cleanup.limb_ik import LEGS
from tar_core.cleanup.pipeline import clean_up
from tar_core.motion import Floor, MotionClip, Vertical
from tar_core.options import NO_CLEANUP, CleanupOptions
from tests.support.clips import synthetic_clip

BODY = load_body()


@pytest.fixture
def clip() -> MotionClip:
    return synthetic_clip()


def test_no_cleanup_leaves_the_motion_unchanged(clip: MotionClip) -> None:
    clean = clean_up(clip, BODY, NO_CLEANUP)
    assert clean.clip.people[0] is clip.people[0]
    assert clean.floor is None and clean.placement.translation[2] == 0


def test_foot_locking_moves_root_and_legs_only(clip: MotionClip) -> None:
    (locked,) = clean_up(clip, BODY, replace(NO_CLEANUP, foot_locking=1.0)).clip.people
    (before,) = clip.people
    assert np.abs(locked.trans - before.trans).max() > 0.001
    moved = (locked.poses != before.poses).reshape(-1, 24, 3).any((0, 2))
    assert set(np.flatnonzero(moved)) <= set(np.ravel(LEGS))


def test_lean_correction_changes_global_orient_only(clip: MotionClip) -> None:
    """Vanishing points say that the camera is tilted, so a person who is upright in the image leans in the world."""
    tip = np.radians(8)
    upright = np.zeros_like(clip.people[0].poses)
    upright[:, 0] = np.pi
    standing = replace(clip.people[0], poses=upright, trans=np.tile([0.0, 0.2, 4.0], (len(upright), 1)))
    leaning = replace(clip, people=[standing], vertical=Vertical(np.array([0, -np.cos(tip), -np.sin(tip)]), 1.0))
    clean = clean_up(leaning, BODY, replace(NO_CLEANUP, lean_correction=True)).clip
    changed = (clean.people[0].poses != standing.poses).any(0).nonzero()[0]
    assert len(changed) and changed.max() < 3
    again = clean_up(clean, BODY, replace(NO_CLEANUP, lean_correction=True)).clip
    assert again.people[0] is clean.people[0], "the lean is corrected once"


def test_focal_length_moves_people_along_the_line_of_sight(clip: MotionClip) -> None:
    (nearer,) = clean_up(clip, BODY, NO_CLEANUP, focal_length=clip.focal_length / 2).clip.people
    np.testing.assert_allclose(nearer.trans[:, 2], clip.people[0].trans[:, 2] / 2, rtol=1e-5)


def test_motion_is_resampled_last(clip: MotionClip) -> None:
    clean = clean_up(clip, BODY, CleanupOptions(), on_ground=True, fps=2 * clip.fps)
    assert clean.clip.fps == 2 * clip.fps
    assert len(clean.clip.people[0]) == 2 * len(clip.people[0]) - 1
    at_video_rate = clean_up(clip, BODY, CleanupOptions(), on_ground=True)
    np.testing.assert_array_equal(clean.placement.matrix(), at_video_rate.placement.matrix())


def test_known_floor_is_placed_at_z_0(clip: MotionClip) -> None:
    floor = Floor(np.array([0.1, -0.9, -0.3]), 1.4, confidence=0.01)
    known = replace(clip, floor=floor)
    clean = clean_up(known, BODY, NO_CLEANUP, on_ground=True)
    assert clean.floor is floor and clean.placement.translation[2] == pytest.approx(1.4)
    assert clean_up(known, BODY, NO_CLEANUP, on_ground=False).placement.translation[2] == 0


def test_trajectory_with_a_world_is_placed_in_that_world(clip: MotionClip) -> None:
    world = np.eye(4)
    world[:3, 3] = 7.0
    count = clip.last_frame + 1
    given = replace(clip, camera_trajectory=CameraTrajectory(0, np.zeros((count, 3)), world=world))
    clean = clean_up(given, BODY, NO_CLEANUP, on_ground=True)
    assert clean.floor is None
    np.testing.assert_array_equal(clean.placement.translation, [7, 7, 7])


@pytest.mark.parametrize("pitch", [0, 20])
def test_camera_pitch_is_estimated_from_a_standing_person(pitch: float) -> None:
    """In front of a camera that looks down, an upright person seems to lean away from it."""
    clip = synthetic_clip(frames=40)
    (person,) = clip.people
    person.poses[:] = 0
    person.poses[:, 0] = np.pi + np.radians(pitch)
    person.trans[:] = [0.2, 0.1, 4.0]
    placement = clean_up(clip, BODY, NO_CLEANUP, on_ground=True).placement
    line_of_sight = placement.rotation @ np.array([0.0, 0.0, 1.0])
    assert np.degrees(np.arcsin(-line_of_sight[2])) == pytest.approx(pitch, abs=0.3 * pitch + 1)
    assert 0.3 < placement.translation[2] < 3


def test_only_the_pipeline_calls_the_steps() -> None:
    """The command line, the add-on and Re-import must all use the pipeline."""
    import re

    from tests.support.paths import REPOSITORY

    steps = ("smooth_clip", "correct_clip_lean", "lock_clip_feet", "find_floor", "resample_clip")
    pattern = re.compile(rf"(?<!def )\b({'|'.join(steps)})\(")
    callers = {
        (match[1], str(path.relative_to(REPOSITORY)))
        for package in ("tar_core", "tar_blender")
        for path in (REPOSITORY / package).rglob("*.py")
        for match in pattern.finditer(path.read_text())
    }
    assert {path for _, path in callers} == {"tar_core/cleanup/pipeline.py"}
    assert {step for step, _ in callers} == set(steps)
