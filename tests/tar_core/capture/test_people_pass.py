from pathlib import Path

import cv2
import numpy as np
import pytest

from tar_core.capture.people_pass import _with_different_numbers, follow_people, tracked_shots
from tar_core.capture.progress import Progress
from tar_core.capture.track import CapturedPerson
from tar_core.options import CaptureOptions, StartBox
from tar_core.people.boxes import box_iou
from tar_core.video.reader import VideoReader
from tar_core.video.writer import VideoWriter
from tests.support.networks import load_once
from tests.tar_core.capture.test_pipeline import MAN

pytestmark = pytest.mark.capture


def test_people_of_the_demo_are_tracked_with_a_static_camera(demo_video: Path, untrained_checkpoint: Path) -> None:
    options = CaptureOptions(box=StartBox(0, MAN), end=6, checkpoint=untrained_checkpoint, device="cpu")
    reported: list[Progress] = []
    reader = VideoReader(demo_video)
    record = follow_people(reader, options, load_once(options), reported.append)
    (tracked,) = tracked_shots(record, reader, options, None)
    assert len(tracked.people) == 1 and tracked.last_frame == 6
    assert len(tracked.boxes) == 4, "every second frame of a 60 fps video is processed"
    assert box_iou(np.array(tracked.boxes[0][0]), np.array(MAN)) > 0.5
    assert not tracked.camera_moves
    assert tracked.camera.focal_length == pytest.approx(1681, rel=0.05)
    assert [progress.done for progress in reported] == [1, 2, 3, 4, 5, 6, 7]


def test_camera_of_a_shot_that_fades_in_is_that_of_a_clear_picture(
    demo_video: Path, untrained_checkpoint: Path, tmp_path: Path
) -> None:
    options = CaptureOptions(end=1, checkpoint=untrained_checkpoint, device="cpu")
    with VideoWriter(tmp_path / "fade.mp4", 30, 540, 960) as writer:
        for frame in VideoReader(demo_video).frames(end=16):
            small = cv2.resize(frame.image, (540, 960), interpolation=cv2.INTER_AREA)
            writer.write((small * min(1.0, 0.1 + frame.index / 12)).astype(np.uint8))
    record = follow_people(VideoReader(tmp_path / "fade.mp4"), options, load_once(options), lambda _: None)
    camera = record.shots[0].camera
    assert camera.focal_length == pytest.approx(1681 / 2, rel=0.05) and camera.up_error < 5


def test_selected_people_have_different_numbers() -> None:
    people = [CapturedPerson(number, [0], [[0, 0, 1, 1]], [b""]) for number in (2, 2, 1, 2)]
    assert [person.person_id for person in _with_different_numbers(people)] == [2, 3, 1, 4]
