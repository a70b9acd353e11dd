"""Shapes of the IK controls: shared by all people, and removed with the last control."""

from pathlib import Path

import bpy
import numpy as np
import pytest

from tar_blender.export.formats import save_each
from tar_blender.scene.bone_names import joint_bones
from tar_blender.scene.build import import_clip
from tar_blender.scene.control_shapes import BALL, BOX, add_rings, remove_rings, ringed_bones, set_shape
from tar_blender.scene.ik_controls import FEET, LIMBS, add_controls, remove_controls
from tar_blender.scene.removal import delete_person
from tar_core.motion import MotionClip
from tests.support.import_options import raw_options


def test_controls_have_shapes_that_all_people_share(walker: bpy.types.Object) -> None:
    add_controls(bpy.context, walker, FEET)
    bones = walker.pose.bones
    for limb in FEET:
        assert bones[limb.target].custom_shape.name == "TAR Control Box"
        assert bones[limb.pole].custom_shape.name == "TAR Control Ball"
    assert not any(bones[name].custom_shape for limb in FEET for name in limb.bones)
    count = len(bpy.data.objects)
    add_controls(bpy.context, walker, LIMBS)
    assert len(bpy.data.objects) == count
    assert not bpy.data.objects["TAR Control Box"].users_collection, "they are in no scene"


def test_shapes_surround_the_bone(walker: bpy.types.Object) -> None:
    box, ball = walker.pose.bones["head"], walker.pose.bones["neck"]
    set_shape(box, BOX)
    set_shape(ball, BALL)
    corners, points = (np.array([v.co for v in bone.custom_shape.data.vertices]) for bone in (box, ball))
    assert len(corners) == 8 and len(box.custom_shape.data.edges) == 12
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), 0.5, atol=1e-6)
    lengths = [
        np.linalg.norm(np.subtract(*(points[end] for end in edge.vertices))) for edge in ball.custom_shape.data.edges
    ]
    assert max(lengths) < 0.2, "circles"


def test_shapes_go_with_the_last_control(walker: bpy.types.Object) -> None:
    before = bpy.data.objects.keys(), bpy.data.meshes.keys()
    add_controls(bpy.context, walker, FEET)
    remove_controls(bpy.context, walker)
    assert (bpy.data.objects.keys(), bpy.data.meshes.keys()) == before
    add_controls(bpy.context, walker, FEET)
    delete_person(walker)
    assert not [name for name in (*bpy.data.objects.keys(), *bpy.data.meshes.keys()) if name.startswith("TAR Control")]


@pytest.mark.parametrize("style", ["smpl", "blender"])
def test_rings_surround_all_joints(clip: MotionClip, style: str) -> None:
    walker = import_clip(clip, bpy.context, raw_options(bone_names=style)).people[0].armature
    add_controls(bpy.context, walker, FEET)
    own = bpy.data.objects.new("My Shape", None)
    thigh, head = (walker.pose.bones[joint_bones(walker)[joint]] for joint in ("left_hip", "head"))
    head.custom_shape = own
    assert add_rings(walker) and not add_rings(walker), "nothing is left to change"
    assert set(ringed_bones(walker)) == {
        walker.pose.bones[name] for joint, name in joint_bones(walker).items() if joint != "head"
    }
    ring = np.array([vertex.co for vertex in thigh.custom_shape.data.vertices]) * thigh.length
    ring *= np.array(thigh.custom_shape_scale_xyz)
    np.testing.assert_allclose(np.hypot(ring[:, 0], ring[:, 2]), 0.12, atol=1e-4)
    np.testing.assert_allclose(ring[:, 1], thigh.length / 2, rtol=1e-4)
    assert walker.pose.bones[FEET[0].target].custom_shape.name == "TAR Control Box"
    remove_rings(walker)
    assert head.custom_shape == own and not ringed_bones(walker) and thigh.custom_shape is None
    assert tuple(thigh.custom_shape_scale_xyz) == (1, 1, 1)
    assert "TAR Control Ring" not in bpy.data.objects and "TAR Control Box" in bpy.data.objects


def test_shapes_are_saved_but_not_exported(walker: bpy.types.Object, tmp_path: Path) -> None:
    add_controls(bpy.context, walker, FEET)
    save_each(tmp_path / "person.glb", [walker])
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "person.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "person.blend"))
    person = next(obj for obj in bpy.data.objects if obj.type == "ARMATURE")
    assert person.pose.bones[FEET[0].target].custom_shape.name == "TAR Control Box"
    present = set(bpy.data.objects)
    bpy.ops.import_scene.gltf(filepath=str(tmp_path / "person.glb"))
    assert not [obj.name for obj in set(bpy.data.objects) - present if obj.name.startswith("TAR Control")]
