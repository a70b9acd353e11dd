"""The truth of a rendered video: the people's motion and the camera, in the world."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tar_core.body.data import BodyData
from tar_core.body.shape import rest_joints
from tar_core.cleanup.contacts import sole_vertices, surface_points
from tar_core.files import write_npz
from tar_core.motion import PersonMotion
from tar_core.skeleton import pose_skeleton


@dataclass(frozen=True)
class Truth:
    """T frames of P people in a world with y up, whose floor is y = 0; meters, radians, pixels.

    Attributes:
        size: [2] width and height of the video.
        focal_length: constant.
        rotations: [T, 3, 3] from the world to the camera (OpenCV: x right, y down, z forward).
        positions: [T, 3] of the camera in the world.
        poses: [P, T, 24, 3] axis-angle; the first joint rotates the body in the world.
        betas: [P, 10].
        pelvis: [P, T, 3] pelvis joint in the world.
        visible: [P, T] share of a person's pixels inside the frame that no other person hides; 0 outside the frame.
    """

    size: np.ndarray
    focal_length: float
    rotations: np.ndarray
    positions: np.ndarray
    poses: np.ndarray
    betas: np.ndarray
    pelvis: np.ndarray
    visible: np.ndarray

    def __len__(self) -> int:
        return len(self.rotations)

    def save(self, path: Path) -> None:
        write_npz(path, dict(vars(self)))

    @classmethod
    def load(cls, path: Path) -> "Truth":
        with np.load(path) as data:
            arrays = {name: data[name] for name in data.files}
        return cls(**{**arrays, "focal_length": float(arrays["focal_length"])})

    def joints(self, person: int, body: BodyData) -> np.ndarray:
        """[T, 24, 3] in the world."""
        rest = rest_joints(body, self.betas[person])
        return pose_skeleton(self.poses[person], rest)[1] - rest[0] + self.pelvis[person][:, None]

    def soles(self, person: int, body: BodyData) -> np.ndarray:
        """[T, 4, 3] soles of heels and big toes in the world."""
        return surface_points(self.motion(person, body), body, sole_vertices(body))

    def motion(self, person: int, body: BodyData) -> PersonMotion:
        """A person as SMPL motion in the axes of the world."""
        count = len(self)
        translation = self.pelvis[person] - rest_joints(body, self.betas[person])[0]
        flat = self.poses[person].reshape(count, -1)
        boxes, ones = np.zeros((count, 4)), np.ones(count)
        return PersonMotion(person, flat, self.betas[person], translation, np.arange(count), boxes, ones)

    def to_camera(self, points: np.ndarray) -> np.ndarray:
        """World points [T, K, 3] in each frame's camera."""
        return np.einsum("tab,tkb->tka", self.rotations, points - self.positions[:, None])

    def project(self, points: np.ndarray) -> np.ndarray:
        """World points [T, K, 3] as pixels [T, K, 2]."""
        camera = self.to_camera(points)
        depth = np.maximum(camera[..., 2:], 0.05)
        return camera[..., :2] / depth * self.focal_length + (self.size - 1) / 2

    @property
    def up(self) -> np.ndarray:
        """[3] the up direction in the first frame's camera."""
        return self.rotations[0] @ np.array([0.0, 1, 0])
