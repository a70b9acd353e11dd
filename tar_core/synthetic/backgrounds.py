"""Backgrounds of rendered people, and the lighting that matches them.

A photograph fills the whole frame. A panorama (equirectangular, high dynamic range, y up) is projected by the scene's
camera and lights the person.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tar_core.errors import TarError
from tar_core.synthetic.renderer import Lighting

os.environ.setdefault("OPENCV_IO_ENABLE_OPENEXR", "1")
import cv2  # after setting the variable, without which it does not read EXR files

_PANORAMAS = {".exr", ".hdr"}
_PHOTOS = {".jpg", ".jpeg", ".png"}
_SUN_CLIP = 8.0  # radiance above this multiple of the mean belongs to the sun


@dataclass(frozen=True)
class Background:
    """A frame without the person.

    Attributes:
        image: [H, W, 3] uint8 RGB.
        lighting: the light on the person.
    """

    image: np.ndarray
    lighting: Lighting


class Backgrounds:
    """The photographs (.jpg, .png) and panoramas (.exr, .hdr) of a folder, kept in memory.

    Raises:
        TarError: the folder has no photographs, or a file is damaged.
    """

    def __init__(self, folder: Path):
        files = sorted(folder.iterdir()) if folder.is_dir() else []
        self.photos = [_read(file, cv2.IMREAD_COLOR) for file in files if file.suffix.lower() in _PHOTOS]
        self.panoramas = read_panoramas(files)
        if not self.photos:
            raise TarError(
                f"{folder}: no photographs (.jpg, .png); put some there, or download some with"
                " `python -m scripts.fetch.training_pictures`"
            )

    def sample(
        self, random: np.random.Generator, size: tuple[int, int], focal_length: float, camera_from_world: np.ndarray
    ) -> Background:
        """Draw a random background.

        Args:
            size: width and height of the frame, pixels.
            focal_length: pixels; the principal point is the center of the frame.
            camera_from_world: [3, 3] rotation.
        """
        if self.panoramas and random.random() < 0.5:
            panorama = self.panoramas[random.integers(len(self.panoramas))]
            panorama = np.roll(panorama, random.integers(panorama.shape[1]), axis=1)
            exposure = 0.45 / max(float(np.median(panorama)), 1e-3) * np.exp(random.normal() * 0.25)
            # Panoramas have so few pixels that a projection at low resolution loses nothing.
            coarse = max(1, max(size) // 640)
            small = (size[0] // coarse, size[1] // coarse)
            view = panorama_view(panorama, small, focal_length / coarse, camera_from_world) * exposure
            image = cv2.resize((_tone(view) * 255).astype(np.uint8), size, interpolation=cv2.INTER_LINEAR)
            lighting = panorama_lighting(panorama)
            return Background(image, _balanced(lighting, exposure, random))
        photo = self.patch(random, size)
        return Background(photo, random_lighting(random))

    def patch(self, random: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
        """Cut a random rectangle of the given aspect ratio from a photograph and resize it.

        Args:
            size: width and height, pixels.

        Returns:
            [height, width, 3] uint8 RGB.
        """
        photo = self.photos[random.integers(len(self.photos))]
        height, width = photo.shape[:2]
        scale = min(width / size[0], height / size[1]) * random.uniform(0.55, 1.0)
        w, h = max(2, int(size[0] * scale)), max(2, int(size[1] * scale))
        x, y = random.integers(0, width - w + 1), random.integers(0, height - h + 1)
        piece = photo[y : y + h, x : x + w]
        if random.random() < 0.5:
            piece = piece[:, ::-1]
        return cv2.resize(piece, size, interpolation=cv2.INTER_AREA if scale > 1 else cv2.INTER_LINEAR)


def read_panoramas(files: list[Path]) -> list[np.ndarray]:
    """Read the panoramas among the files, as [H, W, 3] float32 radiance."""
    return [
        np.clip(_read(file, cv2.IMREAD_UNCHANGED)[..., :3], 0, 1e4).astype(np.float32)
        for file in files
        if file.suffix.lower() in _PANORAMAS
    ]


def _read(file: Path, flags: int) -> np.ndarray:
    image = cv2.imread(str(file), flags)
    if image is None:
        raise TarError(f"{file}: not a readable background image; remove it from the folder")
    return np.ascontiguousarray(image[..., 2::-1])


def _tone(linear: np.ndarray) -> np.ndarray:
    """Convert linear light to sRGB 0..1 with the tone curve of person.frag."""
    return np.clip(linear / (1 + 0.25 * linear), 0, 1) ** (1 / 2.2)


def panorama_view(
    panorama: np.ndarray, size: tuple[int, int], focal_length: float, camera_from_world: np.ndarray
) -> np.ndarray:
    """Project an equirectangular panorama, whose center is -z, to a pinhole camera.

    Args:
        panorama: [rows, columns, 3].
        size: width and height of the image, pixels.
        focal_length: pixels.
        camera_from_world: [3, 3] rotation.

    Returns:
        [height, width, 3].
    """
    width, height = size
    x, y = np.meshgrid(
        np.arange(width, dtype=np.float32) - (width - 1) / 2, np.arange(height, dtype=np.float32) - (height - 1) / 2
    )
    # Row vectors times the matrix: the inverse rotation.
    rays = np.stack([x, y, np.full_like(x, focal_length)], -1) @ camera_from_world.astype(np.float32)
    rows, columns = panorama.shape[:2]
    u = (np.arctan2(rays[..., 0], -rays[..., 2]) / (2 * np.pi) + 0.5) * columns - 0.5
    v = np.arccos(rays[..., 1] / np.linalg.norm(rays, axis=-1)) / np.pi * rows - 0.5
    # One more column on each side, for interpolation across the seam.
    wrapped = np.concatenate([panorama[:, -1:], panorama, panorama[:, :1]], 1)
    return cv2.remap(
        wrapped, (u + 1).astype(np.float32), v.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def panorama_lighting(panorama: np.ndarray) -> Lighting:
    """Decompose a panorama [rows, columns, 3] into a sun and nine spherical harmonics (Ramamoorthi, Hanrahan 2001)."""
    small = cv2.resize(panorama, (64, 32), interpolation=cv2.INTER_AREA)
    u = (np.arange(64) + 0.5) / 64 * 2 * np.pi - np.pi
    v = ((np.arange(32) + 0.5) / 32 * np.pi)[:, None]
    x, y, z = np.sin(v) * np.sin(u), np.cos(v) * np.ones_like(u), -np.sin(v) * np.cos(u)
    solid_angle = np.sin(v) * (np.pi / 32) * (2 * np.pi / 64)

    luminance = small.mean(-1)
    limit = _SUN_CLIP * float((luminance * solid_angle).sum() / (4 * np.pi))
    scale = np.minimum(1, limit / np.maximum(luminance, 1e-6))[..., None]
    excess = small * (1 - scale) * solid_angle[..., None]
    weight = excess.mean(-1) + 1e-6 * luminance * solid_angle * (y > 0)
    direction = np.array([(axis * weight).sum() for axis in (x, y, z)])
    direction /= np.linalg.norm(direction) + 1e-9

    basis = np.stack([np.ones_like(x), y, z, x, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y])
    # Squared norms of the basis over the sphere, and the attenuation of each band by diffuse reflection.
    norms = 4 * np.pi * np.array([1, 1 / 3, 1 / 3, 1 / 3, 1 / 15, 1 / 15, 4 / 5, 1 / 15, 4 / 15])
    diffuse = np.array([1, 2 / 3, 2 / 3, 2 / 3, 1 / 4, 1 / 4, 1 / 4, 1 / 4, 1 / 4])
    projected = np.einsum("khw,hwc,hw->kc", basis, small * scale, solid_angle)
    return Lighting(direction, excess.sum((0, 1)) / np.pi, projected * (diffuse / norms)[:, None])


def _balanced(lighting: Lighting, exposure: float, random: np.random.Generator) -> Lighting:
    """Imitate a camera's automatic exposure and white balance: limit the brightness, move colors toward gray."""
    color = (lighting.ambient[0] + 0.5 * lighting.sun_color) * exposure
    brightness = max(float(color.mean()), 1e-6)
    gain = np.clip(brightness, 0.55, 1.3) / brightness * np.exp(random.normal() * 0.15)
    gain = gain * (brightness / np.maximum(color, 1e-6)) ** random.uniform(0.4, 0.9)
    return Lighting(lighting.sun_direction, lighting.sun_color * gain, lighting.ambient * gain, exposure)


def random_lighting(random: np.random.Generator) -> Lighting:
    """Draw daylight or lamps of any color and direction, for photographs, whose lighting is unknown."""
    azimuth, height = random.uniform(-np.pi, np.pi), random.uniform(0.2, 1.35)
    direction = np.array([np.cos(height) * np.sin(azimuth), np.sin(height), np.cos(height) * np.cos(azimuth)])
    warmth = np.array([1, random.uniform(0.85, 1), random.uniform(0.7, 1)])
    sky = random.uniform(0.35, 0.8) * np.array([random.uniform(0.85, 1.1), 1, random.uniform(0.9, 1.15)])
    ambient = np.zeros((9, 3))
    ambient[0] = sky
    ambient[1] = sky * random.uniform(0.05, 0.4)
    ambient[2:4] = sky * random.normal(size=(2, 1)) * 0.15
    ambient[4:] = sky * random.normal(size=(5, 1)) * 0.05
    return Lighting(direction, warmth * random.uniform(0.1, 1.1), ambient, random.uniform(0.9, 1.3))


def noise_background(random: np.random.Generator, side: int) -> np.ndarray:
    """Blurred noise [side, side, 3] of low saturation, uint8 RGB."""
    image = np.zeros((side, side, 3), np.float32)
    for cells, strength in ((2, 50), (6, 40), (20, 25), (80, 15)):
        noise = random.normal(size=(cells, cells, 1)) + 0.3 * random.normal(size=(cells, cells, 3))
        noise = noise.astype(np.float32) * random.uniform(0, strength)
        image += cv2.resize(noise, (side, side), interpolation=cv2.INTER_CUBIC)
    return np.clip(image + random.uniform(40, 215), 0, 255).astype(np.uint8)
