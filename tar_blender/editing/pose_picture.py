"""A small picture of poses, drawn without a window: for the previews of assets."""

from collections.abc import Mapping

import numpy as np

from tar_core.skeleton import HAND_JOINT_NAMES, JOINT_NAMES, PARENT_NAMES

_VIEW = np.radians(30)  # angle by which the camera stands beside the direction that the person faces
_DISTANCE = 0.9  # between poses, meters
_MARGIN = 0.08  # share of the picture's size
_LIMB, _HEAD, _FINGER = 0.05, 0.11, 0.015  # radii, meters
_COLORS = {"left": (0.30, 0.55, 0.95), "right": (0.93, 0.42, 0.36)}
_TRUNK = (0.85, 0.85, 0.85)
_DARKEST = 0.55  # brightness of the farthest limbs


def draw_poses(joints: Mapping[str, np.ndarray], heading: float, size: int = 256) -> np.ndarray:
    """Draw poses beside each other, seen obliquely from the front.

    Args:
        joints: positions [P, 3] of each joint of SMPL or SMPL-H in P poses, by its name; meters, z up.
        heading: the direction that the person faces, as the angle by which -y is turned about z, in radians.
        size: of the picture, pixels.

    Returns:
        [size, size, 4] red, green, blue and alpha from 0 to 1, the lowest row first.
    """
    angle = heading + _VIEW
    right, away = np.array([np.cos(angle), np.sin(angle), 0]), np.array([-np.sin(angle), np.cos(angle), 0])
    names = list(joints)
    poses = np.stack([joints[name] for name in names], 1)
    ground = (poses - joints[JOINT_NAMES[0]][:, None]) * [1, 1, 0]
    x = ground @ right + _DISTANCE * np.arange(len(poses))[:, None]
    points = np.stack([x, poses[..., 2], ground @ away], -1)
    low, high = points[..., :2].min((0, 1)) - _HEAD, points[..., :2].max((0, 1)) + _HEAD
    scale = (1 - 2 * _MARGIN) * size / (high - low).max()
    points[..., :2] = (points[..., :2] - (low + high) / 2) * scale + size / 2
    limbs = [
        (name, pose[[names.index(PARENT_NAMES[name]), names.index(name)]])
        for pose in points
        for name in names
        if PARENT_NAMES.get(name) in joints
    ]
    depths = [ends[:, 2].mean() for _, ends in limbs]
    picture = np.zeros((size, size, 4))
    for index in np.argsort(depths)[::-1]:
        name, ends = limbs[index]
        light = 1 - (1 - _DARKEST) * (depths[index] - min(depths)) / max(np.ptp(depths), 1e-6)
        _draw_capsule(picture, ends[:, :2], scale * _radius(name), light * np.array(_color(name)))
    return picture


def _radius(joint: str) -> float:
    if joint == "head":
        return _HEAD
    return _FINGER if joint in HAND_JOINT_NAMES else _LIMB


def _color(joint: str) -> tuple[float, float, float]:
    return _COLORS.get(joint.partition("_")[0], _TRUNK)


def _draw_capsule(picture: np.ndarray, ends: np.ndarray, radius: float, color: np.ndarray) -> None:
    """Draw a line with round ends over a picture, with smooth edges."""
    first = np.clip(np.floor(ends.min(0) - radius - 1), 0, len(picture)).astype(int)
    last = np.clip(np.ceil(ends.max(0) + radius + 1), 0, len(picture)).astype(int)
    picture = picture[first[1] : last[1], first[0] : last[0]]
    pixels = np.stack(np.meshgrid(*(np.arange(*span) + 0.5 for span in zip(first, last, strict=True))), -1)
    along = ends[1] - ends[0]
    share = np.clip((pixels - ends[0]) @ along / max(along @ along, 1e-9), 0, 1)
    distance = np.linalg.norm(pixels - ends[0] - share[..., None] * along, axis=-1)
    cover = np.clip(radius - distance + 0.5, 0, 1)[..., None]
    picture[..., :3] = picture[..., :3] * (1 - cover) + color * cover
    picture[..., 3:] = picture[..., 3:] + (1 - picture[..., 3:]) * cover
