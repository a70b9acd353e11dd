"""Drawing over an editor with the GPU, in pixels of its region. Only draw handlers may call these functions."""

from collections.abc import Iterable, Sequence
from inspect import signature
from typing import Any

import blf
import gpu
import numpy as np
from gpu_extras.batch import batch_for_shader
from gpu_extras.presets import draw_texture_2d

# Older versions of Blender convert the values of a texture to sRGB when they draw it; newer ones do so on request.
_EXPECTS_LINEAR = "is_scene_linear_with_rec709_srgb_target" not in signature(draw_texture_2d).parameters

Color = tuple[float, float, float, float]


def fill(color: Color, *rectangles: Sequence[float]) -> None:
    """Fill rectangles x0, y0, x1, y1."""
    triangles: list[tuple[float, float]] = []
    for x0, y0, x1, y1 in rectangles:
        triangles += [(x0, y0), (x1, y0), (x1, y1), (x0, y0), (x1, y1), (x0, y1)]
    shader: Any = gpu.shader.from_builtin("UNIFORM_COLOR")
    shader.uniform_float("color", color)
    batch_for_shader(shader, "TRIS", {"pos": triangles}).draw(shader)


def outline(x0: float, y0: float, x1: float, y1: float, width: float) -> list[tuple[float, ...]]:
    """Return four thin rectangles around a rectangle."""
    left, below, right, above = x0 - width, y0 - width, x1 + width, y1 + width
    return [(left, below, x0, above), (x1, below, right, above), (left, below, right, y0), (left, y1, right, above)]


def picture_texture(pixels: np.ndarray) -> Any:
    """Load pixels [H, W, 3] uint8, sRGB, top row first, into a texture for `draw_texture_2d`."""
    height, width = pixels.shape[:2]
    levels = np.arange(256) / 255
    if _EXPECTS_LINEAR:
        levels = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)  # IEC 61966-2-1
    colors = np.ones((height, width, 4), np.float32)
    colors[..., :3] = levels[pixels[::-1]]
    types: Any = gpu.types  # the stubs declare its constructors without arguments
    return types.GPUTexture((width, height), format="RGBA16F", data=types.Buffer("FLOAT", colors.size, colors.ravel()))


def draw_lines(color: Color, width: float, ends: Iterable[tuple[float, float]]) -> None:
    """Draw a line between the first and the second point, the third and the fourth, and so on."""
    shader: Any = gpu.shader.from_builtin("POLYLINE_UNIFORM_COLOR")
    state: Any = gpu.state  # the stubs declare its functions without results
    shader.uniform_float("viewportSize", state.viewport_get()[2:])
    shader.uniform_float("lineWidth", width)
    shader.uniform_float("color", color)
    batch_for_shader(shader, "LINES", {"pos": [(x, y, 0.0) for x, y in ends]}).draw(shader)


def draw_text(color: Color, size: float, x: float, y: float, text: str) -> None:
    blf.size(0, size)
    blf.color(0, *color)
    blf.position(0, x, y, 0)
    blf.draw(0, text)
