"""AMASS files reproduce the positions of the joints in the scene, as they are edited."""

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from tar_blender.export.formats import save_each, save_scene
from tar_blender.scene.build import import_clip
from tar_core.body.data import load_body
from tar_core.body.shape import rest_joints
from tar_core.errors import TarError
from tar_core.rotations import axis_angle_to_matrix
from tar_core.skeleton import SMPLH_JOINT_NAMES, SMPLH_PARENTS
from tests.support.characters import SMPL_BONES, heads_of
from tests.support.clips import synthetic_clip
from tests.support.import_options import raw_options


def positions_of(data: Any, row: int) -> np.ndarray:
    """SMPL-H's joints [52, 3] in a frame of a file: SMPL's kinematics."""
    rest = rest_joints(load_body().with_fingers(), data["betas"])
    rotations = axis_angle_to_matrix(data["poses"][row].reshape(52, 3).astype(float))
    positions = [rest[0] + data["trans"][row]]
    for joint in range(1, 52):
        parent = SMPLH_PARENTS[joint]
        rotations[joint] = rotations[parent] @ rotations[joint]
        positions.append(positions[parent] + rotations[parent] @ (rest[joint] - rest[parent]))
    return np.array(positions)


def check_file(file: Path, armature: bpy.types.Object, first: int) -> None:
    """Compare a file with the scene; its first frame is the scene frame `first`."""
    with np.load(file) as data:
        assert set(data) == {"poses", "betas", "trans", "mocap_framerate", "gender"}
        assert data["mocap_framerate"] == pytest.approx(30000 / 1001, rel=1e-6)
        for row in (0, 17, 60):
            heads = heads_of(armature, SMPL_BONES, first + row)
            shown = np.array([heads[name] for name in SMPLH_JOINT_NAMES])
            np.testing.assert_allclose(positions_of(data, row), shown, atol=1e-4, err_msg=f"{row}")


def test_forward_kinematics_agree_with_the_scene(tmp_path: Path) -> None:
    clip = synthetic_clip(people=2)
    imported = import_clip(clip, bpy.context, raw_options())
    files = save_scene(tmp_path / "walk.amass.npz")
    assert [file.name for file in files] == ["walk.amass.npz", "walk_person2.amass.npz"]
    for file, person, shown in zip(files, clip.people, imported.people, strict=True):
        check_file(file, shown.armature, int(person.frames[0]) + 1)
        with np.load(file) as data:
            np.testing.assert_allclose(data["betas"], person.betas, atol=0.01)


def test_layer_and_the_place_of_the_object_are_in_the_file(addon: None, motion_file: Path, tmp_path: Path) -> None:
    bpy.ops.tar.import_motion_file(filepath=str(motion_file))
    armature = bpy.data.objects["Person 1"]
    bpy.context.view_layer.objects.active = armature
    first = round(armature.animation_data.action.frame_range[0])
    before = heads_of(armature, SMPL_BONES, first + 17)["left_wrist"]
    bpy.ops.tar.add_layer()
    bone = armature.pose.bones["left_shoulder"]
    bone.rotation_quaternion = (np.cos(0.4), 0, 0, np.sin(0.4))
    bone.keyframe_insert("rotation_quaternion", frame=first)
    armature.location, armature.rotation_euler = (1.0, 2.0, 0.5), (0.0, 0.0, 0.7)
    assert np.linalg.norm(heads_of(armature, SMPL_BONES, first + 17)["left_wrist"] - before) > 0.1
    (file,) = save_each(tmp_path / "walk.amass.npz", [armature])
    check_file(file, armature, first)


def test_scaled_person_and_moved_bones_are_refused(walker: bpy.types.Object, tmp_path: Path) -> None:
    walker.scale = (2, 2, 2)
    bpy.context.view_layer.update()
    with pytest.raises(TarError, match="scale"):
        save_each(tmp_path / "walk.amass.npz", [walker])
    walker.scale = (1, 1, 1)
    bpy.context.view_layer.objects.active = walker
    bpy.ops.object.mode_set(mode="EDIT")
    walker.data.edit_bones["left_wrist"].head.z += 0.1
    bpy.ops.object.mode_set(mode="OBJECT")
    with pytest.raises(TarError, match="edit mode"):
        save_each(tmp_path / "walk.amass.npz", [walker])
    assert not list(tmp_path.iterdir())
