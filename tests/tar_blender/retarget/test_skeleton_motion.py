"""Rest pose and motion of skeletons in the world."""

import bpy
import numpy as np
import pytest
from mathutils import Matrix

from tar_blender.retarget.known_rigs import KNOWN
from tar_blender.retarget.skeleton_motion import RestPose, person_motion, rotation_of
from tar_core.errors import TarError
from tests.support.characters import SMPL_BONES, heads_of, make_character, rotations_of


def test_rest_pose_is_in_the_world(walker: bpy.types.Object) -> None:
    before = RestPose.of_person(walker)
    walker.matrix_world = Matrix.Translation((1, 2, 3)) @ Matrix.Rotation(np.pi / 2, 4, "Z") @ Matrix.Scale(2, 4)
    after = RestPose.of_person(walker)
    quarter = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    for joint in SMPL_BONES:
        np.testing.assert_allclose(after.heads[joint], 2 * quarter @ before.heads[joint] + [1, 2, 3], atol=1e-5)
        np.testing.assert_allclose(after.rotations[joint], quarter @ before.rotations[joint], atol=1e-5)
    assert after.leg_length() == pytest.approx(2 * before.leg_length(), rel=1e-5)
    assert after.facing() - before.facing() == pytest.approx(np.pi / 2, abs=1e-5)


@pytest.mark.parametrize("moved", [False, True])
def test_person_motion_is_the_motion_that_blender_shows(walker: bpy.types.Object, moved: bool) -> None:
    if moved:
        walker.matrix_world = Matrix.Translation((1, 2, 3)) @ Matrix.Rotation(0.7, 4, "Z") @ Matrix.Scale(1.5, 4)
    motion = person_motion(walker)
    np.testing.assert_array_equal(motion.frames, np.arange(1, 49))
    for index in (0, 23, 47):
        frame = int(motion.frames[index])
        heads, rotations = heads_of(walker, SMPL_BONES, frame), rotations_of(walker, SMPL_BONES, frame)
        for joint in SMPL_BONES:
            np.testing.assert_allclose(motion.positions[joint][index], heads[joint], atol=1e-4, err_msg=joint)
            np.testing.assert_allclose(motion.rotations[joint][index], rotations[joint], atol=1e-3, err_msg=joint)


def test_hips_are_between_the_hip_joints(walker: bpy.types.Object) -> None:
    motion = person_motion(walker)
    heads = heads_of(walker, SMPL_BONES, 1)
    np.testing.assert_allclose(motion.hips[0], (heads["left_hip"] + heads["right_hip"]) / 2, atol=1e-4)


def test_other_armatures_have_no_person_motion(walker: bpy.types.Object) -> None:
    with pytest.raises(TarError, match="not an imported person"):
        person_motion(make_character(walker, KNOWN["Mixamo"]))
    walker.animation_data_clear()
    with pytest.raises(TarError, match="not an imported person"):
        person_motion(walker)


def test_rotation_of_a_scaled_transform() -> None:
    rotation = Matrix.Rotation(0.4, 4, "X")
    np.testing.assert_allclose(
        rotation_of(np.array(rotation @ Matrix.Scale(3, 4))), np.array(rotation.to_3x3()), atol=1e-6
    )
