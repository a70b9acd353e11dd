"""Placement of the camera frame in a world with z up, as in Blender."""

from dataclasses import dataclass

import numpy as np

from tar_core.motion import Floor

# From the camera frame (x right, y down, z forward) to the axes of the world (z up), for a level camera that looks
# along +Y. All conversions to Blender use this matrix.
OPENCV_TO_WORLD = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])

# From Blender's camera object (x right, y up, looking along -z) to the camera frame.
CAMERA_OBJECT_TO_OPENCV = np.diag([1.0, -1.0, -1.0])

_STEEP = 0.02  # sine of the angle to the vertical below which a camera is taken to look straight down or up


@dataclass(frozen=True)
class WorldPlacement:
    """Transform from the camera frame to the world: x_world = rotation @ x_camera + translation.

    Attributes:
        rotation: [3, 3] rotation matrix.
        translation: [3] position of the camera in the world, meters.
    """

    rotation: np.ndarray
    translation: np.ndarray

    @classmethod
    def level(cls, height: float = 0.0) -> "WorldPlacement":
        """Place a level camera `height` meters above the world's origin."""
        return cls(OPENCV_TO_WORLD, np.array([0.0, 0.0, height]))

    @classmethod
    def on_floor(cls, floor: Floor) -> "WorldPlacement":
        """Place the camera above the world's origin, looking toward +Y, so that the floor is the plane z = 0."""
        ahead = np.array([0.0, 0.0, 1.0]) - floor.up[2] * floor.up
        if np.linalg.norm(ahead) < _STEEP:  # straight down or up: the top of the image points ahead
            ahead = np.array([0.0, -1.0, 0.0]) + floor.up[1] * floor.up
        ahead /= np.linalg.norm(ahead)
        return cls(np.stack([np.cross(ahead, floor.up), ahead, floor.up]), np.array([0.0, 0.0, floor.height]))

    @classmethod
    def in_world(cls, world: np.ndarray) -> "WorldPlacement":
        """Convert a world matrix [4, 4] of the camera frame (see `CameraTrajectory.world`)."""
        return cls(world[:3, :3], world[:3, 3])

    def floor(self) -> Floor:
        """The plane z = 0 in the camera frame."""
        return Floor(self.rotation[2], float(self.translation[2]))

    def points(self, points: np.ndarray) -> np.ndarray:
        """Transform points [..., 3] from the camera frame to the world, meters."""
        return points @ self.rotation.T + self.translation

    def rotations(self, rotations: np.ndarray) -> np.ndarray:
        """Transform orientations [..., 3, 3] from the camera frame to the world."""
        return self.rotation @ rotations

    def matrix(self) -> np.ndarray:
        """World matrix [4, 4] of the camera frame."""
        matrix = np.eye(4)
        matrix[:3, :3], matrix[:3, 3] = self.rotation, self.translation
        return matrix

    def camera_matrix(self) -> np.ndarray:
        """World matrix [4, 4] of Blender's camera object."""
        matrix = self.matrix()
        matrix[:3, :3] = matrix[:3, :3] @ CAMERA_OBJECT_TO_OPENCV
        return matrix
