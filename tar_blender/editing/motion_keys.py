"""Read the motion of an imported person as arrays, and write it back."""

from typing import Any

import bpy
import numpy as np

from tar_core.errors import TarError
from tar_core.rotations import matrix_to_quaternion, quaternion_product, quaternion_to_matrix

from ..scene.fcurves import bone_path, find_action, remove_curves, write_bone_curves
from ..scene.ik_controls import controlled_limbs
from ..scene.layers import fit_layers, is_layered
from ..scene.metadata import check_local, is_part, unmark_part
from ..scene.travel import has_travel
from ..util.blender_types import data_of, pose_bones
from .bone_motion import BoneMotion

_ROTATION, _LOCATION = "rotation_quaternion", "location"


def captured_action(armature: bpy.types.Object) -> tuple[bpy.types.Action, Any]:
    """The action that contains the captured motion of a person, and the owner of its curves.

    Raises:
        TarError: the person is linked, has no such action, or it has no keys.
    """
    check_local(armature)
    found = find_action(armature, is_part)
    if found is None or not found[1].fcurves:
        raise TarError(f"{armature.name} has no captured motion; re-import the clip")
    return found


def read_motion(armature: bpy.types.Object) -> BoneMotion:
    """Read the keys of an imported person on whole frames, where the armature is now.

    Raises:
        TarError: the person is linked, has no captured motion, or it is moved by layers or by the object as well.
    """
    action, channels = captured_action(armature)
    if is_layered(armature):
        raise TarError(f"{armature.name} has layers; merge them first")
    if controlled_limbs(armature):
        raise TarError(f"{armature.name} has IK controls; remove them first")
    if has_travel(channels):
        raise TarError(f"the travel of {armature.name} is not in the pelvis; set Travel to Pelvis first")
    first, last = np.array(action.curve_frame_range)
    frames = np.arange(int(np.ceil(first - 1e-3)), int(np.floor(last + 1e-3)) + 1)
    curves = {(curve.data_path, curve.array_index): curve for curve in channels.fcurves}
    moving = {path for (path, _), curve in curves.items() if len(curve.keyframe_points) > 1}
    bones = tuple(bone.name for bone in _in_order(armature) if bone_path(bone.name, _ROTATION) in moving)
    if not bones or pose_bones(armature)[bones[0]].parent is not None:
        raise TarError(f"the first bone of {armature.name} has no rotation keys; re-import the clip")

    def values(bone: str, prop: str, default: list[float]) -> np.ndarray:
        found = [curves.get((bone_path(bone, prop), index)) for index in range(len(default))]
        columns = [
            [curve.evaluate(frame) for frame in frames.tolist()] if curve else np.full(len(frames), value)
            for curve, value in zip(found, default, strict=True)
        ]
        return np.array(columns).T

    basis = np.stack([values(bone, _ROTATION, [1.0, 0, 0, 0]) for bone in bones], 1)
    locations = values(bones[0], _LOCATION, [0.0, 0, 0])
    return from_basis(armature, bones, frames, basis, locations)


def from_basis(
    armature: bpy.types.Object, bones: tuple[str, ...], frames: np.ndarray, basis: np.ndarray, locations: np.ndarray
) -> BoneMotion:
    """Convert the channels of bones to a motion in the world.

    Args:
        armature: where it is now.
        bones: B names, the root first.
        frames: [N].
        basis: [N, B, 4] `rotation_quaternion`, of any length but zero.
        locations: [N, 3] of the root.
    """
    rest, head = _rest(armature, bones)
    world = np.array(armature.matrix_world)
    rotations = quaternion_product(
        quaternion_product(rest, basis / np.linalg.norm(basis, axis=-1, keepdims=True)), _conjugate(rest)
    )
    rotations[:, 0] = quaternion_product(_rotation(world), rotations[:, 0])
    points = head + locations @ quaternion_to_matrix(rest[0]).T
    return BoneMotion(frames, bones, rotations, points @ world[:3, :3].T + world[:3, 3]).continuous()


def write_motion(armature: bpy.types.Object, motion: BoneMotion) -> None:
    """Replace the keys of the captured motion, with a key on every frame; raises as `captured_action`.

    The keys of bones that do not move, such as fingers that were not captured, go to the first frame.
    """
    _, channels = captured_action(armature)
    rest, head = _rest(armature, motion.bones)
    world = np.array(armature.matrix_world)
    rotations = motion.rotations.copy()
    rotations[:, 0] = quaternion_product(_conjugate(_rotation(world)), rotations[:, 0])
    basis = quaternion_product(quaternion_product(_conjugate(rest), rotations), rest)
    inverse = np.linalg.inv(world)
    points = motion.positions @ inverse[:3, :3].T + inverse[:3, 3]
    locations = (points - head) @ quaternion_to_matrix(rest[0])
    root = motion.bones[0]
    remove_curves(channels, {bone_path(root, _LOCATION), *(bone_path(bone, _ROTATION) for bone in motion.bones)})
    write_bone_curves(channels, root, _LOCATION, motion.frames, locations)
    for index, bone in enumerate(motion.bones):
        write_bone_curves(channels, bone, _ROTATION, motion.frames, basis[:, index])
    for curve in channels.fcurves:
        if len(curve.keyframe_points) == 1:
            curve.keyframe_points[0].co_ui.x = motion.frames[0]
    fit_layers(armature)


def copy_for_the_user(armature: bpy.types.Object) -> None:
    """Keep a copy of the captured motion in the file, which imports and tools do not change."""
    action, _ = captured_action(armature)
    copy = action.copy()
    unmark_part(copy)
    copy.use_fake_user = True
    copy.name = f"{action.name} Whole"


def partners(bones: tuple[str, ...]) -> list[int]:
    """The index of the bone on the other side for each bone; its own if there is none."""
    return [
        bones.index(other) if (other := bpy.utils.flip_name(name)) in bones else index
        for index, name in enumerate(bones)
    ]


def limb_bones(armature: bpy.types.Object, bones: tuple[str, ...], limbs: str) -> list[int]:
    """The indices of the bones of "arms", "legs" or "all" limbs: those of legs branch off the root."""
    chosen = []
    for index, name in enumerate(bones):
        trunk = (
            bone for bone in pose_bones(armature)[name].parent_recursive if bpy.utils.flip_name(bone.name) == bone.name
        )
        branch = next(trunk, None)
        if branch is not None and bpy.utils.flip_name(name) != name:
            kind = "legs" if branch.name == bones[0] else "arms"
            if limbs in (kind, "all"):
                chosen.append(index)
    return chosen


def _in_order(armature: bpy.types.Object) -> list[bpy.types.PoseBone]:
    return sorted(pose_bones(armature), key=lambda bone: len(bone.parent_recursive))


def _rest(armature: bpy.types.Object, bones: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The rotations [B, 4] of bones at rest in the armature, and the root's head [3]."""
    own = data_of(armature, bpy.types.Armature).bones
    matrices = np.array([own[bone].matrix_local.to_3x3() for bone in bones], float)
    return matrix_to_quaternion(matrices), np.array(own[bones[0]].head_local, float)


def _rotation(matrix: np.ndarray) -> np.ndarray:
    """The rotation [4] of a transformation [4, 4] without shear."""
    return np.asarray(matrix_to_quaternion(matrix[:3, :3] / np.linalg.norm(matrix[:3, :3], axis=0)))


def _conjugate(quaternions: np.ndarray) -> np.ndarray:
    return quaternions * [1.0, -1.0, -1.0, -1.0]
