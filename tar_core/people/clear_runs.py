"""Histories of tracks, and the clear runs in them: where a track surely shows one person, as nobody else is close."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from tar_core.people.appearance import appearance_distance
from tar_core.people.boxes import boxes_overlap

PRESENCE = 0.5  # seconds for which a lost person is still expected at the same place
CLEARANCE = 0.3  # space around a clear trunk, as a fraction of its longer side
MIN_RUN = 0.3  # seconds; a shorter run says too little
WINDOW = 0.3  # seconds before and after a change of appearance
MAX_CHANGE = 0.6  # of appearance within a clear run; with a greater one, the track has slipped onto another person


@dataclass
class TrackHistory:
    """The M sightings of a track.

    Attributes:
        track_id: number of the track.
        frames: their frames, increasing.
        boxes: [4] each.
        trunks: [4] each, the box around shoulders and hips.
        appearances: [SIZE] each, see `appearance_of`.
    """

    track_id: int
    frames: list[int] = field(default_factory=list)
    boxes: list[np.ndarray] = field(default_factory=list)
    trunks: list[np.ndarray] = field(default_factory=list)
    appearances: list[np.ndarray] = field(default_factory=list)

    def add(self, frame: int, box: np.ndarray, trunk: np.ndarray, appearance: np.ndarray) -> None:
        self.frames.append(frame)
        self.boxes.append(box)
        self.trunks.append(trunk)
        self.appearances.append(appearance.astype(np.float16))  # there may be a million of them

    def appearance(self, rows: Sequence[int] | range) -> np.ndarray:
        """Mean appearance [SIZE] in some of the sightings."""
        return np.mean([self.appearances[row] for row in rows], 0, dtype=np.float32)


@dataclass(frozen=True)
class ClearRun:
    """Consecutive sightings of a track: `rows` of its history."""

    history: TrackHistory
    rows: range

    @property
    def key(self) -> tuple[int, int]:
        """Track and first row, which no other run has."""
        return self.history.track_id, self.rows.start

    @property
    def first(self) -> int:
        """The first frame."""
        return self.history.frames[self.rows[0]]

    @property
    def last(self) -> int:
        """The last frame."""
        return self.history.frames[self.rows[-1]]


def close_tracks(histories: Sequence[TrackHistory], fps: float) -> list[dict[int, set[int]]]:
    """For each track: the rows in which others are close, with the indices of those in `histories`."""
    present: dict[int, list[tuple[int, int | None, np.ndarray]]] = defaultdict(list)
    for index, history in enumerate(histories):
        for frame, row, trunk in expected_trunks(history, round(PRESENCE * fps)):
            present[frame].append((index, row, with_clearance(trunk)))
    close: list[dict[int, set[int]]] = [defaultdict(set) for _ in histories]
    for people in present.values():
        for (one, row, trunk), (other, other_row, other_trunk) in combinations(people, 2):
            if boxes_overlap(trunk, other_trunk):
                if row is not None:
                    close[one][row].add(other)
                if other_row is not None:
                    close[other][other_row].add(one)
    return close


def expected_trunks(history: TrackHistory, num_frames: int) -> list[tuple[int, int | None, np.ndarray]]:
    """Frames, rows and trunks [4] of a track's sightings, and of the `num_frames` frames after and before each gap.

    The row of a frame without a sighting is None.
    """
    frames, trunks = history.frames, history.trunks
    expected: dict[int, tuple[int | None, np.ndarray]] = {}
    ends = [row for row in range(len(frames)) if row + 1 == len(frames) or frames[row + 1] > frames[row] + 1]
    starts = [0, *[row + 1 for row in ends[:-1]]]
    for row in ends:
        expected |= {frames[row] + k: (None, trunks[row]) for k in range(1, num_frames + 1)}
    for row in starts:
        expected |= {frames[row] - k: (None, trunks[row]) for k in range(1, num_frames + 1)}
    expected |= {frame: (row, trunks[row]) for row, frame in enumerate(frames)}
    return [(frame, row, trunk) for frame, (row, trunk) in expected.items()]


def with_clearance(trunk: np.ndarray) -> np.ndarray:
    """A trunk's box [4] with the space around it that has to be free."""
    space = CLEARANCE * float((trunk[2:] - trunk[:2]).max())
    return trunk + np.array([-space, -space, space, space])


def clear_runs(history: TrackHistory, close: dict[int, set[int]], fps: float) -> list[ClearRun]:
    """The clear runs of a track, given the rows in which others are close."""
    runs: list[ClearRun] = []
    begin = 0
    for row in range(len(history.frames) + 1):
        is_end = row == len(history.frames) or row in close
        if is_end or (row > begin and history.frames[row] > history.frames[row - 1] + 1):
            rows = range(begin, row)
            if len(rows) >= max(1, MIN_RUN * fps):
                runs += [ClearRun(history, part) for part in split_at_changes(history, rows, fps)]
            begin = row + 1 if is_end else row
    return runs


def split_at_changes(history: TrackHistory, rows: range, fps: float) -> list[range]:
    """Split rows of a track where the appearance changes to that of another person, which can happen anywhere."""
    window = max(2, round(WINDOW * fps))
    changes = np.array(
        [
            appearance_distance(history.appearance(rows[k - window : k]), history.appearance(rows[k : k + window]))
            for k in range(window, len(rows) - window + 1)
        ]
    )
    if not len(changes) or changes.max() <= MAX_CHANGE:
        return [rows]
    middle = int(changes.argmax()) + window
    return [part for half in (rows[:middle], rows[middle:]) for part in split_at_changes(history, half, fps)]


def mean_appearance(runs: Sequence[ClearRun]) -> np.ndarray:
    """Mean appearance [SIZE] over all sightings of some runs."""
    return np.sum([run.history.appearance(run.rows) * len(run.rows) for run in runs], 0) / sum(
        len(r.rows) for r in runs
    )
