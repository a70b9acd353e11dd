"""Scan of the demo video, and a capture of a person selected from it."""

from pathlib import Path

import numpy as np
import pytest

from tar_core.capture.pipeline import capture, look
from tar_core.capture.progress import Progress
from tar_core.errors import TarError
from tar_core.options import CaptureOptions
from tar_core.people.boxes import box_iou
from tar_core.people.scan import crop_thumbnail
from tar_core.people.selection import DetectedPerson
from tests.support.paths import DATA
from tests.tar_core.capture.test_pipeline import MAN

SECOND_ENTERS = 32  # the frame in which a scan at 8 fps first detects the second person of the demo


@pytest.fixture(scope="module")
def detected(demo_video: Path) -> list[DetectedPerson]:
    return look(demo_video, CaptureOptions(device="cpu"))


def test_both_people_are_detected_largest_first(detected: list[DetectedPerson]) -> None:
    man, passer_by = detected
    assert [man.person_id, passer_by.person_id] == [1, 2]
    assert man.first_frame == 0 and man.last_frame > 90 and box_iou(man.boxes[0], np.array(MAN)) > 0.5
    assert abs(passer_by.first_frame - SECOND_ENTERS) <= 16 and passer_by.last_frame > 90
    assert man.thumbnail.shape == (128, 128, 3) and man.thumbnail.std() > 20


def test_capture_of_a_selected_person(
    detected: list[DetectedPerson], demo_video: Path, untrained_checkpoint: Path
) -> None:
    selection = [person.to_job(person.person_id == 2) for person in detected]
    options = CaptureOptions(selection=selection, end=59, checkpoint=untrained_checkpoint, device="cpu")
    (person,) = capture(demo_video, options).people
    place = int(np.searchsorted(person.frames, detected[1].frames[0]))
    assert box_iou(person.boxes[place], detected[1].boxes[0]) > 0.5


def test_scan_reports_progress(demo_video: Path) -> None:
    reported: list[Progress] = []
    look(demo_video, CaptureOptions(end=30, device="cpu"), reported.append)
    assert [progress.stage for progress in reported[:2]] == ["load", "look"] and reported[-1].done == 31


def test_video_without_people_is_rejected() -> None:
    grays = DATA / "twelve_greys.mp4"
    with pytest.raises(TarError, match="nobody was found"):
        look(grays, CaptureOptions(device="cpu"))


def test_thumbnail_is_an_upright_square_around_the_box() -> None:
    image = np.zeros((400, 400, 3), np.uint8)
    image[100:200, 150:250] = (255, 0, 0)
    thumbnail = crop_thumbnail(image, np.array([150, 100, 250, 300]))
    assert thumbnail[20, 64].tolist() == [255, 0, 0] and thumbnail[100, 64].tolist() == [0, 0, 0]
    assert thumbnail[20, 5].tolist() == [0, 0, 0]


def test_thumbnail_stays_inside_the_image() -> None:
    """Beyond the border, the thumbnail would show the repeated border."""
    image = np.zeros((400, 300, 3), np.uint8)
    image[:, 2:] = image[2:] = (0, 255, 0)  # black at the left and top border
    image[:2] = 0
    for box in ([-40, 50, 60, 350], [100, -80, 150, 120], [-50, -50, 340, 450]):
        assert (crop_thumbnail(image, np.array(box, float)) == 0).all(-1).mean() < 0.05, box
