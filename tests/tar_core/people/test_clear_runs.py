"""Made-up tracks: people in plain clothes who move in front of each other."""

import numpy as np

from tar_core.people.appearance import SIZE
from tar_core.people.clear_runs import TrackHistory, clear_runs, close_tracks

FPS = 30.0


def clothes(number: int, seed: int = 0, noise: float = 0.05) -> np.ndarray:
    """An appearance; different numbers share no color but the noise."""
    appearance = np.abs(np.random.default_rng(seed).normal(0, noise, SIZE))
    appearance[20 * number : 20 * number + 5] += 1
    return appearance / np.linalg.norm(appearance)


def add(history: TrackHistory, frame: int, x: float, worn: int, size: float = 200.0) -> None:
    """Add a sighting of a standing person whose middle is at x."""
    box = np.array([x - size / 4, 100, x + size / 4, 100 + size])
    trunk = np.array([x - size / 10, 100 + size / 5, x + size / 10, 100 + size / 2])
    history.add(frame, box, trunk, clothes(worn, seed=frame))


def spans(history: TrackHistory, others: list[TrackHistory]) -> list[tuple[int, int]]:
    tracks = [history, *others]
    return [(run.first, run.last) for run in clear_runs(history, close_tracks(tracks, FPS)[0], FPS)]


def test_lonely_track_is_one_run_and_a_gap_divides_it() -> None:
    history = TrackHistory(1)
    for frame in [*range(40), *range(50, 90)]:
        add(history, frame, 300, worn=0)
    assert spans(history, []) == [(0, 39), (50, 89)]


def test_frames_near_another_trunk_are_not_clear() -> None:
    walker, stander = TrackHistory(1), TrackHistory(2)
    for frame in range(101):
        add(walker, frame, 100 + 4 * frame, worn=0)
        add(stander, frame, 300, worn=1)
    (begin, end), (again, last) = spans(walker, [stander])
    assert (begin, last) == (0, 100)
    assert 25 < end < 45 and 55 < again < 75, "around frame 50"


def test_lost_person_is_still_close() -> None:
    walker, stander = TrackHistory(1), TrackHistory(2)
    for frame in range(101):
        add(walker, frame, 100 + 4 * frame, worn=0)
        if frame < 40 or frame > 60:
            add(stander, frame, 300, worn=1)
    (_, end), (again, _) = spans(walker, [stander])
    assert end < 45 and again > 55


def test_sudden_change_of_clothes_divides_a_run() -> None:
    history = TrackHistory(1)
    for frame in range(80):
        add(history, frame, 300, worn=int(frame >= 33))
    assert spans(history, []) == [(0, 32), (33, 79)]


def test_slow_change_does_not_divide_a_run() -> None:
    """As when a person turns round whose shirt has another color at the back."""
    history = TrackHistory(1)
    for frame in range(80):
        add(history, frame, 300, worn=0)
        share = min(1.0, frame / 60)
        mixed = (1 - share) * clothes(0) ** 2 + share * clothes(1) ** 2
        history.appearances[-1] = np.sqrt(mixed).astype(np.float16)
    assert spans(history, []) == [(0, 79)]
