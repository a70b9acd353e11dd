"""Reading a person's keys as a motion in the world, and writing them."""

import bpy
import numpy as np
import pytest
from mathutils import Euler

from tar_blender.editing.mirroring import mirrored
from tar_blender.editing.motion_keys import captured_action, limb_bones, partners, read_motion, write_motion
from tar_blender.retarget.skeleton_motion import person_motion
from tar_blender.scene.ik_controls import LIMBS, add_controls
from tar_blender.scene.layers import add_layer
from tar_core.errors import TarError
from tar_core.skeleton import mirrored_name
from tests.support.bone_motions import apart


def test_root_is_where_blender_shows_it(walker: bpy.types.Object) -> None:
    walker.location, walker.rotation_euler, walker.scale = (1, 2, 3), Euler((0.1, 0.2, 0.3)), (2, 2, 2)
    bpy.context.view_layer.update()
    motion = read_motion(walker)
    np.testing.assert_allclose(motion.positions, person_motion(walker).positions["pelvis"], atol=1e-5)


def test_written_motion_is_the_one_that_was_read(walker: bpy.types.Object) -> None:
    walker.location, walker.rotation_euler = (1, 2, 3), Euler((0.1, 0.2, 0.3))
    bpy.context.view_layer.update()
    motion, shown = read_motion(walker), person_motion(walker)
    write_motion(walker, motion)
    assert apart(read_motion(walker), motion) < 1e-5
    again = person_motion(walker)
    for joint in shown.positions:
        np.testing.assert_allclose(again.positions[joint], shown.positions[joint], atol=1e-5)


def test_heading_of_the_rest_pose_is_zero(walker: bpy.types.Object) -> None:
    motion = read_motion(walker)
    turns = motion.headings()[-1] - motion.headings()[0]
    assert abs(abs(turns) - 2 * np.pi * 47 / 48) < 0.05  # the walker turns around once


def test_sides_and_limbs(walker: bpy.types.Object) -> None:
    bones = read_motion(walker).bones
    names = [bones[other] for other in partners(bones)]
    assert names[bones.index("left_knee")] == "right_knee" and names[bones.index("head")] == "head"
    legs = {bones[index] for index in limb_bones(walker, bones, "legs")}
    arms = {bones[index] for index in limb_bones(walker, bones, "arms")}
    assert legs == {f"{side}_{joint}" for side in ("left", "right") for joint in ("hip", "knee", "ankle", "foot")}
    assert {"left_collar", "right_wrist"} <= arms and not arms & (legs | {"head", "neck"})
    assert len(limb_bones(walker, bones, "all")) == len(arms) + len(legs)


def test_joints_of_the_mirrored_motion_are_in_the_mirror(walker: bpy.types.Object) -> None:
    motion, before = read_motion(walker), person_motion(walker)
    write_motion(walker, mirrored(motion, partners(motion.bones)))
    after = person_motion(walker)
    heading = motion.headings()[0]
    across = np.array([np.cos(heading), np.sin(heading), 0])  # of the mirror
    for joint, points in after.positions.items():
        seen = before.positions[mirrored_name(joint)]
        reflected = seen - 2 * ((seen - motion.positions[0]) @ across)[:, None] * across
        np.testing.assert_allclose(points, reflected, atol=0.01)  # the body is nearly symmetric


def test_what_is_moved_by_something_else_is_refused(walker: bpy.types.Object) -> None:
    add_controls(bpy.context, walker, LIMBS[:1])
    with pytest.raises(TarError, match="IK controls"):
        read_motion(walker)


def test_layers_are_refused(walker: bpy.types.Object) -> None:
    add_layer(walker)
    with pytest.raises(TarError, match="merge them"):
        read_motion(walker)


def test_person_without_keys_is_refused(walker: bpy.types.Object) -> None:
    walker.animation_data.action = None
    with pytest.raises(TarError, match="re-import"):
        captured_action(walker)
