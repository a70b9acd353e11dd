"""Scan of a video for people: detection and tracking at a low frame rate, without motion capture."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np

from tar_core.camera.crop import crop_from_box
from tar_core.people.selection import THUMBNAIL_SIZE, DetectedPerson
from tar_core.people.tracker import PeopleTracker
from tar_core.video.reader import VideoFrame

SCAN_FPS = 8.0  # low enough to be fast, high enough for the landmarks to follow a walking person
BOXES_PER_SECOND = 1.0  # recorded per person


@dataclass
class _ScannedTrack:
    """The recorded part of one track."""

    frames: list[int] = field(default_factory=list)
    boxes: list[np.ndarray] = field(default_factory=list)
    total_size: float = 0.0  # square root of the box area, summed over the frames as in a capture
    best_rating: float = 0.0
    thumbnail: np.ndarray = field(default_factory=lambda: np.zeros((THUMBNAIL_SIZE, THUMBNAIL_SIZE, 3), np.uint8))

    def add(self, frame: int, box: np.ndarray, image: np.ndarray, score: float) -> None:
        height, width = image.shape[:2]
        inside = np.clip(box, 0, [width, height, width, height])
        area = float((inside[2:] - inside[:2]).prod())
        self.frames.append(frame)
        self.boxes.append(box)
        self.total_size += area**0.5
        visible = area / max(float((box[2:] - box[:2]).prod()), 1.0)
        # The thumbnail comes from a frame in which the person is large, completely visible and detected with certainty.
        rating = score * visible * area**0.5
        if rating > self.best_rating:
            self.best_rating = rating
            self.thumbnail = crop_thumbnail(image, box)

    def thinned(self, person_id: int, spacing: int) -> DetectedPerson:
        """The person with every `spacing`-th box, and the last one."""
        last = len(self.frames) - 1
        kept = sorted({*range(0, last, spacing), last})
        boxes = np.stack([self.boxes[index] for index in kept])
        return DetectedPerson(person_id, np.array(self.frames)[kept], boxes, self.thumbnail)


def scan_people(
    frames: Iterator[VideoFrame], fps: float, make_tracker: Callable[[float], PeopleTracker]
) -> list[DetectedPerson]:
    """Detect all people in a video, the largest first.

    Args:
        frames: all frames of the part of the video to scan.
        fps: frame rate of the video.
        make_tracker: creates a tracker for the given frame rate.
    """
    step = max(1, round(fps / SCAN_FPS))
    tracker = make_tracker(fps / step)
    tracks: dict[int, _ScannedTrack] = {}
    for count, frame in enumerate(frames):
        if count % step:
            continue
        for sighting in tracker.step(count // step, frame.image):
            track = tracks.setdefault(sighting.track_id, _ScannedTrack())
            track.add(frame.index, sighting.box, frame.image, sighting.score)
    kept = [tracks[track.track_id] for track in tracker.confirmed_tracks() if track.track_id in tracks]
    kept.sort(key=lambda track: track.total_size, reverse=True)
    spacing = max(1, round(fps / step / BOXES_PER_SECOND))
    return [track.thinned(person_id, spacing) for person_id, track in enumerate(kept, 1)]


def crop_thumbnail(image: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Cut the square around a box [4] out of an image [H, W, 3].

    A square that reaches beyond the image is moved inside, and is never larger than the image.

    Returns:
        [THUMBNAIL_SIZE, THUMBNAIL_SIZE, 3] uint8.
    """
    size = np.array(image.shape[1::-1])
    side = min(float((box[2:] - box[:2]).max()), size.min())
    corner = np.clip((box[:2] + box[2:] - side) / 2, -0.5, size - 0.5 - side)
    crop = crop_from_box(np.concatenate([corner, corner + side]), margin=1.0).cut(image)
    return cv2.resize(crop, (THUMBNAIL_SIZE, THUMBNAIL_SIZE), interpolation=cv2.INTER_AREA)
