"""AMASS files reproduce the positions of the joints in the scene."""

from pathlib import Path

import bpy
import numpy as np

from tar_blender.export.amass import save_amass
from tar_blender.scene.build import import_clip
from tar_core.body.data import load_body
from tar_core.body.shape import rest_joints
from tar_core.rotations import axis_angle_to_matrix
from tar_core.skeleton import SMPLH_JOINT_NAMES, SMPLH_PARENTS
from tests.support.characters import SMPL_BONES, heads_of
from tests.support.clips import synthetic_clip
from tests.support.import_options import raw_options


def test_forward_kinematics_agree_with_the_scene(tmp_path: Path) -> None:
    clip = synthetic_clip(people=2)
    body = load_body()
    imported = import_clip(clip, bpy.context, raw_options())
    files = save_amass(tmp_path / "walk.amass.npz", [imported], body)
    assert [file.name for file in files] == ["walk.amass.npz", "walk_person2.amass.npz"]
    for file, person, shown in zip(files, clip.people, imported.people, strict=True):
        with np.load(file) as data:
            assert set(data) == {"poses", "betas", "trans", "mocap_framerate", "gender"}
            assert data["mocap_framerate"] == clip.fps
            rest = rest_joints(body.with_fingers(), data["betas"])
            for row in (0, 17, 60):
                rotations = axis_angle_to_matrix(data["poses"][row].reshape(52, 3).astype(float))
                positions = [rest[0] + data["trans"][row]]
                for joint in range(1, 52):
                    parent = SMPLH_PARENTS[joint]
                    rotations[joint] = rotations[parent] @ rotations[joint]
                    positions.append(positions[parent] + rotations[parent] @ (rest[joint] - rest[parent]))
                heads = heads_of(shown.armature, SMPL_BONES, int(person.frames[row]) + 1)
                for joint, name in enumerate(SMPLH_JOINT_NAMES):
                    np.testing.assert_allclose(positions[joint], heads[name], atol=1e-4, err_msg=f"{name}, {row}")
