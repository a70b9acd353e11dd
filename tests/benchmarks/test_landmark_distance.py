"""Distances of projected joints from the backbone's landmarks on real video."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.landmark_distance import landmark_distances
from tar_core.body.data import load_body
from tar_core.body.model import BodyModel
from tar_core.capture.networks import Networks
from tar_core.errors import TarError
from tar_core.motion import MotionClip
from tar_core.options import CaptureOptions
from tests.support.networks import capture, load_once

pytestmark = pytest.mark.capture

LAST = 2


@pytest.fixture(scope="module")
def networks() -> Networks:
    return load_once()


@pytest.fixture(scope="module")
def clip(demo_video: Path) -> MotionClip:
    (clip,) = capture(demo_video, CaptureOptions(people="largest", end=LAST, device="cpu"))
    return clip


def test_captured_body_is_close_to_the_landmarks(clip: MotionClip, networks: Networks) -> None:
    body = BodyModel(load_body())
    distances = landmark_distances(clip, networks, body, end=LAST)
    assert 12 < len(distances) <= 12 * (LAST // 2 + 1) * len(clip.people), "every second frame is analyzed"
    assert np.median(distances) < 15

    # A body that is moved sideways by one meter is far from its landmarks.
    moved = replace(clip, people=[replace(p, trans=p.trans + np.float32([1, 0, 0])) for p in clip.people])
    assert np.median(landmark_distances(moved, networks, body, end=LAST)) > 40


def test_motion_of_other_people_is_an_error(clip: MotionClip, networks: Networks) -> None:
    other = replace(clip, people=[replace(p, boxes=p.boxes + 400) for p in clip.people])
    with pytest.raises(TarError, match="not where the motion file has them"):
        landmark_distances(other, networks, BodyModel(load_body()), end=LAST)
