"""Lean correction reduces leaning along the line of sight, keeps the image, and changes nothing else."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from tar_core.body.shape import rest_joints
from tar_core.camera.trajectory import CameraTrajectory
from tar_core.cleanup.center_of_mass import Balance
from tar_core.cleanup.lean_correction import correct_clip_lean, correcting_rotation, translation_to_pixels
from tar_core.motion import LEVEL, Floor, MotionClip, PersonMotion, Vertical
from tar_core.skeleton import JOINT_NAMES, pose_skeleton
from tests.support.standing import BODY, clip_of, degrees_between, standing_motion, with_rotated_camera

CAMERA = Rotation.from_euler("x", 20, degrees=True).as_matrix()  # looks down
UP = CAMERA @ LEVEL


def leaning(degrees: float, axis: tuple[float, float, float] = (1, 0, 0)) -> MotionClip:
    """A person who stands in front of a camera that looks down, rotated about an axis of the camera frame."""
    person = with_rotated_camera(standing_motion(90), CAMERA)
    rotation = Rotation.from_rotvec(np.radians(degrees) * np.array(axis))
    person.poses[:, :3] = (rotation * Rotation.from_rotvec(person.poses[:, :3])).as_rotvec()
    return replace(clip_of(person), vertical=Vertical(UP, 1.0))


def joints_of(person: PersonMotion) -> np.ndarray:
    poses = person.poses.reshape(len(person), 24, 3).astype(float)
    return pose_skeleton(poses, rest_joints(BODY, person.betas.astype(float)))[1] + person.trans[:, None]


def degrees_off(clip: MotionClip) -> float:
    """Angle between up and the line from the ankles to the neck."""
    joints = joints_of(clip.people[0]).mean(0)
    ankles = [JOINT_NAMES.index(f"{side}_ankle") for side in ("left", "right")]
    axis = joints[JOINT_NAMES.index("neck")] - joints[ankles].mean(0)
    return degrees_between(axis / np.linalg.norm(axis), UP)


@pytest.mark.parametrize("degrees", [8, -8])
def test_lean_is_reduced(degrees: float) -> None:
    straight, before = degrees_off(leaning(0)), leaning(degrees)
    after = correct_clip_lean(before, BODY)
    assert 0.3 * degrees_off(before) < degrees_off(after) < 0.8 * degrees_off(before)
    assert abs(degrees_off(correct_clip_lean(leaning(0), BODY)) - straight) < 2
    np.testing.assert_array_equal(after.people[0].poses[:, 3:], before.people[0].poses[:, 3:])


def test_body_stays_over_its_pixels() -> None:
    """Joints move by less than 1% of the person's size in the image, although the ankles move by 2 cm in the world."""
    before = leaning(8)
    after = correct_clip_lean(before, BODY)
    pixels = [800 * joints[..., :2] / joints[..., 2:] for joints in (joints_of(c.people[0]) for c in (before, after))]
    size = np.ptp(pixels[0][0, :, 1])
    assert np.median(np.linalg.norm(pixels[1] - pixels[0], axis=-1)) < 0.01 * size
    ankle = JOINT_NAMES.index("left_ankle")
    moved = joints_of(after.people[0])[:, ankle] - joints_of(before.people[0])[:, ankle]
    assert np.linalg.norm(moved, axis=-1).min() > 0.02


def test_lean_across_the_line_of_sight_is_kept() -> None:
    before = leaning(8, (0, 0, 1))
    old, new = (Rotation.from_rotvec(c.people[0].poses[0, :3]) for c in (before, correct_clip_lean(before, BODY)))
    sight = joints_of(before.people[0])[:, 0].mean(0)
    assert abs((new * old.inv()).as_rotvec() @ sight / np.linalg.norm(sight)) < np.radians(0.1)


def test_unreliable_cases_are_unchanged() -> None:
    clip = leaning(8)
    for unreliable in (replace(clip, vertical=None), replace(clip, vertical=Vertical(UP, 20.0))):
        assert correct_clip_lean(unreliable, BODY) is unreliable
    sits = leaning(8)
    for side in ("left", "right"):
        sits.people[0].poses[:, 3 * JOINT_NAMES.index(f"{side}_hip")] = -np.radians(88)
        sits.people[0].poses[:, 3 * JOINT_NAMES.index(f"{side}_knee")] = np.radians(88)
    hangs = leaning(35)
    for other in (sits, hangs):
        assert correct_clip_lean(other, BODY).people[0] is other.people[0]


def test_a_camera_that_turns_to_another_place() -> None:
    """The person leans away from the camera in all frames, and is corrected in all, as in front of a static camera."""
    still = correct_clip_lean(leaning(8), BODY).people[0]
    turns = Rotation.from_rotvec(np.repeat(np.radians([0, 120]), 45)[:, None] * UP)  # stands in two places
    around, expected = (_carried(person, turns) for person in (leaning(8).people[0], still))
    panned = replace(leaning(8), people=[around], camera_trajectory=CameraTrajectory(0, turns.inv().as_rotvec()))
    after = correct_clip_lean(panned, BODY).people[0]
    np.testing.assert_allclose(after.poses, expected.poses, atol=0.01)
    np.testing.assert_allclose(after.trans, expected.trans, atol=0.01)
    assert np.abs(after.poses - around.poses).max() > np.radians(2)


def _carried(person: PersonMotion, turns: Rotation) -> PersonMotion:
    """A person carried around the camera by one rotation for each frame."""
    pelvis = rest_joints(BODY, person.betas.astype(float))[0]
    poses = person.poses.astype(float)
    poses[:, :3] = (turns * Rotation.from_rotvec(poses[:, :3])).as_rotvec()
    return replace(person, poses=poses, trans=turns.apply(person.trans + pelvis) - pelvis)


def test_people_who_seldom_stand_are_unchanged() -> None:
    """As those who run, of whose steps only parts are found."""
    clip = leaning(8)
    clip.people[0].trans[:60] += np.linspace(0, 6, 60)[:, None] * np.array([1, 0, 0], np.float32)
    assert correct_clip_lean(clip, BODY).people[0] is clip.people[0]


def test_lean_is_corrected_only_once(tmp_path: Path) -> None:
    once = replace(correct_clip_lean(leaning(8), BODY), floor=None)
    assert once.lean_corrected and not leaning(8).lean_corrected
    once.save(tmp_path / "clip.npz")
    for again in (once, MotionClip.load(tmp_path / "clip.npz")):
        assert correct_clip_lean(again, BODY) is again


def test_earlier_floor_is_removed() -> None:
    assert correct_clip_lean(replace(leaning(8), floor=Floor(UP, 1.0)), BODY).floor is None


def test_unreliable_legs_are_ignored() -> None:
    unseen, guessed = leaning(8), leaning(8)
    unseen.people[0].confidence[:] = 0
    guessed.people[0].joint_errors[:, JOINT_NAMES.index("left_ankle")] = 0.4
    for clip in (unseen, guessed):
        assert correct_clip_lean(clip, BODY).people[0] is clip.people[0]


def test_precise_balance_corrects_more() -> None:
    position, off = np.array([0.0, 0, 4]), Rotation.from_euler("x", 6, degrees=True).apply(LEVEL)
    precise, imprecise = (
        correcting_rotation(Balance(off, error), Vertical(LEVEL, 1.0), position) for error in (2.0, 10.0)
    )
    assert np.radians(4) < np.linalg.norm(precise) < np.radians(6)
    assert np.linalg.norm(imprecise) < np.radians(2)
    np.testing.assert_allclose(Rotation.from_rotvec(precise).apply(off) @ LEVEL, 1, atol=1e-3)


@settings(max_examples=20)
@given(st.integers(0, 1000))
def test_translation_to_pixels_recovers_a_shift(seed: int) -> None:
    random = np.random.default_rng(seed)
    points = random.normal(size=(5, 12, 3)) * 0.4 + [0.3, 0.1, 4.0]
    shift = random.normal(size=(5, 3)) * 0.3
    np.testing.assert_allclose(
        translation_to_pixels(points - shift[:, None], points[..., :2] / points[..., 2:]), shift, atol=1e-9
    )
