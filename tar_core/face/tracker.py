"""Landmarks of the faces of tracked people, frame by frame.

A crop is placed by the face's own landmarks while it is followed, and by those of the body otherwise.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tar_core.camera.crop import Crop
from tar_core.camera.crop_camera import Pinhole
from tar_core.face.crops import BODY_POINTS, crop_from_body, crop_from_face
from tar_core.face.shape import load_face_map
from tar_core.model.face_landmarks import FaceLandmarks
from tar_core.people.looks import FACE, Followed, Looks, may_be_same, pixels_per_meter
from tar_core.people.track import Sighting
from tar_core.rotations import rotation_z

MIN_PRESENCE = 0.5  # of a face that counts as seen (MediaPipe's value)
MIN_VISIBILITY = 0.5  # of the body's landmarks of the face
MIN_PIXELS = 40  # width of a face that is looked at
STAYING = 0.8  # of MIN_PIXELS, for a face that was looked at before, so that a noisy width does not interrupt it
FACE_WIDTH = 0.14  # meters
INTERVAL, HIDDEN_INTERVAL = 2, 4  # processed frames between two looks at a face, and at one that was not seen
MAX_DISTANCE = 0.4  # between the crops from the body and from the face, as a fraction of their size


@dataclass(frozen=True)
class SeenFace:
    """A face in one frame.

    Attributes:
        frame: number of the frame.
        raw_values: [8] float32 of the shape keys (`FaceMap.read`).
        presence: probability that the crop shows a face.
        turn: [3, 3] float32, rotation of the head from the T-pose to the camera.
    """

    frame: int
    raw_values: np.ndarray
    presence: float
    turn: np.ndarray


class FaceTracker:
    """Finds the faces of people.

    Args:
        network: maps crops [B, 192, 192, 3], uint8 RGB, to the landmarks of faces.

    Attributes:
        looks: at the faces so far.
    """

    def __init__(self, network: Callable[[np.ndarray], FaceLandmarks]) -> None:
        self._network = network
        self._followed: dict[int, Followed] = {}
        self.looks: Looks[SeenFace] = defaultdict(list)

    def step(self, frame: int, image: np.ndarray, sightings: Sequence[Sighting], camera: Pinhole) -> None:
        """Look at the faces in the next frame that are large enough, seen, and due.

        Args:
            frame: number of the frame; increases by one from call to call.
            image: [H, W, 3] uint8 RGB.
            sightings: the people in the frame.
            camera: of the image.
        """
        due = []
        for sighting in sightings:
            crop = self._crop_if_due(frame, image, sighting)
            if crop is not None:
                due.append((sighting.track_id, crop))
        if due:
            found = self._network(np.stack([crop.cut(image) for _, crop in due]))
            for row, (track_id, crop) in enumerate(due):
                points, presence = found.points[row].astype(np.float64), float(found.presence[row])
                self._record(frame, track_id, crop, camera, points, presence)

    def _crop_if_due(self, frame: int, image: np.ndarray, sighting: Sighting) -> Crop | None:
        """Where to look for a face; None if it is not seen, too small, or was looked at recently."""
        landmarks, rows = sighting.features.landmarks, list(BODY_POINTS)
        points = sighting.crop.to_image(landmarks.points[0].astype(np.float64))
        scale = pixels_per_meter(points, landmarks.world[0])
        crop = crop_from_body(points[rows], scale)
        is_inside = 0 < crop.center_x < image.shape[1] and 0 < crop.center_y < image.shape[0]
        is_seen = landmarks.visibility[0, rows].min() >= MIN_VISIBILITY
        smallest = MIN_PIXELS * (STAYING if sighting.track_id in self._followed else 1)
        if not (is_inside and is_seen) or scale * FACE_WIDTH < smallest:
            self._followed.pop(sighting.track_id, None)
            return None
        body = points[rows].mean(0)
        known = self._followed.setdefault(sighting.track_id, Followed(body, frame - HIDDEN_INTERVAL))
        if frame - known.looked < (HIDDEN_INTERVAL if known.points is None else INTERVAL):
            return None
        followed = None if known.points is None else crop_from_face(known.points + body - known.body)
        known.body, known.looked = body, frame
        return followed if followed is not None and may_be_same(crop, followed, MAX_DISTANCE) else crop

    def _record(
        self, frame: int, track_id: int, crop: Crop, camera: Pinhole, points: np.ndarray, presence: float
    ) -> None:
        is_seen = presence >= MIN_PRESENCE
        image_points = crop.to_image(points[:, :2])
        self._followed[track_id].points = image_points if is_seen else None
        if is_seen:
            raw, turn = load_face_map().read(points)
            turn = head_rotation(camera, crop, turn).astype(np.float32)
            self.looks[track_id, FACE].append(SeenFace(frame, raw.astype(np.float32), presence, turn))


def head_rotation(camera: Pinhole, crop: Crop, turn: np.ndarray) -> np.ndarray:
    """Rotation [3, 3] of a head to the camera, from that to the axes of its crop."""
    view = camera.rotation_to(crop.center_x, crop.center_y)
    return np.asarray(view @ rotation_z(np.array(crop.roll)) @ turn)
