"""The computed pose is that of Blender."""

import bpy
import numpy as np
from mathutils import Euler

from tar_blender.editing.skeleton import Skeleton


def test_pose_is_that_of_blender(walker: bpy.types.Object) -> None:
    random = np.random.default_rng(0)
    walker.animation_data_clear()
    walker.location, walker.scale = (1, 2, 3), (0.5, 0.5, 0.5)
    walker.rotation_euler = (0.1, 0.2, 0.3)
    for bone in walker.pose.bones:
        bone.rotation_mode = "XYZ"
        bone.rotation_euler = Euler(random.uniform(-1, 1, 3))
        bone.location = random.uniform(-0.1, 0.1, 3) if bone.name == "pelvis" else (0, 0, 0)
    bpy.context.view_layer.update()
    skeleton = Skeleton.of(walker)
    local = [np.eye(4)] + [np.array(walker.pose.bones[name].matrix_basis) for name in skeleton.names[1:]]
    local[0] = np.array(walker.matrix_basis.normalized())
    every = range(len(skeleton.names))
    posed = skeleton.pose(np.array(local)[:, None], every)
    ends = skeleton.ends(posed, every)[:, 0]
    bones = [walker.pose.bones[name] for name in skeleton.names[1:]]
    np.testing.assert_allclose(ends[1 : len(bones) + 1], [walker.matrix_world @ bone.head for bone in bones], atol=1e-5)
    tails = ends[len(bones) + 2 :]
    np.testing.assert_allclose(tails, [walker.matrix_world @ bone.tail for bone in bones], atol=1e-5)


def test_descendants_move_with_a_bone(walker: bpy.types.Object) -> None:
    skeleton = Skeleton.of(walker)
    elbow = skeleton.names.index("left_elbow")
    moved = {skeleton.names[bone] for bone in skeleton.with_descendants([elbow])}
    assert {"left_elbow", "left_wrist"} <= moved and not moved & {"left_shoulder", "right_wrist", "head"}
