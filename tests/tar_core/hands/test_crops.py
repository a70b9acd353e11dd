"""Crops around hands."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tar_core.hands.crops import crop_from_body, crop_from_hand
from tests.support.hands import OPEN_HAND

BODY = np.array([[100.0, 200.0], [85.0, 160.0], [112.0, 158.0]])  # wrist, little finger, index finger


def turned(points: np.ndarray, angle: float, scale: float, shift: float) -> np.ndarray:
    cosine, sine = scale * np.cos(angle), scale * np.sin(angle)
    return points @ np.array([[cosine, sine], [-sine, cosine]]) + shift


@given(st.floats(-3.1, 3.1), st.floats(0.5, 20), st.floats(-500, 500))
def test_crops_turn_grow_and_move_with_the_hand(angle: float, scale: float, shift: float) -> None:
    for crop_of, points in ((crop_from_body, BODY), (crop_from_hand, OPEN_HAND * 100)):
        before, after = crop_of(points), crop_of(turned(points, angle, scale, shift))
        assert after.size == pytest.approx(before.size * scale)
        expected = before.from_image(points)
        np.testing.assert_allclose(after.from_image(turned(points, angle, scale, shift)), expected, atol=1e-5)


def test_fingers_point_up_and_are_inside() -> None:
    points = OPEN_HAND * 100 + 300
    inside = crop_from_hand(points).from_image(points)
    assert ((inside > 0) & (inside < 224)).all()
    assert inside[12, 1] < inside[9, 1] < inside[0, 1]  # tip, knuckle, wrist
    assert inside[9, 0] == pytest.approx(inside[0, 0], abs=5)


def test_both_crops_agree() -> None:
    points = turned(OPEN_HAND * 100, 0.7, 1.0, 300.0)
    body, hand = crop_from_body(points[[0, 17, 5]]), crop_from_hand(points)
    assert 1 < body.size / hand.size < 1.5
    assert np.hypot(body.center_x - hand.center_x, body.center_y - hand.center_y) < 0.15 * hand.size


def test_points_in_one_place_give_a_usable_crop() -> None:
    assert crop_from_body(np.zeros((3, 2))).size >= 1
    assert crop_from_hand(np.zeros((21, 2))).size >= 1
