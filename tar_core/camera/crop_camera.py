"""The full-image perspective camera (CLIFF, Li et al., ECCV 2022), seen from a roll-normalized crop.

A crop may be turned in the image plane by an angle r. Turning the image about its principal point equals rolling the
camera about its optical axis, so the network works in the ROLLED camera, in which every crop is upright; `unroll`
turns its result back. Nothing is approximated by that.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor

from tar_core.camera.crop import CROP_CENTER, CROP_SIZE, Crop
from tar_core.rotations import rotation_z

MIN_DEPTH = 0.1  # meters; points nearer than that (or behind) are projected as if they lay there
MIN_SCALE = 0.1  # of the crop camera's s: a crop that spans 20 m


def default_focal_length(width: int, height: int) -> float:
    """CLIFF's guess for an unknown camera: the image's diagonal in pixels (a field of view of 53 degrees across it)."""
    return math.hypot(width, height)


def focal_length_from_fov(width: int, height: int, degrees: float) -> float:
    """Focal length in pixels of a camera whose longer image side spans `degrees`."""
    return max(width, height) / (2 * math.tan(math.radians(degrees) / 2))


def image_center(width: int, height: int) -> tuple[float, float]:
    """The principal point of a camera of which nothing else is known; (0, 0) is the first pixel's center."""
    return (width - 1) / 2, (height - 1) / 2


def project(points: Any, focal_length: Any, principal_point: Any) -> Any:
    """Pinhole projection: camera-frame points [..., 3] (numpy or torch) -> pixels [..., 2]."""
    return focal_length * points[..., :2] / points[..., 2:].clip(MIN_DEPTH) + principal_point


@dataclass
class CropCamera:
    """Cameras of a batch of crops; every tensor has the same batch shape `...`.

    Attributes:
        focal_length: [...] pixels.
        center: [..., 2] the crop's center relative to the principal point in the ROLLED image, pixels (CLIFF's cx, cy).
        size: [...] the crop's side, pixels (CLIFF's b).
        roll: [...] radians, as in `Crop`.
    """

    focal_length: Tensor
    center: Tensor
    size: Tensor
    roll: Tensor

    @classmethod
    def from_crop(cls, crop: Crop, focal_length: float, principal_point: Sequence[float]) -> "CropCamera":
        """The camera of one crop, with batch shape [1]."""
        dx, dy = crop.center_x - principal_point[0], crop.center_y - principal_point[1]
        cosine, sine = math.cos(crop.roll), math.sin(crop.roll)
        return cls(
            focal_length=torch.tensor([focal_length], dtype=torch.float32),
            center=torch.tensor([[cosine * dx + sine * dy, cosine * dy - sine * dx]], dtype=torch.float32),
            size=torch.tensor([crop.size], dtype=torch.float32),
            roll=torch.tensor([crop.roll], dtype=torch.float32),
        )

    def __getitem__(self, index: Any) -> "CropCamera":
        """The cameras at `index` of the batch."""
        return CropCamera(*(getattr(self, field.name)[index] for field in fields(self)))

    @staticmethod
    def cat(cameras: "Sequence[CropCamera]") -> "CropCamera":
        """Joins batches along their first axis."""
        return CropCamera(*(torch.cat([getattr(c, field.name) for c in cameras]) for field in fields(CropCamera)))

    def to(self, device: torch.device | str) -> "CropCamera":
        return CropCamera(*(getattr(self, field.name).to(device) for field in fields(self)))

    def box_information(self) -> Tensor:
        """CLIFF's (cx / f, cy / f, b / f) [..., 3], each scaled to about unit range."""
        x, y = self.center.unbind(-1)
        return torch.stack(
            [3 * x / self.focal_length, 3 * y / self.focal_length, 2 * self.size / self.focal_length - 1], -1
        )

    def translation(self, crop_camera: Tensor) -> Tensor:
        """Crop prediction (s, tx, ty) [..., 3] -> translation [..., 3] in the rolled camera, meters.

        t = (tx + 2 cx / (s b), ty + 2 cy / (s b), 2 f / (s b)), CLIFF eq. 4.
        """
        scale, tx, ty = crop_camera.unbind(-1)
        scaled_size = scale.clamp_min(MIN_SCALE) * self.size
        x, y = self.center.unbind(-1)
        return torch.stack(
            [tx + 2 * x / scaled_size, ty + 2 * y / scaled_size, 2 * self.focal_length / scaled_size], -1
        )

    def crop_camera(self, translation: Tensor) -> Tensor:
        """The inverse of `translation`: [..., 3] meters in the rolled camera -> (s, tx, ty) [..., 3]."""
        x, y, z = translation.unbind(-1)
        cx, cy = self.center.unbind(-1)
        scale = 2 * self.focal_length / (z * self.size)
        return torch.stack([scale, x - cx * z / self.focal_length, y - cy * z / self.focal_length], -1)

    def project(self, points: Tensor) -> Tensor:
        """Points [..., N, 3] in the rolled camera, meters -> crop pixels [..., N, 2]."""
        image = project(points, self.focal_length[..., None, None], 0.0)
        return (image - self.center[..., None, :]) * (CROP_SIZE / self.size[..., None, None]) + CROP_CENTER

    def from_crop_pixels(self, pixels: Tensor) -> Tensor:
        """Crop pixels [..., 2] -> image pixels [..., 2] from the principal point, the crop's roll undone."""
        rolled = self.center + (pixels - CROP_CENTER) * (self.size / CROP_SIZE)[..., None]
        return (rotation_z(self.roll)[..., :2, :2] @ rolled[..., None])[..., 0]

    def to_crop_pixels(self, pixels: Tensor) -> Tensor:
        """The inverse of `from_crop_pixels`."""
        rolled = (rotation_z(-self.roll)[..., :2, :2] @ pixels[..., None])[..., 0]
        return (rolled - self.center) * (CROP_SIZE / self.size)[..., None] + CROP_CENTER

    def roll_camera(self, vectors: Tensor) -> Tensor:
        """Camera-frame vectors or points [..., 3] -> the rolled camera's frame."""
        return (rotation_z(-self.roll) @ vectors[..., None])[..., 0]

    def unroll_camera(self, vectors: Tensor) -> Tensor:
        """Vectors or points [..., 3] in the rolled camera's frame -> the camera's own frame."""
        return (rotation_z(self.roll) @ vectors[..., None])[..., 0]

    def roll_rotation(self, global_orient: Tensor) -> Tensor:
        """A body's orientation [..., 3, 3] in the camera's frame -> in the rolled camera's."""
        return rotation_z(-self.roll) @ global_orient

    def unroll_rotation(self, global_orient: Tensor) -> Tensor:
        """A body's orientation [..., 3, 3] in the rolled camera's frame -> in the camera's own."""
        return rotation_z(self.roll) @ global_orient
