"""Where a moving camera is and how it is turned in each frame, and how far it zooms."""

from dataclasses import dataclass, field, replace

import numpy as np

from tar_core.errors import TarError
from tar_core.rotations import (
    axis_angle_to_matrix,
    axis_angle_to_quaternion,
    matrix_to_axis_angle,
    quaternion_to_matrix,
    slerp_at,
)

TURNS_ONLY = 0.6  # share of the background that a turn must explain, where a camera only turns


@dataclass(frozen=True)
class CameraTrajectory:
    """A camera that moves: x_camera = R_t (x_clip - c_t), in each of F consecutive frames.

    The clip's frame is the first frame's camera, so R is the unit matrix there and c is zero.

    Attributes:
        first_frame: the video's frame number of the first.
        turns: [F, 3] rotation vectors of R, radians.
        places: [F, 3] c, meters; zeros where the camera stays in its place.
        zooms: [F] its focal lengths over the clip's; ones where it does not zoom.
        explained: 0..1, the mean share of what was followed in the background that moves as before such a camera; 1
            where the path was given.
        world: [4, 4] from the clip's frame to the world in which the path was given, whose z is up; None where it was
            found in the video, or nothing is known of up.
    """

    first_frame: int
    turns: np.ndarray
    places: np.ndarray = field(default_factory=lambda: np.zeros((0, 3)))
    zooms: np.ndarray = field(default_factory=lambda: np.zeros(0))
    explained: float = 1.0
    world: np.ndarray | None = None

    def __post_init__(self) -> None:
        turns = np.asarray(self.turns, np.float64)
        if turns.ndim != 2 or turns.shape[1] != 3 or len(turns) == 0 or not np.isfinite(turns).all():
            raise TarError("a camera's turns need three finite numbers for each frame")
        places, zooms = (np.asarray(values, np.float64) for values in (self.places, self.zooms))
        if len(places) == 0:
            places = np.zeros_like(turns)
        if len(zooms) == 0:
            zooms = np.ones(len(turns))
        if places.shape != turns.shape or not np.isfinite(places).all():
            raise TarError("a camera's places need three finite numbers for each of its turns")
        if zooms.shape != (len(turns),) or not (np.isfinite(zooms).all() and (zooms > 0).all()):
            raise TarError("a camera's focal lengths need one number above zero for each of its turns")
        world = None if self.world is None else np.asarray(self.world, np.float64)
        if world is not None and (world.shape != (4, 4) or not np.isfinite(world).all()):
            raise TarError("a camera's world needs a matrix of four rows and columns, all finite")
        for name, value in (("turns", turns), ("places", places), ("zooms", zooms), ("world", world)):
            object.__setattr__(self, name, value)

    @classmethod
    def from_poses(
        cls,
        first_frame: int,
        rotations: np.ndarray,
        places: np.ndarray,
        zooms: np.ndarray,
        world_is_upright: bool,
    ) -> "CameraTrajectory":
        """A path given in a world of its own.

        Args:
            rotations: [F, 3, 3] from the world's axes to the camera's (OpenCV's: x right, y down, z forward).
            places: [F, 3] of the camera in the world, meters.
            zooms: [F].
            world_is_upright: the world's z is up.
        """
        world = np.eye(4)
        world[:3, :3], world[:3, 3] = rotations[0].T, places[0]
        turns = matrix_to_axis_angle(rotations @ rotations[0].T)
        moved = (places - places[0]) @ rotations[0].T
        return cls(first_frame, turns, moved, zooms, world=world if world_is_upright else None)

    @property
    def last_frame(self) -> int:
        return self.first_frame + len(self.turns) - 1

    def rotations_at(self, frames: np.ndarray) -> np.ndarray:
        """[N] frame numbers, whole or not -> R [N, 3, 3]; beyond the ends the nearest."""
        known = self.first_frame + np.arange(len(self.turns))
        return quaternion_to_matrix(slerp_at(frames, known, axis_angle_to_quaternion(self.turns)))

    def places_at(self, frames: np.ndarray) -> np.ndarray:
        """[N] frame numbers, whole or not -> c [N, 3]; beyond the ends the nearest."""
        before, after, between = self._around(frames)
        return self.places[before] + between[:, None] * (self.places[after] - self.places[before])

    def zooms_at(self, frames: np.ndarray) -> np.ndarray:
        """[N] frame numbers, whole or not -> [N]; beyond the ends the nearest."""
        before, after, between = self._around(frames)
        return self.zooms[before] + between * (self.zooms[after] - self.zooms[before])

    def at_rate(self, ratio: float) -> "CameraTrajectory":
        """The path with `ratio` frames for each frame of before."""
        frames = np.arange(int(np.ceil(self.first_frame * ratio)), max(int(self.last_frame * ratio), 0) + 1)
        return self._taken_at(int(frames[0]), frames / ratio)

    def check_frames(self, first: int, last: int, slack: float) -> None:
        """Raises TarError where the path lacks more than some frames at the ends of a stretch of the video."""
        if first < self.first_frame - slack or last > self.last_frame + slack:
            raise TarError(
                f"the camera path has the video's frames {self.first_frame} to {self.last_frame}, but {first} to {last}"
                " are captured; give a path for all of them, or capture fewer"
            )

    def part(self, first: int, last: int) -> "CameraTrajectory":
        """The path from one of the video's frames to another, in the camera frame of the first of them."""
        taken = self._taken_at(first, np.arange(first, last + 1))
        rotation, place = axis_angle_to_matrix(taken.turns[0]), taken.places[0]
        turns = matrix_to_axis_angle(axis_angle_to_matrix(taken.turns) @ rotation.T)
        world = taken.world
        if world is not None:
            start = np.eye(4)
            start[:3, :3], start[:3, 3] = rotation.T, place
            world = world @ start
        return replace(taken, turns=turns, places=(taken.places - place) @ rotation.T, world=world)

    def _taken_at(self, first_frame: int, frames: np.ndarray) -> "CameraTrajectory":
        return replace(
            self,
            first_frame=first_frame,
            turns=matrix_to_axis_angle(self.rotations_at(frames)),
            places=self.places_at(frames),
            zooms=self.zooms_at(frames),
        )

    def scaled(self, scale: float) -> "CameraTrajectory":
        """The same way in a world that is larger by `scale`."""
        world = None if self.world is None else self.world.copy()
        if world is not None:
            world[:3, 3] *= scale
        return replace(self, places=scale * self.places, world=world)

    @property
    def travels(self) -> bool:
        """Whether the camera leaves its place."""
        return bool(self.places.any())

    @property
    def zoomed(self) -> bool:
        return bool((self.zooms != 1).any())

    @property
    def is_doubtful(self) -> bool:
        """Whether the background moves otherwise, as it does before a camera that is carried."""
        return self.explained < TURNS_ONLY

    @property
    def range(self) -> float:
        """The largest turn away from the first camera, radians."""
        return float(np.linalg.norm(self.turns, axis=1).max())

    @property
    def length(self) -> float:
        """Of the camera's way, meters."""
        return float(np.linalg.norm(np.diff(self.places, axis=0), axis=1).sum())

    def __str__(self) -> str:
        parts = [f"turns by {np.degrees(self.range):.0f}°"]
        if self.travels:
            parts.append(f"travels {self.length:.1f} m")
        if self.zoomed:
            parts.append(f"zooms {self.zooms.min():.2f} to {self.zooms.max():.2f}")
        return "camera " + ", ".join(parts)

    def _around(self, frames: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """For frame numbers [N] the rows before and after, and how far between them."""
        place = np.clip(np.asarray(frames, np.float64) - self.first_frame, 0, len(self.turns) - 1)
        before = np.minimum(place.astype(int), max(len(self.turns) - 2, 0))
        return before, np.minimum(before + 1, len(self.turns) - 1), place - before
