"""Who is where, frame by frame: a detector finds people a few times a second, the backbone's landmarks follow them.

Each frame and person costs one pass of the backbone. It gives the features that TAR works on, and the landmarks that
say where to cut the same person out of the next frame (as MediaPipe's pose tracking does). The detector finds those
who enter and tells bodies from things that look like one.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from tar_core.camera.crop import Crop, crop_from_alignment, crop_from_box
from tar_core.errors import TarError
from tar_core.model.features import FrameFeatures
from tar_core.people.selection import overlap

CENTER_POINT, SCALE_POINT = 33, 34  # the landmarks that place the next crop
BODY_POINTS = slice(0, 33)
LIMB_POINTS = slice(11, 33)  # shoulders and below

DETECTION_INTERVAL = 0.2  # seconds
SEARCH_INTERVAL = 0.1  # seconds, while somebody is lost or nobody is there
BIRTH_SCORE = 0.4  # a detection as sure as that begins a track, in a close-up one of SUPPORT_SCORE
SUPPORT_SCORE = 0.3  # one as sure as that confirms a track
PERSON_SCORE = 0.5  # the backbone's own, below which a track is lost (MediaPipe's)
LONGEST_GAP = 0.5  # seconds; somebody lost for longer is gone
KEPT_HITS = 3  # detections that a track needs to be believed (fewer if the detector ran less often)
SAME_BOX = 0.3  # intersection over union of a detection and the box of the landmarks
SAME_BODY = 0.06  # mean distance of two bodies' limbs, in crop sizes, below which they are one
BOX_PADDING = 0.08  # of the longer side: landmarks end at eyes, wrists and toes

CLEARLY_LARGER = 1.25  # times as tall: who displaces somebody when only so many are wanted
TALL = 3.0  # times as tall as wide: a body whose lower part lies below the picture
CUT_OFF = 0.02  # of the picture's height: a box that ends as near to the bottom is cut off there
CLOSE_UP = 0.5  # of the picture's height: hardly anything that large is taken for a person by mistake

# MediaPipe's constants for the two landmarks that place the next crop.
SMOOTHING_CUTOFF, SMOOTHING_BETA, SMOOTHING_DERIVATIVE_CUTOFF = 0.01, 10.0, 1.0


class Detection(Protocol):
    """What a detector says: a box [4] (x0, y0, x1, y1, pixels) and how sure it is, 0..1."""

    @property
    def box(self) -> np.ndarray: ...
    @property
    def score(self) -> float: ...


class Detector(Protocol):
    def detect(self, image: np.ndarray, threshold: float) -> Sequence[Detection]: ...


@dataclass(frozen=True)
class Sighting:
    """One person in one frame.

    Attributes:
        track_id: the person's number.
        frame: the frame's number.
        crop: the part of the frame that the features are of.
        features: batch shape [1].
        box: [4] around the visible landmarks, x0 y0 x1 y1 in frame pixels.
        score: the backbone's probability that the crop shows a person.
    """

    track_id: int
    frame: int
    crop: Crop
    features: FrameFeatures
    box: np.ndarray
    score: float


class OneEuroFilter:
    """Smooths slow motion strongly and fast motion little (Casiez et al., CHI 2012).

    Args:
        rate: values a second.
    """

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._raw: np.ndarray | None = None
        self._slope = np.zeros(0)
        self._smooth = np.zeros(0)

    def __call__(self, value: np.ndarray, scale: float) -> np.ndarray:
        """The next smoothed value; `scale` brings speeds to sizes a second (1 / the person's size in pixels)."""
        if self._raw is None:
            self._raw, self._smooth, self._slope = value, value, np.zeros_like(value)
            return value
        slope = (value - self._raw) * scale * self.rate
        self._raw = value
        self._slope = self._blend(self._slope, slope, np.full_like(slope, SMOOTHING_DERIVATIVE_CUTOFF))
        cutoff = SMOOTHING_CUTOFF + SMOOTHING_BETA * np.abs(self._slope)
        self._smooth = self._blend(self._smooth, value, cutoff)
        return self._smooth

    def _blend(self, old: np.ndarray, new: np.ndarray, cutoff: np.ndarray) -> np.ndarray:
        weight = 1 / (1 + self.rate / (2 * math.pi * cutoff))
        return weight * new + (1 - weight) * old


@dataclass
class Track:
    """One person being followed.

    Attributes:
        crop: where to look in the next frame.
        box: [4] where the person was seen last.
        points: [39, 2] the landmarks there, frame pixels.
        hits: detections that agreed with the track; is_sure: one of them was sure.
    """

    track_id: int
    first_frame: int
    last_frame: int
    crop: Crop
    box: np.ndarray
    points: np.ndarray
    smoother: OneEuroFilter
    hits: int = 0
    is_sure: bool = False
    given: bool = False  # by the user's box: needs no detection to be believed

    def __post_init__(self) -> None:
        self._before = self.last_frame, self.box

    def see(self, frame: int, box: np.ndarray, points: np.ndarray) -> None:
        """Notes where the person is in a frame."""
        self._before = self.last_frame, self.box
        self.last_frame, self.box, self.points = frame, box, points

    def step_back(self) -> None:
        """Takes back the last `see`: it was somebody else."""
        self.last_frame, self.box = self._before

    def confirm(self, detection: Detection, picture_height: int) -> None:
        self.hits += 1
        self.is_sure = self.is_sure or is_sure(detection, picture_height)


@dataclass(frozen=True)
class _Candidate:
    """A person whom the detector found where no track was."""

    detection: Detection
    crop: Crop
    lost: Track | None  # whom it may be


class PeopleTracker:
    """Follows everybody through a video, one frame at a time.

    Args:
        backbone: crops [B, 3, 256, 256] in 0..1 -> FrameFeatures with BlazePose's landmarks.
        detector: finds people in a whole frame; None if only the person in a given box is to be followed.
        fps: frames a second.
        device: where the backbone is.
        most_people: once so many are followed, only those who are clearly larger than one of them are taken up; None
            for any number.
    """

    def __init__(
        self,
        backbone: Callable[[Tensor], FrameFeatures],
        detector: Detector | None,
        fps: float,
        device: torch.device | str = "cpu",
        most_people: int | None = None,
    ) -> None:
        self.backbone = backbone
        self.detector = detector
        self.fps = fps
        self.device = torch.device(device)
        self.most_people = most_people
        self.tracks: list[Track] = []  # being followed or lost for a moment
        self.ended: list[Track] = []
        self._detections_run = 0
        self._last_detection: int | None = None
        self._next_id = 1

    def step(self, frame: int, image: np.ndarray) -> list[Sighting]:
        """Finds everybody in the next frame.

        Args:
            frame: its number; numbers rise by one from call to call.
            image: [H, W, 3] uint8 RGB.

        Returns:
            One sighting for each person who is seen, the unbelieved included (see `believed`).
        """
        candidates = self._detect(frame, image) if self._detection_is_due(frame) else []
        # Without a detector nobody else can find the lost again: they are looked for where they were.
        followed = [t for t in self.tracks if t.last_frame == frame - 1 or self.detector is None]
        crops = [track.crop for track in followed] + [candidate.crop for candidate in candidates]
        if not crops:
            self._end_lost(frame)
            return []
        features = self._features(image, crops)
        sightings: dict[int, Sighting] = {}
        for row, track in enumerate(followed):
            seen = _View(crops[row], features[row : row + 1], image)
            if seen.shows_person():
                sightings[track.track_id] = self._follow(track, frame, seen)
        for row, candidate in enumerate(candidates, start=len(followed)):
            seen = _View(crops[row], features[row : row + 1], image)
            accepted = self._accept(candidate, frame, seen)
            if accepted is not None:
                sightings[accepted.track_id] = self._follow(accepted, frame, seen)
        for track in self._collapsed(frame):
            # Its own person may still be there: it counts as lost, and a detection can bring it back.
            del sightings[track.track_id]
            track.step_back()
        self._end_lost(frame)
        return list(sightings.values())

    def begin_with_box(self, frame: int, image: np.ndarray, box: np.ndarray) -> None:
        """Follows the person in the box [4] (x0, y0, x1, y1) that a user drew on `frame`; call before its `step`.

        Raises:
            TarError: the box lies outside the frame, or nobody is seen in it.
        """
        height, width = image.shape[:2]
        x0, y0, x1, y1 = (float(value) for value in box)
        if not (x0 < x1 and y0 < y1 and x0 < width and y0 < height and x1 > 0 and y1 > 0):
            raise TarError(
                f"the box {x0:g},{y0:g},{x1:g},{y1:g} does not lie in the {width}x{height} frame;"
                " give left, top, right, bottom in pixels"
            )
        crop = self._align(image, crop_from_box(whole_body(box, height)))
        if crop is None:
            raise TarError(f"nobody is seen in the box on frame {frame}; draw it around the whole person")
        # One frame back, so that step() finds the track as one to follow.
        track = self._new_track(frame, crop)
        track.last_frame, track.given = frame - 1, True
        self.tracks.append(track)

    def believed(self) -> list[Track]:
        """The tracks that are people: detected often enough, or begun by the user. Ask after the last frame."""
        needed = min(KEPT_HITS, self._detections_run)
        return [
            track
            for track in sorted(self.ended + self.tracks, key=lambda track: track.track_id)
            if track.given or (track.hits >= needed and track.is_sure)
        ]

    def _detection_is_due(self, frame: int) -> bool:
        if self.detector is None:
            return False
        if self._last_detection is None:
            return True
        searching = not self.tracks or any(track.last_frame < frame - 1 for track in self.tracks)
        interval = SEARCH_INTERVAL if searching else DETECTION_INTERVAL
        return frame - self._last_detection >= max(1, round(interval * self.fps))

    def _detect(self, frame: int, image: np.ndarray) -> list[_Candidate]:
        """Confirms tracks by detections; what is left over may be somebody new."""
        assert self.detector is not None
        self._last_detection = frame
        self._detections_run += 1
        detections = list(self.detector.detect(image, SUPPORT_SCORE))
        followed = [track for track in self.tracks if track.last_frame == frame - 1]
        lost = [track for track in self.tracks if track.last_frame < frame - 1]
        boxes = [detection.box for detection in detections]
        confirmed = match_boxes(boxes, [track.box for track in followed], SAME_BOX)
        others = [number for number in range(len(boxes)) if number not in confirmed]
        # Whoever was lost has moved on meanwhile, and boxes of standing people are narrow: squares allow for half a
        # body's height.
        found = match_boxes([square(boxes[n]) for n in others], [square(track.box) for track in lost], SAME_BOX)
        returning = {others[i]: lost[j] for i, j in found.items()}

        for number, place in confirmed.items():
            followed[place].confirm(detections[number], len(image))
        candidates: list[_Candidate] = []
        for number in sorted(others, key=lambda number: height(boxes[number]), reverse=True):
            detection, track = detections[number], returning.get(number)
            sure = is_sure(detection, len(image))
            if track is not None or (sure and self._is_wanted(detection, len(candidates))):
                crop = self._align(image, crop_from_box(whole_body(detection.box, len(image))))
                if crop is not None:
                    candidates.append(_Candidate(detection, crop, track))
        return candidates

    def _is_wanted(self, detection: Detection, candidates: int) -> bool:
        """Whether there is a place left for somebody new, or this one is clearly larger than somebody followed."""
        if self.most_people is None or len(self.tracks) + candidates < self.most_people:
            return True
        return any(height(detection.box) > CLEARLY_LARGER * height(track.box) for track in self.tracks)

    def _align(self, image: np.ndarray, crop: Crop) -> Crop | None:
        """From a rough crop to the one that the person's own landmarks ask for; None if they show nobody."""
        seen = _View(crop, self._features(image, [crop]), image)
        return seen.next_crop() if seen.shows_person() else None

    @torch.inference_mode()
    def _features(self, image: np.ndarray, crops: Sequence[Crop]) -> FrameFeatures:
        pixels = np.stack([crop.cut(image) for crop in crops])
        return self.backbone(torch.from_numpy(pixels).to(self.device).permute(0, 3, 1, 2) / 255)

    def _new_track(self, frame: int, crop: Crop) -> Track:
        track = Track(
            track_id=self._next_id,
            first_frame=frame,
            last_frame=frame,
            crop=crop,
            box=np.zeros(4),
            points=np.zeros((0, 2)),
            smoother=OneEuroFilter(self.fps),
        )
        self._next_id += 1
        return track

    def _follow(self, track: Track, frame: int, seen: "_View") -> Sighting:
        """Notes what is seen of the person, and where to look next."""
        center, scale_point = seen.points[CENTER_POINT], seen.points[SCALE_POINT]
        size = 2 * float(np.linalg.norm(scale_point - center))
        center, scale_point = track.smoother(np.stack([center, scale_point]), 1 / size)
        track.crop = crop_from_alignment(center, scale_point)
        track.see(frame, seen.box, seen.points)
        return Sighting(track.track_id, frame, seen.crop, seen.features, seen.box, seen.score)

    def _accept(self, candidate: _Candidate, frame: int, seen: "_View") -> Track | None:
        """The track of a candidate: found again, new, or None if it is nobody, or somebody who is followed already."""
        if not seen.shows_person() or overlap(seen.box, candidate.detection.box) < SAME_BOX:
            return None
        for track in self.tracks:
            if track.last_frame == frame and same_body(track.points, seen.points, track.crop.size):
                track.confirm(candidate.detection, seen.frame_height)
                return None
        found = candidate.lost
        if found is None:
            found = self._new_track(frame, seen.crop)
            self.tracks.append(found)
        found.smoother = OneEuroFilter(self.fps)
        found.confirm(candidate.detection, seen.frame_height)
        return found

    def _collapsed(self, frame: int) -> list[Track]:
        """Of any two tracks that now follow the same body, the younger."""
        seen = [track for track in self.tracks if track.last_frame == frame]
        return [
            younger
            for place, younger in enumerate(seen)
            if any(same_body(older.points, younger.points, older.crop.size) for older in seen[:place])
        ]

    def _end_lost(self, frame: int) -> None:
        for track in list(self.tracks):
            if frame - track.last_frame > LONGEST_GAP * self.fps:
                self._end(track)

    def _end(self, track: Track) -> None:
        self.tracks.remove(track)
        self.ended.append(track)


class _View:
    """What the backbone saw in one crop."""

    def __init__(self, crop: Crop, features: FrameFeatures, image: np.ndarray) -> None:
        self.crop = crop
        self.features = features
        landmarks = features.landmarks
        self.points = crop.to_image(landmarks.points[0].cpu().numpy().astype(np.float64))
        self.score = float(landmarks.score[0])
        self.box = box_of_points(self.points[BODY_POINTS], landmarks.visibility[0, BODY_POINTS].cpu().numpy())
        self.frame_height, self._frame_width = image.shape[:2]

    def shows_person(self) -> bool:
        """Whether a person is there, at least partly inside the frame and of a size that can be followed."""
        x0, y0, x1, y1 = self.box
        inside = x1 > 0 and y1 > 0 and x0 < self._frame_width and y0 < self.frame_height
        reach = float(np.linalg.norm(self.points[SCALE_POINT] - self.points[CENTER_POINT]))
        return self.score > PERSON_SCORE and inside and 4 < reach < 4 * max(self._frame_width, self.frame_height)

    def next_crop(self) -> Crop:
        """The crop that these landmarks ask for."""
        return crop_from_alignment(self.points[CENTER_POINT], self.points[SCALE_POINT])


def box_of_points(points: np.ndarray, visibility: np.ndarray) -> np.ndarray:
    """[4] x0 y0 x1 y1 around the visible points [N, 2] (all of them if hardly any is), padded."""
    visible = visibility > 0.5
    chosen = points[visible] if visible.sum() >= 4 else points
    low, high = chosen.min(0), chosen.max(0)
    padding = BOX_PADDING * float((high - low).max())
    return np.concatenate([low - padding, high + padding])


def is_sure(detection: Detection, picture_height: int) -> bool:
    """Whether a detection may begin a track."""
    return detection.score >= (BIRTH_SCORE if height(detection.box) < CLOSE_UP * picture_height else SUPPORT_SCORE)


def whole_body(box: np.ndarray, picture_height: int) -> np.ndarray:
    """The box [4] around all of somebody, of a detection's box that may be cut off at the picture's bottom."""
    x0, y0, x1, y1 = box
    if y1 < (1 - CUT_OFF) * picture_height:
        return box
    return np.array([x0, y0, x1, max(y1, y0 + TALL * (x1 - x0))])


def height(box: np.ndarray) -> float:
    """Of a box [4]."""
    return float(box[3] - box[1])


def square(box: np.ndarray) -> np.ndarray:
    """The square [4] around a box [4] that has the same center and its longer side."""
    center, half = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]).max() / 2
    return np.concatenate([center - half, center + half])


def match_boxes(boxes: Sequence[np.ndarray], others: Sequence[np.ndarray], least: float) -> dict[int, int]:
    """Pairs of indices whose boxes overlap by at least `least`, the best overlaps first, each box used once."""
    overlaps = [(overlap(a, b), i, j) for i, a in enumerate(boxes) for j, b in enumerate(others)]
    pairs: dict[int, int] = {}
    for value, i, j in sorted(overlaps, reverse=True):
        if value >= least and i not in pairs and j not in pairs.values():
            pairs[i] = j
    return pairs


def same_body(points: np.ndarray, others: np.ndarray, crop_size: float) -> bool:
    """Whether two sets of landmarks [39, 2] lie on one person."""
    distance = np.linalg.norm(points[LIMB_POINTS] - others[LIMB_POINTS], axis=1).mean()
    return bool(distance < SAME_BODY * crop_size)
