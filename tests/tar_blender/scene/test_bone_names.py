"""Names of the bones in both styles."""

from typing import Any

import bpy
import numpy as np
import pytest

from tar_blender.scene.bone_names import BLENDER, BLENDER_NAMES, SMPL, joint_bones, rename_bones
from tar_blender.scene.build import import_clip
from tar_core.motion import MotionClip
from tar_core.skeleton import ALL_JOINT_NAMES, SMPLH_JOINT_NAMES, mirrored_name
from tests.support.import_options import raw_options


@pytest.fixture
def person(clip: MotionClip) -> Any:
    return import_clip(clip, bpy.context, raw_options(bone_names=BLENDER)).people[0]


def test_every_joint_has_a_name_that_blender_flips() -> None:
    assert set(BLENDER_NAMES) == set(ALL_JOINT_NAMES)
    assert len(set(BLENDER_NAMES.values())) == len(BLENDER_NAMES)
    for joint, name in BLENDER_NAMES.items():
        assert bpy.utils.flip_name(name) == BLENDER_NAMES[mirrored_name(joint)]


def test_import_in_blenders_style(person: Any) -> None:
    names = [BLENDER_NAMES[joint] for joint in SMPLH_JOINT_NAMES]
    assert set(person.armature.data.bones.keys()) == set(names)
    assert [group.name for group in person.body.vertex_groups] == names
    assert list(joint_bones(person.armature)) == list(SMPLH_JOINT_NAMES)


def test_renaming_keeps_the_pose(person: Any) -> None:
    def vertices() -> np.ndarray:
        bpy.context.scene.frame_set(20)
        evaluated = person.body.evaluated_get(bpy.context.evaluated_depsgraph_get())
        points = np.empty(3 * len(evaluated.data.vertices), np.float32)
        evaluated.data.vertices.foreach_get("co", points)
        return points

    before = vertices()
    rename_bones(person.armature, SMPL)
    assert list(joint_bones(person.armature).values()) == list(SMPLH_JOINT_NAMES)
    np.testing.assert_allclose(vertices(), before, atol=1e-5)
