"""The look on the demo video, and that a capture takes whom it is told to."""

from pathlib import Path

import numpy as np
import pytest

from tar_core.capture.pipeline import capture, look
from tar_core.capture.progress import Progress
from tar_core.errors import TarError
from tar_core.options import CaptureOptions
from tar_core.people.scan import cut_square
from tar_core.people.selection import DetectedPerson, overlap
from tests.support.paths import DATA
from tests.tar_core.capture.test_pipeline import MAN

SECOND_ENTERS = 32  # the frame in which the demo's second person is seen first, at eight looks a second


@pytest.fixture(scope="module")
def found(demo_video: Path) -> list[DetectedPerson]:
    return look(demo_video, CaptureOptions(device="cpu"))


def test_both_are_found_the_largest_first(found: list[DetectedPerson]) -> None:
    man, passer_by = found
    assert [man.person_id, passer_by.person_id] == [1, 2]
    assert man.first == 0 and man.last > 90 and overlap(man.boxes[0], np.array(MAN)) > 0.5
    assert abs(passer_by.first - SECOND_ENTERS) <= 16 and passer_by.last > 90
    assert man.picture.shape == (128, 128, 3) and man.picture.std() > 20


def test_capture_takes_the_chosen_one(
    found: list[DetectedPerson], demo_video: Path, untrained_checkpoint: Path
) -> None:
    traces = [person.trace(person.person_id == 2) for person in found]
    options = CaptureOptions(selection=traces, end=59, checkpoint=untrained_checkpoint, device="cpu")
    (person,) = capture(demo_video, options).people
    place = int(np.searchsorted(person.frames, found[1].frames[0]))
    assert overlap(person.boxes[place], found[1].boxes[0]) > 0.5


def test_progress_is_a_looks(demo_video: Path) -> None:
    told: list[Progress] = []
    look(demo_video, CaptureOptions(end=30, device="cpu"), told.append)
    assert [progress.stage for progress in told[:2]] == ["load", "look"] and told[-1].done == 31


def test_nobody() -> None:
    grays = DATA / "twelve_greys.mp4"
    with pytest.raises(TarError, match="nobody was found"):
        look(grays, CaptureOptions(device="cpu"))


def test_pictures_are_upright_squares_around_the_box() -> None:
    image = np.zeros((400, 400, 3), np.uint8)
    image[100:200, 150:250] = (255, 0, 0)
    picture = cut_square(image, np.array([150, 100, 250, 300]))
    assert picture[20, 64].tolist() == [255, 0, 0] and picture[100, 64].tolist() == [0, 0, 0]
    assert picture[20, 5].tolist() == [0, 0, 0]


def test_pictures_stay_inside_the_image() -> None:
    """Beyond it there would be nothing but its edge, drawn out."""
    image = np.zeros((400, 300, 3), np.uint8)
    image[:, 2:] = image[2:] = (0, 255, 0)  # a black frame at the left and above
    image[:2] = 0
    for box in ([-40, 50, 60, 350], [100, -80, 150, 120], [-50, -50, 340, 450]):
        assert (cut_square(image, np.array(box, float)) == 0).all(-1).mean() < 0.05, box
