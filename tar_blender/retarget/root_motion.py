"""The travel of a motion in the root bone of a character: its place on the ground and its heading."""

from typing import Any

import bpy
import numpy as np

from tar_core.errors import TarError
from tar_core.rotations import rotation_z

from ..util.blender_types import data_of, pose_bones
from .known_rigs import ROOT_CONTROLS, BoneMap
from .skeleton_motion import ROOT, RestPose, WorldMotion

_MIN_LEVEL = 0.5  # of the line through the hips, as the cosine of its slope, for a heading


def find_root(character: bpy.types.Object, bones: BoneMap, kind: str) -> str:
    """Return the bone that carries the whole character: a known control, or the topmost bone above the hips.

    Raises:
        TarError: there is none.
    """
    rig = pose_bones(character)
    known = ROOT_CONTROLS.get(kind, "")
    if known in rig:
        return known
    hips: Any = rig[bones[ROOT]]
    above = hips.parent_recursive
    if not above or above[-1].name in bones.values():
        raise TarError(f"{character.name} has no root bone above {hips.name}; disable Root Motion")
    return str(above[-1].name)


def travel(motion: WorldMotion, rest: RestPose) -> np.ndarray:
    """Return the rigid motion [N, 4, 4] on the ground that takes the hips at rest to those of a motion.

    It moves in x and y and rotates about z. The heading is that of the line through the hip joints; while a person
    lies on the side and this line is steep, it is interpolated.
    """
    across = motion.positions["left_hip"] - motion.positions["right_hip"]
    level = np.linalg.norm(across[:, :2], axis=1) > _MIN_LEVEL * np.linalg.norm(across, axis=1)
    if not level.any():
        level[:] = True
    indices = np.arange(len(across))
    headings = np.unwrap(np.arctan2(across[level, 1], across[level, 0]))
    turn = rotation_z(np.interp(indices, indices[level], headings) - rest.facing())
    moved = np.tile(np.eye(4), (len(across), 1, 1))
    moved[:, :3, :3] = turn
    moved[:, :2, 3] = motion.hips[:, :2] - (turn @ rest.hips)[:, :2]
    return moved


def without_travel(motion: WorldMotion, moved: np.ndarray) -> WorldMotion:
    """Return a motion as seen from a root that moves by `moved` [N, 4, 4]."""
    turn, shift = moved[:, :3, :3], moved[:, :3, 3]
    back = turn.swapaxes(1, 2)
    return WorldMotion(
        motion.frames,
        {joint: back @ rotation for joint, rotation in motion.rotations.items()},
        {joint: (back @ (points - shift)[..., None])[..., 0] for joint, points in motion.positions.items()},
    )


def root_channels(character: bpy.types.Object, root: str, moved: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rotations [N, 3, 3] and locations [N, 3] of a root without a parent that moves in the world."""
    world = np.array(character.matrix_world)
    rest = np.array(data_of(character, bpy.types.Armature).bones[root].matrix_local)
    local = np.linalg.inv(world @ rest) @ moved @ world @ rest
    return local[:, :3, :3], local[:, :3, 3]
