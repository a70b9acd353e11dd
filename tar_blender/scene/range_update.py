"""The captured motion in a range of frames of an edited person; all other keys stay as they are."""

from collections.abc import Sequence

import bpy
import numpy as np

from tar_core.errors import TarError

from ..util.blender_types import scene_of
from ..util.incremental import Incremental
from .armature import rest_heads, rest_rotations
from .bone_names import joint_bones
from .fcurves import bone_path, find_action
from .ik_controls import update_controls
from .keyframes import ROOT, bone_quaternions, joint_poses, pelvis_locations
from .metadata import edits_of, is_part
from .travel import has_travel
from .update import CapturedClip, prepared_person


def update_range(
    armature: bpy.types.Object, captured: CapturedClip, context: bpy.types.Context, frames: Sequence[int], blend: int
) -> Incremental[None]:
    """Replace the keys of a person in a range by the captured motion.

    Args:
        armature: of the person.
        captured: the clip.
        context: the context.
        frames: first and last scene frame.
        blend: frames before and after the range in which the old keys pass into the new ones.

    Raises:
        TarError: the person has no captured motion, the travel is not in the pelvis, or the range is outside of the
            motion.
    """
    found = find_action(armature, is_part)
    if found is None:
        raise TarError(f"{armature.name} has no captured motion; re-import the clip")
    if has_travel(found[1]):
        raise TarError(f"the travel of {armature.name} is not in the pelvis; set Travel to Pelvis first")
    prepared = yield from prepared_person(armature, captured, context, edits_of(armature))
    (person,), options = prepared.clip.people, captured.options
    numbers = options.start_frame + person.frames
    first, last = frames
    if last < numbers[0] or numbers[-1] < first:
        raise TarError(f"the range is outside the motion; choose frames from {numbers[0]} to {numbers[-1]}")
    weights = np.interp(numbers, [first - blend - 1, first, last, last + blend + 1], [0, 1, 1, 0], 0, 0)
    rows = np.flatnonzero(weights > 0)
    bones = joint_bones(armature)
    poses = joint_poses(person, list(bones), rest_heads(armature), options.hands)
    rotations = bone_quaternions(poses, rest_rotations(armature), prepared.placement)
    curves = {(curve.data_path, curve.array_index): curve for curve in found[1].fcurves}
    locations = pelvis_locations(person.trans, armature, prepared.placement)
    _blend(curves, bone_path(bones[ROOT], "location"), numbers, locations, weights, rows)
    for number, bone in enumerate(bones.values()):
        path = bone_path(bone, "rotation_quaternion")
        if len(getattr(curves.get((path, 0)), "keyframe_points", ())) > 1:  # fingers may have one key
            _blend(curves, path, numbers, rotations[:, number], weights, rows)
        yield
    update_controls(armature)
    scene = scene_of(context)
    scene.frame_set(scene.frame_current)


def _blend(
    curves: dict[tuple[str, int], bpy.types.FCurve],
    path: str,
    frames: np.ndarray,
    values: np.ndarray,
    weights: np.ndarray,
    rows: np.ndarray,
) -> None:
    """Key the mixture of the old curves and new values.

    Args:
        curves: by data path and index.
        path: of the property.
        frames: [N] scene frames.
        values: [N, C] new values; quaternions if C is 4.
        weights: [N] of the new values.
        rows: [K] frames that are keyed.
    """
    channels = [curves.get((path, index)) for index in range(values.shape[1])]
    if any(curve is None for curve in channels):
        return
    old = np.array([[curve.evaluate(float(frames[row])) for curve in channels if curve] for row in rows])
    new, share = values[rows], weights[rows][:, None]
    if values.shape[1] == 4:
        new = np.where((old * new).sum(1, keepdims=True) < 0, -new, new)
    mixed = (1 - share) * old + share * new
    if values.shape[1] == 4:
        mixed /= np.linalg.norm(mixed, axis=1, keepdims=True)
    first, last = float(frames[rows[0]]), float(frames[rows[-1]])
    for curve, column in zip(channels, mixed.T, strict=True):
        assert curve is not None
        points = curve.keyframe_points
        for index in range(len(points) - 1, -1, -1):
            if first - 0.5 < points[index].co[0] < last + 0.5:
                points.remove(points[index], fast=True)
        for row, value in zip(rows, column, strict=True):
            points.insert(float(frames[row]), float(value), options={"FAST"}).interpolation = "LINEAR"
        curve.update()
