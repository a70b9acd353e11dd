"""Drawing over an editor with the GPU, in pixels of its region. Only draw handlers may call these functions."""

from collections.abc import Iterable, Sequence
from typing import Any

import blf
import gpu
from gpu_extras.batch import batch_for_shader

Color = tuple[float, float, float, float]


def fill(color: Color, *rectangles: Sequence[float]) -> None:
    """Fill rectangles x0, y0, x1, y1."""
    triangles: list[tuple[float, float]] = []
    for x0, y0, x1, y1 in rectangles:
        triangles += [(x0, y0), (x1, y0), (x1, y1), (x0, y0), (x1, y1), (x0, y1)]
    shader: Any = gpu.shader.from_builtin("UNIFORM_COLOR")
    shader.uniform_float("color", color)
    batch_for_shader(shader, "TRIS", {"pos": triangles}).draw(shader)


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
