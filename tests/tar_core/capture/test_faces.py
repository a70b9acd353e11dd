"""Faces in a capture."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from tar_core.capture.track import with_face
from tar_core.face.tracker import FaceTracker
from tar_core.motion import MotionClip
from tar_core.options import CaptureOptions
from tar_core.people.looks import FACE, looks_at
from tests.support.clips import synthetic_clip
from tests.support.faces import face_sighting
from tests.support.networks import capture, load_once
from tests.support.paths import REPOSITORY
from tests.support.sightings import CAMERA


def test_a_picture_of_a_face_is_seen_and_becomes_motion() -> None:
    """The picture of an astronaut, whose expression is neutral because it does not change."""
    with np.load(REPOSITORY / "tests/data/face_landmarks_reference.npz") as data:
        picture = cv2.imdecode(data["jpeg_0"], cv2.IMREAD_COLOR)[..., ::-1]
    image = np.zeros((480, 640, 3), np.uint8)
    image[144:336, 224:416] = picture
    tracker = FaceTracker(load_once().faces)
    (person,) = synthetic_clip(frames=5, first_frame=0).people
    for frame in range(5):
        tracker.step(frame, image, [face_sighting(frame)], CAMERA)
    looks = looks_at(dict.fromkeys(range(5), 1), FACE, tracker.looks)
    assert [look.frame for look in looks] == [0, 2, 4] and min(look.presence for look in looks) > 0.9
    found = with_face(person, looks, fps=30)
    assert found.face_values is not None and found.face_confidence is not None
    assert found.face_confidence.min() > 0.9 and found.face_values.max() < 0.3


@pytest.mark.slow
def test_faces_of_a_video_are_saved(demo_video: Path, untrained_checkpoint: Path, tmp_path: Path) -> None:
    options = CaptureOptions(
        people="largest", end=10, checkpoint=untrained_checkpoint, device="cpu", static_camera=True, face=True
    )
    (clip,) = capture(demo_video, options)
    (person,) = clip.people
    assert person.face_values is not None and person.face_values.shape == (len(person), 52)
    clip.save(tmp_path / "clip.npz")
    (again,) = MotionClip.load(tmp_path / "clip.npz").people
    np.testing.assert_array_equal(again.face_values, person.face_values)
    np.testing.assert_array_equal(again.face_confidence, person.face_confidence)


def test_faces_are_off_by_default() -> None:
    assert not CaptureOptions().face
