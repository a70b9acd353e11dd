"""Which tracks, and which parts of them, are one person.

A track is followed by its own landmarks. Where people cross, it may slip from one to the other, and a person who was
hidden comes back as another track. So tracks are taken apart and put together again after the last frame, when all
evidence is known:

1. The runs of a track in which nobody else is close show one person each (`clear_runs`).
2. Runs that agree in appearance, place and size are joined, the best pair first. A doubtful pair stays apart.
3. The frames in which people are close go to the person whose clothes are seen. If two tracks show the same one, the
   better sighting counts. The other person is hidden; the capture interpolates the frames, with confidence 0.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tar_core.people.appearance import appearance_distance
from tar_core.people.clear_runs import ClearRun, TrackHistory, clear_runs, close_tracks, mean_appearance

MAX_GAP = 3.0  # seconds between two runs of a person
MAX_DIFFERENCE = 0.4  # of appearance between two runs of one person
MAX_SAME_TRACK_DIFFERENCE = 0.6  # the same if a track leads from one run to the other
MAX_SIZE_RATIO = 1.6  # of a person before and after a gap
REACH, REACH_PER_SECOND = 0.5, 1.0  # greatest distance from the expected place, in body sizes
PLACE_WEIGHT = 0.2  # of that distance over the reach, against the difference in appearance
MOTION = 0.3  # seconds from which the velocity is measured
STAY = 0.1  # advantage in appearance of the person whom a track showed last
SMOOTHING = 5  # frames over which the appearance is averaged where people are close
MIN_REMAINDER = 0.5  # seconds; a shorter part of a track that fits nobody shows parts of several people

_Seen = dict[int, tuple[float, int]]  # frame -> how far the sighting's appearance is from the person's, and its track


@dataclass(frozen=True)
class Identity:
    """A person: M frames with a sighting, increasing, and the track that has each.

    Attributes:
        frames: [M].
        track_ids: [M].
    """

    frames: np.ndarray
    track_ids: np.ndarray


def identify_people(histories: Iterable[TrackHistory], fps: float) -> list[Identity]:
    """Find the people that tracks show.

    Args:
        histories: the tracks of one shot.
        fps: rate of their frames.

    Returns:
        The people in the order of their first frames.
    """
    tracks = [history for history in histories if history.frames]
    close = close_tracks(tracks, fps)
    runs = [
        clear_runs(track, rows, fps) or [ClearRun(track, range(len(track.frames)))]
        for track, rows in zip(tracks, close, strict=True)
    ]
    people = join_runs([run for own in runs for run in own], fps)
    shown = {run.key: number for number, person in enumerate(people) for run in person}
    looks = [mean_appearance(person) for person in people]
    seen: list[_Seen] = [{} for _ in people]
    for number, person in enumerate(people):
        for run in person:
            seen[number] |= {run.history.frames[row]: (0.0, run.history.track_id) for row in run.rows}
    for index, track in enumerate(tracks):
        for rows in undecided_rows(track, runs[index]):
            nearby = {index}.union(*(close[index].get(row, ()) for row in rows))
            around = [run for other in nearby for run in runs[other] if _is_around(run, track, rows, fps)]
            own = {shown[run.key] for run in runs[index] if run.rows.stop == rows.start or run.rows.start == rows.stop}
            _assign(track, rows, {shown[run.key]: looks[shown[run.key]] for run in around}, own, seen)
    return _identities(seen, fps)


def _is_around(run: ClearRun, track: TrackHistory, rows: range, fps: float) -> bool:
    """Whether a run is at the time of some rows of a track, or little earlier or later."""
    slack = MAX_GAP * fps
    return run.last >= track.frames[rows[0]] - slack and run.first <= track.frames[rows[-1]] + slack


def _assign(
    track: TrackHistory, rows: range, looks: Mapping[int, np.ndarray], own: Collection[int], seen: list[_Seen]
) -> None:
    """Give each sighting of some rows to one of the people with given looks, unless a better one is known.

    A sighting that looks like none of them is left out.

    Args:
        own: people whom the track shows just before or after.
        seen: the sightings of all people, to which those are added.
    """
    for row in rows:
        near = range(max(rows.start, row - SMOOTHING // 2), min(rows.stop, row + SMOOTHING // 2 + 1))
        appearance = track.appearance(near)
        distances = {number: appearance_distance(look, appearance) for number, look in looks.items()}
        best = min(distances, key=lambda number: distances[number] - STAY * (number in own))
        if appearance_distance(looks[best], track.appearance([row])) > MAX_DIFFERENCE:
            continue  # it shows parts of several people
        known = seen[best].get(track.frames[row])
        if known is None or distances[best] < known[0]:
            seen[best][track.frames[row]] = distances[best], track.track_id


def _identities(seen: Sequence[_Seen], fps: float) -> list[Identity]:
    """The people in the order of their first frames, without short parts of tracks that fit nobody."""
    parts = Counter(track_id for sightings in seen for track_id in {track_id for _, track_id in sightings.values()})
    people = []
    for sightings in seen:
        frames = sorted(sightings)
        track_ids = np.array([sightings[frame][1] for frame in frames])
        is_whole = all(parts[track_id] == 1 for track_id in track_ids.tolist())
        if is_whole or len(frames) >= MIN_REMAINDER * fps:
            people.append(Identity(np.array(frames), track_ids))
    return sorted(people, key=lambda person: (person.frames[0], person.track_ids[0]))


def join_runs(runs: Sequence[ClearRun], fps: float) -> list[list[ClearRun]]:
    """Join clear runs to people, the best pair first.

    Returns:
        The runs of each person, in the order of time.
    """
    ordered = sorted(runs, key=lambda run: run.first)
    pairs = []
    for i, one in enumerate(ordered):
        for j in range(i + 1, len(ordered)):
            cost = joining_cost(one, ordered[j], fps)
            if cost is not None:
                pairs.append((cost, i, j))
    following: dict[int, int] = {}
    for _, i, j in sorted(pairs):
        if i not in following and j not in following.values():
            following[i] = j
    people = []
    for i in sorted(set(range(len(ordered))) - set(following.values())):
        chain = [i]
        while chain[-1] in following:
            chain.append(following[chain[-1]])
        people.append([ordered[k] for k in chain])
    return people


def joining_cost(one: ClearRun, other: ClearRun, fps: float) -> float | None:
    """How badly a run and a later one fit one person; None if they do not."""
    gap = (other.first - one.last) / fps
    if not 0 < gap <= MAX_GAP + 1 / fps:
        return None
    is_same_track = one.history is other.history
    difference = appearance_distance(mean_appearance([one]), mean_appearance([other]))
    if difference > (MAX_SAME_TRACK_DIFFERENCE if is_same_track else MAX_DIFFERENCE):
        return None
    num = max(2, round(MOTION * fps))
    place, velocity, size = motion_at(one.history, one.rows[-num:])
    later_place, _, later_size = motion_at(other.history, other.rows[:num])
    if max(size, later_size) > MAX_SIZE_RATIO * min(size, later_size):
        return None
    start = later_place[0]
    expected = place[-1] + np.array([[0.0], [gap * fps]]) * velocity  # has stayed, or has moved on
    distance = float(np.linalg.norm(expected - start, axis=1).min()) / max(size, later_size)
    reach = REACH + REACH_PER_SECOND * gap
    return None if distance > reach else difference + PLACE_WEIGHT * distance / reach


def motion_at(history: TrackHistory, rows: range) -> tuple[np.ndarray, np.ndarray, float]:
    """Centers [n, 2] of the boxes in some rows of a track, the velocity [2] per frame, and the longer side, pixels."""
    boxes = np.array([history.boxes[row] for row in rows])
    centers = (boxes[:, :2] + boxes[:, 2:]) / 2
    velocity = (centers[-1] - centers[0]) / max(len(rows) - 1, 1)
    return centers, velocity, float(np.median((boxes[:, 2:] - boxes[:, :2]).max(1)))


def undecided_rows(track: TrackHistory, runs: Sequence[ClearRun]) -> list[range]:
    """The rows of a track before, between and after its clear runs."""
    ends = [0, *(run.rows.stop for run in runs)]
    starts = [*(run.rows.start for run in runs), len(track.frames)]
    return [range(end, start) for end, start in zip(ends, starts, strict=True) if end < start]
