import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tar_core.people.boxes import (
    box_around_points,
    box_iou,
    boxes_overlap,
    extend_to_whole_body,
    match_boxes,
    overlaps_any,
)

HEIGHT = 360  # of the image, pixels

boxes = st.builds(lambda x, y, w, h: np.array([x, y, x + w, y + h]), *[st.floats(0, 50)] * 2, *[st.floats(1, 50)] * 2)


@given(boxes, boxes)
def test_iou_is_symmetric_and_bounded(a: np.ndarray, b: np.ndarray) -> None:
    assert 0 <= box_iou(a, b) <= 1 + 1e-9
    assert box_iou(a, b) == pytest.approx(box_iou(b, a))
    assert box_iou(a, a) == pytest.approx(1)


@given(boxes, boxes)
def test_boxes_overlap_if_they_share_an_area(a: np.ndarray, b: np.ndarray) -> None:
    assert boxes_overlap(a, b) == boxes_overlap(b, a) == (box_iou(a, b) > 0)


def test_box_overlaps_any_that_shares_half_of_the_smaller_one() -> None:
    whole, upper = np.array([0.0, 0, 10, 40]), np.array([0.0, 0, 10, 12])
    beside = np.array([6.0, 0, 16, 40])
    assert overlaps_any(upper, [whole]) and overlaps_any(whole, [beside, upper])
    assert not overlaps_any(whole, [beside]) and not overlaps_any(whole, [])


def test_iou_of_equal_separate_and_shifted_boxes() -> None:
    left, right = np.array([0.0, 0, 100, 200]), np.array([300.0, 0, 400, 200])
    assert box_iou(left, left) == 1
    assert box_iou(left, right) == 0
    assert box_iou(left, left + [50, 0, 50, 0]) == pytest.approx(1 / 3)


@given(st.lists(boxes, max_size=6), st.lists(boxes, max_size=6))
def test_matches_are_one_to_one(first: list[np.ndarray], second: list[np.ndarray]) -> None:
    pairs = match_boxes(first, second, 0.3)
    assert len(set(pairs.values())) == len(pairs)
    assert all(box_iou(first[i], second[j]) >= 0.3 for i, j in pairs.items())


def test_box_around_visible_points() -> None:
    points = np.array([[10.0, 10], [20, 10], [10, 60], [20, 60], [500, 500]])
    box = box_around_points(points, np.array([0.9, 0.9, 0.9, 0.9, 0.1]))
    np.testing.assert_allclose(box, [6, 6, 24, 64])
    assert (box_around_points(points, np.zeros(5))[2:] > 500).all(), "if no point is visible, all points count"


def test_box_cut_off_at_the_bottom_is_extended_to_the_whole_body() -> None:
    inside, upper, thin = [10.0, 20, 60, 200], [10.0, 20, 110, 355], [10.0, 20, 60, 359]
    np.testing.assert_array_equal(extend_to_whole_body(np.array(inside), HEIGHT), inside)
    np.testing.assert_array_equal(extend_to_whole_body(np.array([10.0, 200, 110, 359]), HEIGHT), [10, 200, 110, 500])
    unchanged = extend_to_whole_body(np.array(upper), HEIGHT)
    np.testing.assert_array_equal(unchanged, upper, "already three times as tall as wide")
    np.testing.assert_array_equal(extend_to_whole_body(np.array(thin), HEIGHT), thin)
