"""Data of people tracking: tracks, their sightings in single frames, and the backbone's results for crops."""

from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from tar_core.camera.crop import Crop, crop_from_alignment
from tar_core.model.features import FrameFeatures
from tar_core.people.appearance import appearance_of
from tar_core.people.boxes import box_around_points
from tar_core.people.one_euro import OneEuroFilter

CENTER_POINT, SCALE_POINT = 33, 34  # the landmarks that place the next crop
BODY_POINTS = slice(0, 33)
TRUNK_POINTS = [11, 12, 23, 24]  # shoulders and hips
LIMB_POINTS = slice(11, 33)  # the shoulders and everything below

MIN_CROP_SCORE = 0.5  # person score of the backbone below which a track is lost (MediaPipe's value)
MIN_RADIUS = 4.0  # pixels between the two landmarks that place the next crop, in a usable crop
MAX_RADIUS = 4.0  # the same, as a multiple of the frame's longer side
LEARNING_RATE = 0.1  # share of a new sighting in the appearance of a track
SAME_BODY_DISTANCE = 0.06  # mean limb distance, as a fraction of the crop size, below which two bodies are the same


class Detection(Protocol):
    """A detected person: a box [4] (x0, y0, x1, y1 in pixels) and a score in 0..1."""

    @property
    def box(self) -> np.ndarray: ...
    @property
    def score(self) -> float: ...


@dataclass(frozen=True)
class Sighting:
    """One person in one frame.

    Attributes:
        track_id: number of the track.
        frame: number of the frame.
        crop: the part of the frame from which the features were computed.
        features: batch shape [1].
        box: [4] around the visible landmarks: x0, y0, x1, y1 in frame pixels.
        score: the backbone's probability that the crop shows a person.
        trunk: [4] around shoulders and hips, frame pixels.
        appearance: colors of the clothes, see `appearance_of`.
    """

    track_id: int
    frame: int
    crop: Crop
    features: FrameFeatures
    box: np.ndarray
    score: float
    trunk: np.ndarray
    appearance: np.ndarray

    def moved(self, offset: np.ndarray) -> "Sighting":
        """The sighting in a frame of which this one's frame is a part that begins at pixel `offset` [2]."""
        x, y = offset.tolist()
        crop = replace(self.crop, center_x=self.crop.center_x + x, center_y=self.crop.center_y + y)
        both = np.tile(offset, 2)
        return replace(self, crop=crop, box=self.box + both, trunk=self.trunk + both)


@dataclass
class Track:
    """One person who is followed through the video.

    Attributes:
        track_id: number of the track, starting at 1.
        last_frame: most recent frame with a sighting.
        crop: where to look for the person in the next frame.
        box: [4] the most recent box, frame pixels.
        points: [39, 2] the most recent landmarks, frame pixels.
        smoother: filter of the landmarks that place the crop.
        hits: frames of the detections that matched the track.
        has_strong_detection: whether one of them was strong enough to start a track.
        last_check: most recent frame in which both landmark networks were compared, if any.
        from_user_box: whether the track was started from a box that the user drew; such a track needs no detection.
        appearance: [SIZE] mean of recent sightings in which nobody else is close; None before the first sighting.
        difference: of the appearance in the most recent sighting from that.
        hidden_by: numbers of the tracks of people in front.
        crop_before: `crop` one frame earlier; None at first.
    """

    track_id: int
    last_frame: int
    crop: Crop
    box: np.ndarray
    points: np.ndarray
    smoother: OneEuroFilter
    hits: list[int] = field(default_factory=list)
    has_strong_detection: bool = False
    last_check: int | None = None
    from_user_box: bool = False
    appearance: np.ndarray | None = None
    difference: float = 0.0
    hidden_by: set[int] = field(default_factory=set)
    crop_before: Crop | None = None

    def __post_init__(self) -> None:
        self._previous = self.last_frame, self.box

    def update(self, frame: int, box: np.ndarray, points: np.ndarray) -> None:
        """Record where the person is in a frame."""
        self._previous = self.last_frame, self.box
        self.last_frame, self.box, self.points = frame, box, points

    def expected_crop(self) -> Crop:
        """The crop after `crop` if the person goes on moving as before."""
        return self.crop if self.crop_before is None else self.crop.moved_on_from(self.crop_before)

    def restart(self) -> None:
        """Forget how the crop was reached.

        A crop depends on all earlier ones, so two captures that begin at different frames would never agree exactly.
        After some restarts they do, since similar crops nearly always have the same nearest crop on the grid.
        """
        self.crop, self.crop_before, self.smoother = self.crop.on_grid(), None, OneEuroFilter(self.smoother.rate)

    def revert(self) -> None:
        """Undo the last `update`, which recorded another person."""
        self.last_frame, self.box = self._previous

    def learn(self, appearance: np.ndarray) -> None:
        """Update the appearance by a sighting that surely shows the person."""
        known = appearance if self.appearance is None else self.appearance
        self.appearance = known + LEARNING_RATE * (appearance - known)

    def add_hit(self, frame: int, is_strong: bool) -> None:
        """Record a detection that matched the track."""
        self.hits.append(frame)
        self.has_strong_detection = self.has_strong_detection or is_strong


class CropView:
    """The backbone's result for one crop of a frame.

    Args:
        crop: the crop.
        features: the backbone's output for it, batch shape [1].
        image: [H, W, 3] the whole frame.

    Attributes:
        points: [39, 2] landmarks, frame pixels.
        score: probability that the crop shows a person.
        box: [4] around the visible landmarks: x0, y0, x1, y1 in frame pixels.
        trunk: [4] around shoulders and hips, frame pixels.
        appearance: colors of the clothes, see `appearance_of`.
        frame_height: pixels.
    """

    def __init__(self, crop: Crop, features: FrameFeatures, image: np.ndarray) -> None:
        self.crop = crop
        self.features = features
        landmarks = features.landmarks
        self.points = crop.to_image(landmarks.points[0].astype(np.float64))
        self.score = float(landmarks.score[0])
        self.box = box_around_points(self.points[BODY_POINTS], landmarks.visibility[0, BODY_POINTS])
        trunk = self.points[TRUNK_POINTS]
        self.trunk = np.concatenate([trunk.min(0), trunk.max(0)])
        self.frame_height, self._frame_width = image.shape[:2]
        self.appearance = appearance_of(image, self.points)

    def shows_person(self) -> bool:
        """Whether the crop shows a person who is at least partly inside the frame and has a plausible size."""
        x0, y0, x1, y1 = self.box
        inside = x1 > 0 and y1 > 0 and x0 < self._frame_width and y0 < self.frame_height
        radius = float(np.linalg.norm(self.points[SCALE_POINT] - self.points[CENTER_POINT]))
        longer_side = max(self._frame_width, self.frame_height)
        return self.score > MIN_CROP_SCORE and inside and MIN_RADIUS < radius < MAX_RADIUS * longer_side

    def sighting(self, track_id: int, frame: int) -> Sighting:
        """The sighting of a track in this crop."""
        return Sighting(track_id, frame, self.crop, self.features, self.box, self.score, self.trunk, self.appearance)

    def next_crop(self) -> Crop:
        """The crop for the next frame, placed by the landmarks of this crop."""
        return crop_from_alignment(self.points[CENTER_POINT], self.points[SCALE_POINT])


def is_same_body(points: np.ndarray, others: np.ndarray, crop_size: float) -> bool:
    """Whether two sets of landmarks [39, 2] belong to the same person."""
    distance = np.linalg.norm(points[LIMB_POINTS] - others[LIMB_POINTS], axis=1).mean()
    return bool(distance < SAME_BODY_DISTANCE * crop_size)
