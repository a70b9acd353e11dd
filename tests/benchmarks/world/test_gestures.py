"""Videos of people who gesture."""

import numpy as np

from benchmarks.world.gestures import FRAMES, HEAD, WRIST, gesture_recipes, gestures
from benchmarks.world.motions import build_motion
from tar_core.body.data import load_body
from tar_core.body.shape import rest_joints
from tar_core.rotations import axis_angle_to_matrix
from tar_core.skeleton import JOINT_NAMES, global_rotations

BODY = load_body()


def test_hands_and_heads_turn_within_limits_and_slowly() -> None:
    motion = gestures(7, rest_joints(BODY, np.zeros(10)))
    local = axis_angle_to_matrix(motion.poses)
    angles = np.degrees(np.linalg.norm(motion.poses, axis=2))
    head = np.degrees(np.arccos((np.einsum("nii->n", local[:, 12] @ local[:, 15]) - 1) / 2))
    assert 10 < head.max() <= np.linalg.norm(HEAD[1])
    wrists = angles[:, [JOINT_NAMES.index(f"{side}_wrist") for side in ("left", "right")]]
    assert 10 < wrists.max() <= np.linalg.norm(WRIST[1]) + 20  # "hands on hips" bends them, too
    world = global_rotations(local)
    steps = np.arccos(np.clip((np.einsum("njab,njab->nj", world[1:], world[:-1]) - 1) / 2, -1, 1))
    assert np.degrees(steps).max() < 20


def test_the_videos_are_others_each_and_the_same_each_time() -> None:
    tune, test = gesture_recipes(3, "tune"), gesture_recipes(3, "test")
    assert len({recipe.digest for recipe in (*tune, *test)}) == 6
    assert gesture_recipes(3, "test") == test
    motion = build_motion(test[0].actors[0].motion, {}, BODY)
    assert len(motion) >= FRAMES
