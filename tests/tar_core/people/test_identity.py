"""Made-up tracks that slip, exchange people and end."""

from collections.abc import Callable

import pytest

from tar_core.people.clear_runs import TrackHistory
from tar_core.people.identity import MAX_GAP, Identity, identify_people
from tests.tar_core.people.test_clear_runs import FPS, add

LENGTH = 150


def to_right(frame: int) -> float:
    return 100 + 4.0 * frame


def to_left(frame: int) -> float:
    return 700 - 4.0 * frame


def tracks(
    shown: Callable[[int, int], int | None], worn: tuple[int, int] = (0, 1), count: int = 2
) -> list[TrackHistory]:
    """Tracks of two people who cross in frame 75.

    Args:
        shown: the person (0 walks to the right, 1 to the left) that a track shows in a frame.
        worn: the people's clothes.
    """
    histories = [TrackHistory(number + 1) for number in range(count)]
    for frame in range(LENGTH):
        for number, history in enumerate(histories):
            person = shown(number, frame)
            if person is not None:
                add(history, frame, (to_right, to_left)[person](frame), worn[person])
    return histories


def parts(person: Identity) -> list[tuple[int, int, int]]:
    """Track, first and last frame of the parts of a person without a change of track or a gap."""
    result: list[tuple[int, int, int]] = []
    for frame, track_id in zip(person.frames.tolist(), person.track_ids.tolist(), strict=True):
        if result and result[-1][0] == track_id and result[-1][2] == frame - 1:
            result[-1] = (track_id, result[-1][1], frame)
        else:
            result.append((track_id, frame, frame))
    return result


def test_people_who_cross_without_mistake_stay_as_they_are() -> None:
    people = identify_people(tracks(lambda track, frame: track), FPS)
    assert [parts(person) for person in people] == [[(1, 0, 149)], [(2, 0, 149)]]


def test_tracks_that_exchange_people_are_put_right() -> None:
    people = identify_people(tracks(lambda track, frame: track if frame < 75 else 1 - track), FPS)
    assert [parts(person) for person in people] == [[(1, 0, 74), (2, 75, 149)], [(2, 0, 74), (1, 75, 149)]]


def test_hidden_person_is_found_again_and_the_slip_is_left_out() -> None:
    """Track 2 slips onto person 0 in frames 70 to 79 while that one is tracked; person 1 is hidden."""

    def shown(track: int, frame: int) -> int | None:
        return track if track == 0 or not 70 <= frame < 80 else 0

    people = identify_people(tracks(shown), FPS)
    assert [parts(person) for person in people] == [[(1, 0, 149)], [(2, 0, 69), (2, 80, 149)]]


def test_long_gap_is_joined_if_the_person_is_where_expected() -> None:
    def shown(track: int, frame: int) -> int | None:
        return {0: 0 if frame < 40 else None, 1: 1, 2: 0 if frame >= 110 else None}[track]

    people = identify_people(tracks(shown, count=3), FPS)
    assert [parts(person) for person in people] == [[(1, 0, 39), (3, 110, 149)], [(2, 0, 149)]]
    assert len(identify_people(tracks(shown, worn=(0, 0), count=3), FPS)) == 2, "same clothes, but in other places"


def test_person_in_other_clothes_is_another_one() -> None:
    first, second = TrackHistory(1), TrackHistory(2)
    for frame in range(50):
        add(first, frame, 300, worn=0)
        add(second, frame + 60, 300, worn=1)
    assert [parts(person) for person in identify_people([first, second], FPS)] == [[(1, 0, 49)], [(2, 60, 109)]]


@pytest.mark.parametrize(
    ("pause", "x", "size", "is_same"),
    [
        (20, 300, 200, True),
        (int(MAX_GAP * FPS), 340, 220, True),
        (int(MAX_GAP * FPS) + 2, 300, 200, False),
        (20, 700, 200, False),
        (20, 300, 90, False),
    ],
)
def test_gap_is_joined_within_limits(pause: int, x: float, size: float, is_same: bool) -> None:
    first, second = TrackHistory(1), TrackHistory(2)
    for frame in range(50):
        add(first, frame, 300, worn=0)
        add(second, frame + 50 + pause, x, worn=0, size=size)
    assert len(identify_people([first, second], FPS)) == (1 if is_same else 2)


def test_people_who_are_always_close_keep_their_tracks() -> None:
    one, other = TrackHistory(1), TrackHistory(2)
    for frame in range(60):
        add(one, frame, 300, worn=0)
        add(other, frame, 330, worn=1)
    assert [parts(person) for person in identify_people([one, other], FPS)] == [[(1, 0, 59)], [(2, 0, 59)]]


def test_no_tracks_are_no_people() -> None:
    assert identify_people([], FPS) == [] and identify_people([TrackHistory(1)], FPS) == []
