"""A person's motion as arrays, in the world, independent of the axes of the bones."""

from dataclasses import dataclass, replace

import numpy as np

from tar_core.errors import TarError
from tar_core.rotations import continuous_quaternions, quaternion_product, slerp


@dataclass(frozen=True)
class BoneMotion:
    """The pose of a person on every frame.

    Attributes:
        frames: [N] scene frames, whole and consecutive.
        bones: names; the first one is the root.
        rotations: [N, B, 4] unit quaternions. Of the root: from the rest pose, which faces -y, to the world. Of the
            others: relative to the parent, with axes parallel to those of the armature at rest.
        positions: [N, 3] of the root's head in the world, meters, z up.
    """

    frames: np.ndarray
    bones: tuple[str, ...]
    rotations: np.ndarray
    positions: np.ndarray

    def __len__(self) -> int:
        return len(self.frames)

    def rows(self, first: int, last: int) -> tuple[int, int]:
        """Return the rows of a range of frames.

        Raises:
            TarError: the range is not within the motion, or it has fewer than two frames.
        """
        if not self.frames[0] <= first < last <= self.frames[-1]:
            raise TarError(
                f"the motion has frames {self.frames[0]} to {self.frames[-1]}; choose a range of frames within them"
            )
        return int(first - self.frames[0]), int(last - self.frames[0])

    def part(self, first: int, last: int) -> "BoneMotion":
        """Return the motion in a range of frames; raises as `rows`."""
        start, end = self.rows(first, last)
        return self.at(np.arange(start, end + 1))

    def at(self, rows: np.ndarray) -> "BoneMotion":
        """Return the poses of rows [M]."""
        return replace(self, frames=self.frames[rows], rotations=self.rotations[rows], positions=self.positions[rows])

    def with_bones(self, bones: tuple[str, ...]) -> "BoneMotion":
        """Return the motion of some bones.

        Raises:
            TarError: one of them is missing.
        """
        missing = [bone for bone in bones if bone not in self.bones]
        if missing:
            raise TarError(f"the other person has no keys of the bone {missing[0]}")
        return replace(self, bones=bones, rotations=self.rotations[:, [self.bones.index(bone) for bone in bones]])

    def headings(self) -> np.ndarray:
        """Return the angle [N] by which the root is turned about z, in radians, without jumps.

        It is the twist of the rotation about z; the rest is the tilt.
        """
        return np.unwrap(2 * np.arctan2(self.rotations[:, 0, 3], self.rotations[:, 0, 0]))

    def turned(self, angles: np.ndarray) -> "BoneMotion":
        """Turn the root by angles [N] about z, in its place."""
        rotations = self.rotations.copy()
        rotations[:, 0] = quaternion_product(about_z(angles), rotations[:, 0])
        return replace(self, rotations=rotations)

    def mixed(self, other: "BoneMotion", weights: np.ndarray) -> "BoneMotion":
        """Blend into another motion of the same frames and bones, with its weights [N] from 0 to 1."""
        return replace(
            self,
            rotations=slerp(
                self.rotations, other.rotations, np.broadcast_to(weights[:, None], self.rotations.shape[:2])
            ),
            positions=self.positions + weights[:, None] * (other.positions - self.positions),
        )

    def continuous(self) -> "BoneMotion":
        """Return the motion without changes of the quaternions' signs."""
        return replace(self, rotations=continuous_quaternions(self.rotations))


def about_z(angles: np.ndarray) -> np.ndarray:
    """Quaternions [N, 4] of rotations by angles [N] about z."""
    zero = np.zeros_like(angles)
    return np.stack([np.cos(angles / 2), zero, zero, np.sin(angles / 2)], -1)


def turn(points: np.ndarray, angles: np.ndarray | float) -> np.ndarray:
    """Rotate points [N, 3] by angles [N] about the z axis."""
    cosine, sine = np.cos(angles), np.sin(angles)
    x, y = points[:, 0], points[:, 1]
    return np.stack([cosine * x - sine * y, sine * x + cosine * y, points[:, 2]], 1)


def smooth_step(share: np.ndarray) -> np.ndarray:
    """Rise from 0 to 1 with slope 0 at both ends, as `share` rises from 0 to 1."""
    share = np.clip(share, 0, 1)
    return np.asarray(share * share * (3 - 2 * share))


def ramp(count: int, start: int, end: int, before: int, after: int) -> np.ndarray:
    """Weights [count] that are 1 in rows `start` to `end` and fall to 0 over `before` and `after` rows beside them."""
    rows = np.arange(count)
    rise = smooth_step((rows - start) / (before + 1) + 1)
    fall = smooth_step((end - rows) / (after + 1) + 1)
    return rise * fall
