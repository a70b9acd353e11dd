"""Backdrops of the world benchmark: panoramas, and rooms and fields with a textured floor at y = 0.

A panorama is infinitely far away: its horizon and vertical lines are true, but it has no floor that a moving camera
could measure. Rooms and fields have depth: every ray is intersected with the floor, the walls and the ceiling.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from benchmarks.pinhole import intrinsics
from tar_core.synthetic.backgrounds import panorama_lighting, panorama_view, random_lighting, read_panoramas
from tar_core.synthetic.renderer import Lighting

TEXELS = 96  # texels per meter
TILE = 4.0  # side of a floor's texture, meters
LEVELS = 5  # of the textures' pyramids
HALF_WIDTH, BACK, FRONT, CEILING = 5.0, -5.5, 14.0, 3.2  # walls and ceiling of the room, meters


@dataclass(frozen=True)
class Surface:
    """A plane with a tiling texture pyramid.

    Attributes:
        axis, offset: the plane x[axis] = offset in the world.
        across: the other two axes, in the order of the texture's columns and rows.
        pyramid: images, each half as large as the one before.
        texels: per meter, of the first image.
    """

    axis: int
    offset: float
    across: tuple[int, int]
    pyramid: list[np.ndarray]
    texels: float = TEXELS


@dataclass(frozen=True)
class Backdrop:
    """What is behind the people.

    Attributes:
        surfaces: planes with finite distance.
        panorama: [H, W, 3] uint8 sRGB, behind the surfaces; None in a closed room.
        lighting: the light on the people.
    """

    surfaces: list[Surface]
    panorama: np.ndarray | None
    lighting: Lighting

    def view(
        self, rotation: np.ndarray, position: np.ndarray, focal_length: float, size: tuple[int, int]
    ) -> np.ndarray:
        """The image [H, W, 3] uint8 without people.

        Args:
            rotation: [3, 3] from the world to the camera.
            position: [3] of the camera, meters.
        """
        if self.panorama is None:
            image = np.zeros((size[1], size[0], 3), np.uint8)
        else:
            # Panoramas have so few pixels that a view of half the size loses nothing.
            half = (size[0] // 2, size[1] // 2)
            image = cv2.resize(panorama_view(self.panorama, half, focal_length / 2, rotation), size)
        if not self.surfaces:
            return image
        x, y = np.meshgrid(np.arange(size[0], dtype=np.float32), np.arange(size[1], dtype=np.float32))
        to_rays = (rotation.T @ np.linalg.inv(intrinsics(focal_length, size))).astype(np.float32)
        rays = np.stack([x, y, np.ones_like(x)], -1) @ to_rays.T
        nearest = np.full(x.shape, np.float32(60))
        for surface in self.surfaces:
            with np.errstate(divide="ignore", invalid="ignore"):
                distance = np.float32(surface.offset - position[surface.axis]) / rays[..., surface.axis]
            hit = (distance > 0) & (distance < nearest)
            nearest[hit] = distance[hit]
            _paint(image, surface, hit, rays, distance, position.astype(np.float32), focal_length)
        return image


def _paint(
    image: np.ndarray,
    surface: Surface,
    hit: np.ndarray,
    rays: np.ndarray,
    distance: np.ndarray,
    position: np.ndarray,
    focal_length: float,
) -> None:
    """Draw a surface where rays hit it, from the level of its pyramid that suits the distance."""
    rows, columns = np.nonzero(hit)
    if not len(rows):
        return
    depth = distance[rows, columns]
    points = position + rays[rows, columns] * depth[:, None]
    slant = np.abs(rays[rows, columns, surface.axis]) / np.linalg.norm(rays[rows, columns], axis=1)
    texels = surface.texels * depth / focal_length / np.sqrt(np.maximum(slant, 0.02))  # per pixel, about
    level = np.clip(np.round(np.log2(np.maximum(texels, 1e-3))), 0, len(surface.pyramid) - 1).astype(int)
    for number in np.unique(level):
        chosen = level == number
        texture = surface.pyramid[number]
        scale = surface.texels / 2**number
        u, v = (np.mod(points[chosen, axis] * scale, texture.shape[1 - k]) for k, axis in enumerate(surface.across))
        padded = cv2.copyMakeBorder(texture, 0, 1, 0, 1, cv2.BORDER_WRAP)
        # OpenCV limits the side of maps to 32767 values.
        count = -(-len(u) // 1024) * 1024
        maps = [np.resize(values, count).reshape(-1, 1024).astype(np.float32) for values in (u, v)]
        colors = cv2.remap(padded, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        image[rows[chosen], columns[chosen]] = colors.reshape(-1, 3)[: len(u)]


def make_backdrop(name: str, panoramas: Path, random: np.random.Generator) -> Backdrop:
    """Make a backdrop.

    Args:
        name: "room"; the name of a panorama's file without its suffix; or the same after "field:", for a panorama above
            a floor.
        panoramas: their folder.
    """
    if name == "room":
        return Backdrop(_room(random), None, random_lighting(random))
    field, _, panorama_name = name.rpartition(":")
    (panorama,) = read_panoramas([next(iter(sorted(panoramas.glob(f"{panorama_name}.*"))))])
    panorama = np.roll(panorama, random.integers(panorama.shape[1]), axis=1)
    exposure = 0.45 / max(float(np.median(panorama)), 1e-3)
    linear = panorama * exposure
    image = (np.clip(linear / (1 + 0.25 * linear), 0, 1) ** (1 / 2.2) * 255).astype(np.uint8)
    light = panorama_lighting(panorama)
    gain = 0.9 / max(float((light.ambient[0] + 0.5 * light.sun_color).mean()), 1e-6)
    lighting = Lighting(light.sun_direction, light.sun_color * gain, light.ambient * gain)
    floor = [Surface(1, 0.0, (0, 2), _pyramid(_ground_texture(random)))] if field else []
    return Backdrop(floor, image, lighting)


def _pyramid(texture: np.ndarray) -> list[np.ndarray]:
    levels = [texture]
    for _ in range(LEVELS - 1):
        levels.append(cv2.resize(levels[-1], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
    return levels


def _noise(random: np.random.Generator, side: int) -> np.ndarray:
    """Tiling noise [side, side] of several octaves, about -1 to 1."""
    total = np.zeros((side, side), np.float32)
    for cells, weight in ((4, 0.3), (16, 0.3), (64, 0.3), (side, 0.4)):
        coarse = random.normal(size=(cells, cells)).astype(np.float32)
        wrapped = cv2.copyMakeBorder(coarse, 1, 1, 1, 1, cv2.BORDER_WRAP)
        scale = side // cells
        large = cv2.resize(wrapped, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
        total += weight * large[scale : scale + side, scale : scale + side]
    return total


def _ground_texture(random: np.random.Generator) -> np.ndarray:
    """Grass, sand or gravel: noise without lines."""
    side = int(TILE * TEXELS)
    color = np.array([(90, 105, 60), (150, 130, 100), (120, 118, 115)][random.integers(3)], np.float32)
    noise = _noise(random, side)[..., None] * (18, 18, 14)
    return np.clip(color + noise, 0, 255).astype(np.uint8)


def _floor_texture(random: np.random.Generator) -> np.ndarray:
    """Tiles or planks with joints along the axes."""
    side = int(TILE * TEXELS)
    color = np.array([(160, 130, 95), (175, 172, 165), (110, 85, 65)][random.integers(3)], np.float32)
    image = np.tile(color, (side, side, 1)) + _noise(random, side)[..., None] * 7
    planks = bool(random.integers(2))
    steps = (TILE / 16, TILE / 2) if planks else (TILE / 8, TILE / 8)
    for column in range(round(TILE / steps[0])):
        for row in range(round(TILE / steps[1])):
            x, y = (int(k * step * TEXELS) for k, step in zip((column, row), steps, strict=True))
            image[y : y + int(steps[1] * TEXELS), x : x + int(steps[0] * TEXELS)] += random.normal() * 8
            image[y : y + 2, x : x + int(steps[0] * TEXELS)] -= 45
            image[y : y + int(steps[1] * TEXELS), x : x + 2] -= 45
    return np.clip(image, 0, 255).astype(np.uint8)


def _wall_texture(random: np.random.Generator, color: np.ndarray, width: float, height: float) -> np.ndarray:
    """A painted wall with a skirting board, a door, windows and pictures; row 0 is the bottom."""
    columns, rows = int(width * TEXELS), int(height * TEXELS)
    image = np.tile(color.astype(np.float32), (rows, columns, 1))
    image += (
        cv2.resize(random.normal(size=(rows // 8, columns // 8)).astype(np.float32), (columns, rows))[..., None] * 3
    )
    image[: int(0.12 * TEXELS)] *= 0.6
    image[-int(0.06 * TEXELS) :] *= 0.75
    x = 0.4
    while x < width - 1.6:
        kind = random.integers(4)
        left, wide = x, random.uniform(0.8, 1.5)
        low, high = [(0.0, 2.05), (0.95, 2.3), (1.3, 1.3 + 0.7 * wide), (0.0, 0.9)][kind]
        shade = color * random.uniform(0.3, 1.1) if kind != 1 else np.array([215.0, 225, 235])
        box = np.array([left, low, left + wide, high]) * TEXELS
        _framed(image, box.astype(int), shade)
        if kind == 1:  # a window's bars
            middle = int((box[0] + box[2]) / 2)
            image[int(box[1]) : int(box[3]), middle - 3 : middle + 3] = color * 0.5
        x += wide + random.uniform(0.3, 1.2)
    return np.clip(image, 0, 255).astype(np.uint8)


def _framed(image: np.ndarray, box: np.ndarray, color: np.ndarray) -> None:
    """Draw a rectangle with a dark frame."""
    left, low, right, high = box
    image[low:high, left:right] = color * 0.45
    image[low + 5 : high - 5, left + 5 : right - 5] = color


def _room(random: np.random.Generator) -> list[Surface]:
    """Floor, ceiling and four walls."""
    paint = np.array([(200, 195, 180), (170, 185, 195), (205, 180, 165)][random.integers(3)], float)
    depth, width = FRONT - BACK, 2 * HALF_WIDTH
    white = np.full((64, 64, 3), 225, np.uint8)
    walls = [(2, BACK, (0, 1), width), (0, -HALF_WIDTH, (2, 1), depth), (0, HALF_WIDTH, (2, 1), depth)]
    walls.append((2, FRONT, (0, 1), width))
    return [
        Surface(1, 0.0, (0, 2), _pyramid(_floor_texture(random))),
        Surface(1, CEILING, (0, 2), _pyramid(white)),
        *(
            Surface(axis, offset, across, _pyramid(_wall_texture(random, paint * shade, long, CEILING)))
            for (axis, offset, across, long), shade in zip(walls, (1.0, 0.85, 0.9, 0.8), strict=True)
        ),
    ]
