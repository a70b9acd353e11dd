"""A person who stands in front of the camera, for tests of the cleanup."""

from dataclasses import replace

import numpy as np

from tar_core.body.data import load_body
from tar_core.cleanup.contacts import sole_points
from tar_core.cleanup.limb_ik import ARMS
from tar_core.motion import LEVEL, Floor, MotionClip, PersonMotion
from tar_core.skeleton import JOINT_NAMES

FPS = 30.0
BODY = load_body()


def standing_motion(count: int = 60) -> PersonMotion:
    """A person who stands upright in front of a level camera and moves the arms."""
    poses = np.zeros((count, 72))
    poses[:, 0] = np.pi
    poses[:, 3 * 16] = np.sin(np.linspace(0, 6, count))
    trans = np.tile([0.3, 0.2, 4.0], (count, 1))
    frames = np.arange(count)
    return PersonMotion(1, poses, np.zeros(10), trans, frames, np.zeros((count, 4)), np.ones(count))


def stepping_motion(speed: float, count: int = 60) -> PersonMotion:
    """A person who stands with bent knees and moves the left foot forth and back, at up to about some m/s."""
    person = standing_motion(count)
    poses = person.poses.reshape(count, 24, 3).copy()
    hips, knees, ankles = (
        [JOINT_NAMES.index(f"{side}_{name}") for side in ("left", "right")] for name in ("hip", "knee", "ankle")
    )
    poses[:, hips, 0], poses[:, knees, 0], poses[:, ankles, 0] = -0.35, 0.7, -0.35
    swing = 0.13 * np.sin(10 * speed * np.arange(count) / FPS)
    poses[:, hips[0], 0] += swing
    poses[:, ankles[0], 0] -= swing
    return replace(person, poses=poses.reshape(count, 72))


def leaning_motion(bend: float, count: int = 60) -> PersonMotion:
    """A person who leans against a wall in front with both hands, and whose root, arms and wrists sway.

    Args:
        bend: of the elbows, radians.
        count: number of frames.
    """
    person, time = standing_motion(count), np.arange(count) / FPS
    poses = person.poses.reshape(count, 24, 3).copy()
    for (shoulder, elbow, wrist), sign in zip(ARMS, (-1, 1), strict=True):
        poses[:, shoulder] = np.stack([0 * time, sign * (1.5 - bend / 2) + 0 * time, 0.05 * np.sin(7 * time)], 1)
        poses[:, elbow, 1], poses[:, wrist, 1] = sign * bend, 0.1 * np.sin(5 * time)
    sway = np.stack([0.02 * np.sin(3 * time), 0 * time, 0.04 * np.sin(2 * time)], 1)
    return replace(person, poses=poses.reshape(count, 72), trans=person.trans + sway)


def with_rotated_camera(person: PersonMotion, camera: np.ndarray) -> PersonMotion:
    """The same motion in the frame of a rotated camera: x' = camera @ x."""
    from scipy.spatial.transform import Rotation  # which Blender lacks, and not all tests need

    poses = person.poses.copy()
    poses[:, :3] = (Rotation.from_matrix(camera) * Rotation.from_rotvec(poses[:, :3])).as_rotvec()
    pelvis = BODY.J_regressor[0] @ BODY.v_template
    return replace(person, poses=poses, trans=(person.trans + pelvis) @ camera.T - pelvis)


def clip_of(*people: PersonMotion) -> MotionClip:
    return MotionClip(FPS, 640, 480, 800.0, np.array([319.5, 239.5]), "a.mp4", list(people))


def moved(x: np.ndarray | float = 0.0, up: np.ndarray | float = 0.0, away: np.ndarray | float = 0.0) -> MotionClip:
    """A person who stands still on a known floor, moved in each of 60 frames by some meters; with a constant box."""
    person = standing_motion()
    person.poses[:, 3:] = 0
    floor = Floor(LEVEL, float(sole_points(person, BODY)[..., 1].max()))
    offset = np.stack(np.broadcast_arrays(x, -np.asarray(up), away, np.zeros(len(person)))[:3], 1)
    boxes = np.tile([100.0, 100, 200, 400], (len(person), 1))
    return replace(clip_of(replace(person, trans=person.trans + offset, boxes=boxes)), floor=floor)


def jump(gravity: float, seconds: float) -> np.ndarray:
    """Heights [60] of a body that jumps after half a second and falls with an acceleration, meters."""
    time = np.clip(np.arange(60) / FPS - 0.5, 0, seconds)
    return gravity / 2 * time * (seconds - time)


def degrees_between(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.degrees(np.arccos(np.clip(a @ b, -1, 1))))
