"""The people in the frame that the engine processes, drawn over the 3D Viewport while an import or a recording runs.

The picture has the shape of the video and shows the skeletons as they are in the frame: the motion in space is known
only later. It is drawn by a handler, so that the scene and the undo steps do not change.
"""

import time
from typing import Any, NamedTuple

import bpy
import gpu

from tar_core.preview import LINES, Point, Preview

from .blender_types import preferences_of
from .drawing import draw_lines, draw_text, fill
from .person_colors import Color, person_color

_SHARE, _LIVE_SHARE = 0.3, 0.6  # of the viewport's width and height that the picture may have
_MARGIN, _TEXT_SIZE, _LINE_WIDTH = 12, 12, 2  # pixels, times the scale of the interface
_BACKGROUND, _WHITE = (0.08, 0.08, 0.08, 0.8), (1.0, 1.0, 1.0, 1.0)

_preview: Preview | None = None
_used_colors = 0
_handler: Any = None
_timed: Preview | None = None  # of which the delay is known
_delay: float | None = None  # seconds


class Rectangle(NamedTuple):
    """A rectangle of the region, pixels from its bottom left corner."""

    x0: float
    y0: float
    x1: float
    y1: float


def show_preview(preview: Preview, used_colors: int) -> None:
    """Show a preview in place of the last one; without a window, nothing is drawn.

    Args:
        used_colors: the highest number of a color of the people in the file, from which those of an import go on.
    """
    if not bpy.app.background:
        _add(preview, used_colors)


def _add(preview: Preview, used_colors: int) -> None:
    global _preview, _used_colors, _handler
    _preview, _used_colors = preview, used_colors
    if _handler is None:
        _handler = bpy.types.SpaceView3D.draw_handler_add(_draw, (), "WINDOW", "POST_PIXEL")


def hide_preview() -> None:
    """Remove the preview, if there is one."""
    global _preview, _handler, _delay
    if _handler is not None:
        bpy.types.SpaceView3D.draw_handler_remove(_handler, "WINDOW")
    _preview = _handler = _delay = None


def is_preview_shown() -> bool:
    return _handler is not None


def live_delay() -> float | None:
    """Seconds from the arrival of an image until its people were last drawn; None without a live preview."""
    return _delay


def track_color(track: int) -> Color:
    """The color of a person in the preview, which the body will have."""
    return person_color(_used_colors + track)


def picture_area(width: int, height: int, space: Rectangle, margin: float, share: float = _SHARE) -> Rectangle:
    """The largest rectangle with the shape of the video in the bottom left part of a region.

    Args:
        width, height: of the video.
        space: the part of the region that is not covered.
        margin: distance from the corner.
        share: of the width and height of the space that the rectangle may have.
    """
    scale = share * min((space.x1 - space.x0) / width, (space.y1 - space.y0) / height)
    x, y = space.x0 + margin, space.y0 + margin
    return Rectangle(x, y, x + scale * width, y + scale * height)


def skeleton_lines(points: tuple[Point, ...], preview: Preview, area: Rectangle) -> list[tuple[float, float]]:
    """The two ends of each line of a person in the picture; lines that leave the frame are left out."""
    scale_x, scale_y = (area.x1 - area.x0) / preview.width, (area.y1 - area.y0) / preview.height
    lines = [[points[end] for end in line] for line in LINES]
    return [
        (area.x0 + scale_x * (x + 0.5), area.y1 - scale_y * (y + 0.5))
        for line in lines
        if all(-0.5 <= x <= preview.width - 0.5 and -0.5 <= y <= preview.height - 0.5 for x, y in line)
        for x, y in line
    ]


def _draw() -> None:
    preview = _preview
    if preview is None:
        return
    scale = preferences_of(bpy.context).system.ui_scale
    is_live = preview.time is not None
    share = _LIVE_SHARE if is_live else _SHARE
    area = picture_area(preview.width, preview.height, uncovered(bpy.context), _MARGIN * scale, share)
    gpu.state.blend_set("ALPHA")
    fill(_BACKGROUND, area)
    for track, points in preview.people.items():
        if lines := skeleton_lines(points, preview, area):
            draw_lines(track_color(track), _LINE_WIDTH * scale, lines)
    gpu.state.blend_set("NONE")
    place = area.x0 + _MARGIN * scale / 2, area.y1 - 1.5 * _TEXT_SIZE * scale
    draw_text(_WHITE, _TEXT_SIZE * scale, *place, _caption(preview))


def _caption(preview: Preview) -> str:
    """The text in the picture; takes the time at which a live preview is drawn first."""
    global _delay, _timed
    if preview.time is None:
        return f"Frame {preview.frame}"
    if _timed is not preview:
        _timed, _delay = preview, max(0.0, time.time() - preview.time)
    return delay_text(_delay or 0.0) if preview.people else "Live preview: nobody found"


def delay_text(delay: float) -> str:
    """How far a live preview is behind, as text."""
    return f"Live preview: {delay:.2f} s behind"


def uncovered(context: bpy.types.Context) -> Rectangle:
    """The part of the viewport between the toolbar, the sidebar and the headers, which may cover it."""
    area: Any = context.area
    region: Any = context.region
    left, right, bottom, top = 0, region.width, 0, region.height
    for other in area.regions if preferences_of(context).system.use_region_overlap else ():
        x, y = other.x - region.x, other.y - region.y
        if other.type == "TOOLS" and other.width > 1:
            left = max(left, x + other.width)
        if other.type == "UI" and other.width > 1:
            right = min(right, x)
        if other.type in ("HEADER", "TOOL_HEADER") and other.height > 1 and y > region.height / 2:
            top = min(top, y)
        elif other.type in ("HEADER", "TOOL_HEADER") and other.height > 1:
            bottom = max(bottom, y + other.height)
    return Rectangle(left, bottom, max(right, left + 1), max(top, bottom + 1))


def register() -> None:
    """The handler is added with the first preview."""


unregister = hide_preview
