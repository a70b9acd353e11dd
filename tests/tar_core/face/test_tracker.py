"""Following faces, with a network that finds a face in the middle of every crop."""

import numpy as np
import pytest

from tar_core.face.tracker import HIDDEN_INTERVAL, FaceTracker
from tar_core.people.looks import FACE, looks_at
from tar_core.people.track import Sighting
from tests.support.faces import FACE_IMAGE, FaceInTheMiddle, face_sighting
from tests.support.sightings import CAMERA


def run(network: FaceInTheMiddle, sightings: list[Sighting]) -> list[int]:
    """The frames in which the face was seen."""
    tracker = FaceTracker(network)
    for seen in sightings:
        tracker.step(seen.frame, FACE_IMAGE, [seen], CAMERA)
    return [look.frame for look in looks_at({seen.frame: 1 for seen in sightings}, FACE, tracker.looks)]


def test_a_seen_face_is_looked_at_in_every_second_frame() -> None:
    network = FaceInTheMiddle()
    assert run(network, [face_sighting(frame, x=320.0 + 2 * frame) for frame in range(10)]) == list(range(0, 10, 2))
    assert network.crops == [1] * 5


@pytest.mark.parametrize("hidden", [{"visibility": 0.2}, {"width": 30.0}, {"x": -40.0}])
def test_faces_that_are_hidden_small_or_outside_cost_nothing(hidden: dict[str, float]) -> None:
    network = FaceInTheMiddle()
    assert not run(network, [face_sighting(frame, **hidden) for frame in range(6)])
    assert not network.crops


def test_the_back_of_a_head_is_looked_at_rarely() -> None:
    network = FaceInTheMiddle(presence=0.1)
    assert not run(network, [face_sighting(frame) for frame in range(3 * HIDDEN_INTERVAL)])
    assert len(network.crops) == 3


def test_the_crop_follows_the_face_and_returns_to_the_body() -> None:
    crops: list[float] = []

    class Watched(FaceInTheMiddle):
        def __call__(self, images: np.ndarray):  # type: ignore[no-untyped-def]
            crops.append(float(images.mean()))
            return super().__call__(images)

    image = FACE_IMAGE.copy()
    image[:, 400:] = 255
    tracker = FaceTracker(Watched())
    tracker.step(0, image, [face_sighting(0, x=200.0)], CAMERA)
    tracker.step(2, image, [face_sighting(2, x=205.0)], CAMERA)
    tracker.step(
        4, image, [face_sighting(4, x=560.0)], CAMERA
    )  # another place: the face's landmarks cannot have jumped there
    assert crops[0] == 0 and crops[1] == 0 and crops[2] == 255
