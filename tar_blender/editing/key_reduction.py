"""Reduce the keys of a motion that is keyed on every frame, to poses that bones share, within a tolerance.

Between two keys, each channel is a cubic with the slopes of the original motion at its ends. Blender's Bezier curves
are such cubics if their handles extend over a third of the distance between the keys.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import bpy
import numpy as np
from mathutils import Euler

from tar_core.rotations import quaternion_to_matrix

from ..scene.fcurves import ALIGNED, BEZIER, bone_path, curves_of
from ..util.blender_types import pose_bones
from .key_frames import choose_frames, hermite_curve, key_poses, slopes
from .skeleton import Skeleton

# What has its keys on the same frames.
SHARED_BY = {
    "body": ("Body", "All bones are keyed on the same frames: whole poses"),
    "limb": ("Limb", "The bones of the trunk and of each arm and leg are keyed on the same frames"),
    "bone": ("Each Bone", "Each bone is keyed on its own frames: the fewest keys, but no poses"),
}
_ROTATIONS = ("rotation_quaternion", "rotation_euler")


@dataclass(frozen=True)
class Tolerance:
    """The largest change of any frame.

    Attributes:
        degrees: of the rotation of each bone.
        meters: of the heads and tails of all bones, in the space of the armature's parent.
    """

    degrees: float = 3.0
    meters: float = 0.02


@dataclass(frozen=True)
class _Track:
    """A property of a bone, or of the object, that is keyed on every frame.

    Attributes:
        bone: its index in the skeleton.
        prop: name of the property.
        order: of the axes, for Euler angles; otherwise empty.
        fcurves: the curves of its C components.
        values: [N, C].
        slopes: [N, C] their changes per frame.
    """

    bone: int
    prop: str
    order: str
    fcurves: tuple[bpy.types.FCurve, ...]
    values: np.ndarray
    slopes: np.ndarray

    def through(self, keys: np.ndarray) -> "_Track":
        """The track as the keys at frames [K] leave it."""
        return replace(self, values=hermite_curve(self.values, self.slopes, keys))


def reduce_keys(obj: bpy.types.Object, tolerance: Tolerance, shared_by: str = "body") -> tuple[int, int]:
    """Remove keys from an object's action.

    Only curves of rotations and locations that are keyed on every frame are changed.

    Args:
        obj: an armature, or another animated object.
        tolerance: of every frame.
        shared_by: one of SHARED_BY.

    Returns:
        The number of keys before and after.
    """
    before = _count_keys(obj)
    skeleton = Skeleton.of(obj)
    frames, tracks = _tracks(obj, skeleton)
    if len(frames) > 2:
        groups = _groups(skeleton, [track.bone for track in tracks], shared_by)
        still = np.array([pose_bones(obj)[name].matrix_basis if name else np.eye(4) for name in skeleton.names])
        for track, keys in zip(tracks, _choose(skeleton, still, tracks, groups, tolerance), strict=True):
            for channel, fcurve in enumerate(track.fcurves):
                _write(fcurve, frames[keys], track.values[keys, channel], track.slopes[keys, channel])
    return before, _count_keys(obj)


def _count_keys(obj: bpy.types.Object) -> int:
    return sum(len(fcurve.keyframe_points) for fcurve in curves_of(obj))


def _groups(skeleton: Skeleton, bones: Sequence[int], shared_by: str) -> dict[int, int]:
    """Assign each of the keyed bones to a group, which is named by one of its bones; parents come first."""
    if shared_by == "body":
        return dict.fromkeys(bones, 0)
    if shared_by == "bone":
        return {bone: bone for bone in bones}
    return {bone: _limb(skeleton, bone) for bone in bones}


def _limb(skeleton: Skeleton, bone: int) -> int:
    """The first bone of the limb: the farthest ancestor that has a side, without a gap; 0 for the trunk."""
    limb = 0
    while bone > 0 and bpy.utils.flip_name(skeleton.names[bone]) != skeleton.names[bone]:
        limb, bone = bone, skeleton.parents[bone]
    return limb


class _Reduction:
    """A motion whose groups of bones are reduced one after the other, parents first."""

    def __init__(self, skeleton: Skeleton, still: np.ndarray, tracks: Sequence[_Track]) -> None:
        self._skeleton = skeleton
        self._original = _with(np.repeat(still[:, None], len(tracks[0].values), axis=1), tracks)
        self._reduced = self._original
        self._before = self._now = skeleton.pose(self._original, range(len(skeleton.names)))

    def reduce(self, tracks: Sequence[_Track], tolerance: Tolerance) -> np.ndarray:
        """Choose the key frames [K] that tracks share, with those that were reduced before as they are now."""
        moved = self._skeleton.with_descendants([track.bone for track in tracks])
        ends = self._skeleton.ends(self._before, moved)

        def error(keys: np.ndarray) -> np.ndarray:
            reduced = self._through(tracks, keys)
            posed = self._skeleton.pose(reduced, moved, self._now)
            distances = np.linalg.norm(self._skeleton.ends(posed, moved) - ends, axis=2).max(0)
            angles = [degrees_apart(reduced[track.bone], self._original[track.bone]) for track in tracks]
            return np.maximum(distances / tolerance.meters, np.max(angles, axis=0) / tolerance.degrees)

        keys = choose_frames(error, key_poses(ends))
        self._reduced = self._through(tracks, keys)
        self._now = self._skeleton.pose(self._reduced, moved, self._now)
        return keys

    def _through(self, tracks: Sequence[_Track], keys: np.ndarray) -> np.ndarray:
        return _with(self._reduced, [track.through(keys) for track in tracks])


def _choose(
    skeleton: Skeleton, still: np.ndarray, tracks: Sequence[_Track], groups: dict[int, int], tolerance: Tolerance
) -> list[np.ndarray]:
    """Choose the key frames [K] of each track.

    Each group may use up a larger share of the tolerance of positions than the groups above it, so that a limb can
    make up for the error of the trunk.

    Args:
        still: [B, 4, 4] the transformations of the bones that have no tracks, relative to their rest.
    """
    levels = _levels(skeleton, groups)
    reduction = _Reduction(skeleton, still, tracks)
    chosen = {}
    for group in sorted(levels, key=lambda each: (levels[each], each)):
        share = (levels[group] + 1) / (max(levels.values()) + 1)
        own = [track for track in tracks if groups[track.bone] == group]
        chosen[group] = reduction.reduce(own, replace(tolerance, meters=share * tolerance.meters))
    return [chosen[groups[track.bone]] for track in tracks]


def _levels(skeleton: Skeleton, groups: dict[int, int]) -> dict[int, int]:
    """Count the groups above each group."""
    above: dict[int, set[int]] = {group: set() for group in groups.values()}
    for bone, group in groups.items():
        parent = skeleton.parents[bone]
        while parent >= 0:
            above[group].add(groups.get(parent, group))
            parent = skeleton.parents[parent]
    return {group: len(others - {group}) for group, others in above.items()}


def degrees_apart(matrices: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the angles [N] between the rotations of transformations [N, 4, 4]: |A - B| = 2 sqrt(2) sin(angle / 2)."""
    distance = np.linalg.norm((matrices - others)[:, :3, :3], axis=(1, 2))
    return np.asarray(np.degrees(2 * np.arcsin(np.clip(distance / np.sqrt(8), 0, 1))))


def _with(local: np.ndarray, tracks: Sequence[_Track]) -> np.ndarray:
    """Replace the values of tracks in the transformations [B, N, 4, 4] of the bones."""
    result = local.copy()
    for track in tracks:
        if track.prop == "location":
            result[track.bone, :, :3, 3] = track.values
        elif track.prop == "rotation_quaternion":
            result[track.bone, :, :3, :3] = quaternion_to_matrix(track.values)
        else:
            matrices = [Euler(angles, track.order).to_matrix() for angles in track.values.tolist()]
            result[track.bone, :, :3, :3] = np.array(matrices)
    return result


def _tracks(obj: bpy.types.Object, skeleton: Skeleton) -> tuple[np.ndarray, list[_Track]]:
    """Read what is keyed on every frame: the frames [N], and the tracks of N values with keys on just these frames."""
    fcurves: dict[str, list[bpy.types.FCurve]] = {}
    for fcurve in curves_of(obj):
        fcurves.setdefault(fcurve.data_path, []).append(fcurve)
    found: list[tuple[np.ndarray, _Track]] = []
    for bone, name in enumerate(skeleton.names):
        owner: Any = pose_bones(obj)[name] if name else obj
        for prop in ("location", *_ROTATIONS):
            own = tuple(fcurves.get(bone_path(name, prop) if name else prop, ()))
            frames, values = _keys_of(own)
            if len(own) == len(getattr(owner, prop)) and len(frames) > 2 and np.allclose(np.diff(frames), 1, atol=1e-3):
                order = owner.rotation_mode if prop == "rotation_euler" else ""
                found.append((frames, _Track(bone, prop, order, own, values, slopes(values))))
    if not found:
        return np.zeros(0), []
    (first, last), _ = Counter((frames[0], frames[-1]) for frames, _ in found).most_common(1)[0]
    same = [(frames, track) for frames, track in found if (frames[0], frames[-1]) == (first, last)]
    return same[0][0], [track for _, track in same]


def _keys_of(fcurves: Iterable[bpy.types.FCurve]) -> tuple[np.ndarray, np.ndarray]:
    """Return frames [N] and values [N, C] of curves with keys on the same frames; empty arrays if they differ."""
    keys = []
    for fcurve in fcurves:
        points = np.empty(2 * len(fcurve.keyframe_points), np.float32)
        fcurve.keyframe_points.foreach_get("co", points)
        keys.append(points.reshape(-1, 2).astype(float))
    if not keys or any(len(each) != len(keys[0]) or (each[:, 0] != keys[0][:, 0]).any() for each in keys):
        return np.zeros(0), np.zeros((0, len(keys)))
    return keys[0][:, 0], np.stack([channel[:, 1] for channel in keys], 1)


def _write(fcurve: bpy.types.FCurve, frames: np.ndarray, values: np.ndarray, key_slopes: np.ndarray) -> None:
    """Write Bezier keys whose handles extend over a third of the distance to the next key."""
    points = fcurve.keyframe_points
    points.clear()
    points.add(len(frames))
    gaps = np.diff(frames) / 3
    reach_left, reach_right = np.append(gaps[:1], gaps), np.append(gaps, gaps[-1:])
    left = np.stack([frames - reach_left, values - key_slopes * reach_left], 1)
    right = np.stack([frames + reach_right, values + key_slopes * reach_right], 1)
    for name, array in (("co", np.stack([frames, values], 1)), ("handle_left", left), ("handle_right", right)):
        points.foreach_set(name, array.astype(np.float32).ravel())
    points.foreach_set("interpolation", np.full(len(frames), BEZIER, np.uint8))
    for side in ("handle_left_type", "handle_right_type"):
        points.foreach_set(side, np.full(len(frames), ALIGNED, np.uint8))
