"""A second opinion on people: MoveNet's keypoints confirm that a crop shows a person, and place BlazePose's crop.

The two networks were trained on different pictures and fail in different places. A person in whom both agree is hardly
ever false, and where they disagree, the crop is placed anew from MoveNet's keypoints, which depend less on the person's
direction in the image.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tar_core.camera.crop import Crop, crop_from_alignment
from tar_core.model.keypoints import BLAZEPOSE_POINTS, Keypoints
from tar_core.people.boxes import box_iou
from tar_core.people.occlusion import MAX_HIDDEN_DIFFERENCE, difference
from tar_core.people.track import CropView, Track, is_same_body

SHOULDERS, HIPS = slice(5, 7), slice(11, 13)  # keypoints
BODY = slice(5, 17)  # keypoints: the shoulders and everything below
MIN_KEYPOINT_SCORE = 0.2  # of a keypoint that counts as seen
MIN_KEYPOINTS = 6  # that must be seen to place a crop
REACH = 1.15  # of the body from the middle of the hips, over that of the keypoints, which end at the nose and ankles
# Once a crop is turned upright, BlazePose's person score separates people best; these values reject the rest. MoveNet
# is less sure of people on the floor.
MIN_BODY_SCORE = 0.25  # of a person whom MoveNet sees
MAX_DISTANCE = 0.09  # mean distance of both networks' points when they agree, as a fraction of the crop size
SURE_SCORE = 0.4  # of a person whom MoveNet sees better than BlazePose
SAME_BOX_IOU = 0.6  # of two people who are the same
CHECK_INTERVAL = 1.0  # seconds between checks of a track
GROSS_DISTANCE = 0.15  # as a fraction of the crop size, when one of them is wrong


@dataclass(frozen=True)
class SeenBody:
    """A person as seen by MoveNet.

    Attributes:
        points: [17, 2] keypoints, frame pixels.
        scores: [17] their confidence in 0..1.
    """

    points: np.ndarray
    scores: np.ndarray

    @property
    def score(self) -> float:
        """Mean confidence of the body's keypoints, in 0..1."""
        return float(self.scores[BODY].mean())

    def crop(self) -> Crop | None:
        """The crop around the person in which the trunk is upright; None if too little of the person is seen."""
        seen = self.scores >= MIN_KEYPOINT_SCORE
        if not (seen[SHOULDERS].any() and seen[HIPS].any() and seen.sum() >= MIN_KEYPOINTS):
            return None
        hips, shoulders = self.points[HIPS].mean(0), self.points[SHOULDERS].mean(0)
        reach = REACH * float(np.linalg.norm(self.points[seen] - hips, axis=1).max())
        up = (shoulders - hips) / max(float(np.linalg.norm(shoulders - hips)), 1e-6)
        return crop_from_alignment(hips, hips + up * reach)

    def distance(self, landmarks: np.ndarray) -> float:
        """Mean distance of BlazePose's landmarks [39, 2] from the keypoints, weighted by their scores, pixels."""
        distances = np.linalg.norm(self.points - landmarks[list(BLAZEPOSE_POINTS)], axis=1)
        return float(np.average(distances[BODY], weights=self.scores[BODY] + 1e-6))


class SecondLook:
    """Compares MoveNet with BlazePose.

    Args:
        movenet: maps crops [B, 256, 256, 3], uint8 RGB, to keypoints.
        see: BlazePose's result for a crop of an image [H, W, 3] uint8 RGB.
        fps: frame rate.
    """

    def __init__(
        self,
        movenet: Callable[[np.ndarray], Keypoints],
        see: Callable[[np.ndarray, Crop], CropView],
        fps: float,
    ) -> None:
        self._movenet, self._see, self._fps = movenet, see, fps

    def find_body(self, image: np.ndarray, crop: Crop) -> SeenBody:
        """The person in the middle of a crop of an image."""
        found = self._movenet(crop.cut(image)[None])
        points, scores = found.points[0].astype(np.float64), found.scores[0].astype(np.float64)
        return SeenBody(crop.to_image(points), scores)

    def confirms(self, image: np.ndarray, view: CropView) -> bool:
        """Whether MoveNet sees the same person in the same pose in BlazePose's crop."""
        body = self.find_body(image, view.crop)
        return agree(body, view)

    def find_person(self, image: np.ndarray, crop: Crop) -> CropView | None:
        """Find a person whom both networks see in a rough crop.

        Returns:
            BlazePose's result for a crop that is placed and turned by MoveNet's keypoints; None without such a person.
        """
        placed = self.find_body(image, crop).crop()
        if placed is None:
            return None
        view = self._see(image, placed)
        return view if view.shows_person() and self.confirms(image, view) else None

    def follow(
        self, track: Track, frame: int, image: np.ndarray, view: CropView, followed: Sequence[Track]
    ) -> CropView | None:
        """Check what a track shows if that is due, and look for its person if lost.

        Args:
            frame: number of the frame.
            view: BlazePose's result for the track's crop.
            followed: the other tracks that have been found in this frame; their people must not be taken over.

        Returns:
            `view`, or a better one if the person was lost or BlazePose grossly wrong; None if the person is lost.
        """
        if not view.shows_person():
            found = self.find_person(image, track.crop)
            if found is None or difference(track, found) > MAX_HIDDEN_DIFFERENCE or is_followed(found, followed):
                return None
            return found
        is_due = track.last_check is None or frame - track.last_check >= CHECK_INTERVAL * self._fps
        if not is_due or track.hidden_by:  # MoveNet would see the person in front
            return view
        track.last_check = frame
        corrected = self.corrected(image, view)
        return view if corrected is None or is_followed(corrected, followed) else corrected

    def corrected(self, image: np.ndarray, view: CropView) -> CropView | None:
        """Check a crop of a track.

        Returns:
            a better view if BlazePose is grossly wrong and right in a crop that is placed by MoveNet's keypoints.
        """
        body = self.find_body(image, view.crop)
        placed = body.crop()
        if placed is None or body.score < SURE_SCORE or body.distance(view.points) < GROSS_DISTANCE * placed.size:
            return None
        other = self._see(image, placed)
        return other if other.shows_person() and self.confirms(image, other) else None


def agree(body: SeenBody, view: CropView) -> bool:
    """Whether MoveNet is sure of a person, and BlazePose sees the person in the same pose."""
    return body.score >= MIN_BODY_SCORE and body.distance(view.points) < MAX_DISTANCE * view.crop.size


def is_followed(view: CropView, tracks: Sequence[Track]) -> bool:
    """Whether a view shows the same person as one of the tracks in the same frame."""
    return any(
        is_same_body(track.points, view.points, track.crop.size) or box_iou(track.box, view.box) > SAME_BOX_IOU
        for track in tracks
    )
