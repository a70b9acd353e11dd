"""Counting with a scripted tracker; the pictures need the renderer."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from benchmarks.bench_finding import STILL_FRAMES, Picture, count_people, noisy

BOX = np.array([10.0, 10, 30, 60])


class ScriptedTracker:
    """Reports a box per track in every frame; the tracks of negative numbers are never confirmed."""

    def __init__(self, boxes: dict[int, np.ndarray]) -> None:
        self.boxes = boxes
        self.frames: list[int] = []

    def step(self, frame: int, image: np.ndarray) -> list[Any]:
        self.frames.append(frame)
        return [SimpleNamespace(track_id=number, box=box) for number, box in self.boxes.items()]

    def confirmed_tracks(self) -> list[Any]:
        return [SimpleNamespace(track_id=number) for number in self.boxes if number > 0]


@pytest.mark.parametrize(
    ("boxes", "box", "expected"),
    [
        ({1: BOX + 2}, BOX, (True, 0)),
        ({1: BOX + 2, 2: BOX + 50}, BOX, (True, 1)),
        ({1: BOX + 50}, BOX, (False, 1)),
        ({-1: BOX}, BOX, (False, 0)),
        ({1: BOX}, None, (False, 1)),
        ({}, None, (False, 0)),
    ],
)
def test_found_and_false_people(
    boxes: dict[int, np.ndarray], box: np.ndarray | None, expected: tuple[bool, int]
) -> None:
    tracker = ScriptedTracker(boxes)
    assert count_people(tracker, Picture("", np.zeros((80, 80, 3), np.uint8), box)) == expected  # type: ignore
    assert tracker.frames == list(range(STILL_FRAMES))


def test_noise_keeps_the_mean() -> None:
    image = np.full((50, 50, 3), 100, np.uint8)
    noised = noisy(image, np.random.default_rng(0))
    assert noised.dtype == np.uint8 and noised.std() > 1
    assert noised.mean() == pytest.approx(100, abs=1)
