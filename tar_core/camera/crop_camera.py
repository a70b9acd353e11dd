"""The perspective camera of the full image (CLIFF, Li et al., ECCV 2022) for a roll-normalized crop.

A crop may be rotated in the image plane by an angle. Rotating the image about its principal point is the same as
rolling the camera about its optical axis, so the network works in the rolled camera, in which every crop is upright,
and the `unroll_...` methods convert its results back. This is exact.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from tar_core.arrays import Array, concatenate, stack, to_tensor
from tar_core.camera.crop import CROP_CENTER, CROP_SIZE, Crop
from tar_core.rotations import rotation_between, rotation_z

MIN_DEPTH = 0.1  # meters; nearer points, and points behind the camera, are projected as if they had this depth
MIN_SCALE = 0.1  # least s of a crop camera; its crop is 20 m wide at the person


def default_focal_length(width: int, height: int) -> float:
    """CLIFF's focal length for an unknown camera: the image's diagonal in pixels (a diagonal field of view of 53°)."""
    return math.hypot(width, height)


def focal_length_from_fov(width: int, height: int, degrees: float) -> float:
    """Focal length in pixels of a camera with a field of view of `degrees` across the longer side of the image."""
    return max(width, height) / (2 * math.tan(math.radians(degrees) / 2))


def image_center(width: int, height: int) -> tuple[float, float]:
    """Principal point if nothing else is known; (0, 0) is the center of the top-left pixel."""
    return (width - 1) / 2, (height - 1) / 2


def project(points: Any, focal_length: Any, principal_point: Any) -> Any:
    """Project camera-frame points [..., 3] (NumPy or torch) to pixels [..., 2] with a pinhole camera."""
    return focal_length * points[..., :2] / points[..., 2:].clip(MIN_DEPTH) + principal_point


@dataclass(frozen=True)
class Pinhole:
    """The camera of a picture.

    Attributes:
        focal_length: pixels.
        principal_point: x, y in pixels of the picture.
    """

    focal_length: float
    principal_point: tuple[float, float]

    def rotation_to(self, x: float, y: float) -> np.ndarray:
        """Smallest rotation [3, 3] from the optical axis to the ray through a pixel.

        A crop around the pixel shows what a camera sees that is rotated so. A network that looks at the crop alone
        gives rotations in the axes of that camera.
        """
        ray = np.array([x - self.principal_point[0], y - self.principal_point[1], self.focal_length])
        return rotation_between(np.array([0.0, 0.0, 1.0]), ray)


@dataclass
class CropCamera:
    """Cameras of a batch of crops, as arrays or tensors with the same batch shape `...`.

    Attributes:
        focal_length: [...] pixels (CLIFF's f).
        center: [..., 2] center of the crop relative to the principal point in the rolled image, pixels (CLIFF's cx,
            cy).
        size: [...] side of the crop, frame pixels (CLIFF's b).
        roll: [...] rotation of the crop, radians, as in `Crop`.
    """

    focal_length: Array
    center: Array
    size: Array
    roll: Array

    @classmethod
    def from_crop(cls, crop: Crop, focal_length: float, principal_point: Sequence[float]) -> "CropCamera":
        """Camera of one crop, with batch shape [1]."""
        dx, dy = crop.center_x - principal_point[0], crop.center_y - principal_point[1]
        cosine, sine = math.cos(crop.roll), math.sin(crop.roll)
        return cls(
            focal_length=np.array([focal_length], np.float32),
            center=np.array([[cosine * dx + sine * dy, cosine * dy - sine * dx]], np.float32),
            size=np.array([crop.size], np.float32),
            roll=np.array([crop.roll], np.float32),
        )

    def map(self, function: Callable[[Array], Array]) -> "CropCamera":
        """Apply `function` to each array."""
        return CropCamera(*(function(getattr(self, field.name)) for field in fields(self)))

    def __getitem__(self, index: Any) -> "CropCamera":
        """Index the batch."""
        return self.map(lambda array: array[index])

    @staticmethod
    def cat(cameras: "Sequence[CropCamera]") -> "CropCamera":
        """Concatenate batches along their first axis."""
        return CropCamera(*(concatenate([getattr(c, field.name) for c in cameras]) for field in fields(CropCamera)))

    def to(self, device: Any) -> "CropCamera":
        """The same as tensors on a torch device."""
        return self.map(lambda array: to_tensor(array, device))

    def box_information(self) -> Array:
        """CLIFF's (cx / f, cy / f, b / f) [..., 3], each scaled to a range of about -1 to 1."""
        x, y = self.center[..., 0], self.center[..., 1]
        return stack([3 * x / self.focal_length, 3 * y / self.focal_length, 2 * self.size / self.focal_length - 1], -1)

    def translation(self, crop_camera: Array) -> Array:
        """Convert crop cameras (s, tx, ty) [..., 3] to translations [..., 3] in the rolled camera, meters.

        t = (tx + 2 cx / (s b), ty + 2 cy / (s b), 2 f / (s b)), CLIFF eq. 4.
        """
        scale, tx, ty = crop_camera[..., 0], crop_camera[..., 1], crop_camera[..., 2]
        scaled_size = scale.clip(MIN_SCALE) * self.size
        x, y = self.center[..., 0], self.center[..., 1]
        return stack([tx + 2 * x / scaled_size, ty + 2 * y / scaled_size, 2 * self.focal_length / scaled_size], -1)

    def crop_camera(self, translation: Array) -> Array:
        """Convert translations [..., 3] in the rolled camera, meters, to crop cameras (s, tx, ty) [..., 3]."""
        x, y, z = translation[..., 0], translation[..., 1], translation[..., 2]
        cx, cy = self.center[..., 0], self.center[..., 1]
        scale = 2 * self.focal_length / (z * self.size)
        return stack([scale, x - cx * z / self.focal_length, y - cy * z / self.focal_length], -1)

    def project(self, points: Array) -> Array:
        """Project points [..., N, 3] in the rolled camera, meters, to crop pixels [..., N, 2]."""
        image = project(points, self.focal_length[..., None, None], 0.0)
        return (image - self.center[..., None, :]) * (CROP_SIZE / self.size[..., None, None]) + CROP_CENTER

    def from_crop_pixels(self, pixels: Array) -> Array:
        """Convert crop pixels [..., 2] to frame pixels [..., 2] relative to the principal point."""
        rolled = self.center + (pixels - CROP_CENTER) * (self.size / CROP_SIZE)[..., None]
        return (rotation_z(self.roll)[..., :2, :2] @ rolled[..., None])[..., 0]

    def to_crop_pixels(self, pixels: Array) -> Array:
        """Convert frame pixels [..., 2] relative to the principal point to crop pixels [..., 2]."""
        rolled = (rotation_z(-self.roll)[..., :2, :2] @ pixels[..., None])[..., 0]
        return (rolled - self.center) * (CROP_SIZE / self.size)[..., None] + CROP_CENTER

    def roll_camera(self, vectors: Array) -> Array:
        """Convert vectors or points [..., 3] from the camera frame to the rolled camera."""
        return (rotation_z(-self.roll) @ vectors[..., None])[..., 0]

    def unroll_camera(self, vectors: Array) -> Array:
        """Convert vectors or points [..., 3] from the rolled camera to the camera frame."""
        return (rotation_z(self.roll) @ vectors[..., None])[..., 0]

    def roll_rotation(self, global_orient: Array) -> Array:
        """Convert body orientations [..., 3, 3] from the camera frame to the rolled camera."""
        return rotation_z(-self.roll) @ global_orient

    def unroll_rotation(self, global_orient: Array) -> Array:
        """Convert body orientations [..., 3, 3] from the rolled camera to the camera frame."""
        return rotation_z(self.roll) @ global_orient
