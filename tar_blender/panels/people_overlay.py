"""A frame of the video with the boxes of the detected people, drawn over the 3D Viewport while people are picked."""

from typing import Any

import bpy
import numpy as np
from gpu_extras.presets import draw_texture_2d

from tar_core.people.selection import Pictures

from ..properties.people_picker import picked_scan, shown_frame
from ..util.blender_types import preferences_of
from ..util.drawing import draw_text, fill, outline, picture_texture
from ..util.person_colors import Color, person_color
from ..util.preview import Rectangle, picture_area, uncovered

_SHARE = 0.6  # of the viewport's width and height that the picture may have
_MARGIN, _TEXT_SIZE = 12, 14  # pixels, times the scale of the interface
_LINE, _THIN_LINE = 2, 1  # width of the boxes of people who are selected, and of the others
_DARK = (0.08, 0.08, 0.08, 1.0)

_handler: Any = None
_texture: tuple[Pictures, int, Any] | None = None  # of the picture that was drawn last


def box_in_picture(box: np.ndarray, pictures: Pictures, area: Rectangle) -> Rectangle:
    """Where a box [4] (pixels of the video) is in the region; cut off at the border of the picture."""
    height, width = pictures.images.shape[1:3]
    x0, y0, x1, y1 = (box + 0.5) / pictures.scale  # (0, 0) is the center of the first pixel
    left, right = (area.x0 + (area.x1 - area.x0) * min(max(x / width, 0.0), 1.0) for x in (x0, x1))
    top, bottom = (area.y1 - (area.y1 - area.y0) * min(max(y / height, 0.0), 1.0) for y in (y0, y1))
    return Rectangle(left, bottom, right, top)


def _draw() -> None:
    context: Any = bpy.context
    scan = picked_scan(context)
    is_free = context.space_data.overlay.show_overlays and not context.window_manager.tar_progress.running
    if scan is None or scan.pictures is None or not is_free:
        return
    pictures, detected = scan.pictures, context.window_manager.tar_detected
    index = int(np.abs(pictures.frames - shown_frame(context, detected)).argmin())
    frame = int(pictures.frames[index])
    scale = preferences_of(context).system.ui_scale
    height, width = pictures.images.shape[1:3]
    area = picture_area(width, height, uncovered(context), _MARGIN * scale, _SHARE)
    draw_texture_2d(_texture_of(pictures, index), (area.x0, area.y0), area.x1 - area.x0, area.y1 - area.y0)
    selected = {row.person_id for row in detected.people if row.selected}
    boxes = {person.person_id: person.box_at(frame) for person in scan.people}
    for person_id, box in boxes.items():
        if box is not None:
            color = person_color(detected.used_colors + person_id)
            _draw_box(str(person_id), color, box_in_picture(box, pictures, area), person_id in selected, scale)


def _draw_box(name: str, color: Color, box: Rectangle, is_selected: bool, scale: float) -> None:
    fill(color, *outline(*box, (_LINE if is_selected else _THIN_LINE) * scale))
    size = _TEXT_SIZE * scale
    fill(color if is_selected else _DARK, (box.x0, box.y1 - 1.5 * size, box.x0 + (len(name) + 1) * size / 2, box.y1))
    draw_text(_DARK if is_selected else color, size, box.x0 + 0.25 * size, box.y1 - 1.1 * size, name)


def _texture_of(pictures: Pictures, index: int) -> Any:
    global _texture
    if _texture is None or _texture[0] is not pictures or _texture[1] != index:
        _texture = pictures, index, picture_texture(pictures.images[index])
    return _texture[2]


def register() -> None:
    global _handler
    if not bpy.app.background:
        _handler = bpy.types.SpaceView3D.draw_handler_add(_draw, (), "WINDOW", "POST_PIXEL")


def unregister() -> None:
    global _handler, _texture
    if _handler is not None:
        bpy.types.SpaceView3D.draw_handler_remove(_handler, "WINDOW")
    _handler = _texture = None
