"""The armature of SMPL's joints."""

import bpy
import numpy as np
import pytest

from tar_blender.scene.armature import SMPL_TO_BLENDER, build_armature, rest_heads, rest_rotations
from tar_core.body.data import load_body
from tar_core.skeleton import JOINT_NAMES, SMPLH_JOINT_NAMES, SMPLH_PARENTS, mirrored_name

MIRROR = [SMPLH_JOINT_NAMES.index(mirrored_name(name)) for name in SMPLH_JOINT_NAMES]
MIRROR_X = np.diag([-1.0, 1.0, 1.0])


@pytest.fixture
def betas() -> np.ndarray:
    return np.random.default_rng(0).normal(size=10).astype(np.float32)


@pytest.fixture
def armature_object(betas: np.ndarray) -> bpy.types.Object:
    return build_armature(bpy.context, "Person", load_body().with_fingers(), betas, bpy.context.scene.collection)


def test_bones_have_the_names_and_parents_of_smplhs_joints(armature_object: bpy.types.Object) -> None:
    bones = armature_object.data.bones
    assert set(bones.keys()) == set(SMPLH_JOINT_NAMES)
    for joint, parent in enumerate(SMPLH_PARENTS):
        expected = None if parent < 0 else bones[SMPLH_JOINT_NAMES[parent]]
        assert bones[SMPLH_JOINT_NAMES[joint]].parent == expected


def test_heads_are_at_the_joints_of_the_shape(armature_object: bpy.types.Object, betas: np.ndarray) -> None:
    body = load_body().with_fingers()
    joints = body.J_regressor @ (body.v_template + body.shapedirs @ betas)
    np.testing.assert_allclose(rest_heads(armature_object), joints @ SMPL_TO_BLENDER.T, atol=1e-6)


def test_bones_point_at_their_children(armature_object: bpy.types.Object) -> None:
    bones = armature_object.data.bones
    for name in SMPLH_JOINT_NAMES:
        bone = bones[name]
        tails = [np.allclose(bone.tail_local, child.head_local, atol=1e-6) for child in bone.children]
        assert not bone.children or sum(tails) == 1, f"{name} points at {sum(tails)} of its children"
        assert 0.01 <= bone.length < 0.6, f"{name} is {bone.length} m long"


def test_rest_is_a_t_pose_in_blenders_axes(armature_object: bpy.types.Object) -> None:
    heads = dict(zip(SMPLH_JOINT_NAMES, rest_heads(armature_object), strict=True))
    assert heads["head"][2] > heads["pelvis"][2] > heads["left_ankle"][2]
    assert heads["left_wrist"][0] > 0.5 and heads["right_wrist"][0] < -0.5, "the person's left is +X"
    assert abs(heads["left_wrist"][2] - heads["left_shoulder"][2]) < 0.1
    assert heads["left_foot"][1] < heads["left_ankle"][1], "the person looks along -Y"


def test_blender_flips_the_names_of_the_bones() -> None:
    for name, other in zip(SMPLH_JOINT_NAMES, MIRROR, strict=True):
        assert bpy.utils.flip_name(name) == SMPLH_JOINT_NAMES[other]


def test_left_and_right_are_mirror_images(armature_object: bpy.types.Object) -> None:
    """This includes the axes: Blender mirrors a bone's y and z axes, and x follows from them."""
    rotations = rest_rotations(armature_object)
    for joint, other in enumerate(MIRROR):
        mirrored = MIRROR_X @ rotations[joint]
        mirrored[:, 0] *= -1
        np.testing.assert_allclose(rotations[other], mirrored, atol=2e-3)


def test_flipped_paste_mirrors_the_pose(armature_object: bpy.types.Object) -> None:
    """Paste Pose Flipped moves every joint to the mirrored position."""
    rng = np.random.default_rng(1)
    bones = armature_object.pose.bones
    for name in SMPLH_JOINT_NAMES:
        bones[name].rotation_quaternion = (1.0, *rng.uniform(-0.3, 0.3, 3))
    bpy.context.view_layer.update()
    posed = np.array([bones[name].head for name in SMPLH_JOINT_NAMES])

    bpy.context.view_layer.objects.active = armature_object
    bpy.ops.object.mode_set(mode="POSE")
    for bone in bones:
        _select(bone)
    bpy.ops.pose.copy()
    bpy.ops.pose.paste(flipped=True)
    bpy.context.view_layer.update()
    flipped = np.array([bones[name].head for name in SMPLH_JOINT_NAMES])
    np.testing.assert_allclose(flipped, posed[MIRROR] @ MIRROR_X, atol=2e-3)


def _select(bone: bpy.types.PoseBone) -> None:
    """Select a bone; Blender 5 stores the selection in the pose bone, older versions in the bone."""
    if hasattr(bone, "select"):
        bone.select = True
    else:
        bone.bone.select = True


def test_a_body_without_fingers_has_smpls_bones(betas: np.ndarray) -> None:
    armature = build_armature(bpy.context, "Person", load_body(), betas, bpy.context.scene.collection)
    assert set(armature.data.bones.keys()) == set(JOINT_NAMES)


def test_bones_are_grouped_and_colored_by_side(armature_object: bpy.types.Object) -> None:
    collections = armature_object.data.collections_all
    assert {group.name: len(group.bones) for group in collections if group.bones} == {
        "Body Center": 6,
        "Body Left": 8,
        "Body Right": 8,
        "Hands Left": 15,
        "Hands Right": 15,
    }
    assert {collections[f"Hands {side}"].parent for side in ("Left", "Right")} == {collections["Hands"]}
    palettes = {armature_object.data.bones[name].color.palette for name in ("pelvis", "left_knee", "right_index2")}
    assert len(palettes) == 3


def test_fingers_curl_toward_the_palm_about_their_x_axis(armature_object: bpy.types.Object) -> None:
    bones = armature_object.pose.bones
    for side in ("left", "right"):
        bones[f"{side}_middle1"].rotation_mode = "XYZ"
        bones[f"{side}_middle1"].rotation_euler = (1, 0, 0)
    bpy.context.view_layer.update()
    for side in ("left", "right"):
        finger = bones[f"{side}_middle1"]
        assert finger.tail.z < finger.head.z - 0.02, "the palms look down"
