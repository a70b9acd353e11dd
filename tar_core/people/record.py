"""What is known about the tracks of a video after its last frame, and the people whom they show."""

import itertools
from bisect import bisect
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from tar_core.people.boxes import box_iou
from tar_core.people.clear_runs import TrackHistory
from tar_core.people.identity import Identity, identify_people

MIN_HITS = 3  # detections that confirm a track; fewer if the detector ran less often
MIN_IOU = 0.5  # of the boxes of one person in one frame, found in two passes


class Evidence(Protocol):
    """What says that a track shows a person.

    Attributes:
        hits: frames of the detections that matched the track.
        has_strong_detection: whether one of them was strong enough to start a track.
        from_user_box: whether the track was started from a box that the user drew.
    """

    hits: list[int]
    has_strong_detection: bool
    from_user_box: bool


@dataclass
class RecordedTrack:
    """The sightings of a track, and the evidence that it shows a person (see `Evidence`)."""

    history: TrackHistory
    hits: list[int]
    has_strong_detection: bool = False
    from_user_box: bool = False

    def sightings(self) -> Iterator[tuple[int, np.ndarray]]:
        """The frame and the box [4] of each sighting."""
        return zip(self.history.frames, self.history.boxes, strict=True)

    def moved(self, track_id: int, offset: int, frames: range) -> "RecordedTrack":
        """The track with another number, `offset` frames later, and only in some frames."""
        old, rows = self.history, [row for row, frame in enumerate(self.history.frames) if frame + offset in frames]
        history = TrackHistory(
            track_id,
            [old.frames[row] + offset for row in rows],
            *([values[row] for row in rows] for values in (old.boxes, old.trunks, old.appearances)),
        )
        return replace(self, history=history, hits=[frame + offset for frame in self.hits if frame + offset in frames])

    def followed_by(self, other: "RecordedTrack") -> "RecordedTrack":
        """The same person, first in this track and then in another one."""
        one, two = self.history, other.history
        history = TrackHistory(
            one.track_id,
            one.frames + two.frames,
            one.boxes + two.boxes,
            one.trunks + two.trunks,
            one.appearances + two.appearances,
        )
        return RecordedTrack(
            history,
            self.hits + other.hits,
            self.has_strong_detection or other.has_strong_detection,
            self.from_user_box or other.from_user_box,
        )


@dataclass
class TrackingRecord:
    """All tracks of a video, or of a part of it.

    Attributes:
        tracks: by number.
        detector_runs: how often the detector has run.
    """

    tracks: dict[int, RecordedTrack]
    detector_runs: int

    def people(self, cuts: Sequence[int], fps: float) -> list[Identity]:
        """The people whom the tracks show, in the order of their first frames.

        Args:
            cuts: first frames after camera cuts. Nobody is followed across them.
            fps: rate of the frames.
        """
        shots: dict[int, list[TrackHistory]] = defaultdict(list)
        for track in self.tracks.values():
            shots[bisect(cuts, track.history.frames[0])].append(track.history)
        return [
            person
            for number in sorted(shots)
            for person in identify_people(shots[number], fps)
            if is_confirmed([self.tracks[track] for track in set(person.track_ids.tolist())], self.detector_runs)
        ]

    def moved(self, names: Mapping[int, int], offset: int, frames: range) -> "TrackingRecord":
        """The tracks with other numbers, `offset` frames later, and only in some frames."""
        tracks = {names[old]: track.moved(names[old], offset, frames) for old, track in self.tracks.items()}
        return replace(self, tracks={name: track for name, track in tracks.items() if track.history.frames})

    def followed_by(self, other: "TrackingRecord") -> "TrackingRecord":
        """These tracks and later ones; those with the same number are joined."""
        tracks = dict(self.tracks)
        for name, track in other.tracks.items():
            tracks[name] = tracks[name].followed_by(track) if name in tracks else track
        return TrackingRecord(tracks, self.detector_runs + other.detector_runs)

    def names_in(self, later: "TrackingRecord", offset: int) -> dict[int, int]:
        """Numbers for the tracks of a later part, whose frames are `offset` frames later in this one.

        Tracks that are at the same places in frames of both parts show the same person and get the same number.
        """
        counts = [
            (sum(box_iou(box, boxes[frame + offset]) >= MIN_IOU for frame, box in own if frame + offset in boxes), a, b)
            for b, boxes in ((name, dict(track.sightings())) for name, track in self.tracks.items())
            for a, own in ((name, list(track.sightings())) for name, track in later.tracks.items())
        ]
        names: dict[int, int] = {}
        for count, a, b in sorted(counts, reverse=True):
            if count and a not in names and b not in names.values():
                names[a] = b
        new = itertools.count(max(self.tracks, default=0) + 1)
        return {name: names[name] if name in names else next(new) for name in later.tracks}


def is_confirmed(tracks: Iterable[Evidence], detector_runs: int) -> bool:
    """Whether the tracks of a person were detected often enough together, or one was started by the user."""
    known = list(tracks)
    is_detected = sum(len(track.hits) for track in known) >= min(MIN_HITS, detector_runs)
    is_detected = is_detected and any(track.has_strong_detection for track in known)
    return is_detected or any(track.from_user_box for track in known)
