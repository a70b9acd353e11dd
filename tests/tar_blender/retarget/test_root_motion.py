"""The travel of a motion: place on the ground and heading."""

from dataclasses import replace

import bpy
import numpy as np
import pytest
from mathutils import Matrix

from tar_blender.retarget.known_rigs import KNOWN
from tar_blender.retarget.root_motion import find_root, travel, without_travel
from tar_blender.retarget.skeleton_motion import RestPose, person_motion
from tar_core.errors import TarError
from tests.support.characters import add_root, make_character

MIXAMO = KNOWN["Mixamo"]


def test_hips_stay_above_the_root(walker: bpy.types.Object) -> None:
    """The walker turns around once."""
    rest, motion = RestPose.of_person(walker), person_motion(walker)
    moved = travel(motion, rest)
    left = without_travel(motion, moved)
    np.testing.assert_allclose(left.hips[:, :2], np.tile(rest.hips[:2], (len(moved), 1)), atol=1e-6)
    across = left.positions["left_hip"] - left.positions["right_hip"]
    np.testing.assert_allclose(across[:, 1], 0, atol=1e-2)
    np.testing.assert_allclose(moved[:, 2, 3], 0)
    steps = moved[:-1, :3, :3].swapaxes(1, 2) @ moved[1:, :3, :3]
    assert np.degrees(np.arctan2(steps[:, 1, 0], steps[:, 0, 0])).max() < 15


def test_people_on_their_side_keep_their_heading(walker: bpy.types.Object) -> None:
    rest, motion = RestPose.of_person(walker), person_motion(walker)
    positions = {joint: points.copy() for joint, points in motion.positions.items()}
    center = motion.hips[10:14]
    positions["left_hip"][10:14], positions["right_hip"][10:14] = center + [0.01, 0.0, 0.1], center - [0.01, 0.0, 0.1]
    moved, expected = travel(replace(motion, positions=positions), rest), travel(motion, rest)
    np.testing.assert_allclose(moved[:, :3, :3], expected[:, :3, :3], atol=0.02)


def test_root_is_the_topmost_bone(walker: bpy.types.Object) -> None:
    character = make_character(walker, MIXAMO)
    with pytest.raises(TarError, match="Character has no root bone above Hips; disable Root Motion"):
        find_root(character, MIXAMO, "Mixamo")
    add_root(character, "Hips")
    assert find_root(character, MIXAMO, "Mixamo") == "Root"
    assert find_root(make_character(walker, KNOWN["Rigify"] | {"neck": "root"}), KNOWN["Rigify"], "Rigify") == "root"


def test_transforms_of_the_person_do_not_matter(walker: bpy.types.Object) -> None:
    before = travel(person_motion(walker), RestPose.of_person(walker))
    walker.matrix_world = Matrix.Translation((0, 0, 2))
    after = travel(person_motion(walker), RestPose.of_person(walker))
    np.testing.assert_allclose(after, before, atol=1e-5)
