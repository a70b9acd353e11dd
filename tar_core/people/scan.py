"""A quick look at who is in a video: people are found and followed in some frames a second, no motion is captured."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np

from tar_core.camera.crop import crop_from_box
from tar_core.people.selection import PICTURE_SIZE, DetectedPerson
from tar_core.people.tracker import PeopleTracker
from tar_core.video.reader import VideoFrame

LOOKS_PER_SECOND = 8.0  # few enough to be quick, many enough for landmarks to follow somebody who walks
NOTED_PER_SECOND = 1.0  # boxes of one person that are kept


@dataclass
class _Seen:
    """What is kept of a track."""

    frames: list[int] = field(default_factory=list)
    boxes: list[np.ndarray] = field(default_factory=list)
    size: float = 0.0  # summed over the frames, as in a capture
    best: float = 0.0
    picture: np.ndarray = field(default_factory=lambda: np.zeros((PICTURE_SIZE, PICTURE_SIZE, 3), np.uint8))

    def add(self, frame: int, box: np.ndarray, image: np.ndarray, score: float) -> None:
        height, width = image.shape[:2]
        inside = np.clip(box, 0, [width, height, width, height])
        area = float((inside[2:] - inside[:2]).prod())
        self.frames.append(frame)
        self.boxes.append(box)
        self.size += area**0.5
        whole = area / max(float((box[2:] - box[:2]).prod()), 1.0)
        if score * whole * area**0.5 > self.best:  # large, whole and surely somebody
            self.best = score * whole * area**0.5
            self.picture = cut_square(image, box)


def scan_people(
    frames: Iterator[VideoFrame], fps: float, make_tracker: Callable[[float], PeopleTracker]
) -> list[DetectedPerson]:
    """Everybody who is seen, the largest first.

    Args:
        frames: all frames of the part to look at.
        fps: theirs.
        make_tracker: a new tracker for a video of so many frames a second.
    """
    step = max(1, round(fps / LOOKS_PER_SECOND))
    tracker = make_tracker(fps / step)
    seen: dict[int, _Seen] = {}
    for count, frame in enumerate(frames):
        if count % step:
            continue
        for sighting in tracker.step(count // step, frame.image):
            track = seen.setdefault(sighting.track_id, _Seen())
            track.add(frame.index, sighting.box, frame.image, sighting.score)
    kept = [seen[track.track_id] for track in tracker.believed() if track.track_id in seen]
    kept.sort(key=lambda track: track.size, reverse=True)
    spacing = max(1, round(fps / step / NOTED_PER_SECOND))
    return [_thin(number, track, spacing) for number, track in enumerate(kept, 1)]


def _thin(number: int, track: _Seen, spacing: int) -> DetectedPerson:
    last = len(track.frames) - 1
    chosen = sorted({*range(0, last, spacing), last})
    return DetectedPerson(
        number, np.array(track.frames)[chosen], np.stack([track.boxes[place] for place in chosen]), track.picture
    )


def cut_square(image: np.ndarray, box: np.ndarray) -> np.ndarray:
    """The square around a box [4] of an image [H, W, 3], [PICTURE_SIZE, PICTURE_SIZE, 3] uint8.

    It is moved into the image where it would reach beyond, and is as large as the image at most.
    """
    size = np.array(image.shape[1::-1])
    side = min(float((box[2:] - box[:2]).max()), size.min())
    corner = np.clip((box[:2] + box[2:] - side) / 2, -0.5, size - 0.5 - side)
    cut = crop_from_box(np.concatenate([corner, corner + side]), margin=1.0).cut(image)
    return cv2.resize(cut, (PICTURE_SIZE, PICTURE_SIZE), interpolation=cv2.INTER_AREA)
