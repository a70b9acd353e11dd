"""Motion before a camera that travels comes into the world that the camera's path is in, and back."""

import numpy as np
import pytest

from tar_core.body.data import load_body
from tar_core.body.shape import rest_joints
from tar_core.camera.trajectory import CameraTrajectory
from tar_core.camera.world import scale_from_feet, to_camera_frame, to_world_frame, with_camera_trajectory
from tar_core.cleanup.foot_locking import foot_points, lock_clip_feet, slide
from tar_core.motion import MotionClip, PersonMotion
from tar_core.rotations import axis_angle_to_matrix, matrix_to_axis_angle
from tar_core.skeleton import JOINT_NAMES, pose_skeleton

BODY = load_body()
FPS = 30.0
PELVIS = rest_joints(BODY, np.zeros(10))[0]
UPRIGHT = np.array([np.pi, 0.0, 0.0])  # global_orient of somebody upright who looks into a level camera


def walker(count: int = 120) -> PersonMotion:
    """Somebody who walks across the picture: one foot swings while the other stands exactly where it is."""
    poses = np.zeros((count, 24, 3))
    poses[:, 0] = UPRIGHT
    swing = 0.5 * np.sin(np.arange(count) / 6)
    hips = [JOINT_NAMES.index(f"{side}_hip") for side in ("left", "right")]
    poses[:, hips[0], 0], poses[:, hips[1], 0] = swing, -swing
    poses[:, 0] = matrix_to_axis_angle(
        axis_angle_to_matrix(UPRIGHT) @ axis_angle_to_matrix(np.array([0, np.pi / 2, 0]))
    )
    trans = np.tile([-1.0, 0.2, 5.0], (count, 1))
    person = PersonMotion(
        1, poses.reshape(count, -1), np.zeros(10), trans, np.arange(count), np.zeros((count, 4)), np.ones(count)
    )
    feet = foot_points(person, BODY)
    # The foot that moves backwards under the body is the one that stands: the body moves forward by as much.
    stand = np.where(np.diff(feet[:, 0, 0]) < np.diff(feet[:, 2, 0]), 0, 2)
    steps = -np.diff(feet, axis=0)[np.arange(count - 1), stand]
    person.trans[1:] += np.cumsum(steps, axis=0)
    return person


def travelling(count: int = 120) -> CameraTrajectory:
    """A camera on a dolly that goes along, turns and zooms."""
    time = np.arange(count) / FPS
    turns = np.stack([0.1 * np.sin(time), 0.4 * np.sin(0.5 * time), 0.05 * time], 1)
    places = np.stack([0.7 * time, 0.1 * np.sin(2 * time), 0.3 * time], 1)
    return CameraTrajectory(0, turns, places, 1 + 0.2 * time)


def clip_of(person: PersonMotion, path: CameraTrajectory | None = None) -> MotionClip:
    return MotionClip(FPS, 1280, 720, 1400.0, np.array([639.5, 359.5]), "walk.mp4", [person], camera_trajectory=path)


def pixels(clip: MotionClip, person: PersonMotion) -> np.ndarray:
    """[N, 24, 2] of all joints, each frame in its own camera."""
    joints = pose_skeleton(person.poses.reshape(-1, 24, 3).astype(float), rest_joints(BODY, np.zeros(10)))[1]
    joints += person.trans[:, None]
    seen = np.array([clip.in_camera(points, int(frame)) for points, frame in zip(joints, person.frames, strict=True)])
    return clip.focal_lengths(person.frames)[:, None, None] * seen[..., :2] / seen[..., 2:]


def test_there_and_back() -> None:
    person, path = walker(), travelling()
    there = to_world_frame(person, path, PELVIS)
    back = to_camera_frame(there, path, PELVIS)
    np.testing.assert_allclose(back.trans, person.trans, atol=1e-5)
    np.testing.assert_allclose(
        axis_angle_to_matrix(back.poses[:, :3]), axis_angle_to_matrix(person.poses[:, :3]), atol=1e-5
    )
    assert np.abs(there.trans - person.trans).max() > 0.5


def test_the_truth_before_a_camera_that_travels_is_found_again() -> None:
    """What the network sees, each frame by itself, becomes the motion in the world."""
    truth, path = walker(), travelling()
    network = clip_of(to_camera_frame(truth, path, PELVIS))
    found = with_camera_trajectory(network, path, BODY)
    np.testing.assert_allclose(found.people[0].trans, truth.trans, atol=1e-5)
    assert slide(foot_points(truth, BODY), np.ones((119, 4))) < slide(
        foot_points(network.people[0], BODY), np.ones((119, 4))
    )


def test_another_path_leaves_everybody_over_their_pixels() -> None:
    first = clip_of(walker(), travelling())
    other = CameraTrajectory(
        0, np.zeros((120, 3)), np.linspace([0, 0, 0], [1.0, 0, 0], 120), first.camera_trajectory.zooms
    )
    second = with_camera_trajectory(first, other, BODY)
    np.testing.assert_allclose(pixels(second, second.people[0]), pixels(first, first.people[0]), atol=0.01)
    still = with_camera_trajectory(second, None, BODY)
    assert still.camera_trajectory is None


def test_a_zoom_is_a_matter_of_depth() -> None:
    zoom = CameraTrajectory(0, np.zeros((120, 3)), zooms=np.linspace(1, 2, 120))
    person = walker()
    depth = to_world_frame(person, zoom, PELVIS).trans[:, 2]
    np.testing.assert_allclose(depth, person.trans[:, 2] * np.linspace(1, 2, 120), rtol=1e-6)


@pytest.mark.parametrize("scale", [0.2, 1.0, 7.0])
def test_feet_tell_the_scale_of_the_path(scale: float) -> None:
    truth, path = walker(), travelling()
    network = clip_of(to_camera_frame(truth, path, PELVIS))
    wrong = with_camera_trajectory(network, path.scaled(1 / scale), BODY)
    assert scale_from_feet(wrong, BODY) == pytest.approx(scale, rel=0.1)


def test_a_camera_that_stands_tells_no_scale() -> None:
    assert scale_from_feet(clip_of(walker()), BODY) is None
    assert scale_from_feet(clip_of(walker(), CameraTrajectory(0, np.zeros((120, 3)))), BODY) is None


def test_feet_are_planted_in_the_world_and_along_each_frames_own_line_of_sight() -> None:
    """The network's depth wavers; before a camera that goes round, that is now one direction and now another."""
    truth = walker()
    angle = np.linspace(0, 1.2, len(truth))
    turns = np.stack([np.zeros_like(angle), angle, np.zeros_like(angle)], 1)
    center = np.array([0.0, 0.0, 5.0])
    places = center - (axis_angle_to_matrix(turns).transpose(0, 2, 1) @ center)
    path = CameraTrajectory(0, turns, places)
    seen = to_camera_frame(truth, path, PELVIS)
    seen.trans *= 1 + 0.012 * np.sin(np.arange(len(truth)) / 5)[:, None]
    clip = with_camera_trajectory(clip_of(seen), path, BODY)
    locked = lock_clip_feet(clip, BODY, 1.0)
    stands = (np.linalg.norm(np.diff(foot_points(truth, BODY), axis=0), axis=-1) < 0.15 / FPS).astype(float)
    before, after = (slide(foot_points(moving.people[0], BODY), stands) for moving in (clip, locked))
    assert before > 0.006 and after < 0.25 * before
    moved = pixels(locked, locked.people[0]) - pixels(clip, clip.people[0])
    assert np.linalg.norm(moved, axis=-1).mean() < 2.0
