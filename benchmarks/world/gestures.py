"""Videos of people who gesture, near enough for the networks of hands and faces: hands and heads that turn."""

import itertools
import zlib

import numpy as np

from benchmarks.world.scenes import Actor, Recipe
from tar_core.rotations import (
    axis_angle_to_matrix,
    axis_angle_to_quaternion,
    matrix_to_axis_angle,
    quaternion_to_axis_angle,
    slerp,
)
from tar_core.skeleton import JOINT_NAMES, NUM_JOINTS, pose_skeleton
from tar_core.synthetic.key_poses import STANDING, ease, pose_from_degrees
from tar_core.synthetic.motions import FPS, Motion, leg_length

POSES = ("stand", "hands on hips", "arms crossed", "reach forwards", "carry", "wave", "phone", "point", "guard")
SECONDS = 0.8  # from one key pose to the next
FRAMES = 72
# Standard deviations of rotations about x, y and z in the T-pose, degrees, and the largest ones: of the forearms (x is
# the twist), of the wrists (y is to the thumb or the little finger, z flexion), of neck and head together.
FOREARM = np.array([[35.0, 0, 0], [75, 0, 0]])
WRIST = np.array([[5.0, 9, 25], [10, 20, 60]])
HEAD = np.array([[14.0, 25, 8], [30, 55, 20]])
BACKDROPS = ("room", "city", "warehouse", "field:park", "lobby", "workshop", "apartment", "hall")


def gesture_recipes(count: int, kind: str) -> list[Recipe]:
    """Videos of a kind ("tune" or "test"), each with another person, place and motion."""
    found = []
    for number in range(count):
        name = f"gestures_{kind}_{number}"
        seed = zlib.crc32(name.encode())
        random = np.random.default_rng(seed)
        distance = float(np.exp(random.uniform(*np.log([1.8, 4.2]))))
        actor = Actor(f"gestures/{seed}", float(random.uniform(-60, 60)))
        aim = 1.25 if distance < 3 else 1.0
        backdrop = BACKDROPS[number % len(BACKDROPS)]
        found.append(Recipe(name, kind, (actor,), FRAMES, distance, aim=aim, backdrop=backdrop, seed=seed))
    return found


def gestures(seed: int, rest: np.ndarray) -> Motion:
    """A person who stands and moves arms, hands and head at random.

    Args:
        rest: [24, 3] joints of the body at rest.
    """
    random = np.random.default_rng(seed)
    steps = round(SECONDS * FPS)
    keys = axis_angle_to_quaternion(np.array([_key(random) for _ in range(FRAMES // steps + 2)]))
    fraction = ease(steps)[:, None] * np.ones(NUM_JOINTS)
    poses = np.concatenate([slerp(a, b, fraction) for a, b in itertools.pairwise(keys)])
    poses = quaternion_to_axis_angle(poses)
    joints = pose_skeleton(poses, rest)[1]
    trans = np.zeros((len(poses), 3))
    trans[:, 1] = joints[:, 0, 1] - joints[..., 1].min(1)
    return Motion("gestures", poses, trans, FPS, leg_length(rest))


def _key(random: np.random.Generator) -> np.ndarray:
    """A key pose [24, 3], axis-angle, with other forearms, wrists and head."""
    pose = pose_from_degrees(STANDING[POSES[random.integers(len(POSES))]])
    for side in ("left", "right"):
        for joint, spread in (("elbow", FOREARM), ("wrist", WRIST)):
            _turn(pose, f"{side}_{joint}", _draw(random, spread))
    head = _draw(random, HEAD) / 2
    for joint in ("neck", "head"):
        _turn(pose, joint, head)
    return pose


def _draw(random: np.random.Generator, spread: np.ndarray) -> np.ndarray:
    return np.radians(np.clip(random.normal(size=3) * spread[0], -spread[1], spread[1]))


def _turn(pose: np.ndarray, joint: str, turn: np.ndarray) -> None:
    """Rotate a joint further by an axis-angle [3] in its own axes."""
    row = JOINT_NAMES.index(joint)
    pose[row] = matrix_to_axis_angle(axis_angle_to_matrix(pose[row]) @ axis_angle_to_matrix(turn))
