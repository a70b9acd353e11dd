"""Scan of a video for people: detection and tracking at a low frame rate, without motion capture."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from tar_core.camera.crop import crop_from_box
from tar_core.people.selection import THUMBNAIL_SIZE, DetectedPerson, Scan
from tar_core.people.tracker import PeopleTracker
from tar_core.shots import Shot, add_frame
from tar_core.video.reader import VideoFrame

SCAN_FPS = 8.0  # low enough to be fast, high enough for the landmarks to follow a walking person
BOXES_PER_SECOND = 1.0  # recorded per person


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
    is_cut = False
    for count, (frame, is_first) in enumerate(frames):
        add_frame(shots, frame.index, is_first)
        is_cut = is_cut or is_first
        number, skipped = divmod(count, step)
        if skipped:
            continue
        if is_cut:
            tracker.cut(number)
            is_cut = False
        for sighting in tracker.step(number, frame.image):
            recorded = _Sighting.in_image(frame.index, sighting.box, frame.image, sighting.score)
            seen[sighting.track_id, number] = recorded
    people = [
        [seen[track_id, number] for number, track_id in zip(person.frames, person.track_ids, strict=True)]
        for person in tracker.confirmed_people()
    ]
    # As in a capture, people are ranked by size and presence.
    people.sort(key=lambda sightings: sum(sighting.size for sighting in sightings), reverse=True)
    spacing = max(1, round(fps / step / BOXES_PER_SECOND))
    return Scan([_detected(person_id, sightings, spacing) for person_id, sightings in enumerate(people, 1)], shots)


def _detected(person_id: int, sightings: Sequence[_Sighting], spacing: int) -> DetectedPerson:
    """A person with every `spacing`-th box, and the last one."""
    last = len(sightings) - 1
    kept = [sightings[index] for index in sorted({*range(0, last, spacing), last})]
    best = max(sightings, key=lambda sighting: sighting.rating)
    thumbnail = cv2.imdecode(best.thumbnail, cv2.IMREAD_COLOR)[..., ::-1]
    boxes = np.stack([sighting.box for sighting in kept])
    return DetectedPerson(person_id, np.array([sighting.frame for sighting in kept]), boxes, thumbnail)


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
