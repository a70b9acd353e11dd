"""The picture of a running capture's progress as JSON."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tar_core.preview import LINES, NUM_POINTS, LiveBody, Preview
from tar_core.skeleton import NUM_JOINTS

coordinates = st.floats(-10_000, 10_000).map(lambda value: round(value, 1))
points = st.lists(st.tuples(coordinates, coordinates), min_size=NUM_POINTS, max_size=NUM_POINTS).map(tuple)
vectors = st.tuples(*[st.floats(-9, 9).map(lambda value: round(value, 4))] * 3)
bodies = st.builds(LiveBody, st.lists(vectors, min_size=NUM_JOINTS, max_size=NUM_JOINTS).map(tuple), vectors)
people = st.dictionaries(st.integers(1, 99), st.tuples(points, st.none() | bodies), max_size=3)
previews = st.builds(
    lambda frame, width, height, people, time: Preview(
        frame,
        width,
        height,
        {track: points for track, (points, _) in people.items()},
        time,
        {track: body for track, (_, body) in people.items() if body is not None},
    ),
    st.integers(0, 10**6),
    st.integers(1, 8192),
    st.integers(1, 8192),
    people,
    st.none() | st.floats(0, 2e9),
)
PERSON = {"track": 1, "points": [[0, 0]] * NUM_POINTS, "poses": [[0, 0, 0]] * NUM_JOINTS, "pelvis": [0, 0, 1]}


@given(previews)
def test_round_trip(preview: Preview) -> None:
    assert Preview.from_json(json.loads(json.dumps(preview.to_json()))) == preview


@pytest.mark.parametrize(
    "spoiled",
    [
        {"frame": -1},
        {"width": 0},
        {"height": 1e9},
        {"people": [{"track": 1, "points": [[0, 0]]}]},
        {"people": [{"track": 1, "points": [[0, float("nan")]] * NUM_POINTS}]},
        {"people": [{"track": 1, "points": [[0, 1e12]] * NUM_POINTS}]},
        {"people": [{}] * 100_000},
        {"people": [PERSON | {"poses": [[0, 0, 0]]}]},
        {"people": [PERSON | {"poses": [[0, 0, 99]] * NUM_JOINTS}]},
        {"people": [PERSON | {"poses": [[0, 0]] * NUM_JOINTS}]},
        {"people": [PERSON | {"pelvis": [0, 0, float("nan")]}]},
        {"people": [{key: value for key, value in PERSON.items() if key != "pelvis"}]},
        {"time": float("inf")},
    ],
)
def test_impossible_values_are_refused(spoiled: dict[str, Any]) -> None:
    with pytest.raises((ValueError, KeyError)):
        Preview.from_json(Preview(0, 64, 48, {}).to_json() | spoiled)


def test_a_body_belongs_to_its_person() -> None:
    (body,) = Preview.from_json(Preview(0, 64, 48, {}).to_json() | {"people": [PERSON]}).bodies.values()
    assert body.pelvis == (0, 0, 1)


def test_lines_join_points() -> None:
    assert all(0 <= end < NUM_POINTS for line in LINES for end in line)
