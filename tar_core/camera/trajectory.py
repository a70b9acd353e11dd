"""Trajectory of a moving camera: its rotation, position and zoom in each frame."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from tar_core.errors import TarError
from tar_core.rotations import (
    axis_angle_to_matrix,
    axis_angle_to_quaternion,
    matrix_to_axis_angle,
    quaternion_to_matrix,
    slerp_at,
)

MIN_INLIER_RATIO = 0.6  # below this, the camera probably did more than rotate and zoom


@dataclass(frozen=True)
class CameraTrajectory:
    """Extrinsics and zoom of a moving camera in F consecutive frames: x_camera = R_t (x_clip - c_t).

    The clip's frame is the camera frame of the first frame, so R_0 is the identity and c_0 is zero.

    Attributes:
        first_frame: video frame number of the first frame.
        rotation_vectors: [F, 3] axis-angle of R_t, radians.
        positions: [F, 3] camera positions c_t, meters. Default: zeros (the camera only rotates).
        zoom_factors: [F] focal length of each frame over the clip's focal length. Default: ones.
        inlier_ratio: mean share of the tracked background points whose motion agrees with these rotations and zoom
            factors, 0 to 1; 1 for a trajectory that was given.
        world: [4, 4] transform from the clip's frame to the world that the trajectory was given in, with z up. None if
            the trajectory was estimated from the video, or if the up direction of its world is not known.

    Raises:
        TarError: a shape is wrong, or a value is out of range or not finite.
    """

    first_frame: int
    rotation_vectors: np.ndarray
    positions: np.ndarray = field(default_factory=lambda: np.zeros((0, 3)))
    zoom_factors: np.ndarray = field(default_factory=lambda: np.zeros(0))
    inlier_ratio: float = 1.0
    world: np.ndarray | None = None

    def __post_init__(self) -> None:
        rotation_vectors, positions, zoom_factors = (
            np.asarray(values, np.float64) for values in (self.rotation_vectors, self.positions, self.zoom_factors)
        )
        count = rotation_vectors.shape[0] if rotation_vectors.ndim else 0
        if rotation_vectors.shape != (count, 3) or count == 0 or not np.isfinite(rotation_vectors).all():
            raise TarError("camera trajectory: the rotations must be three finite numbers for each frame")
        if len(positions) == 0:
            positions = np.zeros_like(rotation_vectors)
        if len(zoom_factors) == 0:
            zoom_factors = np.ones(count)
        if positions.shape != (count, 3) or not np.isfinite(positions).all():
            raise TarError("camera trajectory: the positions must be three finite numbers for each frame")
        if zoom_factors.shape != (count,) or not (np.isfinite(zoom_factors).all() and (zoom_factors > 0).all()):
            raise TarError("camera trajectory: the zoom factors must be one number above zero for each frame")
        world = None if self.world is None else np.asarray(self.world, np.float64)
        if world is not None and (world.shape != (4, 4) or not np.isfinite(world).all()):
            raise TarError("camera trajectory: the world transform must be a finite 4 by 4 matrix")
        checked = {
            "rotation_vectors": rotation_vectors,
            "positions": positions,
            "zoom_factors": zoom_factors,
            "world": world,
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "CameraTrajectory | None":
        """Read the trajectory from the arrays of a motion file; None if there is none."""
        if "camera/turns" not in arrays:
            return None
        optional = {"positions": "camera/places", "zoom_factors": "camera/zooms", "world": "camera/world"}
        return cls(
            first_frame=int(arrays["camera/first_frame"]),
            rotation_vectors=arrays["camera/turns"],
            inlier_ratio=float(arrays["camera/explained"]),
            **{name: arrays[key] for name, key in optional.items() if key in arrays},
        )

    def to_arrays(self) -> dict[str, Any]:
        """The arrays of a motion file (docs/file_format.md)."""
        arrays: dict[str, Any] = {
            "camera/first_frame": np.int32(self.first_frame),
            "camera/turns": self.rotation_vectors.astype(np.float32),
            "camera/explained": np.float64(self.inlier_ratio),
        }
        if self.has_translation:
            arrays["camera/places"] = self.positions
        if self.has_zoom:
            arrays["camera/zooms"] = self.zoom_factors
        if self.world is not None:
            arrays["camera/world"] = self.world
        return arrays

    @classmethod
    def from_poses(
        cls,
        first_frame: int,
        rotations: np.ndarray,
        positions: np.ndarray,
        zoom_factors: np.ndarray,
        world_is_upright: bool,
    ) -> "CameraTrajectory":
        """Convert camera poses in another world to a trajectory.

        Args:
            first_frame: video frame number of the first pose.
            rotations: [F, 3, 3] from the world's axes to the camera's (OpenCV: x right, y down, z forward).
            positions: [F, 3] of the camera in the world, meters.
            zoom_factors: [F] focal lengths over the clip's.
            world_is_upright: the world's z axis points up.
        """
        world = np.eye(4)
        world[:3, :3], world[:3, 3] = rotations[0].T, positions[0]
        rotation_vectors = matrix_to_axis_angle(rotations @ rotations[0].T)
        relative = (positions - positions[0]) @ rotations[0].T
        return cls(first_frame, rotation_vectors, relative, zoom_factors, world=world if world_is_upright else None)

    @property
    def last_frame(self) -> int:
        return self.first_frame + len(self.rotation_vectors) - 1

    def rotations_at(self, frames: np.ndarray) -> np.ndarray:
        """Interpolate R [N, 3, 3] at frame numbers [N], whole or not (clamped to the known frames)."""
        known = self.first_frame + np.arange(len(self.rotation_vectors))
        return quaternion_to_matrix(slerp_at(frames, known, axis_angle_to_quaternion(self.rotation_vectors)))

    def positions_at(self, frames: np.ndarray) -> np.ndarray:
        """Interpolate c [N, 3] at frame numbers [N], whole or not (clamped to the known frames)."""
        before, after, fraction = self._neighbors(frames)
        return self.positions[before] + fraction[:, None] * (self.positions[after] - self.positions[before])

    def zoom_factors_at(self, frames: np.ndarray) -> np.ndarray:
        """Interpolate zoom factors [N] at frame numbers [N], whole or not (clamped to the known frames)."""
        before, after, fraction = self._neighbors(frames)
        return self.zoom_factors[before] + fraction * (self.zoom_factors[after] - self.zoom_factors[before])

    def resampled(self, ratio: float) -> "CameraTrajectory":
        """Resample to another frame rate: `ratio` new frames for each frame."""
        frames = np.arange(int(np.ceil(self.first_frame * ratio)), max(int(self.last_frame * ratio), 0) + 1)
        return self._sampled(int(frames[0]), frames / ratio)

    def check_frames(self, first: int, last: int, slack: float) -> None:
        """Check that the trajectory covers frames `first` to `last` of the video.

        Args:
            slack: number of frames that may be missing at either end.

        Raises:
            TarError: more frames are missing.
        """
        if first < self.first_frame - slack or last > self.last_frame + slack:
            raise TarError(
                f"the camera trajectory covers frames {self.first_frame} to {self.last_frame} of the video, but frames"
                f" {first} to {last} are captured; give a trajectory for all of them, or capture fewer frames"
            )

    def part(self, first: int, last: int) -> "CameraTrajectory":
        """Cut out video frames `first` to `last`, both included, relative to the camera frame of `first`."""
        taken = self._sampled(first, np.arange(first, last + 1))
        rotation, position = axis_angle_to_matrix(taken.rotation_vectors[0]), taken.positions[0]
        rotation_vectors = matrix_to_axis_angle(axis_angle_to_matrix(taken.rotation_vectors) @ rotation.T)
        world = taken.world
        if world is not None:
            start = np.eye(4)
            start[:3, :3], start[:3, 3] = rotation.T, position
            world = world @ start
        positions = (taken.positions - position) @ rotation.T
        return replace(taken, rotation_vectors=rotation_vectors, positions=positions, world=world)

    def _sampled(self, first_frame: int, frames: np.ndarray) -> "CameraTrajectory":
        """Interpolate at `frames`, which are numbered from `first_frame` on in the result."""
        return replace(
            self,
            first_frame=first_frame,
            rotation_vectors=matrix_to_axis_angle(self.rotations_at(frames)),
            positions=self.positions_at(frames),
            zoom_factors=self.zoom_factors_at(frames),
        )

    def scaled(self, scale: float) -> "CameraTrajectory":
        """Multiply all distances by `scale`."""
        world = None if self.world is None else self.world.copy()
        if world is not None:
            world[:3, 3] *= scale
        return replace(self, positions=scale * self.positions, world=world)

    @property
    def has_translation(self) -> bool:
        return bool(self.positions.any())

    @property
    def has_zoom(self) -> bool:
        return bool((self.zoom_factors != 1).any())

    @property
    def is_unreliable(self) -> bool:
        """Whether the camera seems to have moved, though only its rotation and zoom were estimated."""
        return self.inlier_ratio < MIN_INLIER_RATIO

    @property
    def max_angle(self) -> float:
        """Largest rotation from the first frame, radians."""
        return float(np.linalg.norm(self.rotation_vectors, axis=1).max())

    @property
    def length(self) -> float:
        """Length of the camera's path, meters."""
        return float(np.linalg.norm(np.diff(self.positions, axis=0), axis=1).sum())

    def __str__(self) -> str:
        parts = [f"rotates by {np.degrees(self.max_angle):.0f}°"]
        if self.has_translation:
            parts.append(f"moves {self.length:.1f} m")
        if self.has_zoom:
            parts.append(f"zooms from {self.zoom_factors.min():.2f} to {self.zoom_factors.max():.2f}")
        return "camera " + ", ".join(parts)

    def _neighbors(self, frames: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rows before and after each frame number [N], and how far it lies between them, 0 to 1."""
        row = np.clip(np.asarray(frames, np.float64) - self.first_frame, 0, len(self.rotation_vectors) - 1)
        before = np.minimum(row.astype(int), max(len(self.rotation_vectors) - 2, 0))
        return before, np.minimum(before + 1, len(self.rotation_vectors) - 1), row - before
