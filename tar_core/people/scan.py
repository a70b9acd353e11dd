"""Scan of a video for people: detection and tracking at a low frame rate, without motion capture."""

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from tar_core.people.selection import THUMBNAIL_SIZE, DetectedPerson, Pictures, Scan
from tar_core.people.tracker import PeopleTracker
from tar_core.shots import Shot, add_frame
from tar_core.video.bars import PictureArea
from tar_core.video.cuts import is_blank, thumbnail
from tar_core.video.reader import VideoFrame

SCAN_FPS = 8.0  # low enough to be fast, high enough for the landmarks to follow a walking person
BOXES_PER_SECOND = 1.0  # recorded per person
MAX_PICTURES = 16  # recorded frames
PICTURE_SIZE = 480  # pixels of the longer side of a recorded frame
THUMBNAIL_MARGIN = 0.04  # of the sides of the box, around it


@dataclass(frozen=True)
class _Sighting:
    """The recorded part of a sighting.

    Attributes:
        frame: number in the video.
        box: [4] pixels.
        size: square root of the area of the box inside the image.
        rating: how well the person can be recognized.
        thumbnail: as JPEG, since it becomes known later whom a track shows.
    """

    frame: int
    box: np.ndarray
    size: float
    rating: float
    thumbnail: np.ndarray

    @classmethod
    def in_image(cls, frame: int, box: np.ndarray, image: np.ndarray, score: float) -> "_Sighting":
        height, width = image.shape[:2]
        inside = np.clip(box, 0, [width, height, width, height])
        area = float((inside[2:] - inside[:2]).prod())
        visible = area / max(float((box[2:] - box[:2]).prod()), 1.0)
        # The thumbnail comes from a frame in which the person is large, completely visible and detected with certainty.
        rating = score * visible * area**0.5
        thumbnail = cv2.imencode(".jpg", crop_thumbnail(image, box)[..., ::-1])[1]
        return cls(frame, box, area**0.5, rating, thumbnail)


def scan_people(
    frames: Iterator[tuple[VideoFrame, bool]], fps: float, make_tracker: Callable[[float], PeopleTracker]
) -> Scan:
    """Detect all people in a video, the largest first, and its shots.

    Args:
        frames: all frames of the part of the video to scan, with cuts as marked by `mark_cuts`.
        fps: frame rate of the video.
        make_tracker: creates a tracker for the given frame rate.
    """
    step = max(1, round(fps / SCAN_FPS))
    tracker = make_tracker(fps / step)
    seen: dict[tuple[int, int], _Sighting] = {}  # by track and processed frame
    shots: list[Shot] = []
    spacing = max(1, round(fps / step / BOXES_PER_SECOND))  # processed frames from one recorded box to the next
    pictures = _PictureSeries(spacing)
    is_cut = is_seen = False
    area: PictureArea | None = None
    for count, (frame, is_first) in enumerate(frames):
        add_frame(shots, frame.index, is_first)
        is_cut = is_cut or is_first
        number, skipped = divmod(count, step)
        if skipped:
            continue
        pictures.add(number, frame)
        if is_cut:
            tracker.cut(number)
            is_cut = is_seen = False
        if area is None or not is_seen:
            area, is_seen = PictureArea.of(frame.image), not is_blank(thumbnail(frame.image))
        for sighting in tracker.step(number, area.cut(frame.image)):
            recorded = _Sighting.in_image(frame.index, area.to_image(sighting.box), frame.image, sighting.score)
            seen[sighting.track_id, number] = recorded
    people = [
        [seen[track_id, number] for number, track_id in zip(person.frames, person.track_ids, strict=True)]
        for person in tracker.confirmed_people()
    ]
    # As in a capture, people are ranked by size and presence.
    people.sort(key=lambda sightings: sum(sighting.size for sighting in sightings), reverse=True)
    pictured = {frame for frame, _ in pictures.kept}
    detected = [_detected(person_id, sightings, spacing, pictured) for person_id, sightings in enumerate(people, 1)]
    return Scan(detected, shots, pictures.pictures())


class _PictureSeries:
    """At most MAX_PICTURES reduced frames, evenly spaced, of a video whose length is not known in advance.

    Args:
        interval: frames from one picture to the next at the beginning; it doubles each time there are too many.
    """

    def __init__(self, interval: int) -> None:
        self._interval = interval
        self._scale = 1.0
        self.kept: list[tuple[int, np.ndarray]] = []

    def add(self, number: int, frame: VideoFrame) -> None:
        """Keep a processed frame if its number is a multiple of the interval."""
        if number % self._interval:
            return
        width, height = frame.image.shape[1::-1]
        self._scale = max(width, height) / min(PICTURE_SIZE, max(width, height))
        size = max(round(width / self._scale), 1), max(round(height / self._scale), 1)
        self.kept.append((frame.index, cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA)))
        if len(self.kept) > MAX_PICTURES:
            del self.kept[1::2]
            self._interval *= 2

    def pictures(self) -> Pictures | None:
        if not self.kept:
            return None
        frames, images = zip(*self.kept, strict=True)
        return Pictures(np.array(frames), np.stack(images), self._scale)


def _detected(person_id: int, sightings: Sequence[_Sighting], spacing: int, pictured: Container[int]) -> DetectedPerson:
    """A person with every `spacing`-th box, the last one, and those in `pictured` frames."""
    last = len(sightings) - 1
    kept = [
        sighting
        for index, sighting in enumerate(sightings)
        if index % spacing == 0 or index == last or sighting.frame in pictured
    ]
    best = max(sightings, key=lambda sighting: sighting.rating)
    thumbnail = cv2.imdecode(best.thumbnail, cv2.IMREAD_COLOR)[..., ::-1]
    boxes = np.stack([sighting.box for sighting in kept])
    return DetectedPerson(person_id, np.array([sighting.frame for sighting in kept]), boxes, thumbnail)


def crop_thumbnail(image: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Cut the part of a box [4] that is inside an image [H, W, 3], with a narrow margin.

    Returns:
        [h, w, 3] uint8; the longer side has THUMBNAIL_SIZE pixels.
    """
    size = np.array(image.shape[1::-1])
    margin = THUMBNAIL_MARGIN * (box[2:] - box[:2])
    left, top = np.clip(np.floor(box[:2] - margin).astype(int), 0, size - 1)
    right, bottom = np.maximum(np.minimum(np.ceil(box[2:] + margin).astype(int), size), (left + 1, top + 1))
    crop = image[top:bottom, left:right]
    scale = THUMBNAIL_SIZE / max(crop.shape[:2])
    wanted = [max(round(scale * side), 1) for side in crop.shape[1::-1]]
    return np.asarray(cv2.resize(crop, wanted, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR))
