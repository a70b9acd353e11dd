"""A dancing person with known truth, and what several cameras see of the person."""

from dataclasses import replace

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.transform import Rotation

from tar_core.body.data import load_body
from tar_core.body.shape import rest_joints
from tar_core.motion import MotionClip, PersonMotion
from tar_core.skeleton import JOINT_NAMES

FPS = 30.0
# From the world, with y down, to the camera frames: x_camera = R (x - c).
FRONT = (np.eye(3), np.zeros(3))
SIDE = (Rotation.from_euler("y", 80, degrees=True).as_matrix(), np.array([-4.0, 0.3, 3.5]))
BACK = (Rotation.from_euler("zyx", [5, 150, 0], degrees=True).as_matrix(), np.array([-2.0, 0.0, 7.5]))
LIMBS = [
    JOINT_NAMES.index(f"{side}_{part}") for side in ("left", "right") for part in ("hip", "knee", "shoulder", "elbow")
]

Camera = tuple[np.ndarray, np.ndarray]


def dancer(seed: int = 0, count: int = 150, place: tuple[float, float] = (0.0, 4.0)) -> PersonMotion:
    """A person who moves all limbs at random, turns and walks about, four meters in front of the first camera."""
    random = np.random.default_rng(seed)

    def wander(size: float, *shape: int) -> np.ndarray:
        noise = gaussian_filter1d(random.normal(size=(count, *shape)), 8, axis=0)
        return size * noise / noise.std()

    poses = np.zeros((count, 24, 3))
    poses[:, LIMBS] = wander(0.35, len(LIMBS), 3)
    turn = Rotation.from_rotvec(np.outer(np.cumsum(wander(0.03)), [0, 1, 0])) * Rotation.from_rotvec([np.pi, 0, 0])
    poses[:, 0] = turn.as_rotvec()
    trans = np.column_stack([place[0] + wander(0.2), wander(0.03), place[1] + wander(0.2)])
    boxes = np.tile([100.0, 100.0, 200.0, 300.0], (count, 1))
    errors = np.full((count, 24), 0.1)
    errors[:, 0] = 0
    return PersonMotion(
        1, poses.reshape(count, 72), np.zeros(10), trans, np.arange(count), boxes, np.ones(count), errors
    )


def seen_by(camera: Camera, person: PersonMotion, error: float = 0.0, seed: int = 0) -> PersonMotion:
    """The person in the frame of a camera.

    Args:
        error: standard deviation of slow errors of the pose about the axes across the line of sight, which displace
            joints along it, in radians; the distance is wrong by the same fraction.
    """
    rotation, position = camera
    root = rest_joints(load_body(), person.betas.astype(float))[0]
    orient = Rotation.from_matrix(rotation) * Rotation.from_rotvec(person.poses[:, :3])
    trans = (root + person.trans - position) @ rotation.T - root
    poses = person.poses.astype(float).reshape(-1, 24, 3)
    poses[:, 0] = orient.as_rotvec()
    if error:
        random = np.random.default_rng(seed)

        def slow(*shape: int) -> np.ndarray:
            noise = gaussian_filter1d(random.normal(size=(len(person), *shape)), 20, axis=0)
            return error * noise / noise.std()

        lean = np.concatenate([slow(2), np.zeros((len(person), 1))], 1)
        poses[:, 0] = (Rotation.from_rotvec(lean) * Rotation.from_rotvec(poses[:, 0])).as_rotvec()
        poses[:, LIMBS] += slow(len(LIMBS), 3)
        trans *= 1 + slow(1)
    return replace(person, poses=poses.reshape(-1, 72), trans=trans)


def later(person: PersonMotion, frames: int) -> PersonMotion:
    """The person in a video that starts later by some frames."""
    values = {
        name: getattr(person, name)[frames:] for name in ("poses", "trans", "boxes", "confidence", "joint_errors")
    }
    return replace(person, frames=np.arange(len(person) - frames), **values)


def clip_of(*people: PersonMotion, source: str = "front.mp4", fps: float = FPS) -> MotionClip:
    return MotionClip(fps, 640, 480, 800.0, np.array([319.5, 239.5]), source, list(people))
