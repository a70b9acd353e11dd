"""The bodies of people who are followed live, from one image each.

TAR's windows consist of the newest image alone, so that nothing waits for later ones. Each body stands on the floor
z = 0 of a world with z up, by the height of its own lowest foot in the recent past. The motion of the recording itself
is captured afterwards, from all images.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tar_core.body.data import load_body
from tar_core.body.shape import rest_joints, translation_for_shape
from tar_core.camera.crop_camera import CropCamera
from tar_core.camera.placement import WorldPlacement
from tar_core.camera.vanishing_points import EstimatedCamera
from tar_core.cleanup.foot_locking import FOOT_JOINTS
from tar_core.motion import Floor
from tar_core.people.track import Sighting
from tar_core.preview import LiveBody
from tar_core.rotations import (
    axis_angle_to_matrix,
    axis_angle_to_quaternion,
    matrix_to_axis_angle,
    quaternion_to_axis_angle,
    slerp,
)
from tar_core.runtime.graphs import Runtime
from tar_core.runtime.streaming import FrameResult, TARStream
from tar_core.skeleton import NUM_JOINTS, pose_skeleton

SMOOTHING = 0.1  # seconds in which a body takes over two thirds of a change
FLOOR_MEMORY = 2.0  # seconds in which a lowest foot is forgotten by two thirds, for example one that was a mistake
SOLE = 0.03  # meters from the lowest joint of a foot to the sole


@dataclass
class _Followed:
    """The last body of a track, the time of it, and the height of its lowest foot in the recent past."""

    quaternions: np.ndarray
    pelvis: np.ndarray
    time: float
    lowest: float


class LiveBodies:
    """Estimates the bodies of tracked people, image by image.

    Args:
        runtime: runs TAR.
        camera: of the images.
        center: [2] their center, pixels.
    """

    def __init__(self, runtime: Runtime, camera: EstimatedCamera, center: tuple[float, float]) -> None:
        self._runtime, self._focal_length, self._center = runtime, camera.focal_length, center
        self._placement = WorldPlacement.on_floor(Floor(camera.up, 0.0))
        self._body = load_body()
        self._shape = np.zeros(self._body.shapedirs.shape[-1])
        self._rest = rest_joints(self._body, self._shape)
        self._followed: dict[int, _Followed] = {}

    def step(self, sightings: Sequence[Sighting], time: float) -> dict[int, LiveBody]:
        """Estimate the bodies of the people in the next image, by the numbers of their tracks.

        Args:
            sightings: of the people.
            time: when the image arrived, seconds.
        """
        bodies = {seen.track_id: self._body_of(seen, time) for seen in sightings}
        self._followed = {track: self._followed[track] for track in bodies}
        return bodies

    def _body_of(self, seen: Sighting, time: float) -> LiveBody:
        result = self._estimate(seen)
        poses = result.poses.reshape(NUM_JOINTS, 3).astype(np.float64)
        poses[0] = matrix_to_axis_angle(self._placement.rotations(axis_angle_to_matrix(poses[0])))
        quaternions = axis_angle_to_quaternion(poses)
        trans = translation_for_shape(result.trans[None], result.betas[None], self._shape, self._body, self._body)
        pelvis = self._placement.points(trans[0] + self._rest[0])
        last = self._followed.get(seen.track_id)
        if last is not None:
            share = _share(time - last.time, SMOOTHING)
            quaternions = slerp(last.quaternions, quaternions, np.full(NUM_JOINTS, share))
            pelvis = last.pelvis + share * (pelvis - last.pelvis)
        poses = np.asarray(quaternion_to_axis_angle(quaternions))
        joints = pose_skeleton(poses[None], self._rest)[1][0]
        lowest = float((joints[FOOT_JOINTS] - joints[0] + pelvis)[:, 2].min()) - SOLE
        if last is not None:
            lowest = min(lowest, last.lowest + _share(time - last.time, FLOOR_MEMORY) * (lowest - last.lowest))
        self._followed[seen.track_id] = _Followed(quaternions, pelvis, time, lowest)
        standing = pelvis - [0, 0, lowest]
        return LiveBody(tuple(map(tuple, poses.tolist())), tuple(standing.tolist()))

    def _estimate(self, seen: Sighting) -> FrameResult:
        camera = CropCamera.from_crop(seen.crop, self._focal_length, self._center)
        stream = TARStream(self._runtime)
        (result,) = [*stream.push(seen.features, camera), *stream.finish()]
        return result


def _share(seconds: float, constant: float) -> float:
    """Share of a change that a first-order low-pass filter with a time constant takes over in some time."""
    return 1 - math.exp(-max(seconds, 0.0) / constant)
