"""Landmarks of the hands of tracked people, frame by frame.

A crop is placed by the hand's own landmarks while it is followed, and by those of the body otherwise. The body says
which hand is the left one.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tar_core.camera.crop import Crop
from tar_core.camera.crop_camera import Pinhole
from tar_core.hands.crops import BODY_POINTS, MIDDLE, WRIST, crop_from_body, crop_from_hand
from tar_core.hands.joints import HandInSpace, hand_in_space, mirror_left, points_in_image
from tar_core.hands.skeleton import SIDES
from tar_core.model.hand_landmarks import PALM_LANDMARKS, HandLandmarks
from tar_core.people.looks import Followed, Looks, may_be_same, pixels_per_meter
from tar_core.people.track import Sighting

MIN_PRESENCE = 0.5  # of a hand that counts as seen (MediaPipe's value)
MIN_VISIBILITY = 0.5  # of the body's wrist and knuckles
MIN_PIXELS = 24  # length of a hand that is looked at
HAND_LENGTH = 0.18  # meters
PALM_LENGTH = 0.08  # meters from the wrist to the middle knuckle in the body's landmarks
MIN_FORESHORTENING = 0.6  # a palm that looks shorter than this gets a larger crop
INTERVAL, RESTING_INTERVAL = 2, 4  # processed frames between two looks at a hand, and at one that does not move
RESTING_MOTION = 0.02  # of the body's landmarks of the hand, as a fraction of the crop
MAX_DISTANCE = 0.35  # between the crops from the body and from the hand, as a fraction of their size
SAME_HAND = 0.5  # distance of two palms that are one, as a fraction of their length


@dataclass(frozen=True)
class SeenHand:
    """A hand in one frame.

    Attributes:
        frame: number of the frame.
        hand: joints and angles.
        presence: probability that the crop shows a hand.
        view: [3, 3] float32, rotation from the axes of the hand, as if it were in the middle of the picture, to those
            of the camera.
    """

    frame: int
    hand: HandInSpace
    presence: float
    view: np.ndarray


class HandTracker:
    """Finds the hands of people.

    Args:
        network: maps crops [B, 224, 224, 3], uint8 RGB, to the landmarks of hands.

    Attributes:
        looks: at the hands so far.
    """

    def __init__(self, network: Callable[[np.ndarray], HandLandmarks]) -> None:
        self._network = network
        self._followed: dict[tuple[int, int], Followed] = {}
        self.looks: Looks[SeenHand] = defaultdict(list)

    def step(self, frame: int, image: np.ndarray, sightings: Sequence[Sighting], camera: Pinhole) -> None:
        """Look at the hands in the next frame that are large enough, seen, and due.

        Args:
            frame: number of the frame; increases by one from call to call.
            image: [H, W, 3] uint8 RGB.
            sightings: the people in the frame.
            camera: of the image.
        """
        due: list[tuple[tuple[int, int], Crop]] = []
        for sighting in sightings:
            for side in range(len(SIDES)):
                crop = self._crop_if_due(frame, image, sighting, side)
                if crop is not None:
                    due.append(((sighting.track_id, side), crop))
        if due:
            crops = [mirror_left(crop.cut(image), side) for (_, side), crop in due]
            found = self._network(np.stack(crops))
            for row, (key, crop) in enumerate(due):
                self._record(frame, key, crop, camera, HandLandmarks(*(array[row] for array in found)))

    def _crop_if_due(self, frame: int, image: np.ndarray, sighting: Sighting, side: int) -> Crop | None:
        """Where to look for a hand; None if it is not seen, too small, or was looked at recently."""
        landmarks = sighting.features.landmarks
        rows = list(BODY_POINTS[side])
        points = sighting.crop.to_image(landmarks.points[0].astype(np.float64))
        scale = pixels_per_meter(points, landmarks.world[0])
        key = sighting.track_id, side
        if landmarks.visibility[0, rows].min() < MIN_VISIBILITY or scale * HAND_LENGTH < MIN_PIXELS:
            self._followed.pop(key, None)
            return None
        crop = crop_from_body(points[rows], MIN_FORESHORTENING * PALM_LENGTH * scale)
        if not (0 < crop.center_x < image.shape[1] and 0 < crop.center_y < image.shape[0]):
            self._followed.pop(key, None)
            return None
        known = self._followed.get(key)
        if known is None:
            self._followed[key] = Followed(points[rows], frame)
            return crop
        motion = points[rows] - known.body
        is_resting = np.abs(motion).max() < RESTING_MOTION * crop.size
        # The two hands of a person are looked at in turns.
        interval = RESTING_INTERVAL if is_resting else INTERVAL
        if frame - known.looked < interval and (frame + side) % interval:
            return None
        followed = None if known.points is None else crop_from_hand(known.points + motion.mean(0))
        known.body, known.looked = points[rows], frame
        return followed if followed is not None and may_be_same(crop, followed, MAX_DISTANCE) else crop

    def _record(self, frame: int, key: tuple[int, int], crop: Crop, camera: Pinhole, found: HandLandmarks) -> None:
        points = points_in_image(crop, found.points, key[1])
        is_seen = found.presence >= MIN_PRESENCE and not self._is_the_other(key, points)
        self._followed[key].points = points if is_seen else None
        if is_seen:
            hand = hand_in_space(crop, found.code, found.cells, key[1])
            view = camera.rotation_to(crop.center_x, crop.center_y).astype(np.float32)
            self.looks[key].append(SeenHand(frame, hand, float(found.presence), view))

    def _is_the_other(self, key: tuple[int, int], points: np.ndarray) -> bool:
        """Whether landmarks [21, 2] are those of the person's other hand, which is followed and nearer to them."""
        own, other = self._followed[key], self._followed.get((key[0], 1 - key[1]))
        if other is None or other.points is None:
            return False
        length = np.linalg.norm(points[MIDDLE] - points[WRIST])
        apart = np.linalg.norm((points - other.points)[PALM_LANDMARKS].mean(0))
        to_own, to_other = (np.linalg.norm(points[WRIST] - hand.body[0]) for hand in (own, other))
        return bool(apart < SAME_HAND * length and to_other < to_own)
