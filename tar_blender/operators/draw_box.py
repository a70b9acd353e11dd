"""Draw a box around a person on a frame of the video, for people whom the detector misses: close-ups, bad light."""

from typing import Any

import bpy
import gpu

from tar_core.duration import format_duration
from tar_core.errors import TarError
from tar_core.video.orientation import Orientation

from ..properties.settings import Box
from ..util.blender_types import OperatorResult
from ..util.drawing import draw_text, fill, outline
from ..util.registration import registration
from ..util.report import refuse
from ..util.video_info import load_image, read_video_info
from .targets import poll_no_import, poll_video

MIN_SIDE = 8  # pixels of the video; smaller boxes are clicks
HINT = "Drag a box around the whole person    Left, Right: Frame    Down, Up: Second    Wheel: Zoom    Esc: Cancel"

_TICK = 0.05  # seconds; time for Blender to lay out the editor
_BAR = 26  # pixels; height of the timeline at the bottom of the editor
_LINE = 2  # pixels; half the width of lines
_SHADE, _BLACK, _WHITE, _ORANGE = (0, 0, 0, 0.55), (0.08, 0.08, 0.08, 1), (1, 1, 1, 1), (1, 0.55, 0.1, 1)

Corner = tuple[float, float]


def pixel_box(corner: Corner, opposite: Corner, width: int, height: int) -> Box | None:
    """Return the box between two points of a frame, clipped to the frame.

    Args:
        corner: a corner of the box; as in Blender's editors, (0, 0) is the bottom left corner of the frame and (1, 1)
            the top right corner.
        opposite: the opposite corner of the box.
        width: of the frame in pixels.
        height: of the frame in pixels.

    Returns:
        x0, y0, x1, y1 in pixels, with (0, 0) at the center of the top left pixel; None if the box is too small.
    """
    across = sorted(round(min(max(x, 0.0), 1.0) * width - 0.5) for x, _ in (corner, opposite))
    down = sorted(round(min(max(1 - y, 0.0), 1.0) * height - 0.5) for _, y in (corner, opposite))
    x0, x1 = (min(max(x, 0), width - 1) for x in across)
    y0, y1 = (min(max(y, 0), height - 1) for y in down)
    return (x0, y0, x1, y1) if min(x1 - x0, y1 - y0) >= MIN_SIDE else None


def box_corners(box: Box, width: int, height: int) -> tuple[Corner, Corner]:
    """Return the bottom left and top right corners of a box as `pixel_box` takes them; its inverse."""
    x0, y0, x1, y1 = box
    return ((x0 + 0.5) / width, 1 - (y1 + 0.5) / height), ((x1 + 0.5) / width, 1 - (y0 + 0.5) / height)


def upright(point: Corner, orientation: Orientation) -> Corner:
    """Where a point of the frame that Blender shows is on the upright frame; (0, 0) is the bottom left corner."""
    x, y = orientation.shown(point[0], 1 - point[1])
    return x, 1 - y


def as_blender_shows(point: Corner, orientation: Orientation) -> Corner:
    """The inverse of `upright`."""
    x, y = orientation.stored(point[0], 1 - point[1])
    return x, 1 - y


class TAR_OT_draw_box(bpy.types.Operator):
    """Show the video in this 3D Viewport, to draw a box around the person to capture from that frame on"""

    # Meanwhile the 3D viewport becomes an image editor, which can show, zoom and pan videos.
    bl_idname = "tar.draw_box"
    bl_label = "Draw Box"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not (poll_video(cls, context) and poll_no_import(cls, context)):
            return False
        if context.area is None or context.area.type != "VIEW_3D":
            cls.poll_message_set("Use it in a 3D Viewport")
            return False
        return True

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        settings = context.scene.tar_settings
        try:
            self._info = read_video_info(settings.video_path)
        except TarError as error:
            return refuse(self, error)
        assert context.area is not None
        self._area = context.area
        self._space: Any = None  # of the image editor, once it is open
        self._frame = min(settings.box_frame, self._info.frames - 1)
        self._box = settings.drawn_box()
        self._begin: Corner | None = None  # corner of the box that is being drawn
        self._scrubbing = False
        self._handler, self._fitted = None, False
        self._timer = context.window_manager.event_timer_add(_TICK, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        if event.type == "TIMER":
            self._tick(context)
            return {"PASS_THROUGH"}
        if event.type in ("ESC", "RIGHTMOUSE") and event.value == "PRESS":
            self._close(context)
            return {"CANCELLED"}
        if not self._fitted:
            return {"RUNNING_MODAL"}
        if event.type == "LEFTMOUSE":
            return self._press(context, event) if event.value == "PRESS" else self._release(context, event)
        if event.type == "MOUSEMOVE":
            self._move(context, event)
        if event.type in _STEPS and event.value == "PRESS":
            count, seconds = _STEPS[event.type]
            self._go_to(context, self._frame + count + round(seconds * self._info.fps))
        if event.type in ("MIDDLEMOUSE", "WHEELUPMOUSE", "WHEELDOWNMOUSE", "TRACKPADPAN", "TRACKPADZOOM"):
            return {"PASS_THROUGH"}  # panning and zooming of the image editor
        return {"RUNNING_MODAL"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Called by Blender when another file is opened or Blender quits."""
        self._close(context)

    def _tick(self, context: bpy.types.Context) -> None:
        """Open the image editor, then fit the frame to it; the editor knows its size only after it was drawn once."""
        if self._space is None:
            self._open(context)
        elif not self._fitted:
            with context.temp_override(window=context.window, area=self._area, region=self._region()):
                bpy.ops.image.view_all(fit_view=True)
            self._fitted = True
        self._area.tag_redraw()

    def _open(self, context: bpy.types.Context) -> None:
        self._image = load_image(context.scene.tar_settings.video_path)
        self._area.type = "IMAGE_EDITOR"
        self._space = self._area.spaces.active
        self._editor_settings = {name: getattr(self._space, name) for name in ("image", "mode", "show_gizmo")}
        self._space.mode, self._space.image, self._space.show_gizmo = "VIEW", self._image, False
        self._go_to(context, self._frame)
        self._area.header_text_set(HINT)
        context.window.cursor_modal_set("CROSSHAIR")
        self._handler = self._space.draw_handler_add(self._draw, (), "WINDOW", "POST_PIXEL")

    def _close(self, context: bpy.types.Context) -> None:
        context.window_manager.event_timer_remove(self._timer)
        if self._space is None:
            return
        self._space.draw_handler_remove(self._handler, "WINDOW")
        context.window.cursor_modal_restore()
        self._area.header_text_set(None)
        for name, value in self._editor_settings.items():
            setattr(self._space, name, value)
        self._area.type = "VIEW_3D"
        bpy.data.images.remove(self._image)

    def _go_to(self, context: bpy.types.Context, frame: int) -> None:
        """Show a frame of the video, counted from 0; Blender counts the frames of a movie from 1."""
        self._frame = min(max(frame, 0), self._info.frames - 1)
        user = self._space.image_user
        shown = self._info.in_blender(self._frame)
        user.frame_duration, user.frame_start = self._info.blender_frames, context.scene.frame_current
        user.frame_offset = shown
        user.frame_current = shown + 1
        if self._fitted:  # the editor shows an image already, and must load another one
            self._image.update()
        self._area.tag_redraw()

    def _press(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        x, y = self._position(event)
        self._scrubbing = 0 <= y < _bar_height(context)
        if self._scrubbing:
            self._scrub(context, x)
        else:
            self._begin, self._box = self._to_view(x, y), None
        return {"RUNNING_MODAL"}

    def _move(self, context: bpy.types.Context, event: bpy.types.Event) -> None:
        x, y = self._position(event)
        if self._scrubbing:
            self._scrub(context, x)
        elif self._begin is not None:
            begin, end = (upright(point, self._info.orientation) for point in (self._begin, self._to_view(x, y)))
            self._box = pixel_box(begin, end, self._info.width, self._info.height)
        self._area.tag_redraw()

    def _release(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        self._move(context, event)
        self._scrubbing, self._begin = False, None if self._scrubbing else self._begin
        if self._begin is None or self._box is None:
            self._begin = None
            return {"RUNNING_MODAL"}
        self._close(context)
        context.scene.tar_settings.take_box(self._frame, self._box)
        return {"FINISHED"}

    def _scrub(self, context: bpy.types.Context, x: float) -> None:
        self._go_to(context, round(x / max(self._region().width - 1, 1) * (self._info.frames - 1)))

    def _region(self) -> bpy.types.Region:
        return next(region for region in self._area.regions if region.type == "WINDOW")

    def _to_view(self, x: float, y: float) -> Corner:
        """Convert a position in the editor to one on the frame, from (0, 0) at the bottom left to (1, 1)."""
        view_x, view_y = self._region().view2d.region_to_view(x, y)
        return view_x, view_y

    def _position(self, event: bpy.types.Event) -> tuple[float, float]:
        """Return the position of the mouse in the editor, in pixels from its bottom left corner."""
        region = self._region()
        return event.mouse_x - region.x, event.mouse_y - region.y

    def _draw(self) -> None:
        """Darken everything but the box, and draw the timeline."""
        context = bpy.context
        if context.area != self._area:  # another image editor
            return
        region, bar = self._region(), _bar_height(context)
        width, height = region.width, region.height
        gpu.state.blend_set("ALPHA")
        if self._box is not None:
            corners = box_corners(self._box, self._info.width, self._info.height)
            shown = (as_blender_shows(corner, self._info.orientation) for corner in corners)
            ends = (region.view2d.view_to_region(*corner, clip=False) for corner in shown)
            (x0, x1), (y0, y1) = map(sorted, zip(*ends, strict=True))
            fill(_SHADE, (0, 0, x0, height), (x1, 0, width, height), (x0, 0, x1, y0), (x0, y1, x1, height))
            fill(_ORANGE, *outline(x0, y0, x1, y1, _LINE))
        fill(_BLACK, (0, 0, width, bar))
        at = self._frame / max(self._info.frames - 1, 1) * (width - 1)
        fill(_ORANGE, (at - _LINE, 0, at + _LINE, bar))
        gpu.state.blend_set("NONE")
        scale = context.preferences.system.ui_scale
        text = f"Frame {self._frame} of {self._info.frames}    {format_duration(self._frame / self._info.fps)}"
        draw_text(_WHITE, 12 * scale, 10 * scale, 0.32 * bar, text)


# Keys, and the frames and seconds that they move by.
_STEPS = {"LEFT_ARROW": (-1, 0), "RIGHT_ARROW": (1, 0), "DOWN_ARROW": (0, -1), "UP_ARROW": (0, 1)}


def _bar_height(context: bpy.types.Context) -> float:
    return _BAR * context.preferences.system.ui_scale


register, unregister = registration((TAR_OT_draw_box,))
