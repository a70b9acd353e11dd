"""IK controls: the pose stays with them, follows them, and is exactly as before without them."""

from pathlib import Path

import bpy
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mathutils import Matrix, Vector

from tar_blender.export.formats import save_scene
from tar_blender.retarget.skeleton_motion import person_motion
from tar_blender.scene.fcurves import curves_of
from tar_blender.scene.ik_controls import (
    FEET,
    HANDS,
    INFLUENCE,
    LIMBS,
    add_controls,
    controlled_limbs,
    pole_positions,
    remove_controls,
    update_controls,
)
from tar_blender.scene.keyframes import hide_absent
from tar_blender.scene.posed import posed_matrices
from tar_core.errors import TarError
from tar_core.skeleton import SMPLH_JOINT_NAMES
from tests.support.characters import FRAMES, SMPL_BONES, heads_of

CONTROLS = {name for limb in LIMBS for name in (limb.target, limb.pole)}

ALL_FRAMES = np.arange(1, FRAMES + 1)


def pose_of(person: bpy.types.Object) -> np.ndarray:
    return posed_matrices(person, SMPLH_JOINT_NAMES, ALL_FRAMES)


def distance(pose: np.ndarray, other: np.ndarray) -> float:
    """Largest distance between joints, meters."""
    return float(np.linalg.norm((pose - other)[..., :3, 3], axis=-1).max())


def contents(person: bpy.types.Object) -> list[object]:
    """What controls could leave behind."""
    curves = sorted((c.data_path, c.array_index, len(c.keyframe_points), c.group.name) for c in curves_of(person))
    constraints = [each.name for bone in person.pose.bones for each in bone.constraints]
    drivers = [curve.data_path for curve in person.animation_data.drivers]
    bones = [(bone.name, bone.head_local[:], bone.tail_local[:]) for bone in person.data.bones]
    files = [bpy.data.objects.keys(), bpy.data.meshes.keys()]
    return [curves, constraints, drivers, bones, person.data.collections.keys(), person.mode, files]


def test_pose_stays_and_removal_restores_everything(walker: bpy.types.Object) -> None:
    before, contents_before = pose_of(walker), contents(walker)
    walker.matrix_world = Matrix.Translation((1, 2, 0)) @ Matrix.Rotation(1, 4, "Z") @ Matrix.Scale(1.4, 4)
    assert add_controls(bpy.context, walker, FEET) == list(FEET)
    assert add_controls(bpy.context, walker, LIMBS) == list(HANDS)
    assert controlled_limbs(walker) == list(LIMBS)
    rest = walker.data.bones
    for limb in LIMBS:
        np.testing.assert_allclose(rest[limb.target].matrix_local, rest[limb.bones[2]].matrix_local, atol=1e-5)
    with_controls = pose_of(walker)
    assert distance(with_controls, before) < 1e-4
    np.testing.assert_allclose(with_controls[..., :3, :3], before[..., :3, :3], atol=1e-3)
    assert remove_controls(bpy.context, walker) == list(LIMBS)
    assert not controlled_limbs(walker) and contents(walker) == contents_before
    np.testing.assert_array_equal(pose_of(walker), before)


def test_limbs_follow_the_controls_by_their_influence(walker: bpy.types.Object) -> None:
    add_controls(bpy.context, walker, LIMBS)
    keyed = pose_of(walker)
    for limb in LIMBS:
        control = walker.pose.bones[limb.target]
        for curve in curves_of(walker):
            if curve.data_path == control.path_from_id("location"):
                shift = walker.data.bones[limb.target].matrix_local.to_3x3().inverted() @ Vector((0.02, 0.0, 0.1))
                for point in curve.keyframe_points:
                    point.co[1] += shift[curve.array_index]
                curve.update()
    ends = [SMPLH_JOINT_NAMES.index(limb.bones[2]) for limb in LIMBS]
    within_reach = (pose_of(walker) - keyed)[:, ends][..., :3, 3]
    np.testing.assert_allclose(np.median(within_reach, axis=0), len(LIMBS) * [[0.02, 0.0, 0.1]], atol=1e-3)
    for limb in LIMBS:
        walker.pose.bones[limb.target][INFLUENCE] = 0.0
        (curve,) = (each for each in curves_of(walker) if each.data_path.endswith(f'"{limb.target}"]["{INFLUENCE}"]'))
        curve.keyframe_points[0].co[1] = 0.0
    np.testing.assert_array_equal(pose_of(walker), keyed_without_controls(walker))


def keyed_without_controls(person: bpy.types.Object) -> np.ndarray:
    remove_controls(bpy.context, person)
    return pose_of(person)


def test_knees_and_elbows_follow_their_poles(walker: bpy.types.Object) -> None:
    """Turning a pole about the line of the limb turns the limb."""
    add_controls(bpy.context, walker, LIMBS)
    before = heads_of(walker, SMPL_BONES, 20)
    for limb in LIMBS:
        for curve in curves_of(walker):
            if curve.data_path == walker.pose.bones[limb.pole].path_from_id("location"):
                for point in curve.keyframe_points:
                    point.co[1] += 0.3 if curve.array_index == 0 else 0.0
    after = heads_of(walker, SMPL_BONES, 20)
    for limb in LIMBS:
        _, middle, end = limb.bones
        assert np.linalg.norm(after[end] - before[end]) < 1e-3
        assert np.linalg.norm(after[middle] - before[middle]) > 0.01, middle


def test_poles_move_smoothly(walker: bpy.types.Object) -> None:
    add_controls(bpy.context, walker, LIMBS)
    poses = posed_matrices(walker, [name for limb in LIMBS for name in (limb.pole, *limb.bones)], ALL_FRAMES)
    for number in range(len(LIMBS)):
        pole, *limb = poses[:, 4 * number : 4 * number + 4, :3, 3].swapaxes(0, 1)
        fastest = max(np.linalg.norm(np.diff(joint, axis=0), axis=1).max() for joint in limb)
        assert np.linalg.norm(np.diff(pole, axis=0), axis=1).max() < 3 * fastest


@given(st.floats(-0.1, 2.6), st.floats(-0.1, 2.6), st.floats(-0.3, 0.3))
def test_poles_do_not_change_sides(bend: float, other: float, sideways: float) -> None:
    """A pole stays in front of the thigh, and moves in proportion to the bend, also through a straight leg."""

    def pole(angle: float) -> np.ndarray:
        shin = np.array([np.sin(sideways), -np.sin(angle), -np.cos(angle)])
        heads = np.array([[[0.0, 0, 1]], [[0.0, 0, 0.5]], [[0.0, 0, 0.5] + 0.4 * shin / np.linalg.norm(shin)]])
        return pole_positions(*heads, np.array([[0.0, 1, 0]]))[0]

    assert pole(bend)[1] > 0
    assert np.linalg.norm(pole(bend) - pole(other)) < 4 * abs(bend - other) + 1e-9


def test_exports_and_retargeting_follow_the_controls(walker: bpy.types.Object, tmp_path: Path) -> None:
    add_controls(bpy.context, walker, LIMBS)
    for curve in curves_of(walker):
        if curve.data_path == walker.pose.bones["left_foot_ik"].path_from_id("location") and curve.array_index == 2:
            for point in curve.keyframe_points:
                point.co[1] += 0.1
    shown = {frame: heads_of(walker, SMPL_BONES, frame) for frame in (1, 20, 48)}
    motion = person_motion(walker)
    for frame, heads in shown.items():
        for joint in SMPLH_JOINT_NAMES:
            np.testing.assert_allclose(motion.positions[joint][frame - 1], heads[joint], atol=1e-4, err_msg=joint)
    for ending, importer in (("fbx", bpy.ops.import_scene.fbx), ("glb", bpy.ops.import_scene.gltf)):
        bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
        save_scene(tmp_path / f"walk.{ending}")
        bpy.ops.wm.read_factory_settings(use_empty=True)
        bpy.context.scene.render.fps = 30
        importer(filepath=str(tmp_path / f"walk.{ending}"))
        (read,) = (obj for obj in bpy.data.objects if obj.type == "ARMATURE")
        assert not CONTROLS & set(read.data.bones.keys())
        first = round(read.animation_data.action.frame_range[0])
        for frame, heads in shown.items():
            for joint, position in heads_of(read, SMPL_BONES, frame - 1 + first).items():
                np.testing.assert_allclose(position, heads[joint], atol=2e-3, err_msg=f"{ending} {joint} {frame}")
        bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))


def test_controls_follow_new_keys(walker: bpy.types.Object) -> None:
    add_controls(bpy.context, walker, LIMBS)
    for curve in curves_of(walker):
        if curve.data_path == 'pose.bones["pelvis"].location':
            for point in curve.keyframe_points:
                point.co[1] += 0.5
    update_controls(walker)
    with_controls = pose_of(walker)
    assert distance(with_controls, keyed_without_controls(walker)) < 1e-4


def test_people_who_are_hidden_at_this_frame(walker: bpy.types.Object) -> None:
    hide_absent(walker, (10, 48), (1, 48))
    bpy.context.scene.frame_set(3)
    assert walker.hide_viewport
    assert add_controls(bpy.context, walker, FEET) == remove_controls(bpy.context, walker) == list(FEET)


def test_other_armatures_and_taken_names_are_refused(walker: bpy.types.Object) -> None:
    walker.data.bones["head"].name = "left_foot_ik"
    with pytest.raises(TarError, match="has a bone called left_foot_ik already"):
        add_controls(bpy.context, walker, LIMBS)
    walker.data.bones["left_foot_ik"].name = "head"
    walker.animation_data_clear()
    with pytest.raises(TarError, match="not an imported person with a motion"):
        add_controls(bpy.context, walker, LIMBS)
    assert not CONTROLS & set(walker.data.bones.keys())
    assert remove_controls(bpy.context, walker) == []


def test_edited_records_are_ignored(walker: bpy.types.Object) -> None:
    add_controls(bpy.context, walker, FEET)
    walker.pose.bones["left_foot_ik"][INFLUENCE] = "text"
    walker.pose.bones["right_knee"].constraints["TAR IK"].name = "Other"
    assert controlled_limbs(walker) == []
