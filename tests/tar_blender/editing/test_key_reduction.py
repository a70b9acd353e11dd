"""Key reduction: every frame stays within the tolerance when Blender evaluates the curves."""

from dataclasses import replace

import bpy
import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tar_blender.editing.key_reduction import SHARED_BY, Tolerance, reduce_keys
from tar_blender.retarget.skeleton_motion import WorldMotion, person_motion
from tar_blender.scene.build import import_clip
from tar_blender.scene.fcurves import bone_path, curves_of, new_action, write_curves
from tests.support.clips import synthetic_clip
from tests.support.import_options import raw_options


def keyed_frames(obj: bpy.types.Object, path: str) -> list[int]:
    return sorted({round(p.co.x) for curve in curves_of(obj) if curve.data_path == path for p in curve.keyframe_points})


def joint_errors(motion: WorldMotion, other: WorldMotion) -> np.ndarray:
    """The distance of each joint on each frame, meters."""
    return np.array([np.linalg.norm(motion.positions[j] - other.positions[j], axis=1) for j in motion.positions])


def quaternions_of(armature: bpy.types.Object, frames: np.ndarray, bone: str) -> np.ndarray:
    """Evaluate the rotation of a bone, unit quaternions [N, 4]."""
    path = bone_path(bone, "rotation_quaternion")
    curves = sorted((c for c in curves_of(armature) if c.data_path == path), key=lambda curve: curve.array_index)
    values = np.array([[curve.evaluate(float(frame)) for curve in curves] for frame in frames])
    return values / np.linalg.norm(values, axis=1, keepdims=True)


@pytest.mark.parametrize("shared_by", SHARED_BY)
@settings(max_examples=3, deadline=None, phases=[Phase.generate])
@given(seed=st.integers(1, 1000), degrees=st.floats(1, 10), meters=st.floats(0.005, 0.1))
def test_every_frame_is_within_both_tolerances(shared_by: str, seed: int, degrees: float, meters: float) -> None:
    clip = synthetic_clip(frames=40)
    person = replace(clip.people[0], betas=np.random.default_rng(seed).normal(size=10))
    options = raw_options(figure="armature", show_video=False)
    (imported,) = import_clip(replace(clip, people=[person]), bpy.context, options).people
    before = person_motion(imported.armature)
    rotations = {bone: quaternions_of(imported.armature, before.frames, bone) for bone in before.positions}
    count, left = reduce_keys(imported.armature, Tolerance(degrees, meters), shared_by)
    assert left <= count
    assert joint_errors(before, person_motion(imported.armature)).max() <= meters * 1.001
    for bone, values in rotations.items():
        cosine = np.abs((values * quaternions_of(imported.armature, before.frames, bone)).sum(1)).clip(0, 1)
        assert np.degrees(2 * np.arccos(cosine)).max() <= degrees + 0.1  # the arccosine of single precision


def test_bones_share_their_key_frames(walker: bpy.types.Object) -> None:
    rotation = {bone: bone_path(bone, "rotation_quaternion") for bone in ("pelvis", "head", "left_hip", "left_knee")}
    reduce_keys(walker, Tolerance(), "body")
    keyed = [keyed_frames(walker, path) for path in [*rotation.values(), bone_path("pelvis", "location")]]
    assert all(frames == keyed[0] for frames in keyed) and len(keyed[0]) < 30


def test_bones_of_a_limb_share_their_key_frames(walker: bpy.types.Object) -> None:
    reduce_keys(walker, Tolerance(), "limb")
    bones = ("pelvis", "head", "left_hip", "left_knee", "right_collar", "right_wrist")
    pelvis, head, hip, knee, collar, wrist = (keyed_frames(walker, bone_path(b, "rotation_quaternion")) for b in bones)
    assert pelvis == head and hip == knee and collar == wrist
    assert pelvis != hip != wrist


def test_limbs_need_fewer_keys_than_bodies(walker: bpy.types.Object) -> None:
    action = walker.animation_data.action
    left = {}
    for shared_by in SHARED_BY:
        walker.animation_data.action = action.copy()
        left[shared_by] = reduce_keys(walker, Tolerance(), shared_by)[1]
    assert left["limb"] < left["body"] and left["bone"] < left["body"]


@pytest.mark.parametrize("prop", ["location", "rotation_euler"])
def test_objects_without_bones(prop: str) -> None:
    obj = bpy.data.objects.new("Empty", None)
    _, channels = new_action(obj, "motion")
    time = np.arange(60)
    values = np.stack([np.sin(time / 9), np.cos(time / 7), time / 60], 1)
    write_curves(channels, "place", prop, 1 + time, values)
    before, after = reduce_keys(obj, Tolerance(degrees=1, meters=0.01))
    assert after < before / 2
    curves = sorted(curves_of(obj), key=lambda curve: curve.array_index)
    found = np.array([[curve.evaluate(float(frame)) for curve in curves] for frame in 1 + time])
    assert np.abs(found - values).max() < (0.0101 if prop == "location" else np.radians(1.8))


def test_curves_with_other_keys_stay(walker: bpy.types.Object) -> None:
    curve = next(each for each in curves_of(walker) if each.data_path == bone_path("head", "rotation_quaternion"))
    curve.keyframe_points.remove(curve.keyframe_points[5])
    count = len(curve.keyframe_points)
    reduce_keys(walker, Tolerance(), "body")
    assert len(curve.keyframe_points) == count
    assert len(keyed_frames(walker, bone_path("neck", "rotation_quaternion"))) < count
