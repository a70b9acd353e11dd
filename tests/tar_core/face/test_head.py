"""Neck and head that agree with the face."""

import numpy as np

from benchmarks.rotation_errors import degrees_between
from tar_core.face.head import HEAD, MAX_TURN, NECK, turn_head
from tar_core.face.tracker import SeenFace
from tar_core.rotations import axis_angle_to_matrix
from tar_core.skeleton import NUM_JOINTS, global_rotations

FPS = 30.0
FRAMES = np.arange(100, 160)
POSES = 0.3 * np.random.default_rng(0).normal(size=(1, NUM_JOINTS, 3)).repeat(60, 0)


def heads(poses: np.ndarray) -> np.ndarray:
    """Global rotations [60, 3, 3]."""
    return global_rotations(axis_angle_to_matrix(poses))[:, HEAD]


def looks(turn: np.ndarray) -> list[SeenFace]:
    """Faces that are turned from the head of the body by an axis-angle."""
    turned = heads(POSES)[0] @ axis_angle_to_matrix(turn)
    return [SeenFace(frame, np.zeros(8), 1.0, turned) for frame in range(120, 141, 2)]


def test_the_head_turns_to_the_face_and_the_neck_takes_a_part() -> None:
    seen = looks(np.array([0.1, 0.4, 0.0]))
    turned = turn_head(POSES, seen, FRAMES, FPS)
    before, after = (degrees_between(heads(poses)[30], seen[0].turn) for poses in (POSES, turned))
    assert before > 20 and after < 0.25 * before
    others = [joint for joint in range(NUM_JOINTS) if joint not in (NECK, HEAD)]
    np.testing.assert_array_equal(turned[:, others], POSES[:, others])
    np.testing.assert_array_equal(turned[[0, -1]], POSES[[0, -1]])
    shares = [
        degrees_between(*(axis_angle_to_matrix(poses[30, joint]) for poses in (POSES, turned)))
        for joint in (NECK, HEAD)
    ]
    np.testing.assert_allclose(shares[0], shares[1], rtol=0.3)
    assert degrees_between(heads(turned)[1:], heads(turned)[:-1]).max() < 3  # degrees per frame: it fades


def test_a_face_that_looks_elsewhere_is_ignored() -> None:
    np.testing.assert_array_equal(turn_head(POSES, looks(np.array([0.0, MAX_TURN + 0.2, 0.0])), FRAMES, FPS), POSES)


def test_without_a_face_nothing_changes() -> None:
    assert turn_head(POSES, [], FRAMES, FPS) is POSES
