"""Looks at parts of people."""

from dataclasses import dataclass

import numpy as np

from tar_core.people.looks import FACE, LEFT_HAND, looks_at, pixels_per_meter


@dataclass(frozen=True)
class Look:
    frame: int
    track: int


def test_looks_are_those_of_the_persons_tracks_in_order() -> None:
    looks = {(track, FACE): [Look(frame, track) for frame in range(10)] for track in (1, 2, 3)}
    looks[1, LEFT_HAND] = [Look(5, 1)]
    found = looks_at({7: 2, 8: 2, 1: 1, 20: 1}, FACE, looks)
    assert found == [Look(1, 1), Look(7, 2), Look(8, 2)]


def test_scale_is_that_of_the_projection() -> None:
    world = np.random.default_rng(0).normal(size=(39, 3))
    assert np.isclose(pixels_per_meter(250 * world[:, :2] + 40, world), 250)
