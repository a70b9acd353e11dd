"""What the user sees after an import: the people are selected, and the viewports look through their camera."""

import math
from collections.abc import Sequence
from typing import Any

import bpy

from ..scene.build import ImportedClip
from ..util.blender_types import scene_of, view_layer_of
from ..util.preview import Rectangle, uncovered

_MARGIN = 4  # pixels around the picture


def select_people(context: bpy.types.Context, imported: Sequence[ImportedClip]) -> None:
    """Select the armatures of an import, and make the first one active."""
    layer = view_layer_of(context)
    armatures = [person.armature for built in imported for person in built.people]
    visible = [armature for armature in armatures if armature.name in layer.objects and armature.visible_get()]
    if not visible:
        return
    for obj in layer.objects:
        obj.select_set(obj in visible)
    layer.objects.active = visible[0]


def look_through_camera(context: bpy.types.Context, imported: Sequence[ImportedClip]) -> None:
    """Look through the active camera in all viewports of the window, if the import made it; show the whole picture."""
    camera = scene_of(context).camera
    is_own = any(built.camera == camera and camera.name in built.collection.all_objects for built in imported)
    screen = context.screen
    if camera is None or not is_own or screen is None:
        return
    for area in screen.areas:
        for space in area.spaces:
            if isinstance(space, bpy.types.SpaceView3D) and space.region_3d is not None:
                space.region_3d.view_perspective = "CAMERA"
        if area.type == "VIEW_3D":
            show_whole_picture(context, area)


def show_whole_picture(context: bpy.types.Context, area: bpy.types.Area) -> None:
    """Let a viewport that looks through the camera show its whole picture, beside the toolbar and the sidebar."""
    region = next((region for region in area.regions if region.type == "WINDOW"), None)
    space = area.spaces.active
    if bpy.app.background or region is None or not isinstance(space, bpy.types.SpaceView3D):
        return
    render = scene_of(context).render
    shape = render.resolution_x * render.pixel_aspect_x / (render.resolution_y * render.pixel_aspect_y)
    with context.temp_override(area=area, region=region):
        center: Any = bpy.ops.view3d.view_center_camera
        if space.region_3d is None or not center.poll():
            return
        center()
        zoom, offset = moved_into(
            uncovered(context), (region.width, region.height), shape, space.region_3d.view_camera_zoom
        )
    space.region_3d.view_camera_zoom, space.region_3d.view_camera_offset = zoom, offset


def moved_into(free: Rectangle, size: tuple[int, int], shape: float, zoom: float) -> tuple[float, tuple[float, float]]:
    """The zoom and the offset of a camera view whose picture, of the size of the region, moves into a part of it.

    Args:
        size: width and height of the region, pixels.
        shape: width of the picture divided by its height.
        zoom: of the view, for the size of the region.
    """
    width = min(size[0], size[1] * shape)
    room = free.x1 - free.x0 - 2 * _MARGIN, free.y1 - free.y0 - 2 * _MARGIN
    scale = min(room[0] / width, room[1] * shape / width)
    factor = (math.sqrt(2) + zoom / 50) ** 2 / 4 * scale  # as Blender counts it
    right, up = (free.x0 + free.x1 - size[0]) / 2, (free.y0 + free.y1 - size[1]) / 2
    offset = -right / (2 * factor * size[0]), -up / (2 * factor * size[1])
    return 50 * (2 * math.sqrt(factor) - math.sqrt(2)), offset
