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
    neutral = FACE.read(FACE.reference)[0]

    def change(points: np.ndarray, name: str) -> float:
        return float((FACE.read(30 * points @ TURN.T + 100)[0] - neutral)[CAPTURED_KEYS.index(name)])

    assert change(jaw, "jawOpen") > 0.3 and abs(change(blink, "jawOpen")) < 0.3
    assert change(blink, "eyeBlinkLeft") > 0.5 and change(blink, "eyeBlinkRight") > 0.5


def test_the_rotation_of_the_head_is_read_in_any_view() -> None:
    """The head of the T-pose faces z and has y up, a picture has y down: a face to the camera looks against z."""
    points = 30 * FACE.reference @ TURN.T + 100
    turn = FACE.read(points)[1]
    ahead, up = (TURN.T @ turn @ axis for axis in (np.array([0.0, 0, 1]), np.array([0.0, 1, 0])))
    assert ahead[2] < -0.95 and up[1] < -0.95 and abs(ahead[0]) < 1e-6
    nose, eyes = FACE.reference[1], FACE.reference[[33, 263]].mean(0)
    assert (nose - eyes) @ ahead > 0 and (eyes - nose) @ up > 0
