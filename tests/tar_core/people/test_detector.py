"""Detection in frames of the demo video."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tar_core.model.weights import read_checkpoint
from tar_core.people.boxes import box_iou
from tar_core.people.detector import MAX_IOU, PersonDetector, suppress_duplicates
from tar_core.runtime.onnx_runtime import OnnxRuntime
from tests.support.paths import DATA

REFERENCE = np.load(DATA / "ssd_person_reference.npz")
MAN = ((40, 45, 90, 180), (37, 60, 122, 194))  # boxes of the main person in the two frames, drawn by hand
CONTENT = 300 * 1080 // 1920  # columns of the reference frames that are not padding


@pytest.fixture(scope="module")
def detector() -> PersonDetector:
    return PersonDetector(OnnxRuntime(read_checkpoint()))


@pytest.fixture(scope="module")
def frames() -> np.ndarray:
    jpegs = [REFERENCE[f"jpeg_{number}"] for number in range(len(MAN))]
    return np.stack([cv2.cvtColor(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB) for jpeg in jpegs])


def test_detects_both_people(detector: PersonDetector, frames: np.ndarray) -> None:
    """Both frames show the man, who scores highest, and a bystander at the left."""
    for frame, man in zip(frames, MAN, strict=True):
        found = detector.detect(frame)
        assert len(found) == 2
        assert box_iou(found[0].box, np.array(man)) > 0.8
        assert found[1].box[2] < 30
        assert found[0].score >= found[1].score >= 0.4


def test_padding_to_a_square_does_not_change_the_box(detector: PersonDetector, frames: np.ndarray) -> None:
    """The enlarged frame without its black padding gives the same box, enlarged."""
    upright = cv2.resize(frames[1][:, :CONTENT], None, fx=3, fy=3, interpolation=cv2.INTER_NEAREST)
    expected = detector.detect(frames[1])[0]
    found = detector.detect(upright)[0]
    np.testing.assert_allclose((found.box + 0.5) / 3, expected.box + 0.5, atol=1)
    assert found.score == pytest.approx(expected.score, abs=0.03)


def test_boxes_are_inside_the_image(detector: PersonDetector, frames: np.ndarray) -> None:
    closeup = frames[1][70:150, 50:110]
    found = detector.detect(closeup, threshold=0.05)
    assert found
    for detection in found:
        assert (detection.box >= 0).all() and (detection.box <= [59, 79, 59, 79]).all()


def test_empty_image_has_no_detections(detector: PersonDetector) -> None:
    assert detector.detect(np.full((40, 90, 3), 128, np.uint8)) == []


boxes_and_scores = st.lists(
    st.tuples(
        st.integers(0, 50), st.integers(0, 50), st.integers(1, 30), st.integers(1, 30), st.floats(0, 1, width=32)
    ),
    max_size=12,
)


@given(boxes_and_scores)
def test_suppressed_boxes_overlap_a_kept_box_with_a_higher_score(rows: list[tuple[int, int, int, int, float]]) -> None:
    boxes = np.array([(x, y, x + w, y + h) for x, y, w, h, _ in rows], np.float32).reshape(-1, 4)
    scores = np.array([row[4] for row in rows], np.float32)
    kept = suppress_duplicates(boxes, scores)
    assert list(scores[kept]) == sorted(scores[kept], reverse=True)
    for position, index in enumerate(kept):
        assert all(box_iou(boxes[index], boxes[other]) <= MAX_IOU + 1e-6 for other in kept[:position])
    for index in set(range(len(rows))) - set(kept):
        better = [other for other in kept if scores[other] >= scores[index]]
        assert any(box_iou(boxes[index], boxes[other]) > 0 for other in better)


def test_upper_body_inside_the_whole_body_is_a_duplicate() -> None:
    boxes = np.array([[10, 10, 50, 110], [15, 10, 45, 40], [60, 10, 90, 110]], np.float32)
    assert suppress_duplicates(boxes, np.array([0.6, 0.5, 0.9])) == [2, 0]
