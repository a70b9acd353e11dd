"""Shape keys from landmarks."""

import numpy as np

from tar_core.face.shape import CAPTURED_KEYS, align_face, load_face_map
from tar_core.rotations import axis_angle_to_matrix

FACE = load_face_map()
TURN = axis_angle_to_matrix(np.array([0.3, -0.6, 0.2]))


def test_alignment_undoes_place_rotation_and_size() -> None:
    moved = 40 * FACE.reference @ TURN.T + [90, 80, -3]
    aligned, turn = align_face(moved, FACE.reference, FACE.steadiness)
    np.testing.assert_allclose(aligned, FACE.reference, atol=1e-6)
    np.testing.assert_allclose(turn, TURN, atol=1e-6)


def test_an_open_jaw_and_closed_eyes_are_seen_in_any_view() -> None:
    """Landmarks of the lower lip and the chin move down, or those of the upper eyelids to the lower ones."""
    down = FACE.reference[152, 1] - FACE.reference[10, 1]  # from the forehead to the chin, in the axes of the landmarks
    jaw, blink = FACE.reference.copy(), FACE.reference.copy()
    lower = [14, 17, 18, 84, 87, 178, 181, 200, 199, 175, 152, 148, 377, 176, 400, 314, 317, 402, 405]
    jaw[lower, 1] += 0.15 * down
    left = ((386, 374), (385, 380), (387, 373), (384, 381), (388, 390))
    right = ((159, 145), (158, 153), (160, 144), (157, 154), (161, 163))
    for upper, under in (*left, *right):
        blink[upper] = FACE.reference[under]
    neutral = FACE.raw_values(FACE.reference)

    def change(points: np.ndarray, name: str) -> float:
        return float((FACE.raw_values(30 * points @ TURN.T + 100) - neutral)[CAPTURED_KEYS.index(name)])

    assert change(jaw, "jawOpen") > 0.3 and abs(change(blink, "jawOpen")) < 0.3
    assert change(blink, "eyeBlinkLeft") > 0.5 and change(blink, "eyeBlinkRight") > 0.5
