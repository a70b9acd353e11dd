"""Turns and mirror images."""

from itertools import product

import pytest

from tar_core.video.orientation import Orientation

ALL = [Orientation(*flags) for flags in product((False, True), repeat=3)]
CORNERS = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (0.25, 0.5)]


@pytest.mark.parametrize(
    ("matrix", "turn", "upside_down"),
    [
        ((1, 0, 0, 0, 1), 0, False),
        ((0, -1, 0, 1, 0), 90, False),
        ((-1, 0, 0, 0, -1), 180, False),
        ((0, 1, 0, -1, 0), 270, False),
        ((1, 0, 0, 0, -1), 0, True),
        ((-1, 0, 0, 0, 1), 180, True),
        ((0, 1, 0, 1, 0), 270, True),
        ((0, -1, 0, -1, 0), 90, True),
        ((0.1, -0.9, 0, 0.9, 0.1), 90, False),  # the nearest one
    ],
)
def test_display_matrix(matrix: tuple[float, ...], turn: int, upside_down: bool) -> None:
    orientation = Orientation.from_display_matrix(int(65536 * number) for number in matrix)
    assert (orientation.turn, orientation.upside_down) == (turn, upside_down)


@pytest.mark.parametrize("orientation", ALL)
def test_points_are_shown_and_stored(orientation: Orientation) -> None:
    for point in CORNERS:
        assert orientation.stored(*orientation.shown(*point)) == point
    assert orientation.shown_size(3, 2) == ((2, 3) if orientation.transposed else (3, 2))


@pytest.mark.parametrize("orientation", ALL)
def test_turn_after_exchange_of_top_and_bottom_is_the_orientation(orientation: Orientation) -> None:
    for x, y in CORNERS:
        expected = orientation.shown(x, y)
        y = 1 - y if orientation.upside_down else y
        for _ in range(orientation.turn // 90):  # counterclockwise: the right edge becomes the top
            x, y = y, 1 - x
        assert (x, y) == expected


@pytest.mark.parametrize("orientation", ALL)
def test_what_is_left_after_the_turn(orientation: Orientation) -> None:
    """Blender turns by the angle of the matrix's first row."""
    first_row_turn = Orientation(
        orientation.transposed,
        (not orientation.flipped) if orientation.transposed else orientation.mirrored,
        orientation.flipped if orientation.transposed else orientation.mirrored,
    )
    for point in CORNERS:
        assert orientation.after_turn().shown(*first_row_turn.shown(*point)) == orientation.shown(*point)


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_orientation_of_a_turn(degrees: int) -> None:
    for angle in (degrees, degrees - 360, degrees + 10):
        orientation = Orientation.from_turn(angle)
        assert orientation.turn == degrees and not orientation.upside_down
