"""Where the camera frame lies in the world: from OpenCV's axes to a world with z up, as Blender has it."""

from dataclasses import dataclass

import numpy as np

from tar_core.motion import Floor

# From the camera frame (x right, y down, z forward) to the axes of the world (z up), for a level camera that looks
# along +Y. Everything that enters a Blender scene passes through this matrix.
OPENCV_TO_WORLD = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])

# From Blender's camera object (x right, y up, looking along -z) to the camera frame.
CAMERA_OBJECT_TO_OPENCV = np.diag([1.0, -1.0, -1.0])

_STEEP = 0.02  # sine of the angle to the vertical below which a camera looks straight down or up


@dataclass(frozen=True)
class WorldPlacement:
    """Where the camera frame lies in Blender's world: x_world = rotation @ x_camera + translation.

    Attributes:
        rotation: [3, 3].
        translation: [3] meters; position of the camera in the world.
    """

    rotation: np.ndarray
    translation: np.ndarray

    @classmethod
    def level(cls, height: float = 0.0) -> "WorldPlacement":
        """A level camera, `height` meters above the world's origin."""
        return cls(OPENCV_TO_WORLD, np.array([0.0, 0.0, height]))

    @classmethod
    def on_floor(cls, floor: Floor) -> "WorldPlacement":
        """The camera at its height above the floor, over the world's origin, with z up and looking toward +Y."""
        ahead = np.array([0.0, 0.0, 1.0]) - floor.up[2] * floor.up
        if np.linalg.norm(ahead) < _STEEP:  # straight down or up: the top of the image is ahead
            ahead = np.array([0.0, -1.0, 0.0]) + floor.up[1] * floor.up
        ahead /= np.linalg.norm(ahead)
        return cls(np.stack([np.cross(ahead, floor.up), ahead, floor.up]), np.array([0.0, 0.0, floor.height]))

    @classmethod
    def in_world(cls, world: np.ndarray) -> "WorldPlacement":
        """From the camera frame's world matrix [4, 4]; see `CameraTrajectory.world`."""
        return cls(world[:3, :3], world[:3, 3])

    def points(self, points: np.ndarray) -> np.ndarray:
        """[..., 3] in the camera frame -> [..., 3] in the world, meters."""
        return points @ self.rotation.T + self.translation

    def rotations(self, rotations: np.ndarray) -> np.ndarray:
        """[..., 3, 3] whose columns are axes in the camera frame -> the same axes in the world."""
        return self.rotation @ rotations

    def matrix(self) -> np.ndarray:
        """[4, 4] world matrix of an object whose axes are the camera frame's."""
        matrix = np.eye(4)
        matrix[:3, :3], matrix[:3, 3] = self.rotation, self.translation
        return matrix

    def camera_matrix(self) -> np.ndarray:
        """[4, 4] world matrix of Blender's camera object."""
        matrix = self.matrix()
        matrix[:3, :3] = matrix[:3, :3] @ CAMERA_OBJECT_TO_OPENCV
        return matrix
