"""The picture of a running capture's progress as JSON."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tar_core.preview import LINES, NUM_POINTS, Preview

coordinates = st.floats(-10_000, 10_000).map(lambda value: round(value, 1))
points = st.lists(st.tuples(coordinates, coordinates), min_size=NUM_POINTS, max_size=NUM_POINTS).map(tuple)
previews = st.builds(
    Preview,
    st.integers(0, 10**6),
    st.integers(1, 8192),
    st.integers(1, 8192),
    st.dictionaries(st.integers(1, 99), points, max_size=3),
    st.none() | st.floats(0, 2e9),
)


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
        {"time": float("inf")},
    ],
)
def test_impossible_values_are_refused(spoiled: dict[str, Any]) -> None:
    with pytest.raises((ValueError, KeyError)):
        Preview.from_json(Preview(0, 64, 48, {}).to_json() | spoiled)


def test_lines_join_points() -> None:
    assert all(0 <= end < NUM_POINTS for line in LINES for end in line)
